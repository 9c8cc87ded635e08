// How sensitive a secret is, and so who must agree before it is read. contract.md §5.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace core::scope {

// Ordered: a token that was approved for one tier reads all below it. The numbers are stored and
// are bound into sealed boxes.
enum class AccessTier : std::uint8_t { Standard = 0, Sensitive = 1, Critical = 2 };

constexpr std::string_view to_string(AccessTier tier) {
    switch (tier) {
        case AccessTier::Standard:
            return "standard";
        case AccessTier::Sensitive:
            return "sensitive";
        case AccessTier::Critical:
            return "critical";
    }
    return "critical";
}

constexpr std::optional<AccessTier> parse_access_tier(std::string_view text) {
    for (const auto tier : {AccessTier::Standard, AccessTier::Sensitive, AccessTier::Critical})
        if (to_string(tier) == text) return tier;
    return std::nullopt;
}

// A number from the database. Nothing outside 0 to 2.
constexpr std::optional<AccessTier> access_tier_from(std::int64_t number) {
    if (number < 0 || number > 2) return std::nullopt;
    return static_cast<AccessTier>(number);
}

}  // namespace core::scope
