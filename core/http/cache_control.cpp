#include "core/http/cache_control.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

namespace core::http {
namespace {

constexpr std::int64_t kLongest = 31536000;
constexpr std::string_view kMaxAge = "max-age=";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Directives are names and digits; a quoted comma would only cut one that nobody here reads.
std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::optional<std::chrono::seconds> seconds_of(std::string_view text) {
    // A sender may quote the number, though it should not (§5.2).
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (text.empty() || text.front() == '-' || parsed.ptr != end) return std::nullopt;
    if (parsed.ec == std::errc::result_out_of_range) value = kLongest;
    return std::chrono::seconds(std::min(value, kLongest));
}

}  // namespace

std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control) {
    std::optional<std::chrono::seconds> found;
    while (!cache_control.empty()) {
        const auto comma = cache_control.find(',');
        const std::string directive = lower(trimmed(cache_control.substr(0, comma)));
        cache_control.remove_prefix(comma == std::string_view::npos ? cache_control.size()
                                                                    : comma + 1);
        if (directive == "no-store" || directive == "no-cache") return std::chrono::seconds(0);
        if (!found && directive.starts_with(kMaxAge))
            found = seconds_of(std::string_view(directive).substr(kMaxAge.size()));
    }
    return found;
}

}  // namespace core::http
