#include "core/service/billing.h"

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/crypto/mac.h"
#include "core/crypto/random.h"
#include "core/service/agents.h"
#include "core/service/audit_trail.h"
#include "core/service/runtime.h"
#include "core/service/subscriptions.h"
#include "core/store/billing_store.h"
#include "core/store/connection_pool.h"
#include "core/store/tenant_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace core::service {
namespace {

using identity::Origin;
using identity::UserPrincipal;
using store::SubscriptionRow;

constexpr std::array<std::pair<Interval, std::string_view>, 2> kIntervals{
    {{Interval::Monthly, "monthly"}, {Interval::Annual, "annual"}}};

// An hour less than Stripe keeps its answers: a request is rather on record twice than not at all.
constexpr std::chrono::hours kPurchaseKept{23};

// Names a request among those of this tenant and person; what stands in it of theirs has a fixed
// size.
crypto::Digest request_key(const UserPrincipal& user,
                           std::string_view kind,
                           std::string_view name) {
    constexpr std::string_view kEnd("\0", 1);
    return crypto::sha256({as_bytes("billing"),
                           user.tenant.bytes(),
                           user.user.bytes(),
                           as_bytes(kind),
                           as_bytes(kEnd),
                           as_bytes(name)});
}

// Every name that this request has; the client's own last.
std::vector<crypto::Digest> request_keys(const UserPrincipal& user, const Origin& origin) {
    std::vector<crypto::Digest> keys{request_key(user, "request", origin.request_id.text())};
    if (origin.idempotency_key)
        keys.push_back(request_key(user, "client", origin.idempotency_key->text));
    return keys;
}

// What Stripe knows this request by: by the client's own name for it, where it has one.
std::string stripe_key_of(const UserPrincipal& user, const Origin& origin) {
    return to_hex(request_keys(user, origin).back());
}

// What is known of a tenant's dealings with Stripe.
struct Account {
    std::optional<std::string> customer;
    std::vector<Subscription> subscriptions;
};

Subscription subscription_of(SubscriptionRow&& row) {
    return {std::move(row.subscription),
            row.plan,
            std::move(row.status),
            row.told_at,
            row.told_rank,
            row.failed_at};
}

std::vector<Subscription> subscriptions_of(const store::ResultSet& found) {
    std::vector<Subscription> out;
    for (auto& row : store::parse_subscriptions(found))
        out.push_back(subscription_of(std::move(row)));
    return out;
}

// Gives the connection back before Stripe is asked: that may take seconds.
Result<Account> look_up(const KeylessRuntime& runtime, const TenantId& tenant) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    store::add_find_customer(transaction, tenant);
    store::add_list_subscriptions(transaction, tenant);
    const auto found = transaction.commit();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    return Account{store::parse_customer(found->at(0)), subscriptions_of(found->at(1))};
}

store::AuditRecord record_of_tenant(const KeylessRuntime& runtime,
                                    const TenantId& tenant,
                                    std::string_view event_type,
                                    std::string details) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = event_type;
    record.resource_type = "tenant";
    record.resource = tenant.bytes();
    record.details = std::move(details);
    return record;
}

// What was before a change of plan or subscription and what is now.
std::string details_of_change(Plan from, Plan to, const Standing& now, const stripe::Event& event) {
    JsonWriter details;
    details.begin_object();
    details.member("from", to_string(from)).member("to", to_string(to));
    details.member("subscription_status", now.status).member("stripe_event", event.id);
    details.end_object();
    return std::move(details).take_text();
}

// Ids that are Stripe's, and the operator's to look up there.
std::string details_of_denial(const stripe::Event& event) {
    JsonWriter details;
    details.begin_object().member("stripe_event", event.id);
    details.member("stripe_customer", event.customer).end_object();
    return std::move(details).take_text();
}

SubscriptionRow row_of(const Subscription& subscription) {
    return {subscription.id,
            subscription.plan,
            subscription.status,
            subscription.told_at,
            subscription.told_rank,
            subscription.failed_at};
}

// The subscription that an event is about, among those that are known.
std::vector<Subscription>::iterator find_told(std::vector<Subscription>& subscriptions,
                                              const stripe::Event& event) {
    return std::find_if(subscriptions.begin(), subscriptions.end(), [&](const auto& one) {
        return one.id == event.subscription;
    });
}

