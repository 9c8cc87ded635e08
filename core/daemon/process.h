// What the daemons share as processes: how they begin, how they tell systemd, how they end.
//
// Exit codes: 0 asked to leave, 78 (EX_CONFIG) where only the operator can help, so that systemd
// does not try again, 1 for everything else.
#pragma once

#include "core/base/log.h"
#include "core/base/result.h"
#include "core/daemon/descriptor.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

namespace core::daemon {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// No core file, no look from outside, few malloc arenas, small stacks of threads. Call it before
// any thread is started.
void harden_process();

// The one line on stderr that an operator gets.
void complain(std::string_view program, std::string_view text);
// The same for the error that ends a program; gives its exit code.
int report(std::string_view program, const Error& error);

// To systemd; nothing where it does not run us.
void say_ready();
void say_alive();
void say_leaving();
// How long the main thread may wait between two looks at the others: half of what systemd's
// watchdog waits, 10 s where there is none.
int look_milliseconds();

// Steady, in milliseconds: for telling how long a thread has been busy.
std::int64_t milliseconds_now();

// Between two attempts to reach a database that is away: one line a second says so.
class DatabaseWait {
  public:
    // `signals` must outlive this object.
    explicit DatabaseWait(const Descriptor& signals) : m_signals(signals) {}

    // False where the program was asked to leave meanwhile.
    bool pause(const Error& reason);

  private:
    const Descriptor& m_signals;
    std::optional<std::chrono::steady_clock::time_point> m_last_line;
};

// What SIGHUP does: takes over the level that `read` finds in the configuration.
void reload_log_level(const std::function<Result<log::Level>()>& read);

}  // namespace core::daemon
