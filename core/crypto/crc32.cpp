#include "core/crypto/crc32.h"

#include <botan/crc32.h>

#include <array>

namespace core::crypto {

std::uint32_t crc32(ByteView bytes) {
    Botan::CRC32 crc;
    crc.update(bytes.data(), bytes.size());
    std::array<std::uint8_t, 4> digest{};
    crc.final(digest.data());
    std::uint32_t value = 0;
    for (const auto byte : digest)
        value = (value << 8U) | byte;
    return value;
}

}  // namespace core::crypto
