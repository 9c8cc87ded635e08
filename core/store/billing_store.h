// Who a tenant is to Stripe, what it has bought there, and which of Stripe's events have been
// applied. Role billing, but for the sweep.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// The tenant of this customer of Stripe; before any tenant is known. Errors: StoreUnavailable.
Result<std::optional<TenantId>> find_tenant_of_customer(Connection& connection,
                                                        std::string_view customer);

// Queued; one result, for parse_customer(): who the tenant is to Stripe. Of several (one that was
// deleted there, and a later one) the one with a live subscription, or else the latest.
void add_find_customer(Transaction& transaction, const TenantId& tenant);
std::optional<std::string> parse_customer(const ResultSet& result);
// Queued. A customer stays the one of whose it was first: nothing happens where it is known.
void add_customer(Transaction& transaction, const TenantId& tenant, std::string_view customer);

struct SubscriptionRow {
    std::string subscription;
    Plan plan = Plan::Free;
    std::string status;
    Timestamp told_at;
    std::int64_t told_rank = 0;
    std::optional<Timestamp> failed_at;
};
// Queued; one result, for parse_subscriptions().
void add_list_subscriptions(Transaction& transaction, const TenantId& tenant);
std::vector<SubscriptionRow> parse_subscriptions(const ResultSet& result);
// Queued: it, or what is now told of it. Precondition: the customer is the tenant's.
void add_subscription(Transaction& transaction,
                      const TenantId& tenant,
                      std::string_view customer,
                      const SubscriptionRow& subscription);

// Queued; one result, for parse_is_first(): has this event not come before?
void add_stripe_event(Transaction& transaction, const TenantId& tenant, std::string_view event);
// Queued; likewise: has this request not been answered before?
void add_billing_request(Transaction& transaction,
                         const TenantId& tenant,
                         ByteView key,
                         std::chrono::seconds kept);
bool parse_is_first(const ResultSet& result);

// Queued. `plan`: nothing, to leave it as it is.
void add_change_standing(Transaction& transaction,
                         const TenantId& tenant,
                         const std::optional<Plan>& plan,
                         std::string_view subscription_status);

// Deletes at most `limit` that came more than 90 days ago; how many. Role maint.
Result<std::int64_t> sweep_stripe_events(Connection& connection, std::int64_t limit);

}  // namespace core::store
