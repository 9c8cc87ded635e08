// The steps of a request that need no service: routing, and what is said about a body.
#include "fcgi/dispatch.h"

#include "core/base/bytes.h"
#include "fcgi/handlers/service_handlers.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(dispatch)

namespace data = boost::unit_test::data;
using fcgi::IncomingRequest;
using fcgi::Method;
using fcgi::Route;

namespace {

constexpr Route kTakesBody{.method = Method::Post,
                           .path = "/v1/things",
                           .auth = core::identity::AuthKind::User,
                           .role = core::identity::MemberRole::Viewer,
                           .handler = fcgi::show_health,
                           .operation_id = "makeThing",
                           .summary = "Make a thing",
                           .request_schema = "NewThing",
                           .response_schema = "Thing"};

constexpr Route kTakesNone{.method = Method::Get,
                           .path = "/v1/things",
                           .auth = core::identity::AuthKind::User,
                           .role = core::identity::MemberRole::Viewer,
                           .handler = fcgi::show_health,
                           .operation_id = "readThing",
                           .summary = "Read a thing",
                           .response_schema = "Thing"};

int status_of_route(std::string_view method, std::string_view target) {
    static const fcgi::Router router(fcgi::routes());
    IncomingRequest incoming;
    incoming.method = method;
    incoming.target = target;
    const auto routed = fcgi::route_request(router, incoming);
    return routed ? 200 : fcgi::code_of(routed.error().status);
}

int status_of_body(const Route& route, std::string_view length, const char* type) {
    IncomingRequest incoming;
    incoming.content_length = length;
    if (type != nullptr) incoming.content_type = type;
    const auto size = fcgi::announced_body(route, incoming);
    return size ? 200 : fcgi::code_of(size.error().status);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_target_of_8192_bytes_is_routed) {
    const std::string target = "/v1/agents?page=" + std::string(8192 - 16, '1');

    BOOST_TEST(status_of_route("GET", target) == 200);
}

BOOST_AUTO_TEST_CASE(a_longer_target_is_too_long) {
    const std::string target = "/v1/agents?page=" + std::string(8193 - 16, '1');

    BOOST_TEST(status_of_route("GET", target) == 414);
}

BOOST_AUTO_TEST_CASE(a_wrong_method_is_405) {
    BOOST_TEST(status_of_route("HEAD", "/v1/health") == 405);
}

BOOST_AUTO_TEST_CASE(an_unknown_path_is_404) {
    BOOST_TEST(status_of_route("GET", "/v1/no") == 404);
}

BOOST_AUTO_TEST_CASE(a_malformed_target_is_400) {
    BOOST_TEST(status_of_route("GET", "/v1//a") == 400);
}

BOOST_DATA_TEST_CASE(a_secret_in_the_url_is_400_on_every_route,
                     data::make({"/v1/health?token=x",
                                 "/v1/nowhere?api_key=x",
                                 "/v1/secrets/a/b?access_token=x",
                                 "/v1/openapi.json?value=x"}),
                     target) {
    BOOST_TEST(status_of_route("GET", target) == 400);
}

BOOST_DATA_TEST_CASE(json_is_taken_with_its_parameters,
                     data::make({"application/json",
                                 "application/json; charset=utf-8",
                                 "Application/JSON;charset=UTF-8",
                                 "application/json;charset=\"utf-8\"",
                                 "application/json ; profile=x",
                                 "application/json;"}),
                     type) {
    BOOST_TEST(status_of_body(kTakesBody, "10", type) == 200);
}

BOOST_DATA_TEST_CASE(a_body_of_another_type_is_415,
                     data::make({"text/plain",
                                 "application/x-www-form-urlencoded",
                                 "",
                                 "application/jsonx",
                                 "application/problem+json",
                                 "json",
                                 "text/plain; application/json",
                                 "application/json, text/plain",
                                 "multipart/form-data; boundary=application/json",
                                 "application/json; charset=utf-16",
                                 "application/json;charset=latin1"}),
                     type) {
    BOOST_TEST(status_of_body(kTakesBody, "10", type) == 415);
}

BOOST_AUTO_TEST_CASE(a_body_of_no_type_is_415) {
    BOOST_TEST(status_of_body(kTakesBody, "10", nullptr) == 415);
}

BOOST_DATA_TEST_CASE(without_a_body_the_type_does_not_matter,
                     data::make({"text/plain", "application/json", ""}),
                     type) {
    BOOST_TEST(status_of_body(kTakesNone, "0", type) == 200);
    BOOST_TEST(status_of_body(kTakesNone, "", type) == 200);
}

BOOST_AUTO_TEST_CASE(a_body_of_a_mebibyte_is_read) {
    BOOST_TEST(status_of_body(kTakesBody, "1048576", "application/json") == 200);
}

BOOST_DATA_TEST_CASE(a_larger_body_is_413,
                     data::make({"1048577", "99999999999999999999999999", "18446744073709551616"}),
                     length) {
    BOOST_TEST(status_of_body(kTakesBody, length, "application/json") == 413);
}

BOOST_DATA_TEST_CASE(a_length_that_is_no_number_is_400,
                     data::make({"-1", "1x", "0x10", " 1", "1 ", "1,1", "+1"}),
                     length) {
    BOOST_TEST(status_of_body(kTakesBody, length, "application/json") == 400);
}

BOOST_AUTO_TEST_CASE(a_body_where_none_is_taken_is_400) {
    BOOST_TEST(status_of_body(kTakesNone, "2", "application/json") == 400);
}

BOOST_AUTO_TEST_SUITE_END()
