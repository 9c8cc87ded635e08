// What a tenant has does not depend on the order in which Stripe's events come, nor on how often.
#include "core/service/subscriptions.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace core::service {
static std::ostream& operator<<(std::ostream& out, const Standing& standing) {
    return out << to_string(standing.plan) << ' ' << standing.status;
}
}  // namespace core::service

BOOST_AUTO_TEST_SUITE(subscriptions)

namespace data = boost::unit_test::data;
using core::Plan;
using core::service::Standing;
using core::service::standing_of;
using core::service::Subscription;
using core::service::told_by;
using core::stripe::Event;
using core::stripe::EventKind;

namespace {

core::Timestamp at(int second) {
    return core::from_unix_seconds(1764158400 + second);
}

Event of_subscription(EventKind kind,
                      int second,
                      const std::string& status,
                      Plan plan = Plan::Pro) {
    Event event;
    event.id = "evt_1";
    event.kind = kind;
    event.created = at(second);
    event.subscription = "sub_1";
    event.status = status;
    event.plan = plan;
    event.prices = {"price_1"};  // of that plan
    return event;
}

Event created(int second, const std::string& status = "active") {
    return of_subscription(EventKind::SubscriptionCreated, second, status);
}
Event updated(int second, const std::string& status, Plan plan = Plan::Pro) {
    return of_subscription(EventKind::SubscriptionUpdated, second, status, plan);
}
Event deleted(int second) {
    return of_subscription(EventKind::SubscriptionDeleted, second, "canceled");
}
Event payment_failed(int second) {
    return of_subscription(EventKind::PaymentFailed, second, "");
}
Event bought(int second) {
    Event event = of_subscription(EventKind::CheckoutCompleted, second, "");
    event.prices.clear();
    event.paid = true;
    return event;
}

Standing after(const std::vector<Event>& events) {
    std::vector<Subscription> known;
    for (const auto& event : events) {
        const auto place = std::find_if(known.begin(), known.end(), [&](const auto& one) {
            return one.id == event.subscription;
        });
        const bool is_known = place != known.end();
        const auto told = told_by(event,
                                  is_known ? std::optional(*place) : std::nullopt,
                                  event.prices.empty() ? std::nullopt : event.plan);
        if (told && is_known) *place = *told;
        if (told && !is_known) known.push_back(*told);
    }
    return standing_of(known);
}

struct Story {
    std::string what;
    std::vector<Event> events;
    Standing end;
};
std::ostream& operator<<(std::ostream& out, const Story& story) {
    return out << story.what;
}

const std::vector<Story> kStories{
    {"bought", {created(0, "incomplete"), updated(1, "active"), bought(2)}, {Plan::Pro, "active"}},
    {"bought in one second",
     {created(0, "incomplete"), updated(0, "active"), bought(0)},
     {Plan::Pro, "active"}},
    {"bought, and then more",
     {created(0), bought(1), updated(5, "active", Plan::Enterprise)},
     {Plan::Enterprise, "active"}},
    {"bought, and then less",
     {updated(0, "active", Plan::Enterprise), updated(5, "active")},
     {Plan::Pro, "active"}},
    {"bought and given up", {created(0), bought(1), deleted(9)}, {Plan::Free, "canceled"}},
    {"given up within a second",
     {created(0), updated(0, "active"), deleted(0)},
     {Plan::Free, "canceled"}},
    {"not paid any more",
     {created(0), updated(9, "past_due"), updated(20, "unpaid")},
     {Plan::Free, "unpaid"}},
    {"late with a payment", {created(0), updated(9, "past_due")}, {Plan::Pro, "past_due"}},
    {"late with a payment, as the invoice tells it",
     {created(0), bought(1), payment_failed(9)},
     {Plan::Pro, "past_due"}},
    {"late with a payment, and then paid",
     {created(0), payment_failed(9), updated(9, "past_due"), updated(20, "active")},
     {Plan::Pro, "active"}},
    {"late with two payments",
     {created(0), payment_failed(9), updated(12, "active"), payment_failed(20)},
     {Plan::Pro, "past_due"}},
    {"given up without having paid",
     {created(0), payment_failed(9), deleted(20)},
     {Plan::Free, "canceled"}},
    {"bought on trial", {created(0, "trialing"), bought(0)}, {Plan::Pro, "trialing"}},
    {"two things told in one second",
     {created(0), updated(5, "active"), updated(5, "past_due")},
     {Plan::Pro, "past_due"}},
};

}  // namespace

