// The jobs of egress: one thread each, until a signal or a job that throws ends them. Signals come
// through a pipe that looks like a signalfd.
#include "core/egress/job_runner.h"

#include "core/base/log.h"

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(job_runner)

using core::daemon::Descriptor;
using core::egress::Job;
using core::egress::JobRunner;
using std::chrono::milliseconds;

namespace {

class ScriptedJob final : public Job {
  public:
    using Script = std::function<milliseconds(const std::stop_token&)>;
    explicit ScriptedJob(Script script) : m_script(std::move(script)) {}

    [[nodiscard]] core::log::Literal name() const override { return "scripted"; }
    milliseconds run(const std::stop_token& stop) override { return m_script(stop); }

  private:
    Script m_script;
};

constexpr milliseconds kForever = std::chrono::hours(24);

// A count that can be waited for.
class Counter {
  public:
    void add() {
        const std::lock_guard lock(m_mutex);
        ++m_count;
        m_changed.notify_all();
    }
    void await(int count) {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [&] { return m_count >= count; });
    }

  private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_count = 0;
};

// Until a stop is requested.
void hang(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any nobody;
    std::unique_lock lock(mutex);
    nobody.wait(lock, stop, [] { return false; });
}

class Running {
  public:
    explicit Running(std::vector<ScriptedJob::Script> scripts) {
        core::log::set_level(core::log::Level::Error);
        std::array<int, 2> pipe{};
        BOOST_REQUIRE(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        m_signals = Descriptor(pipe[0]);
        m_tell = Descriptor(pipe[1]);
        std::vector<std::unique_ptr<Job>> jobs;
        jobs.reserve(scripts.size());
        for (auto& script : scripts)
            jobs.push_back(std::make_unique<ScriptedJob>(std::move(script)));
        m_runner = std::make_unique<JobRunner>(std::move(jobs));
        m_result = std::async(std::launch::async, [this] {
            return m_runner->run(m_signals, [this] { reloaded.add(); }).has_value();
        });
    }

    void signal(int number) {
        signalfd_siginfo info{};
        info.ssi_signo = static_cast<std::uint32_t>(number);
        BOOST_REQUIRE(::write(m_tell.get(), &info, sizeof info) == sizeof info);
    }
    // Did it end because it was asked to?
    bool result() { return m_result.get(); }

    Counter reloaded;

  private:
    Descriptor m_signals;
    Descriptor m_tell;
    std::unique_ptr<JobRunner> m_runner;
    std::future<bool> m_result;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_job_is_called_again_when_it_said_so) {
    Counter calls;
    Running running({[&](const auto&) {
        calls.add();
        return milliseconds(1);
    }});

    calls.await(5);

    running.signal(SIGTERM);
    BOOST_TEST(running.result());
}

BOOST_AUTO_TEST_CASE(a_job_that_hangs_delays_no_other) {
    Counter calls;
    Counter hanging;
    Running running({[&](const auto& stop) {
                         hanging.add();
                         hang(stop);
                         return kForever;
                     },
                     [&](const auto&) {
                         calls.add();
                         return milliseconds(0);
                     }});
    hanging.await(1);

    calls.await(100);

    running.signal(SIGTERM);
    BOOST_TEST(running.result());
}

BOOST_AUTO_TEST_CASE(a_job_that_waits_for_a_day_leaves_at_once) {
    Counter calls;
    Running running({[&](const auto&) {
        calls.add();
        return kForever;
    }});
    calls.await(1);

    running.signal(SIGTERM);

    BOOST_TEST(running.result());
}

BOOST_AUTO_TEST_CASE(without_jobs_it_waits_for_a_signal) {
    Running running({});

    running.signal(SIGINT);

    BOOST_TEST(running.result());
}

BOOST_AUTO_TEST_CASE(a_sighup_reloads_and_ends_nothing) {
    Counter calls;
    Running running({[&](const auto&) {
        calls.add();
        return milliseconds(1);
    }});

    running.signal(SIGHUP);
    running.reloaded.await(1);

    calls.await(3);
    running.signal(SIGTERM);
    BOOST_TEST(running.result());
}

BOOST_AUTO_TEST_CASE(a_job_that_throws_ends_the_program_and_stops_the_others) {
    std::atomic<bool> stopped = false;
    Counter hanging;
    Running running({[&](const auto& stop) {
                         hanging.add();
                         hang(stop);
                         stopped = true;
                         return kForever;
                     },
                     [&](const auto&) -> milliseconds {
                         hanging.await(1);
                         throw std::runtime_error("what nobody expected");
                     }});

    BOOST_TEST(!running.result());
    BOOST_TEST(stopped);
}

BOOST_AUTO_TEST_SUITE_END()
