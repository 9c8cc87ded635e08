#include "core/service/webhooks.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/service/audit_trail.h"
#include "core/service/notifications.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/store/connection_pool.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace core::service {
namespace {

constexpr std::int64_t kMostWebhooks = 20;
constexpr std::size_t kLongestDescription = 500;
constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kSecretPrefix = "whsec_";
// How long receivers have to learn a new secret.
constexpr std::chrono::hours kGrace{24};

Result<void> check_description(const std::optional<std::string>& description) {
    if (description && character_count(*description) > kLongestDescription)
        return invalid("The member 'description' must have at most 500 characters");
    return {};
}

Credential new_secret() {
    const SecureBuffer random = crypto::random_base64url(kSecretBytes);
    SecureBuffer text(kSecretPrefix.begin(), kSecretPrefix.end());
    text.insert(text.end(), random.begin(), random.end());
    return Credential(std::move(text));
}

Webhook webhook_of(store::WebhookRow&& row) {
    return {.id = row.webhook,
            .url = std::move(row.url),
            .description = std::move(row.description),
            .events = std::move(row.events),
            .active = row.active,
            .verified_at = row.verified_at,
            .previous_secret_until = row.previous_secret_until,
            .created_at = row.created_at,
            .updated_at = row.updated_at};
}

// The one that was locked by its id. Errors: NotFound.
Result<store::WebhookRow> one_webhook(const store::ResultSet& found) {
    auto rows = store::parse_webhooks(found);
    if (rows.empty()) return tl::unexpected(no_such_webhook());
    return std::move(rows.front());
}

// The address may hold a receiver's own credential in its path or query: only the host is on
// record.
std::string details_of(const std::string& host,
                       const std::vector<std::string>& events,
                       bool active) {
    JsonWriter details;
    details.begin_object().member("host", host).member("events", events);
    details.member("active", active).end_object();
    return std::move(details).take_text();
}

void apply(const WebhookPatch& patch, HostVerdict host, Timestamp now, store::WebhookRow& row) {
    if (patch.url && patch.url->text() != row.url) {
        row.url = patch.url->text();
        row.verified_at.reset();
    }
    if (patch.url && host == HostVerdict::Allowed) row.verified_at = now;
    if (patch.description) row.description = *patch.description;
    if (patch.events) row.events = *patch.events;
    if (patch.active) row.active = *patch.active;
    row.updated_at = now;
}

std::string host_of(const std::string& url) {
    const auto parsed = http::HttpsUrl::parse(url);
    return parsed ? parsed->host() : std::string();
}

}  // namespace

Error no_such_webhook() {
    return {ErrorCode::NotFound, "There is no such webhook; GET /v1/webhooks lists them", {}};
}

Result<void> check_events(const std::vector<std::string>& events) {
    const std::set<std::string_view> distinct(events.begin(), events.end());
    const bool known = std::all_of(events.begin(), events.end(), [](const std::string& type) {
        return std::find(kWebhookEvents.begin(), kWebhookEvents.end(), type) !=
               kWebhookEvents.end();
    });
    if (!events.empty() && known && distinct.size() == events.size()) return {};
    std::string message = "The member 'events' must name one or more, each once, of ";
    for (const auto& type : kWebhookEvents)
        message += (type == kWebhookEvents.front() ? "" : ", ") + std::string(type);
    return invalid(std::move(message));
}

store::AuditRecord Webhooks::record_of(std::string_view type,
                                       const std::optional<WebhookId>& webhook,
                                       const std::string& details) const {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
    record.type = type;
    record.resource_type = "webhook";
    if (webhook) record.resource = webhook->bytes();
    record.details = details;
    return record;
}

Result<HostVerdict> Webhooks::check_host_of(const Actor& actor,
                                            const identity::Origin& origin,
                                            const http::HttpsUrl& url) {
    auto verdict = check_host(m_runtime, actor.tenant, url.host());
    if (!verdict || *verdict != HostVerdict::Refused) return verdict;
    auto record = record_of("webhook.denied", std::nullopt, {});
    JsonWriter details;
    details.begin_object().member("host", url.host()).end_object();
    record.details = std::move(details).take_text();
    record.reason = "host_not_public";
    // One answer for both: it is nobody's business which names a private network has.
    return refuse(m_runtime,
                  actor.tenant,
                  audit_origin(actor, origin),
                  record,
                  {ErrorCode::InvalidRequest,
                   "The host of 'url' is a private address, or does not resolve to a public one; "
                   "name a host that can be reached from the internet",
                   {}});
}