BOOST_AUTO_TEST_CASE(who_has_bought_nothing_has_the_free_plan) {
    BOOST_TEST(standing_of({}) == (Standing{Plan::Free, "none"}));
}

BOOST_DATA_TEST_CASE(events_in_any_order_lead_to_the_same, data::make(kStories), story) {
    std::vector<std::size_t> order(story.events.size());
    std::iota(order.begin(), order.end(), 0U);
    do {
        std::vector<Event> shuffled;
        shuffled.reserve(order.size());
        for (const auto i : order)
            shuffled.push_back(story.events[i]);
        BOOST_TEST(after(shuffled) == story.end);
    } while (std::next_permutation(order.begin(), order.end()));
}

BOOST_DATA_TEST_CASE(events_that_come_twice_change_nothing, data::make(kStories), story) {
    std::vector<Event> twice;
    for (const auto& event : story.events)
        twice.insert(twice.end(), {event, event});

    BOOST_TEST(after(twice) == story.end);
}

BOOST_AUTO_TEST_CASE(a_payment_that_fails_is_shown_and_takes_nothing_yet) {
    BOOST_TEST(after({created(0), payment_failed(9)}) == (Standing{Plan::Pro, "past_due"}));
}

BOOST_AUTO_TEST_CASE(a_payment_that_failed_before_the_last_word_is_history) {
    BOOST_TEST(after({created(0), updated(10, "active"), payment_failed(9)}) ==
               (Standing{Plan::Pro, "active"}));
}

BOOST_AUTO_TEST_CASE(a_payment_that_fails_revives_nothing) {
    BOOST_TEST(after({created(0), deleted(5), payment_failed(9)}) ==
               (Standing{Plan::Free, "canceled"}));
}

BOOST_AUTO_TEST_CASE(nothing_revives_what_was_canceled) {
    BOOST_TEST(after({deleted(5), updated(9, "active")}) == (Standing{Plan::Free, "canceled"}));
}

BOOST_AUTO_TEST_CASE(a_checkout_that_is_not_paid_gives_nothing) {
    auto unpaid = bought(0);
    unpaid.paid = false;

    BOOST_TEST(after({unpaid}) == (Standing{Plan::Free, "none"}));
}

BOOST_AUTO_TEST_CASE(a_price_says_more_of_the_plan_than_what_was_written_at_checkout) {
    const auto told = told_by(created(0), std::nullopt, Plan::Enterprise);

    BOOST_REQUIRE(told.has_value());
    BOOST_CHECK(told->plan == Plan::Enterprise);
}

BOOST_AUTO_TEST_CASE(a_checkout_that_comes_late_does_not_change_the_plan) {
    auto late = bought(1);
    late.plan = Plan::Enterprise;

    BOOST_TEST(after({created(0, "incomplete"), late}) == (Standing{Plan::Pro, "active"}));
}

BOOST_AUTO_TEST_CASE(a_price_of_something_else_gives_no_plan_whatever_was_bought_once) {
    auto changed = updated(9, "active", Plan::Enterprise);
    changed.prices.clear();

    BOOST_TEST(after({bought(0), created(0), changed}) == (Standing{Plan::Free, "active"}));
}

BOOST_AUTO_TEST_CASE(a_checkout_that_is_paid_is_not_undone_by_what_was_before_it) {
    const std::vector<Event> as_they_came{bought(2), created(0, "incomplete")};

    BOOST_TEST(after(as_they_came) == (Standing{Plan::Pro, "active"}));
}

BOOST_AUTO_TEST_CASE(a_payment_that_fails_alone_is_no_subscription) {
    BOOST_TEST(after({payment_failed(9)}) == (Standing{Plan::Free, "none"}));
}

BOOST_DATA_TEST_CASE(a_status_that_is_no_word_is_not_taken,
                     data::make({"", "Active", "past due", "active;", "0"}),
                     status) {
    BOOST_TEST(!told_by(updated(0, status), std::nullopt, Plan::Pro).has_value());
}

BOOST_AUTO_TEST_CASE(of_two_subscriptions_the_better_live_one_counts) {
    auto other = updated(0, "active", Plan::Enterprise);
    other.subscription = "sub_2";

    BOOST_TEST(after({created(0), other}) == (Standing{Plan::Enterprise, "active"}));
}

BOOST_AUTO_TEST_CASE(a_better_one_that_is_over_counts_less_than_one_that_is_live) {
    auto other = updated(0, "canceled", Plan::Enterprise);
    other.subscription = "sub_2";

    BOOST_TEST(after({created(0), other}) == (Standing{Plan::Pro, "active"}));
}

BOOST_AUTO_TEST_SUITE_END()
