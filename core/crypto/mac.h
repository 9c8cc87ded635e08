// HMAC-SHA-256 (RFC 2104, FIPS 198-1), HKDF-SHA-256 (RFC 5869) and SHA-256. The functions are
// thread-safe. An HmacKey is thread-compatible: one object per thread (Botan's MAC object is
// reused between calls, its key schedule with it).
#pragma once

#include "core/base/bytes.h"
#include "core/base/secret.h"

#include <array>
#include <initializer_list>
#include <memory>
#include <span>

namespace core::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(ByteView message);
// Over the concatenation of `parts`.
Digest sha256(std::initializer_list<ByteView> parts);

// HMAC under a key that serves this call only. `out` may be the memory of another secret, which is
// why nothing is returned by value.
void hmac_sha256(ByteView key,
                 std::initializer_list<ByteView> parts,
                 std::span<std::uint8_t, 32> out);

// Fills `out`, at most 255 * 32 bytes.
void hkdf_sha256(ByteView secret, ByteView salt, ByteView info, std::span<std::uint8_t> out);

class HmacKey {
  public:
    // 16 to 4096 bytes; copies them into wiped memory.
    explicit HmacKey(ByteView key);
    HmacKey(HmacKey&&) noexcept;
    HmacKey& operator=(HmacKey&&) noexcept;
    HmacKey(const HmacKey&) = delete;
    HmacKey& operator=(const HmacKey&) = delete;
    ~HmacKey();

    // Over the concatenation of `parts`. Formats must make the concatenation unambiguous.
    Digest mac(std::initializer_list<ByteView> parts);
    // Constant time in the content of `expected`.
    bool verify(std::initializer_list<ByteView> parts, ByteView expected);

  private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace core::crypto
