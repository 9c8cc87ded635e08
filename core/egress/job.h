// One thing that secretstore-egress does again and again: fetching the keys of an issuer, telling
// people. Each has its own thread, its own database connection and its own HTTP client, so that
// whatever hangs delays nobody else.
#pragma once

#include "core/base/log.h"

#include <chrono>
#include <stop_token>

namespace core::egress {

class Job {
  public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    Job(Job&&) = delete;
    Job& operator=(Job&&) = delete;
    virtual ~Job() = default;

    // For the log.
    [[nodiscard]] virtual log::Literal name() const = 0;

    // Does a piece of what is due, and says after how long it wants to be called again (0: at
    // once). Always called by the same thread. Returns within a second after `stop` was requested,
    // and within kLongestRun in any case: the watchdog ends a program that hangs for longer.
    virtual std::chrono::milliseconds run(const std::stop_token& stop) = 0;
};

inline constexpr std::chrono::seconds kLongestRun{60};
// Between two looks for work that nobody announces, and before another attempt at a database that
// is away.
inline constexpr std::chrono::milliseconds kBetweenLooks{500};
inline constexpr std::chrono::milliseconds kPauseWithoutDatabase{1000};

}  // namespace core::egress