// Puts what the event says into `subscriptions`; the one that it changed, if any.
std::optional<Subscription> take_into(std::vector<Subscription>& subscriptions,
                                      const stripe::Event& event,
                                      std::optional<Plan> by_price) {
    const auto place = find_told(subscriptions, event);
    const bool is_known = place != subscriptions.end();
    auto told = told_by(event, is_known ? std::optional(*place) : std::nullopt, by_price);
    if (!told) return std::nullopt;
    if (is_known)
        *place = *told;
    else
        subscriptions.push_back(*told);
    return told;
}

}  // namespace

std::string_view to_string(Interval interval) {
    for (const auto& [known, name] : kIntervals)
        if (known == interval) return name;
    return {};
}

std::optional<Interval> parse_interval(std::string_view text) {
    for (const auto& [interval, name] : kIntervals)
        if (name == text) return interval;
    return std::nullopt;
}

Billing::Billing(const KeylessRuntime& runtime,
                 const BillingTerms& terms,
                 const stripe::WebhookSecret& webhook_secret,
                 stripe::Client client)
    : m_runtime(runtime),
      m_terms(terms),
      m_webhook_secret(webhook_secret),
      m_client(std::move(client)) {}

Result<stripe::CheckoutSession> Billing::create_checkout(const UserPrincipal& user,
                                                         const Origin& origin,
                                                         Plan plan,
                                                         Interval interval) {
    const auto& prices = m_terms.prices;
    const auto price = std::find_if(prices.begin(), prices.end(), [&](const auto& one) {
        return one.plan == plan && one.interval == interval;
    });
    if (price == prices.end())
        return failure(ErrorCode::InvalidRequest,
                       "The plan '" + std::string(to_string(plan)) +
                           "' is not sold here with the interval '" +
                           std::string(to_string(interval)) + "'");
    const auto account = look_up(m_runtime, user.tenant);
    if (!account) return failure(account);
    const auto& bought = account->subscriptions;
    if (std::any_of(bought.begin(), bought.end(), is_live))
        return failure(ErrorCode::InvalidRequest,
                       "This tenant has a subscription already; POST /v1/billing/portal leads to "
                       "where it is changed");

    stripe::CheckoutRequest request{.tenant = user.tenant.text(),
                                    .plan = std::string(to_string(plan)),
                                    .price = price->id,
                                    .customer = account->customer.value_or(""),
                                    .success_url = m_terms.success_url,
                                    .cancel_url = m_terms.cancel_url};
    const auto key = stripe_key_of(user, origin);
    auto session = m_client.create_checkout_session(request, key);
    if (!session && session.error().code == ErrorCode::StripeCustomerNotFound) {
        // Deleted at Stripe: it gets a new one, as the first time. Another request to Stripe.
        request.customer.clear();
        session = m_client.create_checkout_session(request, key + "-anew");
    }
    if (!session) return session;
    JsonWriter details;
    details.begin_object().member("plan", to_string(plan)).member("interval", to_string(interval));
    details.member("session_id", session->id).end_object();
    const auto recorded =
        record(user, origin, "billing.checkout_created", std::move(details).take_text());
    if (!recorded) return failure(recorded);
    return session;
}

Result<std::string> Billing::open_portal(const UserPrincipal& user, const Origin& origin) {
    const auto account = look_up(m_runtime, user.tenant);
    if (!account) return failure(account);
    if (!account->customer)
        return failure(ErrorCode::StripeCustomerNotFound,
                       "This tenant is no customer of Stripe yet; begin with POST "
                       "/v1/billing/checkout");
    auto url = m_client.create_portal_session(
        {.customer = *account->customer, .return_url = m_terms.return_url},
        stripe_key_of(user, origin));
    if (!url) return url;
    const auto recorded = record(user, origin, "billing.portal_opened", "{}");
    if (!recorded) return failure(recorded);
    return url;
}

Result<void> Billing::record(const UserPrincipal& user,
                             const Origin& origin,
                             std::string_view event_type,
                             std::string details) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, user.tenant);
    for (const auto& key : request_keys(user, origin))
        store::add_billing_request(transaction, user.tenant, key, kPurchaseKept);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    if (!std::all_of(found->begin(), found->end(), store::parse_is_first)) return {};
    store::add_audit_record(
        transaction,
        user.tenant,
        audit_origin(user, origin),
        record_of_tenant(m_runtime, user.tenant, event_type, std::move(details)));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return {};
}

