// core/service/metrics: the file in which all workers of a host count, and who of them runs.
#include "core/service/metrics.h"

#include "core/service/rate_counters.h"
#include "test/unit/service/limits_file.h"

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(metrics)

using core::ErrorCode;
using core::service::Counter;
using core::service::Metrics;
using std::chrono::microseconds;

namespace {

const std::vector<std::string> kSeries{"GET /a", "PUT /a", "other none"};

Metrics open(const LimitsFile& file, const std::vector<std::string>& series = kSeries) {
    auto metrics = Metrics::open(file.path(), series);
    BOOST_REQUIRE(metrics.has_value());
    return *std::move(metrics);
}

std::uint64_t all_durations(const Metrics::Series& series) {
    return std::accumulate(series.durations.begin(), series.durations.end(), std::uint64_t{0});
}

// Runs `body` in a process of its own, which keeps what that returns and waits to be killed; gives
// its id once it waits.
pid_t in_another_process(const auto& body) {
    int ready[2];
    BOOST_REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        [[maybe_unused]] const auto kept = body();
        [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
        for (;;)
            ::pause();
    }
    char byte = 0;
    BOOST_REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
}

void kill_and_bury(pid_t child) {
    BOOST_REQUIRE(::kill(child, SIGKILL) == 0);
    BOOST_REQUIRE(::waitpid(child, nullptr, 0) == child);
}

}  // namespace

BOOST_AUTO_TEST_CASE(whoever_opens_the_file_sees_what_others_counted) {
    const LimitsFile file;
    auto mine = open(file);
    const auto theirs = open(file);

    mine.add(Counter::LimitedByPlan);
    mine.add(Counter::LimitedByPlan);
    mine.record(1, 4, microseconds(10));

    BOOST_TEST(theirs.value(Counter::LimitedByPlan) == 2);
    BOOST_TEST(theirs.value(Counter::LimitedByAddress) == 0);
    BOOST_TEST(theirs.series(1).outcomes[4] == 1);
    BOOST_TEST(theirs.series(0).outcomes[4] == 0);
}

BOOST_AUTO_TEST_CASE(what_was_counted_outlives_everybody_who_had_it_open) {
    const LimitsFile file;
    open(file).add(Counter::StoreUnavailable);

    BOOST_TEST(open(file).value(Counter::StoreUnavailable) == 1);
}

