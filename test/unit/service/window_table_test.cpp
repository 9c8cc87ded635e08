// Windows of 60 s, counted by many threads and processes at once.
#include "core/service/window_table.h"

#include "core/service/rate_counters.h"
#include "test/unit/service/limits_file.h"

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(window_table)

using core::service::Count;
using core::service::kLargestCount;
using core::service::RateCounters;
using core::service::WindowTable;
using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t kKey = 0x8877665544332211;
constexpr milliseconds kStart{1'000'000};

struct SmallTable {
    explicit SmallTable(std::size_t slots = 16, std::size_t places = 16)
        : words(slots * 2), table(words, places) {}
    std::vector<std::uint64_t> words;
    WindowTable table;
};

void use_up(WindowTable& table, std::uint64_t key, std::uint32_t limit, milliseconds now) {
    for (std::uint32_t i = 0; i < limit; ++i)
        table.count(key, limit, now);
}

void in_threads(unsigned count, const std::function<void(unsigned)>& body) {
    std::vector<std::thread> threads;
    threads.reserve(count);
    for (unsigned i = 0; i < count; ++i)
        threads.emplace_back([&body, i] { body(i); });
    for (auto& thread : threads)
        thread.join();
}

// How many of `attempts` pass.
std::uint32_t passed(WindowTable& table, std::uint64_t key, std::uint32_t limit, int attempts) {
    std::uint32_t within = 0;
    for (int i = 0; i < attempts; ++i)
        within += table.count(key, limit, kStart).is_within ? 1U : 0U;
    return within;
}

// The same in a process of its own, which maps the file by itself; its exit code says how many.
pid_t start_counting(const std::filesystem::path& file, std::uint32_t limit, int attempts) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    auto counters = RateCounters::open(file);
    ::_exit(counters ? static_cast<int>(passed(counters->tenants(), kKey, limit, attempts)) : 255);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_hundred_pass_and_the_next_one_is_refused) {
    SmallTable small;
    constexpr std::size_t kRequests = 101;
    std::vector<bool> within;
    within.reserve(kRequests);

    for (std::size_t i = 0; i < kRequests; ++i)
        within.push_back(small.table.count(kKey, 100, kStart).is_within);

    BOOST_TEST(std::count(within.begin(), within.end(), true) == 100);
    BOOST_TEST(!within.back());
}

