#include "core/egress/job_runner.h"

#include "core/base/log.h"
#include "core/daemon/process.h"
#include "core/daemon/signals.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace core::egress {
namespace {

// A run that takes longer than it may, twice over, hangs.
constexpr std::int64_t kStuckMilliseconds = 2 * std::chrono::milliseconds(kLongestRun).count();

// What a job's thread shows to the main thread.
struct ThreadState {
    std::atomic<std::int64_t> busy_since{0};  // 0: waiting until it is due
};

// Until then, or until a stop.
void wait_for(const std::stop_token& stop, std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any nobody;
    std::unique_lock lock(mutex);
    nobody.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

struct JobRunner::Impl {
    std::vector<std::unique_ptr<Job>> jobs;
    std::vector<ThreadState> states;
    daemon::Descriptor broken;  // readable: a job threw
    // Last, so that the threads are stopped and joined before the rest goes.
    std::vector<std::jthread> threads;

    void serve(std::size_t index, const std::stop_token& stop);
    std::chrono::milliseconds run_once(std::size_t index, const std::stop_token& stop);
    [[nodiscard]] bool is_stuck() const;
};

JobRunner::JobRunner(std::vector<std::unique_ptr<Job>> jobs) : m_impl(std::make_unique<Impl>()) {
    m_impl->states = std::vector<ThreadState>(jobs.size());
    m_impl->jobs = std::move(jobs);
}

JobRunner::~JobRunner() = default;

std::chrono::milliseconds JobRunner::Impl::run_once(std::size_t index,
                                                    const std::stop_token& stop) {
    states[index].busy_since = daemon::milliseconds_now();
    const auto pause = jobs[index]->run(stop);
    states[index].busy_since = 0;
    return pause;
}

void JobRunner::Impl::serve(std::size_t index, const std::stop_token& stop) {
    // What no layer expects ends the program: what is in memory is not to be trusted any more.
    try {
        while (!stop.stop_requested())
            wait_for(stop, run_once(index, stop));
    } catch (const std::exception& error) {
        log::error("job_failed",
                   {{"job", jobs[index]->name()}, {"detail", log::quoted(error.what())}});
        daemon::raise_event(broken);
    }
}

bool JobRunner::Impl::is_stuck() const {
    const std::int64_t now = daemon::milliseconds_now();
    return std::any_of(states.begin(), states.end(), [now](const ThreadState& state) {
        const std::int64_t since = state.busy_since;
        return since != 0 && now - since > kStuckMilliseconds;
    });
}

Result<void> JobRunner::run(const daemon::Descriptor& signals,
                            const std::function<void()>& reload) {
    auto broken = daemon::create_event();
    if (!broken) return failure(std::move(broken));
    m_impl->broken = std::move(*broken);
    for (std::size_t i = 0; i < m_impl->jobs.size(); ++i)
        m_impl->threads.emplace_back(
            [this, i](const std::stop_token& stop) { m_impl->serve(i, stop); });
    daemon::say_ready();
    log::info("ready", {{"jobs", m_impl->jobs.size()}});

    std::array<pollfd, 2> wake{{{.fd = signals.get(), .events = POLLIN, .revents = 0},
                                {.fd = m_impl->broken.get(), .events = POLLIN, .revents = 0}}};
    const int look = daemon::look_milliseconds();
    bool leaving = false;
    while (!leaving && !daemon::is_readable(m_impl->broken, 0)) {
        ::poll(wake.data(), wake.size(), look);
        const auto signal = daemon::wait_for_signal(signals, 0);
        leaving = signal == daemon::Signal::Leave;
        if (signal == daemon::Signal::Reload) reload();
        if (!m_impl->is_stuck())
            daemon::say_alive();
        else
            log::error("job_stuck");
    }

    daemon::say_leaving();
    log::info("leaving");
    for (auto& thread : m_impl->threads)
        thread.request_stop();
    m_impl->threads.clear();
    if (!leaving) return failure(ErrorCode::Internal, {}, "a job could not go on");
    return {};
}

}  // namespace core::egress
