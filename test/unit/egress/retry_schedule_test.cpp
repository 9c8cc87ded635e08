// When what failed is tried again.
#include "core/egress/retry_schedule.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <vector>

BOOST_AUTO_TEST_SUITE(retry_schedule)

namespace data = boost::unit_test::data;
using core::egress::random_jitter;
using core::egress::rest_of;
using core::egress::retry_delay;

namespace {

constexpr double kMiddle = 0.5;
constexpr std::int64_t kLastRetried = 9;

const std::vector<std::int64_t> kDelays{10, 60, 300, 1800, 7200, 21600, 21600, 21600, 21600};

}  // namespace

BOOST_DATA_TEST_CASE(each_attempt_waits_as_documented, data::xrange(kDelays.size()), index) {
    const auto delay = retry_delay(static_cast<std::int64_t>(index) + 1, kMiddle);

    BOOST_REQUIRE(delay.has_value());
    BOOST_TEST(delay->count() == kDelays[index]);
}

BOOST_DATA_TEST_CASE(a_delivery_is_given_up_in_the_end,
                     data::make({std::int64_t{10}, std::int64_t{11}, INT64_MAX}),
                     attempt) {
    BOOST_TEST(!retry_delay(attempt, kMiddle).has_value());
}

BOOST_DATA_TEST_CASE(an_attempt_that_never_was_has_no_next,
                     data::make({std::int64_t{0}, std::int64_t{-1}, INT64_MIN}),
                     attempt) {
    BOOST_TEST(!retry_delay(attempt, kMiddle).has_value());
}

BOOST_DATA_TEST_CASE(all_attempts_together_take_a_day_whatever_the_jitter,
                     data::make({0.0, 0.5, 1.0}),
                     jitter) {
    std::chrono::seconds sum{0};
    for (std::int64_t attempt = 1; attempt <= kLastRetried; ++attempt)
        sum += *retry_delay(attempt, jitter);

    BOOST_TEST(sum.count() > 20 * 3600);
    BOOST_TEST(sum.count() < 33 * 3600);
}

BOOST_DATA_TEST_CASE(jitter_spreads_by_a_fifth_at_most,
                     data::make({-1.0, 0.0, 0.25, 0.75, 1.0, 2.0}),
                     jitter) {
    const auto delay = *retry_delay(2, jitter);

    BOOST_TEST(delay.count() >= 48);
    BOOST_TEST(delay.count() <= 72);
}

BOOST_AUTO_TEST_CASE(a_receiver_rests_longer_the_more_often_it_failed) {
    BOOST_TEST(rest_of(1, kMiddle).count() == 10);
    BOOST_TEST(rest_of(2, kMiddle).count() == 60);
    BOOST_TEST(rest_of(3, kMiddle).count() == 300);
}

BOOST_DATA_TEST_CASE(a_receiver_never_rests_longer_than_five_minutes,
                     data::make({std::int64_t{4}, std::int64_t{9}, std::int64_t{10}, INT64_MAX}),
                     failures) {
    BOOST_TEST(rest_of(failures, 1.0).count() == 300);
}

BOOST_AUTO_TEST_CASE(random_jitter_stays_within_its_range) {
    for (int i = 0; i < 1000; ++i) {
        const double jitter = random_jitter();
        BOOST_TEST((jitter >= 0.0 && jitter <= 1.0));
    }
}

BOOST_AUTO_TEST_SUITE_END()
