// core/service/monitoring: from which age on an outbox and key sets are reported.
#include "core/service/monitoring.h"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(monitoring)

using core::service::judge_key_sets;
using core::service::judge_outbox;
using core::store::Stock;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

Stock lagging(seconds lag) {
    Stock stock;
    stock.outbox_lag = lag;
    return stock;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_outbox_may_lag_ten_minutes) {
    BOOST_TEST(judge_outbox(lagging(minutes(10))).is_fine);
}

BOOST_AUTO_TEST_CASE(beyond_that_the_operator_is_told_for_how_long_it_has) {
    const auto finding = judge_outbox(lagging(seconds(601)));

    BOOST_TEST(!finding.is_fine);
    BOOST_TEST(finding.why.find("601 s") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_issuers_no_key_set_is_too_old) {
    BOOST_TEST(judge_key_sets({}).is_fine);
}

BOOST_AUTO_TEST_CASE(a_key_set_younger_than_a_day_is_fine_whatever_failed_since) {
    BOOST_TEST(judge_key_sets({{"https://a.example", hours(24) - seconds(1), 7}}).is_fine);
}

BOOST_AUTO_TEST_CASE(one_old_key_set_among_good_ones_is_named) {
    const auto finding =
        judge_key_sets({{"https://a.example", seconds(5), 0}, {"https://b.example", hours(24), 3}});

    BOOST_TEST(!finding.is_fine);
    BOOST_TEST(finding.why.find("https://b.example") != std::string::npos);
    BOOST_TEST(finding.why.find("https://a.example") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_set_that_was_never_fetched_is_named) {
    const auto finding = judge_key_sets({{"https://a.example", {}, 0}});

    BOOST_TEST(!finding.is_fine);
    BOOST_TEST(finding.why.find("https://a.example") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
