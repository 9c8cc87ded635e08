// Bytes that are not secret, and the two text forms that we use for bytes: hex and base64url.
// Secrets have a type of their own: core/base/secret.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// Views of the same memory; they live as long as their argument's.
ByteView as_bytes(std::string_view text);
std::string_view as_text(ByteView bytes);

// A copy.
Bytes to_bytes(ByteView bytes);

// Nothing but [0-9A-Za-z].
bool is_base62(std::string_view text);

// Lower-case hex.
std::string to_hex(ByteView bytes);
// Either case. Nothing on an odd length or another character.
std::optional<Bytes> from_hex(std::string_view text);

// RFC 4648 §5 without padding.
std::string to_base64url(ByteView bytes);
// Strict (RFC 7515 §2, RFC 4648 §3.5): no padding, no white space, none of "+/", and the unused
// bits of the last character zero, so that exactly one text decodes to given bytes. Nothing else.
std::optional<Bytes> from_base64url(std::string_view text);

// Big-endian integers, as the formats of core/crypto write them.
void append_be32(Bytes& out, std::uint32_t value);
void append_be64(Bytes& out, std::uint64_t value);
void append(Bytes& out, ByteView bytes);

}  // namespace core
