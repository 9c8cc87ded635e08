// The root keys of a program: the one that seals and, while it is being replaced, the one that will
// follow it. Boxes under either open; new ones are sealed under the first. Immutable; thread-safe.
#pragma once

#include "core/crypto/key_provider.h"

#include <filesystem>
#include <memory>

namespace core::crypto {

class RootKeyRing final : public KeyProvider {
  public:
    // `next` may be nullptr.
    RootKeyRing(std::unique_ptr<KeyProvider> current, std::unique_ptr<KeyProvider> next)
        : m_current(std::move(current)), m_next(std::move(next)) {}

    // Of the key that seals.
    [[nodiscard]] KeyId id() const override { return m_current->id(); }
    [[nodiscard]] Digest check_value() const override { return m_current->check_value(); }
    // Raised by whichever key was written last.
    [[nodiscard]] std::uint32_t token_epoch() const override;

    [[nodiscard]] bool holds(const KeyId& id) const override;
    [[nodiscard]] BoxKey key_for(const BoxHeader& header, ByteView context) const override;

    [[nodiscard]] const KeyProvider& current() const { return *m_current; }
    // nullptr where none is to follow.
    [[nodiscard]] const KeyProvider* next() const { return m_next.get(); }

  private:
    std::unique_ptr<KeyProvider> m_current;
    std::unique_ptr<KeyProvider> m_next;
};

// Where the key that will follow the one in `path` lies: beside it, with "-next" behind its name.
std::filesystem::path next_root_key_file(const std::filesystem::path& path);

// The key in `path`, and the one that follows it where that file is there. Errors: ConfigInvalid,
// as load_root_key_file(). Where both are the same key, a commit was interrupted: it follows
// nobody.
Result<std::unique_ptr<RootKeyRing>> load_root_key_ring(const std::filesystem::path& path);

}  // namespace core::crypto
