// Time: UTC with microseconds, as PostgreSQL keeps it, and its text form on the wire.
//
// Whatever can expire is judged by the database's clock; this one serves token claims (with
// their allowance of skew) and logs. It is passed in, so that tests can turn it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace core {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// Whole seconds since 1970-01-01, as JSON Web Tokens count them (RFC 7519 §2, NumericDate).
std::int64_t to_unix_seconds(Timestamp time);
Timestamp from_unix_seconds(std::int64_t seconds);
// The end of the year 9999, behind which RFC 3339 has no form.
inline constexpr std::int64_t kLastUnixSecond = 253402300799;

// RFC 3339 in UTC with whole seconds: 2026-06-01T10:30:00Z.
std::string format_rfc3339(Timestamp time);
// Any RFC 3339 date-time (§5.6): an offset is required, a fraction is allowed. Nothing on anything
// else, on a date that does not exist, or outside the years 1970 to 9999.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

// A duration as people write it: 15m, 1h, 7d, 90s; units s, m, h, d; no sign, no spaces.
// Nothing when it is something else or longer than 100 years.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// The shortest exact form of the same: 3600 s is "1h".
std::string format_duration(std::chrono::seconds duration);

// How long this host has been up, time asleep included (CLOCK_BOOTTIME): the same for every
// process, and nobody sets it.
std::chrono::milliseconds time_since_boot();

class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    Clock(Clock&&) = delete;
    Clock& operator=(Clock&&) = delete;
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override;
};

}  // namespace core
