// When a key set is fetched again.
#include "core/egress/key_set_schedule.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>
#include <optional>
#include <ostream>
#include <vector>

BOOST_AUTO_TEST_SUITE(key_set_schedule)

namespace data = boost::unit_test::data;
using core::egress::next_fetch_after;
using core::egress::retry_after;
using std::chrono::seconds;

namespace {

struct Pair {
    long given;
    long expected;
};

std::ostream& operator<<(std::ostream& out, const Pair& pair) {
    return out << pair.given << " -> " << pair.expected;
}

const std::vector<Pair> kMaxAges{
    {0, 60}, {59, 60}, {60, 60}, {61, 61}, {22021, 22021}, {86400, 86400}, {86401, 86400}};
const std::vector<Pair> kFailures{{1, 1},
                                  {2, 2},
                                  {3, 4},
                                  {8, 128},
                                  {9, 256},
                                  {10, 300},
                                  {11, 300},
                                  {std::numeric_limits<long>::max(), 300}};

}  // namespace

BOOST_DATA_TEST_CASE(max_age_counts_between_a_minute_and_a_day, data::make(kMaxAges), pair) {
    BOOST_TEST(next_fetch_after(seconds(pair.given)).count() == pair.expected);
}

BOOST_AUTO_TEST_CASE(an_answer_without_max_age_serves_an_hour) {
    BOOST_TEST(next_fetch_after(std::nullopt).count() == 3600);
}

BOOST_DATA_TEST_CASE(retries_come_at_growing_intervals_up_to_5_minutes,
                     data::make(kFailures),
                     pair) {
    BOOST_TEST(retry_after(pair.given).count() == pair.expected);
}

BOOST_AUTO_TEST_SUITE_END()
