#include "core/egress/retry_schedule.h"

#include "core/crypto/random.h"

#include <algorithm>
#include <array>

namespace core::egress {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// They add up to 26 h 36 min: the last attempt is a day after the first, or little less.
constexpr std::array<seconds, 9> kDelays{seconds(10),
                                         minutes(1),
                                         minutes(5),
                                         minutes(30),
                                         hours(2),
                                         hours(6),
                                         hours(6),
                                         hours(6),
                                         hours(6)};
constexpr seconds kLongestRest = minutes(5);
constexpr double kSpread = 0.2;

}  // namespace

std::optional<seconds> retry_delay(std::int64_t attempt, double jitter) {
    if (attempt < 1 || attempt > static_cast<std::int64_t>(kDelays.size())) return std::nullopt;
    const auto delay = static_cast<double>(kDelays[static_cast<std::size_t>(attempt - 1)].count());
    const double factor = 1 - kSpread + 2 * kSpread * std::clamp(jitter, 0.0, 1.0);
    return seconds(static_cast<std::int64_t>(delay * factor));
}

seconds rest_of(std::int64_t failures, double jitter) {
    return std::min(retry_delay(failures, jitter).value_or(kLongestRest), kLongestRest);
}

double random_jitter() {
    std::array<std::uint8_t, 2> random{};
    crypto::fill_random(random);
    return static_cast<double>(random[0] * 256 + random[1]) / 65535.0;
}

}  // namespace core::egress
