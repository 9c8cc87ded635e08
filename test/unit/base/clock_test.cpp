// core/base/clock: RFC 3339 and durations, as strict as the header says.
#include "core/base/clock.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(clock_test)

namespace data = boost::unit_test::data;
using core::format_duration;
using core::format_rfc3339;
using core::parse_duration;
using core::parse_rfc3339;

namespace {

// Microseconds since 1970 of each text.
const std::vector<std::string> kTimes{
    "1970-01-01T00:00:00Z",
    "2026-06-01T10:30:00Z",
    "2026-06-01t10:30:00z",
    "2026-06-01T10:30:00+00:00",
    "2026-06-01T10:30:00-00:00",
    "2026-06-01T12:30:00+02:00",
    "2026-06-01T05:00:00-05:30",
    "2026-05-31T10:31:00-23:59",
    "2026-06-01T10:30:00.5Z",
    "2026-06-01T10:30:00.000001Z",
    "2026-06-01T10:30:00.123456789Z",
    "2024-02-29T00:00:00Z",
    "2000-02-29T00:00:00Z",
    "9999-12-31T23:59:59Z",
};
const std::vector<std::int64_t> kMicros{
    0,
    1780309800000000,
    1780309800000000,
    1780309800000000,
    1780309800000000,
    1780309800000000,
    1780309800000000,
    1780309800000000,
    1780309800500000,
    1780309800000001,
    1780309800123456,
    1709164800000000,
    951782400000000,
    253402300799000000,
};

const std::vector<std::string> kNotTimes{
    "",
    "2026-06-01",
    "10:30:00Z",
    "2026-06-01T10:30:00",     // no offset
    "2026-06-01 10:30:00Z",    // a space is not RFC 3339's T
    "2026-06-01T10:30Z",       //
    "2026-06-01T10:30:00.Z",   // a fraction without digits
    "2026-06-01T10:30:00,5Z",  //
    "2026-06-01T10:30:00.1234567890Z",
    "2026-06-01T10:30:00+0200",   //
    "2026-06-01T10:30:00+02",     //
    "2026-06-01T10:30:00+24:00",  //
    "2026-06-01T10:30:00+02:60",  //
    "2026-06-01T10:30:00Z ",      //
    " 2026-06-01T10:30:00Z",      //
    "2026-06-01T10:30:00ZZ",      //
    "2026-13-01T00:00:00Z",       // dates that do not exist
    "2026-00-01T00:00:00Z",       //
    "2026-06-31T00:00:00Z",       //
    "2026-06-00T00:00:00Z",       //
    "2026-02-29T00:00:00Z",       //
    "2100-02-29T00:00:00Z",       //
    "2026-06-01T24:00:00Z",       //
    "2026-06-01T10:60:00Z",       //
    "2026-06-01T10:30:60Z",       //
    "1969-12-31T23:59:59Z",       // outside the range
    "0000-01-01T00:00:00Z",       //
    "1970-01-01T00:00:00+00:01",  //
    "9999-12-31T23:59:59-00:01",  //
    "10000-01-01T00:00:00Z",      //
    "-026-06-01T10:30:00Z",       //
    "+2026-06-01T10:30:00Z",      //
    "20260601T103000Z",           //
    "1780309800",                 //
    "tomorrow",
    std::string("2026-06-01T10:30:00\0", 20),
};

const std::vector<std::string> kDurations{"0s", "1s", "90s", "15m", "1h", "007d", "36600d"};
const std::vector<std::int64_t> kDurationSeconds{0, 1, 90, 900, 3600, 604800, 3162240000};

const std::vector<std::string> kNotDurations{"",
                                             "s",
                                             "1",
                                             "-1s",
                                             "+1s",
                                             "1 s",
                                             " 1s",
                                             "1s ",
                                             "1.5h",
                                             "1h30m",
                                             "1w",
                                             "1H",
                                             "1ms",
                                             "0x10s",
                                             "1e3s",
                                             "36601d",
                                             "99999999999999999999s",
                                             "9223372036854775807d",
                                             "１s",
                                             "s1",
                                             std::string("1\0s", 3)};

const std::vector<std::int64_t> kSeconds{0, 1, 59, 60, 90, 3600, 5400, 86400, 604800, 86401};
const std::vector<std::string> kShortest{
    "0s", "1s", "59s", "1m", "90s", "1h", "90m", "1d", "7d", "86401s"};

}  // namespace

BOOST_DATA_TEST_CASE(rfc_3339_is_read_to_the_microsecond,
                     data::make(kTimes) ^ data::make(kMicros),
                     text,
                     micros) {
    const auto time = parse_rfc3339(text);

    BOOST_REQUIRE(time.has_value());
    BOOST_TEST(time->time_since_epoch().count() == micros);
}

BOOST_DATA_TEST_CASE(what_is_not_rfc_3339_is_refused, data::make(kNotTimes), text) {
    BOOST_TEST(!parse_rfc3339(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_time_is_written_in_utc_with_whole_seconds) {
    const core::Timestamp time{std::chrono::microseconds(1780309800999999)};

    BOOST_TEST(format_rfc3339(time) == "2026-06-01T10:30:00Z");
}

BOOST_AUTO_TEST_CASE(the_last_second_of_the_range_is_written_with_four_digits) {
    BOOST_TEST(format_rfc3339(core::from_unix_seconds(253402300799)) == "9999-12-31T23:59:59Z");
}

BOOST_AUTO_TEST_CASE(unix_seconds_come_back) {
    BOOST_TEST(core::to_unix_seconds(core::from_unix_seconds(1780309800)) == 1780309800);
}

// A fraction before 1970 must not round towards zero.
BOOST_AUTO_TEST_CASE(unix_seconds_are_rounded_down) {
    BOOST_TEST(core::to_unix_seconds(core::Timestamp(std::chrono::microseconds(-1))) == -1);
}

BOOST_DATA_TEST_CASE(a_duration_is_read,
                     data::make(kDurations) ^ data::make(kDurationSeconds),
                     text,
                     seconds) {
    const auto duration = parse_duration(text);

    BOOST_REQUIRE(duration.has_value());
    BOOST_TEST(duration->count() == seconds);
}

BOOST_DATA_TEST_CASE(what_is_no_duration_is_refused, data::make(kNotDurations), text) {
    BOOST_TEST(!parse_duration(text).has_value());
}

BOOST_DATA_TEST_CASE(a_duration_is_written_in_its_shortest_exact_form,
                     data::make(kSeconds) ^ data::make(kShortest),
                     seconds,
                     text) {
    BOOST_TEST(format_duration(std::chrono::seconds(seconds)) == text);
}

BOOST_DATA_TEST_CASE(a_written_duration_is_read_as_the_same, data::make(kSeconds), seconds) {
    const auto again = parse_duration(format_duration(std::chrono::seconds(seconds)));

    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->count() == seconds);
}

BOOST_AUTO_TEST_CASE(the_system_clock_is_in_this_century) {
    const auto now = format_rfc3339(core::SystemClock{}.now());

    BOOST_TEST(now > "2020-01-01T00:00:00Z");
    BOOST_TEST(now < "2100-01-01T00:00:00Z");
}

BOOST_AUTO_TEST_SUITE_END()
