// Who looks for work.
#include "core/egress/turns.h"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(turns_test)

using core::egress::Turns;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

milliseconds time_of_wait(Turns& turns, const std::stop_token& stop) {
    const auto began = steady_clock::now();
    turns.wait(stop);
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_thread_alone_looks_again_and_again) {
    Turns turns;
    const std::stop_source source;

    BOOST_TEST(time_of_wait(turns, source.get_token()).count() < 5000);
    BOOST_TEST(time_of_wait(turns, source.get_token()).count() < 5000);
}

BOOST_AUTO_TEST_CASE(a_call_before_the_wait_is_not_lost) {
    Turns turns;
    const std::stop_source source;
    turns.call_another();

    BOOST_TEST(time_of_wait(turns, source.get_token()).count() < 400);
}

BOOST_AUTO_TEST_CASE(a_stop_ends_every_wait) {
    Turns turns;
    std::atomic<int> ended{0};
    {
        constexpr std::size_t kWaiting = 8;
        std::vector<std::jthread> threads;
        threads.reserve(kWaiting);
        for (std::size_t i = 0; i < kWaiting; ++i)
            threads.emplace_back([&](const std::stop_token& stop) {
                while (!stop.stop_requested())
                    turns.wait(stop);
                ++ended;
            });
        for (auto& thread : threads)
            thread.request_stop();
    }
    BOOST_TEST(ended == 8);
}

BOOST_AUTO_TEST_CASE(while_one_works_another_looks) {
    Turns turns;
    std::atomic<int> looks{0};
    constexpr std::size_t kLooking = 4;
    std::vector<std::jthread> threads;
    threads.reserve(kLooking);
    for (std::size_t i = 0; i < kLooking; ++i)
        threads.emplace_back([&](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                turns.wait(stop);
                ++looks;
            }
        });

    // Called as often as somebody finds something, each call wakes a thread in no time.
    const auto deadline = steady_clock::now() + std::chrono::seconds(10);
    while (looks < 100 && steady_clock::now() < deadline) {
        turns.call_another();
        std::this_thread::yield();
    }

    BOOST_TEST(looks >= 100);
    for (auto& thread : threads)
        thread.request_stop();
}

BOOST_AUTO_TEST_SUITE_END()
