// Addresses and ranges from which a credential may be used. IPv4-mapped IPv6 addresses (RFC 4291
// §2.5.5.2) count as the IPv4 address that they carry, so the range ::/0 holds no IPv4 address.
// Immutable values; thread-safe.
#pragma once

#include "core/base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::identity {

// A client address as nginx gives it, normalised. A default-constructed one is no address: its
// text is empty and no list contains it.
class IpAddress {
  public:
    // 16 bytes in network order; IPv4 as an IPv4-mapped IPv6 address.
    using Bits = std::array<std::uint8_t, 16>;

    // Nothing unless it is an address alone: no prefix, port, zone or white space.
    static std::optional<IpAddress> parse(std::string_view text);
    // Canonical text: dotted quad, or RFC 5952.
    [[nodiscard]] const std::string& text() const { return m_text; }
    static constexpr bool kLoggable = true;
    [[nodiscard]] std::string log_text() const { return m_text; }
    [[nodiscard]] const Bits& bits() const { return m_bits; }
    [[nodiscard]] bool is_v4() const { return m_is_v4; }

  private:
    std::string m_text;
    Bits m_bits{};
    bool m_is_v4 = false;
};

class IpAllowlist {
  public:
    // 1 to 64 addresses or CIDR ranges. Errors: InvalidRequest naming the entry: not an address,
    // host bits set, prefix too long.
    static Result<IpAllowlist> parse(std::span<const std::string_view> entries);
    static Result<IpAllowlist> parse(std::span<const std::string> entries);

    [[nodiscard]] bool contains(const IpAddress& address) const;
    // Canonical entries, in the order given; what is stored and signed.
    [[nodiscard]] const std::vector<std::string>& entries() const { return m_entries; }

  private:
    // Compared bit by bit at every request: parsed once.
    struct Range {
        IpAddress::Bits bits{};
        unsigned length = 0;  // in `bits`, so 96 more than written for IPv4
        bool is_v4 = false;
    };
    struct ParsedEntry {
        Range range;
        std::string text;
    };
    static Result<ParsedEntry> parse_entry(std::string_view text);
    template <class Text>
    static Result<IpAllowlist> parse_all(std::span<const Text> entries);
    static bool range_contains(const Range& range, const IpAddress& address);

    std::vector<std::string> m_entries;
    std::vector<Range> m_ranges;
};

}  // namespace core::identity