Result<void> Billing::take_event(std::string_view signature, Body&& body, const Origin& origin) {
    if (auto holds = stripe::verify_signature(
            signature, body.expose(), m_webhook_secret, m_runtime.clock.now());
        !holds)
        return holds;
    const auto event = stripe::parse_event(std::move(body));
    if (!event) return failure(event);
    if (event->kind == stripe::EventKind::Other) return {};
    const auto concern = concern_of(*event);
    if (!concern) return failure(concern);
    if (!*concern) {
        log::info("stripe_event_of_nobody", {{"event", log::quoted(event->id)}});
        return {};
    }
    if (!(*concern)->agrees) return refuse_event((*concern)->tenant, *event, origin);
    return apply((*concern)->tenant, *event, origin);
}

Result<std::optional<Billing::Concern>> Billing::concern_of(const stripe::Event& event) {
    if (event.customer.empty()) return std::nullopt;
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    const auto known = store::find_tenant_of_customer(**connection, event.customer);
    if (!known) return failure(known);
    // One that names no tenant in its metadata was not begun here, whatever it refers to.
    const auto owner = *known ? *known : event.tenant;
    if (!owner) return std::nullopt;
    return Concern{
        *owner,
        event.tenant.value_or(*owner) == *owner && event.reference.value_or(*owner) == *owner};
}

Failure Billing::refuse_event(const TenantId& tenant,
                              const stripe::Event& event,
                              const Origin& origin) {
    log::warning("stripe_event_denied",
                 {{"event", log::quoted(event.id)},
                  {"tenant", tenant},
                  {"names", event.tenant.value_or(TenantId{})},
                  {"refers_to", event.reference.value_or(TenantId{})}});
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    store::add_stripe_event(transaction, tenant, event.id);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    // Stripe sends it again for days: it is on record once. Whose the other tenant is stays out.
    if (store::parse_is_first(found->front())) {
        auto record =
            record_of_tenant(m_runtime, tenant, "billing.event_denied", details_of_denial(event));
        record.reason = "tenant_mismatch";
        store::add_audit_record(transaction,
                                tenant,
                                audit_origin(Actor{tenant, "operator", std::nullopt}, origin),
                                record);
        const auto committed = transaction.commit();
        if (!committed) return tl::unexpected(store::to_error(committed.error()));
    }
    return failure(ErrorCode::InvalidRequest,
                   "This event names another tenant than its customer's, or two different ones");
}

// The best of its prices: a subscription may hold more than a plan.
std::optional<Plan> Billing::plan_of(const stripe::Event& event) const {
    std::optional<Plan> best;
    for (const auto& price : m_terms.prices) {
        const auto& paid = event.prices;
        if (std::find(paid.begin(), paid.end(), price.id) == paid.end()) continue;
        best = std::max(best.value_or(Plan::Free), price.plan);
    }
    if (!best && !event.prices.empty())
        log::warning(
            "stripe_price_unknown",
            {{"event", log::quoted(event.id)}, {"price", log::quoted(event.prices.front())}});
    return best;
}

Result<void> Billing::apply(const TenantId& tenant,
                            const stripe::Event& event,
                            const Origin& origin) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    // Events of one tenant come one after another, however many workers they reach.
    store::add_lock_tenant_plan(transaction, tenant);
    store::add_stripe_event(transaction, tenant, event.id);
    store::add_list_subscriptions(transaction, tenant);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    // Applied before; or there is no such tenant here, and the event is another installation's.
    if (!store::parse_is_first(found->at(1))) return {};

    store::add_customer(transaction, tenant, event.customer);
    auto subscriptions = subscriptions_of(found->at(2));
    const auto before = standing_of(subscriptions);
    if (const auto told = take_into(subscriptions, event, plan_of(event)))
        store::add_subscription(transaction, tenant, event.customer, row_of(*told));
    const auto now = standing_of(subscriptions);
    if (now != before) {
        store::Row row = found->at(0).row(0);
        const Plan from = store::parse_tenant_plan(row).plan;
        // A plan that the operator gave stays, until what was bought changes.
        const auto plan = now.plan == before.plan ? std::nullopt : std::optional(now.plan);
        store::add_change_standing(transaction, tenant, plan, now.status);
        store::add_audit_record(
            transaction,
            tenant,
            audit_origin(Actor{tenant, "operator", std::nullopt}, origin),
            record_of_tenant(m_runtime,
                             tenant,
                             "billing.plan_changed",
                             details_of_change(from, plan.value_or(from), now, event)));
    }
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return {};
}

}  // namespace core::service
