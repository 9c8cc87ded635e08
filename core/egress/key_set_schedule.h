// When a key set is fetched again: security.md §2, rule 7. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace core::egress {

// After an answer: what its max-age says, but not below 60 s nor above 24 h; an hour where it says
// nothing.
std::chrono::seconds next_fetch_after(std::optional<std::chrono::seconds> max_age);

// After `failures` (1 or more) attempts in a row without a good set: 1 s, 2 s, 4 s … 5 min.
std::chrono::seconds retry_after(std::int64_t failures);

}  // namespace core::egress