BOOST_AUTO_TEST_CASE(what_is_counted_and_left_is_told) {
    SmallTable small;
    small.table.count(kKey, 5, kStart);

    const Count second = small.table.count(kKey, 5, kStart + milliseconds(1500));

    BOOST_TEST(second.is_within);
    BOOST_TEST(second.counted == 2);
    BOOST_TEST(second.left.count() == 58'500);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_not_counted) {
    SmallTable small;
    use_up(small.table, kKey, 3, kStart);
    small.table.count(kKey, 3, kStart);
    small.table.count(kKey, 3, kStart);

    const Count by_a_larger_plan = small.table.count(kKey, 10, kStart);

    BOOST_TEST(by_a_larger_plan.is_within);
    BOOST_TEST(by_a_larger_plan.counted == 4);
}

BOOST_AUTO_TEST_CASE(the_window_begins_with_its_first_request_and_is_over_60_s_later) {
    SmallTable small;
    use_up(small.table, kKey, 2, kStart);

    const Count at_its_end = small.table.count(kKey, 2, kStart + milliseconds(59'999));
    const Count after_it = small.table.count(kKey, 2, kStart + milliseconds(60'000));

    BOOST_TEST(!at_its_end.is_within);
    BOOST_TEST(at_its_end.left.count() == 1);
    BOOST_TEST(after_it.is_within);
    BOOST_TEST(after_it.counted == 1);
    BOOST_TEST(after_it.left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(a_window_from_before_a_reboot_is_over) {
    SmallTable small;
    use_up(small.table, kKey, 2, milliseconds(900'000'000));

    BOOST_TEST(small.table.count(kKey, 2, kStart).is_within);
}

BOOST_AUTO_TEST_CASE(a_window_that_another_thread_has_just_begun_is_not_a_new_one) {
    SmallTable small;
    use_up(small.table, kKey, 2, kStart + milliseconds(1));

    BOOST_TEST(!small.table.count(kKey, 2, kStart).is_within);
}

BOOST_AUTO_TEST_CASE(a_smaller_limit_refuses_at_once_what_is_counted_already) {
    SmallTable small;
    use_up(small.table, kKey, 50, kStart);

    BOOST_TEST(!small.table.count(kKey, 20, kStart).is_within);
}

BOOST_AUTO_TEST_CASE(the_largest_limit_fits) {
    SmallTable small;
    small.words[0] = kKey;
    small.table.count(kKey, kLargestCount, kStart);
    // The count of the one window that there is.
    for (auto& word : small.words)
        if (word != 0 && word != kKey) word += kLargestCount - 2;

    const Count last = small.table.count(kKey, kLargestCount, kStart);
    const Count beyond = small.table.count(kKey, kLargestCount, kStart);

    BOOST_TEST(last.is_within);
    BOOST_TEST(last.counted == kLargestCount);
    BOOST_TEST(!beyond.is_within);
}

BOOST_AUTO_TEST_CASE(looking_counts_nothing) {
    SmallTable small;
    use_up(small.table, kKey, 2, kStart);

    BOOST_TEST(small.table.look(kKey, 3, kStart).is_within);
    BOOST_TEST(small.table.look(kKey, 3, kStart).counted == 2);
    BOOST_TEST(!small.table.look(kKey, 2, kStart).is_within);
    BOOST_TEST(small.table.look(kKey + 1, 1, kStart).is_within);
}

BOOST_AUTO_TEST_CASE(one_that_is_given_back_can_be_had_by_another) {
    SmallTable small;
    use_up(small.table, kKey, 2, kStart);
    const Count third = small.table.count(kKey, 3, kStart);

    small.table.give_back(kKey, third);

    BOOST_TEST(small.table.count(kKey, 3, kStart).is_within);
    BOOST_TEST(!small.table.count(kKey, 3, kStart).is_within);
}

BOOST_AUTO_TEST_CASE(nothing_is_taken_back_from_a_later_window) {
    SmallTable small;
    const Count earlier = small.table.count(kKey, 3, kStart);
    const auto later = kStart + milliseconds(70'000);
    small.table.count(kKey, 3, later);

    small.table.give_back(kKey, earlier);

    BOOST_TEST(small.table.look(kKey, 3, later).counted == 1);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_noted_once_in_a_window) {
    SmallTable small;
    use_up(small.table, kKey, 2, kStart);

    BOOST_TEST(small.table.note_refusal(kKey, kStart));
    BOOST_TEST(!small.table.note_refusal(kKey, kStart));
    BOOST_TEST(small.table.look(kKey, 2, kStart).counted == 2);
    BOOST_TEST(small.table.note_refusal(kKey, kStart + milliseconds(60'000)));
}

BOOST_AUTO_TEST_CASE(two_keys_have_a_window_each) {
    SmallTable small;
    use_up(small.table, 1, 2, kStart);

    BOOST_TEST(small.table.count(2, 2, kStart).counted == 1);
}

BOOST_AUTO_TEST_CASE(a_full_table_takes_the_slot_whose_window_began_first) {
    SmallTable small;
    for (std::uint64_t key = 1; key <= 16; ++key)
        use_up(small.table, key, 5, kStart + milliseconds(key));

    const Count newcomer = small.table.count(17, 5, kStart + milliseconds(100));

    BOOST_TEST(newcomer.is_within);
    BOOST_TEST(newcomer.counted == 1);
    for (std::uint64_t key = 2; key <= 16; ++key)
        BOOST_TEST(!small.table.look(key, 5, kStart + milliseconds(100)).is_within);
}

BOOST_AUTO_TEST_CASE(threads_count_exactly) {
    SmallTable small;
    std::atomic<std::uint32_t> within{0};

    in_threads(16, [&](unsigned) { within += passed(small.table, kKey, 10'000, 2000); });

    BOOST_TEST(within == 10'000);
}

BOOST_AUTO_TEST_CASE(processes_count_exactly_and_what_they_counted_outlives_them) {
    const LimitsFile file;
    constexpr std::uint32_t kLimit = 500;
    constexpr std::size_t kProcesses = 8;
    std::vector<pid_t> children;
    children.reserve(kProcesses);
    for (std::size_t i = 0; i < kProcesses; ++i)
        children.push_back(start_counting(file.path(), kLimit, 250));

    std::uint32_t within = 0;
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        within += static_cast<std::uint32_t>(WEXITSTATUS(status));
    }

    auto counters = RateCounters::open(file.path());
    BOOST_REQUIRE(counters.has_value());
    BOOST_TEST(within == kLimit);
    BOOST_TEST(!counters->tenants().look(kKey, kLimit, kStart).is_within);
}

BOOST_AUTO_TEST_CASE(a_host_of_65537_tenants_is_counted_exactly_by_many_threads) {
    const LimitsFile file;
    auto counters = RateCounters::open(file.path());
    BOOST_REQUIRE(counters.has_value());
    std::vector<std::uint64_t> keys(65'537);
    std::mt19937_64 random(1);  // NOLINT(cert-msc51-cpp): the same keys in every run
    for (auto& key : keys)
        key = random() | 1;
    std::vector<std::atomic<std::uint32_t>> within(keys.size());

    // Each thread begins elsewhere, so that they claim slots at the same time.
    in_threads(8, [&](unsigned thread) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const std::size_t which = (i + thread * keys.size() / 8) % keys.size();
            within[which] += counters->tenants().count(keys[which], 5, kStart).is_within ? 1U : 0U;
        }
    });

    BOOST_TEST(
        std::all_of(within.begin(), within.end(), [](const auto& count) { return count == 5; }));
}

BOOST_AUTO_TEST_CASE(addresses_without_end_never_fill_the_table) {
    const LimitsFile file;
    auto counters = RateCounters::open(file.path());
    BOOST_REQUIRE(counters.has_value());
    auto& addresses = counters->addresses();

    for (std::uint64_t address = 1; address <= 200'000; ++address)
        addresses.count(address, 30, kStart);
    use_up(addresses, kKey, 30, kStart);

    BOOST_TEST(!addresses.look(kKey, 30, kStart).is_within);
}

BOOST_AUTO_TEST_SUITE_END()
