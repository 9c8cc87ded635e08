// What Stripe tells by a webhook, as far as it matters here. Immutable values.
//
// The shapes are those of Stripe's API up to and from version 2025-03-31 (an invoice names its
// subscription in either of two places).
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/base/secret.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core::stripe {

enum class EventKind : std::uint8_t {
    CheckoutCompleted,    // checkout.session.completed
    SubscriptionCreated,  // customer.subscription.…
    SubscriptionUpdated,
    SubscriptionDeleted,
    PaymentFailed,  // invoice.payment_failed
    Other,          // anything else: of no concern here
};

// Of the object that an event is about. What the object does not have is empty.
struct Event {
    std::string id;  // evt_…
    EventKind kind = EventKind::Other;
    Timestamp created;                // whole seconds
    std::string customer;             // cus_…
    std::string subscription;         // sub_…
    std::string status;               // of a subscription: active, past_due, canceled, …
    std::vector<std::string> prices;  // of a subscription's items: price_…
    bool paid = false;                // a checkout that is paid for, or costs nothing
    // What we wrote into its metadata when the checkout began. Only who has the account's key can.
    std::optional<TenantId> tenant;
    std::optional<Plan> plan;
    // A checkout's client_reference_id. We write the tenant there too; but so can whoever opens a
    // payment link of the account, by its URL: it gives nothing by itself.
    std::optional<TenantId> reference;
};

// `body`: with a signature that holds. Errors: InvalidRequest where it is no event.
Result<Event> parse_event(Body&& body);

}  // namespace core::stripe
