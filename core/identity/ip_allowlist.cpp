#include "core/identity/ip_allowlist.h"

#include "core/base/json.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace core::identity {
namespace {

constexpr std::size_t kMaxEntries = 64;
// Of the prefix of IPv4-mapped IPv6 addresses, ::ffff:0:0/96.
constexpr unsigned kMappedLength = 96;
constexpr IpAddress::Bits kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};

bool is_address_byte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
           c == '.';
}

bool is_mapped(const IpAddress::Bits& bits) {
    return std::equal(
        kMappedPrefix.begin(), kMappedPrefix.begin() + kMappedLength / 8, bits.begin());
}

// Nothing unless inet_pton takes it (RFC 4291 §2.2; four decimal numbers without leading zeros).
// The check of bytes comes first: inet_pton reads up to a NUL, and would not see what follows it.
std::optional<IpAddress::Bits> bits_of(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || !std::all_of(text.begin(), text.end(), is_address_byte))
        return std::nullopt;
    const std::string terminated(text);
    IpAddress::Bits bits = kMappedPrefix;
    if (::inet_pton(AF_INET, terminated.c_str(), bits.data() + kMappedLength / 8) == 1) return bits;
    if (::inet_pton(AF_INET6, terminated.c_str(), bits.data()) == 1) return bits;
    return std::nullopt;
}

std::string text_of(const IpAddress::Bits& bits) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    const bool v4 = is_mapped(bits);
    const void* source = v4 ? bits.data() + kMappedLength / 8 : bits.data();
    // Can't fail: family and buffer are right.
    const char* text = ::inet_ntop(v4 ? AF_INET : AF_INET6, source, buffer.data(), buffer.size());
    return text == nullptr ? std::string() : std::string(text);
}

// One to three digits, no sign, no leading zero.
std::optional<unsigned> parse_prefix_length(std::string_view text) {
    if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    unsigned value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

bool equal_up_to(const IpAddress::Bits& a, const IpAddress::Bits& b, unsigned length) {
    const unsigned whole = length / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    const unsigned rest = length % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool has_host_bits(const IpAddress::Bits& bits, unsigned length) {
    for (unsigned i = length; i < bits.size() * 8; ++i)
        if ((bits[i / 8] & (0x80U >> (i % 8))) != 0) return true;
    return false;
}

Failure bad_entry(std::string_view entry, std::string_view fault) {
    return failure(ErrorCode::InvalidRequest,
                   "The entry " + quoted_for_message(entry) + " of ip_allowlist " +
                       std::string(fault) +
                       "; write an IPv4 or IPv6 address, or a range such as 203.0.113.0/24");
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const auto bits = bits_of(text);
    if (!bits) return std::nullopt;
    IpAddress out;
    out.m_bits = *bits;
    out.m_is_v4 = is_mapped(*bits);
    out.m_text = text_of(*bits);
    return out;
}

Result<IpAllowlist::ParsedEntry> IpAllowlist::parse_entry(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto written = text.substr(0, slash);
    const auto address = IpAddress::parse(written);
    if (!address) return bad_entry(text, "is not an address");

    ParsedEntry out{{address->bits(), 128, address->is_v4()}, address->text()};
    if (slash == std::string_view::npos) return out;
    const auto length = parse_prefix_length(text.substr(slash + 1));
    if (!length) return bad_entry(text, "has no number behind its slash");
    // An IPv4 address counts 32 bits as dotted quad, 128 where it is written as IPv6.
    const bool dotted = written.find(':') == std::string_view::npos;
    if (*length > (dotted ? 32U : 128U)) return bad_entry(text, "has too long a prefix");
    out.range.length = *length + (dotted ? kMappedLength : 0);
    if (has_host_bits(out.range.bits, out.range.length))
        return bad_entry(text, "has bits set behind its prefix");
    const unsigned shown = out.range.length - (out.range.is_v4 ? kMappedLength : 0);
    out.text += '/' + std::to_string(shown);
    return out;
}

template <class Text>
Result<IpAllowlist> IpAllowlist::parse_all(std::span<const Text> entries) {
    if (entries.empty() || entries.size() > kMaxEntries)
        return failure(ErrorCode::InvalidRequest,
                       "Send 1 to " + std::to_string(kMaxEntries) +
                           " entries in ip_allowlist, or null for no restriction");
    IpAllowlist out;
    for (const auto& text : entries) {
        auto entry = parse_entry(text);
        if (!entry) return failure(std::move(entry));
        out.m_entries.push_back(std::move(entry->text));
        out.m_ranges.push_back(entry->range);
    }
    return out;
}

Result<IpAllowlist> IpAllowlist::parse(std::span<const std::string_view> entries) {
    return parse_all(entries);
}

Result<IpAllowlist> IpAllowlist::parse(std::span<const std::string> entries) {
    return parse_all(entries);
}

bool IpAllowlist::range_contains(const Range& range, const IpAddress& address) {
    return range.is_v4 == address.is_v4() && equal_up_to(range.bits, address.bits(), range.length);
}

bool IpAllowlist::contains(const IpAddress& address) const {
    if (address.text().empty()) return false;
    return std::any_of(m_ranges.begin(), m_ranges.end(), [&](const Range& range) {
        return range_contains(range, address);
    });
}

}  // namespace core::identity
