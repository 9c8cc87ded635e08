// What is said to Stripe, as far as it can be seen without one: test/functional has the rest.
#include "core/stripe/client.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(stripe_client)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::http::HttpsUrl;
using core::stripe::ApiKey;
using core::stripe::CallSlots;
using core::stripe::Client;

namespace {

HttpsUrl url(const std::string& text) {
    auto parsed = HttpsUrl::parse(text);
    BOOST_REQUIRE(parsed.has_value());
    return *parsed;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_form_is_encoded_byte_by_byte) {
    BOOST_TEST(core::stripe::form_encoded({{"mode", "subscription"},
                                           {"line_items[0][price]", "price_1"},
                                           {"url", "https://a.example/?b=c&d=\xc3\xa9 +%"}}) ==
               "mode=subscription&line_items%5B0%5D%5Bprice%5D=price_1&"
               "url=https%3A%2F%2Fa.example%2F%3Fb%3Dc%26d%3D%C3%A9%20%2B%25");
}

BOOST_DATA_TEST_CASE(an_address_with_more_than_a_host_is_refused,
                     data::make({"https://api.example/",
                                 "https://api.example/v1",
                                 "https://api.example?x=1",
                                 "https://api.example/?"}),
                     base) {
    const auto key = ApiKey::copy_of("sk_test_of-a-test");
    CallSlots slots(1);

    const auto client = Client::create(url(base), {}, key, slots);

    BOOST_REQUIRE(!client.has_value());
    BOOST_CHECK(client.error().code == ErrorCode::ConfigInvalid);
}

BOOST_AUTO_TEST_CASE(without_a_free_slot_nothing_is_asked) {
    const auto key = ApiKey::copy_of("sk_test_of-a-test");
    CallSlots slots(0);
    auto client = Client::create(url("https://127.0.0.1:1"), {}, key, slots);
    BOOST_REQUIRE(client.has_value());

    const auto portal = client->create_portal_session({"cus_1", "https://a.example/"}, "a-key");

    BOOST_REQUIRE(!portal.has_value());
    BOOST_CHECK(portal.error().code == ErrorCode::StripeUnavailable);
    BOOST_TEST(portal.error().detail.find("as many calls") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_slot_is_given_back_when_nobody_answers) {
    const auto key = ApiKey::copy_of("sk_test_of-a-test");
    CallSlots slots(1);
    auto client = Client::create(url("https://127.0.0.1:1"), {}, key, slots);
    BOOST_REQUIRE(client.has_value());

    const auto session = client->create_checkout_session({}, "a-key");

    BOOST_REQUIRE(!session.has_value());
    BOOST_CHECK(session.error().code == ErrorCode::StripeUnavailable);
    BOOST_TEST(slots.try_acquire());
}

BOOST_AUTO_TEST_SUITE_END()
