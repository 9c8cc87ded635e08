// Plans that are bought by Stripe. Thread-compatible: one object per request thread.
//
// It runs in a pool of its own, which has the network and Stripe's key and no key of the store:
// what it is given (KeylessRuntime) can open nothing. So an answer can't be kept sealed as
// exactly_once.h keeps it. It need not be: Stripe keeps its first answer to an idempotency key, and
// gives it again.
//
// Whose is an event? Stripe's signature says only that Stripe sent it. A customer is of the tenant
// for which it was first seen, for good; the first time, of the tenant that we wrote into the
// metadata of the checkout or subscription under the account's key. What contradicts either is
// refused and on record.
#pragma once

#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/principal.h"
#include "core/store/transaction.h"
#include "core/stripe/client.h"
#include "core/stripe/event.h"
#include "core/stripe/signature.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct KeylessRuntime;

enum class Interval : std::uint8_t { Monthly, Annual };
// "monthly", "annual".
std::string_view to_string(Interval interval);
std::optional<Interval> parse_interval(std::string_view text);

// What is sold, and where people come back to. Immutable.
struct BillingTerms {
    struct Price {
        std::string id;  // price_…
        Plan plan = Plan::Free;
        // Nothing: not sold any more; who pays it keeps the plan.
        std::optional<Interval> interval;
    };
    std::vector<Price> prices;
    std::string success_url;
    std::string cancel_url;
    std::string return_url;
};

class Billing {
  public:
    // All must outlive this object.
    Billing(const KeylessRuntime& runtime,
            const BillingTerms& terms,
            const stripe::WebhookSecret& webhook_secret,
            stripe::Client client);

    // A page of Stripe where this plan is bought. Errors: InvalidRequest where it is not for sale,
    // or the tenant has a live subscription already, which the portal changes;
    // IdempotencyKeyReused; StripeUnavailable; StoreUnavailable.
    Result<stripe::CheckoutSession> create_checkout(const identity::UserPrincipal& user,
                                                    const identity::Origin& origin,
                                                    Plan plan,
                                                    Interval interval);

    // The page of Stripe where a customer changes or ends what it has; its URL. Errors:
    // StripeCustomerNotFound; IdempotencyKeyReused; StripeUnavailable; StoreUnavailable.
    Result<std::string> open_portal(const identity::UserPrincipal& user,
                                    const identity::Origin& origin);

    // What Stripe tells, with its signature: applied once, in whatever order it comes. What is of
    // no concern here, or of nobody known, is taken and forgotten. Errors: InvalidRequest where the
    // signature does not hold, the body is no event, or it names another tenant than the
    // customer's; StoreUnavailable.
    Result<void> take_event(std::string_view signature,
                            Body&& body,
                            const identity::Origin& origin);

  private:
    // Whose event it is, and whether all that it says agrees with that.
    struct Concern {
        TenantId tenant;
        bool agrees = true;
    };
    Result<std::optional<Concern>> concern_of(const stripe::Event& event);
    Result<void> apply(const TenantId& tenant,
                       const stripe::Event& event,
                       const identity::Origin& origin);
    Failure refuse_event(const TenantId& tenant,
                         const stripe::Event& event,
                         const identity::Origin& origin);
    std::optional<Plan> plan_of(const stripe::Event& event) const;
    // On record, unless this request was before.
    Result<void> record(const identity::UserPrincipal& user,
                        const identity::Origin& origin,
                        std::string_view event_type,
                        std::string details);

    const KeylessRuntime& m_runtime;
    const BillingTerms& m_terms;
    const stripe::WebhookSecret& m_webhook_secret;
    stripe::Client m_client;
};

}  // namespace core::service
