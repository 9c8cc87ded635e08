// What a tenant has bought, by what Stripe told of its subscriptions. Events come late, twice and
// in any order; what is known of a subscription is what the newest of them said, so that every
// order leads to the same. Pure functions; thread-safe.
#pragma once

#include "core/base/clock.h"
#include "core/base/plan.h"
#include "core/stripe/event.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct Subscription {
    std::string id;  // sub_…
    Plan plan = Plan::Free;
    // Stripe's word: active, past_due, canceled, … Empty: nothing is known but that a payment
    // failed.
    std::string status;
    // The event that said so: when it was made, in whole seconds, and which of two events of one
    // second counts.
    Timestamp told_at{};
    std::int64_t told_rank = 0;
    // The newest payment that failed. It is told beside the rest, and counts where it is newer.
    std::optional<Timestamp> failed_at{};
};

// The status that the tenant is shown.
std::string status_of(const Subscription& subscription);

// Is this subscription one that gives its plan? One whose last payment failed still does: Stripe
// tries again for a while, and then says `unpaid` or `canceled`.
bool is_live(const Subscription& subscription);

// What `event` makes of its subscription, of which `known` is known; nothing where it changes
// nothing: it is older, or says too little. `by_price`: the plan that is sold for the event's
// prices. Where nothing is, the subscription is of something else and gives no plan: what stands in
// its metadata says what was bought once, and its customer may have changed to another price since.
std::optional<Subscription> told_by(const stripe::Event& event,
                                    const std::optional<Subscription>& known,
                                    std::optional<Plan> by_price);

// What the subscriptions of a tenant give it: the best of the live ones.
struct Standing {
    Plan plan = Plan::Free;
    std::string status = "none";

    bool operator==(const Standing&) const = default;
};
Standing standing_of(const std::vector<Subscription>& subscriptions);

}  // namespace core::service
