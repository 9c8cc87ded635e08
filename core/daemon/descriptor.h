// A file descriptor that closes itself, and what the daemons ask of one.
#pragma once

#include "core/base/result.h"

namespace core::daemon {

// Closes what it holds.
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

// Waits for at most `milliseconds`.
bool is_readable(const Descriptor& descriptor, int milliseconds);

// An eventfd: once raised it stays readable, for every thread that waits for it.
Result<Descriptor> create_event();
void raise_event(const Descriptor& event);

// What errno says of a system call. Internal.
Failure system_failure(const char* call);

}  // namespace core::daemon
