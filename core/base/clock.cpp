#include "core/base/clock.h"

#include <date/date.h>

#include <array>
#include <charconv>
#include <ctime>
#include <sstream>

namespace core {
namespace {

struct Unit {
    char letter;
    std::int64_t seconds;
};
constexpr std::array<Unit, 4> kUnits{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr std::int64_t kLongestDuration = 100LL * 366 * 86400;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// `shape` holds 0 where a digit must stand and the character itself elsewhere.
bool has_shape(std::string_view text, std::string_view shape) {
    if (text.size() != shape.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
    }
    return true;
}

int number(std::string_view digits) {
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

// Takes an optional fraction off `text`. Nothing on a point without digits or more than nine.
std::optional<std::chrono::microseconds> take_fraction(std::string_view& text) {
    if (text.empty() || text.front() != '.') return std::chrono::microseconds(0);
    std::size_t digits = 0;
    std::int64_t micros = 0;
    for (text.remove_prefix(1); !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
        if (digits++ < 6) micros = micros * 10 + (text.front() - '0');
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (; digits < 6; ++digits)
        micros *= 10;
    return std::chrono::microseconds(micros);
}

std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
    if (text == "Z" || text == "z") return std::chrono::minutes(0);
    if (!has_shape(text, "+00:00") && !has_shape(text, "-00:00")) return std::nullopt;
    const int hours = number(text.substr(1, 2));
    const int minutes = number(text.substr(4, 2));
    if (hours > 23 || minutes > 59) return std::nullopt;
    return std::chrono::minutes((text.front() == '-' ? -1 : 1) * (hours * 60 + minutes));
}

}  // namespace

std::int64_t to_unix_seconds(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

Timestamp from_unix_seconds(std::int64_t seconds) {
    return Timestamp(std::chrono::seconds(seconds));
}

std::string format_rfc3339(Timestamp time) {
    return date::format("%FT%TZ", std::chrono::floor<std::chrono::seconds>(time));
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
    constexpr std::size_t kSecondsEnd = 19;
    if (text.size() <= kSecondsEnd) return std::nullopt;
    std::string head(text.substr(0, kSecondsEnd));
    if (head[10] == 't') head[10] = 'T';
    if (!has_shape(head, "0000-00-00T00:00:00")) return std::nullopt;
    const std::string_view h = head;
    const date::year_month_day day{date::year{number(h.substr(0, 4))},
                                   date::month{static_cast<unsigned>(number(h.substr(5, 2)))},
                                   date::day{static_cast<unsigned>(number(h.substr(8, 2)))}};
    const int hour = number(h.substr(11, 2));
    const int minute = number(h.substr(14, 2));
    const int second = number(h.substr(17, 2));
    text.remove_prefix(kSecondsEnd);
    const auto fraction = take_fraction(text);
    const auto offset = parse_offset(text);
    if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    if (!fraction || !offset) return std::nullopt;

    const auto time = date::sys_days(day) + std::chrono::hours(hour) +
                      std::chrono::minutes(minute) + std::chrono::seconds(second);
    const Timestamp result = Timestamp(time.time_since_epoch()) + *fraction - *offset;
    // The offset can carry a time over either end of the range.
    constexpr Timestamp kEnd{std::chrono::seconds(253402300800)};  // 10000-01-01T00:00:00Z
    if (int(day.year()) < 1970 || result < Timestamp{} || result >= kEnd) return std::nullopt;
    return result;
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    if (text.size() < 2 || !is_digit(text.front())) return std::nullopt;
    std::int64_t count = 0;
    const char* end = text.data() + text.size() - 1;
    const auto parsed = std::from_chars(text.data(), end, count);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    for (const auto& unit : kUnits) {
        if (unit.letter != text.back()) continue;
        if (count > kLongestDuration / unit.seconds) return std::nullopt;
        return std::chrono::seconds(count * unit.seconds);
    }
    return std::nullopt;
}

std::string format_duration(std::chrono::seconds duration) {
    for (const auto& unit : kUnits) {
        if (duration.count() >= unit.seconds && duration.count() % unit.seconds == 0)
            return std::to_string(duration.count() / unit.seconds) + unit.letter;
    }
    return std::to_string(duration.count()) + "s";
}

std::chrono::milliseconds time_since_boot() {
    timespec now{};
    // Fails for a clock that the kernel does not know; this one came with Linux 2.6.39.
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

Timestamp SystemClock::now() const {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace core
