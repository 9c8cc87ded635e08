#include "core/http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace core::http {
namespace {

constexpr std::size_t kV4Offset = 12;
constexpr AddressBits kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
// 64:ff9b::/96 (RFC 6052 §2.1): how an IPv6-only host reaches IPv4.
constexpr AddressBits kNat64Prefix{0, 0x64, 0xff, 0x9b};

struct Range {
    AddressBits bits{};
    unsigned length = 0;
};

constexpr Range v4(unsigned a, unsigned b, unsigned c, unsigned length) {
    Range range{kMappedPrefix, length + 96};
    range.bits[kV4Offset] = static_cast<std::uint8_t>(a);
    range.bits[kV4Offset + 1] = static_cast<std::uint8_t>(b);
    range.bits[kV4Offset + 2] = static_cast<std::uint8_t>(c);
    return range;
}

constexpr Range v6(unsigned first, unsigned second, unsigned length) {
    Range range{{}, length};
    range.bits[0] = static_cast<std::uint8_t>(first >> 8);
    range.bits[1] = static_cast<std::uint8_t>(first & 0xff);
    range.bits[2] = static_cast<std::uint8_t>(second >> 8);
    range.bits[3] = static_cast<std::uint8_t>(second & 0xff);
    return range;
}

// All of IPv4 is public but for these.
constexpr std::array kSpecialV4{v4(0, 0, 0, 8),        // this network
                                v4(10, 0, 0, 8),       // private
                                v4(100, 64, 0, 10),    // shared by carriers
                                v4(127, 0, 0, 8),      // loopback
                                v4(169, 254, 0, 16),   // link-local; metadata services of clouds
                                v4(172, 16, 0, 12),    // private
                                v4(192, 0, 0, 24),     // protocol assignments
                                v4(192, 0, 2, 24),     // documentation
                                v4(192, 88, 99, 24),   // 6to4 relays, deprecated
                                v4(192, 168, 0, 16),   // private
                                v4(198, 18, 0, 15),    // benchmarks
                                v4(198, 51, 100, 24),  // documentation
                                v4(203, 0, 113, 24),   // documentation
                                v4(224, 0, 0, 4),      // multicast
                                v4(240, 0, 0, 4)};     // reserved, and broadcast

// Of IPv6 only this is given out to the internet ...
constexpr Range kGlobalUnicast = v6(0x2000, 0, 3);
// ... but for these.
constexpr std::array kSpecialV6{v6(0x2001, 0, 23),      // protocol assignments, Teredo
                                v6(0x2001, 0xdb8, 32),  // documentation
                                v6(0x2002, 0, 16),      // 6to4, which carries any IPv4 address
                                v6(0x3fff, 0, 20)};     // documentation

bool lies_in(const AddressBits& address, const Range& range) {
    const unsigned whole = range.length / 8;
    if (!std::equal(range.bits.begin(), range.bits.begin() + whole, address.begin())) return false;
    const unsigned rest = range.length % 8;
    return rest == 0 || ((address[whole] ^ range.bits[whole]) >> (8 - rest)) == 0;
}

bool carries_v4(const AddressBits& address, const AddressBits& prefix) {
    return std::equal(prefix.begin(), prefix.begin() + kV4Offset, address.begin());
}

AddressBits without_nat64(const AddressBits& address) {
    if (!carries_v4(address, kNat64Prefix)) return address;
    AddressBits out = kMappedPrefix;
    std::copy(address.begin() + kV4Offset, address.end(), out.begin() + kV4Offset);
    return out;
}

template <std::size_t N>
bool lies_in_any(const AddressBits& address, const std::array<Range, N>& ranges) {
    return std::any_of(
        ranges.begin(), ranges.end(), [&](const Range& range) { return lies_in(address, range); });
}

bool is_address_byte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
           c == '.';
}

}  // namespace

std::optional<AddressBits> parse_address(std::string_view text) {
    // inet_pton reads up to a NUL and would not see what follows it: bytes first.
    if (text.size() >= INET6_ADDRSTRLEN || !std::all_of(text.begin(), text.end(), is_address_byte))
        return std::nullopt;
    const std::string terminated(text);
    AddressBits bits = kMappedPrefix;
    if (::inet_pton(AF_INET, terminated.c_str(), bits.data() + kV4Offset) == 1) return bits;
    if (::inet_pton(AF_INET6, terminated.c_str(), bits.data()) == 1) return bits;
    return std::nullopt;
}

std::optional<AddressBits> address_of(const sockaddr& address) {
    // Copied out: the structure may not be aligned as its true type wants it.
    AddressBits bits = kMappedPrefix;
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        std::memcpy(bits.data() + kV4Offset, &v4.sin_addr, sizeof v4.sin_addr);
        return bits;
    }
    if (address.sa_family != AF_INET6) return std::nullopt;
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(bits.data(), &v6.sin6_addr, bits.size());
    return bits;
}

bool is_public(const AddressBits& given) {
    const AddressBits address = without_nat64(given);
    if (carries_v4(address, kMappedPrefix)) return !lies_in_any(address, kSpecialV4);
    return lies_in(address, kGlobalUnicast) && !lies_in_any(address, kSpecialV6);
}

}  // namespace core::http