BOOST_AUTO_TEST_CASE(counts_of_many_threads_add_up) {
    constexpr std::uint64_t kThreads = 8;
    constexpr std::uint64_t kRounds = 20'000;
    const LimitsFile file;
    auto metrics = open(file);

    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&metrics] {
            for (std::uint64_t round = 0; round < kRounds; ++round) {
                metrics.add(Counter::BadToken);
                metrics.record(0, 0, microseconds(3'000));
            }
        });
    }
    for (auto& thread : threads)
        thread.join();

    BOOST_TEST(metrics.value(Counter::BadToken) == kThreads * kRounds);
    BOOST_TEST(metrics.series(0).outcomes[0] == kThreads * kRounds);
    BOOST_TEST(all_durations(metrics.series(0)) == kThreads * kRounds);
    BOOST_CHECK(metrics.series(0).sum == microseconds(3'000) * (kThreads * kRounds));
}

// "less or equal": the bound itself belongs to its class.
BOOST_AUTO_TEST_CASE(a_duration_is_counted_in_the_first_class_that_holds_it) {
    const LimitsFile file;
    auto metrics = open(file);

    metrics.record(0, 0, microseconds(0));
    metrics.record(0, 0, microseconds(1'000));
    metrics.record(0, 0, std::chrono::nanoseconds(1'000'001));
    metrics.record(0, 0, microseconds(10'000'000));
    metrics.record(0, 0, microseconds(10'000'001));

    const auto durations = metrics.series(0).durations;
    BOOST_TEST(durations[0] == 2);
    BOOST_TEST(durations[1] == 1);
    BOOST_TEST(durations[Metrics::kBounds.size() - 1] == 1);
    BOOST_TEST(durations[Metrics::kBounds.size()] == 1);
}

// As during an upgrade: the new release knows a route more, and they stand in another order.
BOOST_AUTO_TEST_CASE(releases_with_other_series_count_in_the_same_file) {
    const LimitsFile file;
    auto older = open(file, {"GET /a", "PUT /a"});
    auto newer = open(file, {"GET /b", "PUT /a", "GET /a"});

    older.record(0, 0, microseconds(1));
    newer.record(0, 0, microseconds(1));
    newer.record(2, 0, microseconds(1));

    BOOST_TEST(older.series(0).outcomes[0] == 2);
    BOOST_TEST(newer.series(2).outcomes[0] == 2);
    BOOST_TEST(newer.series(0).outcomes[0] == 1);
    BOOST_TEST(newer.series(1).outcomes[0] == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_has_seen_too_many_series_is_refused_by_name) {
    const LimitsFile file;
    constexpr std::size_t kAllThereIsRoomFor = 512;
    std::vector<std::string> many;
    many.reserve(kAllThereIsRoomFor + 1);
    for (std::size_t i = 0; i < kAllThereIsRoomFor; ++i)
        many.push_back("GET /" + std::to_string(i));
    BOOST_REQUIRE(Metrics::open(file.path(), many).has_value());
    many.emplace_back("GET /one-more");

    const auto refused = Metrics::open(file.path(), many);

    BOOST_REQUIRE(!refused.has_value());
    BOOST_CHECK(refused.error().code == ErrorCode::ConfigInvalid);
    BOOST_TEST(refused.error().public_message.find(file.path().string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_file_of_the_limits_is_not_taken_for_it) {
    const LimitsFile file;
    BOOST_REQUIRE(core::service::RateCounters::open(file.path()).has_value());

    const auto refused = Metrics::open(file.path(), kSeries);

    BOOST_REQUIRE(!refused.has_value());
    BOOST_CHECK(refused.error().code == ErrorCode::ConfigInvalid);
}

BOOST_AUTO_TEST_CASE(a_file_of_the_right_size_and_another_format_is_refused) {
    const LimitsFile file;
    { const auto made = open(file); }
    {
        std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
        bytes.write("ELSEWHAT", 8);
    }

    const auto refused = Metrics::open(file.path(), kSeries);

    BOOST_REQUIRE(!refused.has_value());
    BOOST_CHECK(refused.error().code == ErrorCode::ConfigInvalid);
}

BOOST_AUTO_TEST_CASE(nobody_runs_in_a_new_file) {
    const LimitsFile file;

    const auto workers = open(file).workers();

    BOOST_TEST(workers.running == 0);
    BOOST_TEST(workers.threads == 0);
}

BOOST_AUTO_TEST_CASE(whoever_joined_runs_until_it_goes) {
    const LimitsFile file;
    auto mine = open(file);
    mine.join(32);
    {
        auto theirs = open(file);
        theirs.join(16);

        BOOST_TEST(mine.workers().running == 2);
        BOOST_TEST(theirs.workers().running == 2);
        BOOST_TEST(mine.workers().threads == 48);
    }

    BOOST_TEST(mine.workers().running == 1);
    BOOST_TEST(mine.workers().threads == 32);
    BOOST_TEST(mine.value(Counter::WorkerStarts) == 2);
}

BOOST_AUTO_TEST_CASE(a_worker_that_is_killed_at_work_does_not_run_and_is_not_busy) {
    const LimitsFile file;
    auto mine = open(file);
    mine.join(4);
    const pid_t child = in_another_process([&file] {
        auto theirs = Metrics::open(file.path(), kSeries);
        if (!theirs) std::abort();
        theirs->join(8);
        theirs->begin_work();
        theirs->record(0, 0, microseconds(1));
        return theirs;
    });
    BOOST_TEST(mine.workers().running == 2);
    BOOST_TEST(mine.workers().busy_threads == 1);

    kill_and_bury(child);

    BOOST_TEST(mine.workers().running == 1);
    BOOST_TEST(mine.workers().busy_threads == 0);
    BOOST_TEST(mine.series(0).outcomes[0] == 1);
}

BOOST_AUTO_TEST_CASE(whoever_takes_the_place_of_one_that_was_killed_begins_idle) {
    const LimitsFile file;
    kill_and_bury(in_another_process([&file] {
        auto theirs = Metrics::open(file.path(), kSeries);
        if (!theirs) std::abort();
        theirs->join(8);
        theirs->begin_work();
        return theirs;
    }));
    auto mine = open(file);

    mine.join(4);

    BOOST_TEST(mine.workers().running == 1);
    BOOST_TEST(mine.workers().threads == 4);
    BOOST_TEST(mine.workers().busy_threads == 0);
}

BOOST_AUTO_TEST_CASE(threads_are_busy_while_they_work) {
    const LimitsFile file;
    auto metrics = open(file);
    metrics.join(4);

    metrics.begin_work();
    metrics.begin_work();
    metrics.end_work();

    BOOST_TEST(metrics.workers().busy_threads == 1);
}

BOOST_AUTO_TEST_CASE(more_workers_than_there_is_room_for_count_all_the_same) {
    const LimitsFile file;
    std::vector<Metrics> crowd;
    for (int i = 0; i < 257; ++i) {
        crowd.push_back(open(file));
        crowd.back().join(1);
    }

    crowd.back().begin_work();
    crowd.back().record(0, 0, microseconds(1));
    crowd.back().end_work();

    BOOST_TEST(crowd.front().workers().running == 256);
    BOOST_TEST(crowd.front().series(0).outcomes[0] == 1);
}

BOOST_AUTO_TEST_SUITE_END()
