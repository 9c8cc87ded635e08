#include "core/egress/key_set_schedule.h"

#include <algorithm>

namespace core::egress {
namespace {

constexpr std::chrono::seconds kShortest{60};
constexpr std::chrono::seconds kLongest{std::chrono::hours(24)};
constexpr std::chrono::seconds kUnsaid{std::chrono::hours(1)};
constexpr std::chrono::seconds kLongestRetry{300};
constexpr std::int64_t kMaxDoublings = 9;  // 512 s: beyond the longest

}  // namespace

std::chrono::seconds next_fetch_after(std::optional<std::chrono::seconds> max_age) {
    return std::clamp(max_age.value_or(kUnsaid), kShortest, kLongest);
}

std::chrono::seconds retry_after(std::int64_t failures) {
    const auto doublings = std::clamp<std::int64_t>(failures - 1, 0, kMaxDoublings);
    return std::min(std::chrono::seconds(std::int64_t{1} << doublings), kLongestRetry);
}

}  // namespace core::egress