Result<Body> Webhooks::create(const Actor& actor,
                              const identity::Origin& origin,
                              const NewWebhook& request,
                              const Rendering<WebhookWithSecret>& render) {
    if (const auto fine = check_description(request.description); !fine) return failure(fine);
    if (const auto fine = check_events(request.events); !fine) return failure(fine);
    const auto host = check_host_of(actor, origin, request.url);
    if (!host) return failure(host);
    store::WebhookRow row;
    row.webhook = crypto::new_id<WebhookId>(m_runtime.clock);
    row.url = request.url.text();
    row.description = request.description;
    row.events = request.events;
    row.active = request.active;
    const Credential secret = new_secret();
    const Bytes box = m_runtime.keyring.egress_key().seal(
        actor.tenant, secret_label(row.webhook, row.secret_generation), secret.expose());

    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            // One after the other, so that what is counted here is still true at the end.
            store::add_lock_tenant(transaction, actor.tenant);
            store::add_count_webhooks(transaction, actor.tenant);
        },
        [&](Change& change) -> Result<Body> {
            const auto details = details_of(request.url.host(), row.events, row.active);
            if (store::parse_count(change.found(1)) >= kMostWebhooks) {
                auto refused = record_of("webhook.denied", std::nullopt, details);
                refused.reason = "too_many_webhooks";
                return change.refuse(std::move(refused),
                                     {ErrorCode::PlanLimitReached,
                                      "A tenant has at most 20 webhooks; delete one first",
                                      {}});
            }
            if (*host == HostVerdict::Allowed) row.verified_at = change.now();
            row.created_at = row.updated_at = change.now();
            store::add_webhook(change.transaction(), actor.tenant, row, box);
            change.record(record_of("webhook.created", row.webhook, details));
            return render({webhook_of(store::WebhookRow(row)), secret});
        });
}

Result<Body> Webhooks::update(const Actor& actor,
                              const identity::Origin& origin,
                              const WebhookId& id,
                              const WebhookPatch& patch,
                              const Rendering<Webhook>& render) {
    if (patch.description)
        if (const auto fine = check_description(*patch.description); !fine) return failure(fine);
    if (patch.events)
        if (const auto fine = check_events(*patch.events); !fine) return failure(fine);
    auto host = HostVerdict::Unknown;
    if (patch.url) {
        const auto checked = check_host_of(actor, origin, *patch.url);
        if (!checked) return failure(checked);
        host = *checked;
    }
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_webhook(transaction, actor.tenant, id);
        },
        [&](Change& change) -> Result<Body> {
            auto row = one_webhook(change.found(0));
            if (!row) return failure(row);
            apply(patch, host, change.now(), *row);
            store::add_update_webhook(change.transaction(), actor.tenant, *row);
            if (patch.url) store::add_wake_webhook(change.transaction(), actor.tenant, id);
            if (!row->active) store::add_end_deliveries(change.transaction(), actor.tenant, id);
            const auto details = details_of(host_of(row->url), row->events, row->active);
            change.record(record_of("webhook.updated", id, details));
            return render(webhook_of(std::move(*row)));
        });
}

Result<Body> Webhooks::remove(const Actor& actor,
                              const identity::Origin& origin,
                              const WebhookId& id,
                              const Rendering<WebhookId>& render) {
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_webhook(transaction, actor.tenant, id);
        },
        [&](Change& change) -> Result<Body> {
            const auto row = one_webhook(change.found(0));
            if (!row) return failure(row);
            store::add_delete_webhook(change.transaction(), actor.tenant, id);
            const auto details = details_of(host_of(row->url), row->events, row->active);
            change.record(record_of("webhook.deleted", id, details));
            return render(id);
        });
}

Result<Body> Webhooks::rotate_secret(const Actor& actor,
                                     const identity::Origin& origin,
                                     const WebhookId& id,
                                     const Rendering<WebhookWithSecret>& render) {
    const Credential secret = new_secret();
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_webhook(transaction, actor.tenant, id);
        },
        [&](Change& change) -> Result<Body> {
            auto row = one_webhook(change.found(0));
            if (!row) return failure(row);
            row->secret_generation += 1;
            row->previous_secret_until = change.now() + kGrace;
            row->updated_at = change.now();
            const Bytes box = m_runtime.keyring.egress_key().seal(
                actor.tenant, secret_label(id, row->secret_generation), secret.expose());
            store::add_replace_webhook_secret(
                change.transaction(), actor.tenant, id, box, *row->previous_secret_until);
            const auto details = details_of(host_of(row->url), row->events, row->active);
            change.record(record_of("webhook.secret_rotated", id, details));
            return render({webhook_of(std::move(*row)), secret});
        });
}

Result<Body> Webhooks::test(const Actor& actor,
                            const identity::Origin& origin,
                            const WebhookId& id,
                            const Rendering<Delivery>& render) {
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_webhook(transaction, actor.tenant, id);
        },
        [&](Change& change) -> Result<Body> {
            const auto row = one_webhook(change.found(0));
            if (!row) return failure(row);
            store::DeliveryRow delivery;
            delivery.webhook = id;
            delivery = add_direct(
                m_runtime, change, actor.tenant, event::kWebhookTest, std::move(delivery));
            store::add_wake_webhook(change.transaction(), actor.tenant, id);
            const auto details = details_of(host_of(row->url), row->events, row->active);
            change.record(record_of("webhook.tested", id, details));
            return render(delivery_of(std::move(delivery)));
        });
}

Result<std::vector<Webhook>> Webhooks::list(const TenantId& tenant) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_webhooks(**connection, tenant);
    if (!rows) return failure(std::move(rows));
    std::vector<Webhook> webhooks;
    for (auto& row : *rows)
        webhooks.push_back(webhook_of(std::move(row)));
    return webhooks;
}

Result<Webhook> Webhooks::find(const TenantId& tenant, const WebhookId& id) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto row = store::find_webhook(**connection, tenant, id);
    if (!row) return failure(std::move(row));
    if (!*row) return tl::unexpected(no_such_webhook());
    return webhook_of(std::move(**row));
}

}  // namespace core::service
