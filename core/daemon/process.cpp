#include "core/daemon/process.h"

#include "core/daemon/signals.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

namespace core::daemon {
namespace {

// Deep enough for any request, and small enough that 32 threads do not count. Sanitizers keep what
// they know of a thread there as well: below about a megabyte it would not start.
constexpr std::size_t kThreadStackBytes = (kSanitized ? 4096UL : 512UL) * 1024UL;
// By default every thread gets an arena of its own, and none gives memory back to another.
constexpr int kMallocArenas = 4;
constexpr int kDatabaseRetryMilliseconds = 250;
constexpr int kUnwatchedLookMilliseconds = 10000;

}  // namespace

void harden_process() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    // The leak checker of a sanitizer build looks at its own process from outside.
    if (!kSanitized) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::mallopt(M_ARENA_MAX, kMallocArenas);
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) return;
    if (::pthread_attr_setstacksize(&attributes, kThreadStackBytes) == 0)
        ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
}

void complain(std::string_view program, std::string_view text) {
    std::cerr << program << ": " << text << '\n';
}

int report(std::string_view program, const Error& error) {
    complain(program, error.public_message.empty() ? error.detail : error.public_message);
    const bool is_for_the_operator =
        error.code == ErrorCode::ConfigInvalid || error.code == ErrorCode::FailedPrecondition;
    return is_for_the_operator ? EX_CONFIG : EXIT_FAILURE;
}

void say_ready() {
    sd_notify(0, "READY=1");
}

void say_alive() {
    sd_notify(0, "WATCHDOG=1");
}

void say_leaving() {
    sd_notify(0, "STOPPING=1");
}

int look_milliseconds() {
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0) return kUnwatchedLookMilliseconds;
    return static_cast<int>(microseconds / 2000);
}

std::int64_t milliseconds_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

bool DatabaseWait::pause(const Error& reason) {
    const auto now = std::chrono::steady_clock::now();
    if (!m_last_line || now - *m_last_line >= std::chrono::seconds(1)) {
        log::warning("waiting_for_database", {{"detail", log::quoted(reason.detail)}});
        m_last_line = now;
    }
    sd_notify(0, "STATUS=Waiting for the database\nEXTEND_TIMEOUT_USEC=10000000");
    return wait_for_signal(m_signals, kDatabaseRetryMilliseconds) != Signal::Leave;
}

void reload_log_level(const std::function<Result<log::Level>()>& read) {
    const auto level = read();
    if (!level) {
        log::error("reload_failed", {{"detail", log::quoted(level.error().public_message)}});
        return;
    }
    log::set_level(*level);
    log::info("reloaded");
}

}  // namespace core::daemon
