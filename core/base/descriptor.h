// A file descriptor that is closed when its owner goes.
#pragma once

namespace core {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int number) : m_number(number) {}
    Descriptor(Descriptor&& other) noexcept;
    Descriptor& operator=(Descriptor&& other) noexcept;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();
    [[nodiscard]] int get() const { return m_number; }
    [[nodiscard]] bool is_open() const { return m_number >= 0; }

  private:
    int m_number = -1;
};

}  // namespace core
