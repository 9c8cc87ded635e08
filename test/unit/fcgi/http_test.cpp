// Methods, and the head of an answer.
#include "fcgi/http.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(http)

namespace data = boost::unit_test::data;
using fcgi::HttpResponse;
using fcgi::Status;

BOOST_DATA_TEST_CASE(a_method_reads_back_as_it_was_written,
                     data::make({"GET", "POST", "PUT", "PATCH", "DELETE"}),
                     text) {
    const auto method = fcgi::parse_method(text);

    BOOST_REQUIRE(method.has_value());
    BOOST_TEST(fcgi::to_string(*method) == text);
}

BOOST_DATA_TEST_CASE(
    other_methods_are_none,
    data::make(
        {"HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "Put", "", "GET ", " GET", "GETT", "GE"}),
    text) {
    BOOST_TEST(!fcgi::parse_method(text).has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_with_a_body_says_its_type_and_length) {
    const HttpResponse response{
        .status = Status::Ok, .body = core::Body::copy_of("{}"), .headers = {}};

    BOOST_TEST(fcgi::response_head(response) ==
               "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_body_says_neither) {
    const HttpResponse response{
        .status = Status::NotModified, .body = {}, .headers = {{"ETag", "\"3\""}}};

    BOOST_TEST(fcgi::response_head(response) == "Status: 304 Not Modified\r\nETag: \"3\"\r\n\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
