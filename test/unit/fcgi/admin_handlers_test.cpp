// fcgi/handlers/admin_handlers: what monitoring gets, and which routes that are at all.
#include "fcgi/handlers/admin_handlers.h"

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fcgi/admin_routes.h"
#include "fcgi/dispatch.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(admin_handlers)

namespace data = boost::unit_test::data;
using core::service::Check;
using core::service::Findings;
using core::service::Gauges;
using fcgi::Excluded;
using fcgi::HttpResponse;

namespace {

Findings all_fine() {
    Findings findings;
    findings.fill({true, {}});
    return findings;
}

Findings with_trouble(Check check, const std::string& why) {
    auto findings = all_fine();
    findings[static_cast<std::size_t>(check)] = {false, why};
    return findings;
}

std::string text_of(const HttpResponse& response) {
    return std::string(core::as_text(response.body.expose()));
}

int status_of(std::span<const fcgi::Route> table, std::string_view target) {
    const fcgi::Router router(table);
    fcgi::IncomingRequest incoming;
    incoming.method = "GET";
    incoming.target = target;
    const auto routed = fcgi::route_request(router, incoming);
    return routed ? 200 : fcgi::code_of(routed.error().status);
}

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

BOOST_DATA_TEST_CASE(the_api_has_none_of_the_admin_routes,
                     data::make({"/metrics", "/readyz", "/v1/metrics", "/v1/readyz"}),
                     target) {
    BOOST_TEST(status_of(fcgi::routes(), target) == 404);
}

BOOST_DATA_TEST_CASE(the_admin_listener_has_these_two,
                     data::make({"/metrics", "/readyz"}),
                     target) {
    BOOST_TEST(status_of(fcgi::admin_routes(), target) == 200);
}

BOOST_DATA_TEST_CASE(and_nothing_of_the_api,
                     data::make({"/v1/health", "/v1/secrets/a/B", "/v1/openapi.json"}),
                     target) {
    BOOST_TEST(status_of(fcgi::admin_routes(), target) == 404);
}

BOOST_AUTO_TEST_CASE(where_all_is_fine_it_is_ready) {
    const auto response = fcgi::readiness_response(all_fine(), Excluded{});

    BOOST_TEST(fcgi::code_of(response.status) == 200);
    BOOST_TEST(text_of(response) ==
               R"({"status":"ready","checks":{"database":{"ok":true},"schema":{"ok":true},)"
               R"("key":{"ok":true},"key_set_age":{"ok":true},"outbox_lag":{"ok":true}}})");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_with_its_reason) {
    const auto response =
        fcgi::readiness_response(with_trouble(Check::Schema, "run db migrate"), Excluded{});

    BOOST_TEST(fcgi::code_of(response.status) == 503);
    const auto text = text_of(response);
    BOOST_TEST(text.find(R"("message":"Not ready: schema.")") != std::string::npos);
    BOOST_TEST(text.find(R"("schema":{"ok":false,"why":"run db migrate"})") != std::string::npos);
    BOOST_TEST(text.find(R"("key":{"ok":true})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_excluded_is_shown_and_does_not_count) {
    const auto excluded = fcgi::parse_excluded("outbox_lag,key_set_age");
    BOOST_REQUIRE(excluded.has_value());

    const auto response =
        fcgi::readiness_response(with_trouble(Check::OutboxLag, "it waits"), *excluded);

    BOOST_TEST(fcgi::code_of(response.status) == 200);
    BOOST_TEST(
        text_of(response).find(R"("outbox_lag":{"ok":false,"why":"it waits","excluded":true})") !=
        std::string::npos);
}

BOOST_DATA_TEST_CASE(a_check_that_there_is_not_can_t_be_excluded,
                     data::make({"outbox", "database,,key", ",", "DATABASE", " key"}),
                     names) {
    const auto excluded = fcgi::parse_excluded(names);

    BOOST_REQUIRE(!excluded.has_value());
    BOOST_CHECK(excluded.error().code == core::ErrorCode::InvalidRequest);
}

BOOST_AUTO_TEST_CASE(without_the_database_only_that_is_shown) {
    const auto text = fcgi::gauges_text(std::nullopt);

    BOOST_TEST(has_line(text, "secretstore_database_up 0"));
    BOOST_TEST(text.find("approvals") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_issuer_s_name_is_escaped) {
    Gauges gauges;
    gauges.key_sets.push_back({"https://a.example/\"x\\", std::chrono::seconds(5), 2});

    const auto text = fcgi::gauges_text(gauges);

    BOOST_TEST(
        has_line(text, R"(secretstore_key_set_age_seconds{issuer="https://a.example/\"x\\"} 5)"));
    BOOST_TEST(has_line(
        text, R"(secretstore_key_set_fetch_failures{issuer="https://a.example/\"x\\"} 2)"));
}

BOOST_AUTO_TEST_CASE(a_key_set_that_was_never_fetched_has_no_age) {
    Gauges gauges;
    gauges.key_sets.push_back({"urn:x", {}, 3});

    BOOST_TEST(fcgi::gauges_text(gauges).find("age_seconds{") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
