#include "core/crypto/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace core::crypto {
namespace {

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
// The largest multiple of 62 that a byte can reach: bytes from here on would favour the first
// characters, and are drawn again.
constexpr std::uint8_t kBase62Limit = 248;

void set_version(UuidBytes& uuid, std::uint8_t version) {
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0fU) | (unsigned{version} << 4U));
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3fU) | 0x80U);
}

}  // namespace

void fill_random(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const auto got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        // A kernel without randomness: no key, salt or id may be made, and nobody can be answered.
        if (got <= 0) std::abort();
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

SecureBuffer random_secret(std::size_t size) {
    SecureBuffer out(size);
    fill_random(out);
    return out;
}

SecureBuffer random_base62(std::size_t length) {
    SecureBuffer out;
    out.reserve(length);
    while (out.size() < length) {
        // 3 % of the bytes are rejected; a quarter more than needed makes a second round rare.
        const std::size_t missing = length - out.size();
        for (const auto byte : random_secret(missing + missing / 4 + 4)) {
            if (byte >= kBase62Limit || out.size() == length) continue;
            out.push_back(static_cast<std::uint8_t>(kBase62[byte % kBase62.size()]));
        }
    }
    return out;
}

SecureBuffer random_base64url(std::size_t bytes) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const SecureBuffer raw = random_secret(bytes);
    SecureBuffer out;
    out.reserve((bytes * 4 + 2) / 3);
    unsigned held = 0;
    unsigned bits = 0;
    for (const std::uint8_t byte : raw) {
        held = (held << 8U) | byte;
        for (bits += 8; bits >= 6; bits -= 6)
            out.push_back(static_cast<std::uint8_t>(kAlphabet[(held >> (bits - 6U)) & 63U]));
        held &= 63U;
    }
    if (bits > 0) out.push_back(static_cast<std::uint8_t>(kAlphabet[(held << (6U - bits)) & 63U]));
    return out;
}

UuidBytes uuid_v7(Timestamp now) {
    UuidBytes out{};
    fill_random(out);
    const auto since_epoch =
        std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const auto milliseconds = static_cast<std::uint64_t>(since_epoch);
    for (std::size_t i = 0; i < 6; ++i)
        out[i] = static_cast<std::uint8_t>((milliseconds >> (40U - 8U * i)) & 0xffU);
    set_version(out, 7);
    return out;
}

UuidBytes uuid_v4() {
    UuidBytes out{};
    fill_random(out);
    set_version(out, 4);
    return out;
}

}  // namespace core::crypto
