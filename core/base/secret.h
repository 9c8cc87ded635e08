// SecretBytes: bytes that must not be seen. Move-only, wiped when freed, neither printable nor
// comparable by accident. Tags keep kinds apart: a Kek is not a Dek, and neither comes from raw
// bytes without saying so.
//
// The memory is Botan's secure_vector: wiped on free and, as far as the limit on locked memory
// goes, never swapped. std::string would not do: short strings live inside the object, where no
// allocator wipes them.
#pragma once

#include "core/base/bytes.h"

#include <botan/secmem.h>

#include <cstdint>
#include <iosfwd>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace core {

using SecureBuffer = Botan::secure_vector<std::uint8_t>;

template <class Tag>
class SecretBytes {
  public:
    SecretBytes() = default;
    // Takes the buffer over; no copy stays behind.
    explicit SecretBytes(SecureBuffer&& bytes) noexcept : m_bytes(std::move(bytes)) {}
    // Copies. The caller's own memory stays the caller's to wipe.
    static SecretBytes copy_of(ByteView bytes) {
        return SecretBytes(SecureBuffer(bytes.begin(), bytes.end()));
    }
    static SecretBytes copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

    SecretBytes(SecretBytes&&) noexcept = default;
    SecretBytes& operator=(SecretBytes&&) noexcept = default;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() = default;

    // The only way to read: one word to look for in a review. Valid as long as this object lives
    // and is not moved from.
    [[nodiscard]] ByteView expose() const { return {m_bytes.data(), m_bytes.size()}; }
    [[nodiscard]] std::size_t size() const { return m_bytes.size(); }
    [[nodiscard]] bool empty() const { return m_bytes.empty(); }
    // Gives the buffer away, for the one place that turns a secret into another.
    [[nodiscard]] SecureBuffer release() && { return std::move(m_bytes); }

    bool operator==(const SecretBytes&) const = delete;

  private:
    SecureBuffer m_bytes;
};

template <class Tag>
std::ostream& operator<<(std::ostream&, const SecretBytes<Tag>&) = delete;

// Overwrites memory that is not ours to free, and can't be left out by the compiler.
void wipe(std::span<std::uint8_t> memory);

// Time depends on the lengths only.
bool constant_time_equal(ByteView a, ByteView b);
template <class Tag>
bool constant_time_equal(const SecretBytes<Tag>& a, const SecretBytes<Tag>& b) {
    return constant_time_equal(a.expose(), b.expose());
}

struct PlaintextTag;
// The decrypted value of a secret.
using Plaintext = SecretBytes<PlaintextTag>;

struct BodyTag;
// A request or response body: may hold values, keys and tokens.
using Body = SecretBytes<BodyTag>;

struct CredentialTag;
// A bearer credential as it was received or is to be shown once: an agent key, a token.
using Credential = SecretBytes<CredentialTag>;

}  // namespace core
