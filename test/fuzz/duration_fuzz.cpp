// Durations ("15m") and RFC 3339 times. Oracles: just the written grammar is taken, its value is
// the one that another computation gives, and the formatted form is read back as the same.
#include "core/base/clock.h"
#include "test/fuzz/fuzz.h"

#include <chrono>
#include <optional>

namespace {

constexpr std::int64_t kHundredYears = 100LL * 366 * 86400;

std::optional<std::int64_t> reference_duration(std::string_view text) {
    constexpr std::string_view kLetters = "smhd";
    constexpr std::int64_t kSeconds[] = {1, 60, 3600, 86400};
    const auto unit = text.empty() ? std::string_view::npos : kLetters.find(text.back());
    if (unit == std::string_view::npos || text.size() < 2) return std::nullopt;
    std::int64_t total = 0;
    for (const char c : text.substr(0, text.size() - 1)) {
        if (c < '0' || c > '9') return std::nullopt;
        total = total * 10 + (c - '0') * kSeconds[unit];
        if (total > kHundredYears) return std::nullopt;
    }
    return total;
}

void check_duration(std::string_view text) {
    const auto expected = reference_duration(text);
    const auto duration = core::parse_duration(text);
    fuzz::require(duration.has_value() == expected.has_value(), "the grammar of durations");
    if (!duration) return;
    fuzz::require(duration->count() == *expected, "the value of a duration");
    fuzz::require(core::parse_duration(core::format_duration(*duration)) == duration,
                  "a formatted duration is the same");
}

void check_time(std::string_view text) {
    const auto time = core::parse_rfc3339(text);
    if (!time) return;
    fuzz::require(
        text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':',
        "the form of a time");
    fuzz::require(*time >= core::Timestamp{}, "no time before 1970");
    const auto whole = core::from_unix_seconds(core::to_unix_seconds(*time));
    const auto written = core::format_rfc3339(*time);
    // An offset can carry the last day of 9999 over the end of what four digits can write.
    if (written.size() == 20)
        fuzz::require(core::parse_rfc3339(written) == whole, "a formatted time is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);
    check_duration(text);
    check_time(text);
    return 0;
}
