// The guards of the route table refuse what they are for. The table itself is checked where it is
// compiled.
#include "fcgi/routes.h"

#include "fcgi/handlers/service_handlers.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

BOOST_AUTO_TEST_SUITE(routes)

namespace data = boost::unit_test::data;
using core::identity::AuthKind;
using core::identity::MemberRole;
using fcgi::Method;
using fcgi::Route;

namespace {

constexpr Route kGood{.method = Method::Get,
                      .path = "/v1/things/{path+}",
                      .auth = AuthKind::User,
                      .role = MemberRole::Viewer,
                      .handler = fcgi::show_health,
                      .operation_id = "readThing",
                      .summary = "Read a thing",
                      .response_schema = "Thing"};

constexpr Route with_auth(AuthKind auth) {
    Route route = kGood;
    route.auth = auth;
    return route;
}

constexpr Route with_role(MemberRole role) {
    Route route = kGood;
    route.role = role;
    return route;
}

constexpr Route with_path(std::string_view path) {
    Route route = kGood;
    route.path = path;
    return route;
}

constexpr Route with_id(std::string_view id, Method method) {
    Route route = kGood;
    route.operation_id = id;
    route.method = method;
    return route;
}

constexpr Route without_handler() {
    Route route = kGood;
    route.handler = nullptr;
    return route;
}

constexpr Route without_summary() {
    Route route = kGood;
    route.summary = {};
    return route;
}

// Compile-time claims: what a broken entry would run into.
static_assert(fcgi::is_complete(kGood));
static_assert(!fcgi::is_complete(with_auth(AuthKind::Unset)));
static_assert(!fcgi::is_complete(with_role(MemberRole::None)), "people come in by a role");
static_assert(!fcgi::is_complete(with_auth(AuthKind::Agent)), "agents have no role");
static_assert(!fcgi::is_complete(without_handler()));
static_assert(!fcgi::is_complete(without_summary()));
static_assert(static_cast<int>(AuthKind::Unset) == 0, "a forgotten auth must be Unset");

constexpr std::array kSameId{with_id("a", Method::Get), with_id("a", Method::Put)};
constexpr std::array kSamePlace{with_id("a", Method::Get), with_id("b", Method::Get)};
constexpr std::array kDistinct{with_id("a", Method::Get), with_id("b", Method::Put)};
constexpr std::array kOneWithoutAuth{kGood, with_auth(AuthKind::Unset)};

}  // namespace

BOOST_AUTO_TEST_CASE(a_table_with_one_route_without_auth_is_refused) {
    BOOST_TEST(!fcgi::all_complete(kOneWithoutAuth));
}

BOOST_AUTO_TEST_CASE(an_operation_id_stands_once) {
    BOOST_TEST(!fcgi::all_distinct(kSameId));
}

BOOST_AUTO_TEST_CASE(a_method_of_a_path_stands_once) {
    BOOST_TEST(!fcgi::all_distinct(kSamePlace));
}

BOOST_AUTO_TEST_CASE(two_methods_of_a_path_are_fine) {
    BOOST_TEST(fcgi::all_distinct(kDistinct));
}

BOOST_DATA_TEST_CASE(a_path_template_that_the_router_could_not_serve_is_refused,
                     data::make({"",
                                 "v1",
                                 "/",
                                 "/v1/",
                                 "//v1",
                                 "/v1//a",
                                 "/v1/{a+}/{b}",
                                 "/v1/{a}/{b}",
                                 "/v1/{}",
                                 "/v1/{+}",
                                 "/v1/a%2f",
                                 "/v1/{a",
                                 "/v1/a+"}),
                     path) {
    BOOST_TEST(!fcgi::is_complete(with_path(path)));
}

BOOST_AUTO_TEST_CASE(what_billing_serves_is_billing_alone) {
    for (const auto& route : fcgi::billing_routes())
        BOOST_TEST(route.path.starts_with("/v1/billing/"));
    BOOST_TEST(fcgi::billing_routes().size() == 3U);
}

BOOST_AUTO_TEST_CASE(only_health_the_document_and_stripe_ask_for_no_credential) {
    std::vector<std::string_view> open;
    for (const auto& route : fcgi::routes())
        if (route.auth == AuthKind::None) open.push_back(route.operation_id);

    const std::vector<std::string_view> expected{"takeStripeEvent", "showHealth", "showOpenApi"};
    BOOST_TEST(open == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
