// core/base/metrics_text: Prometheus' text format, byte for byte.
#include "core/base/metrics_text.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(metrics_text)

namespace data = boost::unit_test::data;
using core::MetricsText;
using Kind = core::MetricsText::Kind;

namespace {

std::string sample_with(std::string_view value) {
    MetricsText text;
    text.sample({{"x", value}}, 1);
    return std::move(text).take();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_family_says_what_it_is_before_its_samples) {
    MetricsText text;
    text.family("things_total", Kind::Counter, "Things that were.");
    text.sample(3);

    const auto page = std::move(text).take();
    BOOST_TEST(page ==
               "# HELP things_total Things that were.\n# TYPE things_total counter\n"
               "things_total 3\n");
}

BOOST_AUTO_TEST_CASE(labels_stand_in_the_order_given) {
    MetricsText text;
    text.family("things", Kind::Gauge, "Things.");
    text.sample({{"b", "1"}, {"a", "2"}}, 7);

    const auto page = std::move(text).take();
    BOOST_TEST(page.ends_with("\nthings{b=\"1\",a=\"2\"} 7\n"));
}

const std::vector<std::string> kValues{"plain", "a\"b", "a\\b", "a\nb", "\xc3\xa9", "", "{}=,"};
const std::vector<std::string> kEscaped{
    "plain", R"(a\"b)", R"(a\\b)", R"(a\nb)", "\xc3\xa9", "", "{}=,"};

BOOST_DATA_TEST_CASE(a_label_s_value_is_escaped,
                     data::make(kValues) ^ data::make(kEscaped),
                     value,
                     escaped) {
    BOOST_TEST(sample_with(value) == "{x=\"" + escaped + "\"} 1\n");
}

BOOST_AUTO_TEST_CASE(the_largest_count_keeps_all_its_digits) {
    MetricsText text;
    text.sample(UINT64_MAX);

    const auto page = std::move(text).take();
    BOOST_TEST(page == " 18446744073709551615\n");
}

BOOST_AUTO_TEST_CASE(an_age_is_never_below_zero) {
    MetricsText text;
    text.sample(std::chrono::seconds(-5));

    const auto page = std::move(text).take();
    BOOST_TEST(page == " 0\n");
}

BOOST_AUTO_TEST_CASE(a_histogram_ends_with_all_of_them_their_sum_and_their_count) {
    MetricsText text;
    text.family("took_seconds", Kind::Histogram, "How long.");
    text.bucket({{"x", "y"}}, std::chrono::microseconds(2'500), 1);
    text.bucket({{"x", "y"}}, std::chrono::microseconds(10'000'000), 2);
    text.total({{"x", "y"}}, 3, std::chrono::nanoseconds(12'000'000'001));

    const auto page = std::move(text).take();
    BOOST_TEST(page ==
               "# HELP took_seconds How long.\n# TYPE took_seconds histogram\n"
               "took_seconds_bucket{x=\"y\",le=\"0.0025\"} 1\n"
               "took_seconds_bucket{x=\"y\",le=\"10\"} 2\n"
               "took_seconds_bucket{x=\"y\",le=\"+Inf\"} 3\n"
               "took_seconds_sum{x=\"y\"} 12.000000001\n"
               "took_seconds_count{x=\"y\"} 3\n");
}

BOOST_AUTO_TEST_CASE(a_histogram_without_labels_has_its_bounds_alone) {
    MetricsText text;
    text.family("took_seconds", Kind::Histogram, "How long.");
    text.bucket({}, std::chrono::microseconds(1'000), 0);

    const auto page = std::move(text).take();
    BOOST_TEST(page.ends_with("\ntook_seconds_bucket{le=\"0.001\"} 0\n"));
}

BOOST_AUTO_TEST_SUITE_END()
