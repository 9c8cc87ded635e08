// When a delivery that failed is tried again. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace core::egress {

// How long after the attempt of this number (from 1) the next one is due: 10 s, 1 min, 5 min, 30
// min, 2 h, then every 6 h; nothing when a day is over, and with it the delivery. `jitter`, from 0
// to 1, spreads what failed together over a fifth more or less.
std::optional<std::chrono::seconds> retry_delay(std::int64_t attempt, double jitter);

// How long a receiver is left alone after this many failures in a row (from 1), whatever waits for
// it: as long as the delay, but at most five minutes, so that one that is well again is soon
// noticed.
std::chrono::seconds rest_of(std::int64_t failures, double jitter);

// From 0 to 1, each equally likely.
double random_jitter();

}  // namespace core::egress
