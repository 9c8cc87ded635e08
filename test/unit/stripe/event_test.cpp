// What is read of Stripe's events, in both shapes of an invoice, and what is not believed.
#include "core/stripe/event.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(stripe_event)

namespace data = boost::unit_test::data;
using core::stripe::Event;
using core::stripe::EventKind;
using core::stripe::parse_event;

namespace {

const std::string kTenant = "00000000-0000-4000-8000-000000000001";

core::Result<Event> parse(const std::string& text) {
    return parse_event(core::Body::copy_of(text));
}

Event event(const std::string& type, const std::string& object) {
    auto parsed = parse(R"({"id":"evt_1","created":1764158400,"type":")" + type +
                        R"(","data":{"object":)" + object + "}}");
    BOOST_REQUIRE(parsed.has_value());
    return *parsed;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_checkout_tells_who_bought_what) {
    const auto told =
        event("checkout.session.completed",
              R"({"id":"cs_1","customer":"cus_1","subscription":"sub_1",
                                "payment_status":"paid","client_reference_id":")" +
                  kTenant + R"(","metadata":{"tenant_id":")" + kTenant + R"(","plan":"pro"}})");

    BOOST_CHECK(told.kind == EventKind::CheckoutCompleted);
    BOOST_CHECK(told.created == core::from_unix_seconds(1764158400));
    BOOST_TEST(told.customer == "cus_1");
    BOOST_TEST(told.subscription == "sub_1");
    BOOST_TEST(told.paid);
    BOOST_REQUIRE(told.tenant.has_value());
    BOOST_TEST(told.tenant->text() == kTenant);
    BOOST_CHECK(told.plan == core::Plan::Pro);
    BOOST_CHECK(told.reference == told.tenant);
}

BOOST_AUTO_TEST_CASE(what_a_checkout_refers_to_names_no_tenant_by_itself) {
    const auto told =
        event("checkout.session.completed",
              R"({"subscription":"sub_1","client_reference_id":")" + kTenant + R"("})");

    BOOST_TEST(told.reference.has_value());
    BOOST_TEST(!told.tenant.has_value());
}

BOOST_AUTO_TEST_CASE(a_checkout_that_is_not_paid_yet_is_not) {
    const auto told = event("checkout.session.completed",
                            R"({"subscription":"sub_1","payment_status":"unpaid"})");

    BOOST_TEST(!told.paid);
}

BOOST_AUTO_TEST_CASE(a_subscription_tells_its_status_and_price) {
    const auto told = event("customer.subscription.updated",
                            R"({"id":"sub_1","customer":{"id":"cus_1"},"status":"past_due",
                                "items":{"data":[{"price":{"id":"price_1"}},{"price":"price_2"}]},
                                "metadata":{"tenant_id":")" +
                                kTenant + R"("}})");

    BOOST_TEST(told.subscription == "sub_1");
    BOOST_TEST(told.customer == "cus_1");
    BOOST_TEST(told.status == "past_due");
    BOOST_CHECK(told.prices == (std::vector<std::string>{"price_1", "price_2"}));
    BOOST_TEST(told.tenant.has_value());
}

BOOST_DATA_TEST_CASE(
    an_invoice_names_its_subscription_in_either_place,
    data::make(
        {R"({"customer":"cus_1","subscription":"sub_1"})",
         R"({"customer":"cus_1","parent":{"subscription_details":{"subscription":"sub_1"}}})"}),
    invoice) {
    BOOST_TEST(event("invoice.payment_failed", invoice).subscription == "sub_1");
}

BOOST_DATA_TEST_CASE(
    an_invoice_has_the_metadata_of_its_subscription_in_either_place,
    data::make({R"({"subscription_details":{"metadata":{"tenant_id":"TENANT"}}})",
                R"({"parent":{"subscription_details":{"metadata":{"tenant_id":"TENANT"}}}})"}),
    shape) {
    std::string invoice = shape;
    invoice.replace(invoice.find("TENANT"), 6, kTenant);

    const auto told = event("invoice.payment_failed", invoice);

    BOOST_REQUIRE(told.tenant.has_value());
    BOOST_TEST(told.tenant->text() == kTenant);
}

BOOST_DATA_TEST_CASE(what_is_no_event_is_refused,
                     data::make({"",
                                 "null",
                                 "[]",
                                 "{}",
                                 R"({"id":"evt_1"})",
                                 R"({"id":"","created":1})",
                                 R"({"id":7,"created":1})",
                                 R"({"id":"evt 1","created":1})",
                                 R"({"id":"evt_1","created":"1"})",
                                 R"({"id":"evt_1","created":-1})",
                                 R"({"id":"evt_1","created":1e300})",
                                 R"({"id":"evt_1","created":99999999999999})"}),
                     text) {
    BOOST_TEST(!parse(text).has_value());
}

BOOST_DATA_TEST_CASE(an_object_of_another_shape_tells_nothing,
                     data::make({"null",
                                 "[]",
                                 R"({"id":7,"items":[],"customer":[],"metadata":"x"})",
                                 R"({"id":"a/b","items":{"data":[]},"customer":"cus 1"})",
                                 R"({"items":{"data":[{"price":"with space"}]}})"}),
                     object) {
    const auto told = event("customer.subscription.updated", object);

    BOOST_TEST(told.subscription.empty());
    BOOST_TEST(told.customer.empty());
    BOOST_TEST(told.prices.empty());
    BOOST_TEST(!told.tenant.has_value());
}

BOOST_AUTO_TEST_CASE(other_events_are_of_no_concern) {
    BOOST_CHECK(event("customer.created", "{}").kind == EventKind::Other);
}

BOOST_AUTO_TEST_SUITE_END()
