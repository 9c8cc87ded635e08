// CRC-32 (ISO-HDLC, zlib's polynomial): finds typing mistakes, protects nothing. Stateless.
#pragma once

#include "core/base/bytes.h"

#include <cstdint>

namespace core::crypto {

std::uint32_t crc32(ByteView bytes);

}  // namespace core::crypto
