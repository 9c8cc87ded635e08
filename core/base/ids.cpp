#include "core/base/ids.h"

#include <algorithm>

namespace core {
namespace {

constexpr bool is_dash_position(std::size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

std::string uuid_to_text(const UuidBytes& bytes) {
    const std::string hex = to_hex(bytes);
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < hex.size(); ++i) {
        if (is_dash_position(out.size())) out.push_back('-');
        out.push_back(hex[i]);
    }
    return out;
}

std::optional<UuidBytes> uuid_from_text(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    std::string hex;
    hex.reserve(32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_dash_position(i)) {
            if (c != '-') return std::nullopt;
            continue;
        }
        // Upper case would be a second spelling of the same id.
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return std::nullopt;
        hex.push_back(c);
    }
    const auto bytes = from_hex(hex);
    if (!bytes) return std::nullopt;
    UuidBytes out{};
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
}

std::optional<RequestId> RequestId::parse(std::string_view text) {
    if (text.empty() || text.size() > 64) return std::nullopt;
    const bool clean = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    });
    if (!clean) return std::nullopt;
    RequestId id;
    id.m_text = std::string(text);
    return id;
}

}  // namespace core
