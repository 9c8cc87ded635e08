#include "core/store/billing_store.h"

namespace core::store {

Result<std::optional<TenantId>> find_tenant_of_customer(Connection& connection,
                                                        std::string_view customer) {
    const auto found = connection.run(Statement::FindTenantOfCustomer, Parameters{}.text(customer));
    if (!found) return tl::unexpected(to_error(found.error()));
    if (found->empty()) return std::nullopt;
    return found->row(0).id<TenantId>();
}

void add_find_customer(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::FindCustomer, Parameters{}.id(tenant));
}

std::optional<std::string> parse_customer(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    return result.row(0).text();
}

void add_customer(Transaction& transaction, const TenantId& tenant, std::string_view customer) {
    transaction.add(Statement::InsertCustomer, Parameters{}.id(tenant).text(customer));
}

void add_list_subscriptions(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::ListSubscriptions, Parameters{}.id(tenant));
}

std::vector<SubscriptionRow> parse_subscriptions(const ResultSet& result) {
    std::vector<SubscriptionRow> rows;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        SubscriptionRow out;
        out.subscription = row.text();
        // The table admits no other.
        out.plan = parse_plan(row.text_view()).value_or(Plan::Free);
        out.status = row.text();
        out.told_at = row.time();
        out.told_rank = row.integer();
        out.failed_at = row.maybe_time();
        rows.push_back(std::move(out));
    }
    return rows;
}

void add_subscription(Transaction& transaction,
                      const TenantId& tenant,
                      std::string_view customer,
                      const SubscriptionRow& subscription) {
    Parameters parameters;
    parameters.id(tenant).text(subscription.subscription).text(customer);
    parameters.text(to_string(subscription.plan)).text(subscription.status);
    parameters.time(subscription.told_at).bigint(subscription.told_rank);
    parameters.time(subscription.failed_at);
    transaction.add(Statement::UpsertSubscription, std::move(parameters));
}

void add_stripe_event(Transaction& transaction, const TenantId& tenant, std::string_view event) {
    transaction.add(Statement::InsertStripeEvent, Parameters{}.id(tenant).text(event));
}

void add_billing_request(Transaction& transaction,
                         const TenantId& tenant,
                         ByteView key,
                         std::chrono::seconds kept) {
    transaction.add(Statement::InsertBillingRequest,
                    Parameters{}.id(tenant).bytes(key).bigint(std::int64_t{kept.count()}));
}

bool parse_is_first(const ResultSet& result) {
    return !result.empty();
}

void add_change_standing(Transaction& transaction,
                         const TenantId& tenant,
                         const std::optional<Plan>& plan,
                         std::string_view subscription_status) {
    Parameters parameters;
    parameters.id(tenant);
    plan ? parameters.text(to_string(*plan)) : parameters.null();
    parameters.text(subscription_status);
    transaction.add(Statement::ChangeStanding, std::move(parameters));
}

Result<std::int64_t> sweep_stripe_events(Connection& connection, std::int64_t limit) {
    const auto swept = connection.run(Statement::SweepStripeEvents, Parameters{}.bigint(limit));
    if (!swept) return tl::unexpected(to_error(swept.error()));
    return swept->row(0).integer();
}

}  // namespace core::store
