// Entity tags and the two conditions that name them.
#include "fcgi/handlers/etag.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(etag)

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_CASE(a_tag_is_the_version_in_quotes) {
    BOOST_TEST(fcgi::etag_of(12) == "\"12\"");
}

BOOST_AUTO_TEST_CASE(if_match_names_one_version) {
    BOOST_TEST(fcgi::version_of_if_match("\"12\"").value_or(-1) == 12);
}

BOOST_AUTO_TEST_CASE(if_match_of_zero_means_that_nothing_exists) {
    BOOST_TEST(fcgi::version_of_if_match("\"0\"").value_or(-1) == 0);
}

BOOST_DATA_TEST_CASE(if_match_takes_nothing_else,
                     data::make({"*",
                                 "",
                                 "1",
                                 "\"\"",
                                 "\"",
                                 "W/\"1\"",
                                 "\"1\", \"2\"",
                                 "\"1\"x",
                                 "\"-1\"",
                                 "\"+1\"",
                                 "\"1.0\"",
                                 "\"one\"",
                                 "\" 1\"",
                                 "\"99999999999999999999\"",
                                 "'1'"}),
                     header) {
    const auto version = fcgi::version_of_if_match(header);

    BOOST_REQUIRE(!version.has_value());
    BOOST_TEST((version.error().code == core::ErrorCode::InvalidRequest));
}

BOOST_DATA_TEST_CASE(if_none_match_finds_the_version,
                     data::make({"\"3\"",
                                 "W/\"3\"",
                                 "*",
                                 " \"3\" ",
                                 "\"1\", \"3\"",
                                 "\"1\",\"2\",W/\"3\"",
                                 "\"x\", \"3\", \"y\""}),
                     header) {
    BOOST_TEST(fcgi::if_none_match_names(header, 3));
}

BOOST_DATA_TEST_CASE(
    if_none_match_of_others_does_not,
    data::make(
        {"", "\"2\"", "3", "\"33\"", "\"3", "3\"", "w/\"3\"", "**", ",,,", "\"1\" \"3\"", "W/3"}),
    header) {
    BOOST_TEST(!fcgi::if_none_match_names(header, 3));
}

BOOST_AUTO_TEST_SUITE_END()
