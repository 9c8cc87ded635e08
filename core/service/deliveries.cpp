#include "core/service/deliveries.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/http/mail_address.h"
#include "core/service/audit_trail.h"
#include "core/service/notifications.h"
#include "core/service/services.h"
#include "core/service/webhooks.h"
#include "core/store/connection_pool.h"
#include "core/store/webhook_store.h"

#include <utility>

namespace core::service {
namespace {

store::AuditRecord record_of(const Runtime& runtime,
                             std::string_view type,
                             const store::DeliveryRow& delivery) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = type;
    record.resource_type = "delivery";
    record.resource = delivery.delivery.bytes();
    JsonWriter details;
    details.begin_object().member("message_id", delivery.message.text());
    details.member("event_type", delivery.event_type).end_object();
    record.details = std::move(details).take_text();
    return record;
}

}  // namespace

Error no_such_delivery() {
    return {ErrorCode::NotFound, "There is no such delivery; GET /v1/deliveries lists them", {}};
}

Delivery delivery_of(store::DeliveryRow&& row) {
    return {.id = row.delivery,
            .message = row.message,
            .event_type = std::move(row.event_type),
            .webhook = row.webhook,
            .recipient = std::move(row.recipient),
            .status = std::move(row.status),
            .attempts = row.attempts,
            .last_status = row.last_status,
            .last_error = std::move(row.last_error),
            .next_attempt_at = row.next_attempt_at,
            .last_attempt_at = row.last_attempt_at,
            .created_at = row.created_at,
            .finished_at = row.finished_at};
}

store::DeliveryRow add_direct(const Runtime& runtime,
                              Change& change,
                              const TenantId& tenant,
                              std::string_view event_type,
                              store::DeliveryRow delivery) {
    delivery.delivery = crypto::new_id<DeliveryId>(runtime.clock);
    delivery.message = crypto::new_id<MessageId>(runtime.clock);
    delivery.event_type = event_type;
    delivery.status = "pending";
    delivery.created_at = change.now();
    delivery.next_attempt_at = change.now();
    store::add_direct_message(
        change.transaction(), tenant, {delivery.message, event_type, "{}", {}}, delivery);
    return delivery;
}

Result<Page<Delivery>> Deliveries::list(const TenantId& tenant,
                                        const store::DeliveryFilter& filter,
                                        const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    if (filter.webhook) {
        const auto webhook = store::find_webhook(**connection, tenant, *filter.webhook);
        if (!webhook) return failure(webhook);
        if (!*webhook) return tl::unexpected(no_such_webhook());
    }
    auto found = store::list_deliveries(**connection, tenant, filter, page.limit, page.offset());
    if (!found) return failure(std::move(found));
    Page<Delivery> out;
    out.total = found->total;
    for (auto& row : found->rows)
        out.items.push_back(delivery_of(std::move(row)));
    return out;
}

Result<Body> Deliveries::resend(const Actor& actor,
                                const identity::Origin& origin,
                                const DeliveryId& id,
                                const Rendering<Delivery>& render) {
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_delivery(transaction, actor.tenant, id);
        },
        [&](Change& change) -> Result<Body> {
            auto rows = store::parse_deliveries(change.found(0));
            if (rows.empty()) return tl::unexpected(no_such_delivery());
            auto& delivery = rows.front();
            store::add_resend_delivery(change.transaction(), actor.tenant, id);
            if (delivery.webhook)
                store::add_wake_webhook(change.transaction(), actor.tenant, *delivery.webhook);
            delivery.status = "pending";
            delivery.attempts = 0;
            delivery.next_attempt_at = change.now();
            delivery.finished_at.reset();
            change.record(record_of(m_runtime, "delivery.resent", delivery));
            return render(delivery_of(std::move(delivery)));
        });
}

Result<Body> Deliveries::send_test_mail(const Actor& actor,
                                        const std::string& address,
                                        const Rendering<Delivery>& render) {
    if (!http::is_mail_address(address))
        return failure(ErrorCode::InvalidRequest,
                       quoted_for_message(address) + " is no mail address");
    return m_once.run(
        actor.tenant,
        audit_origin(actor, {}),
        {},
        [](store::Transaction&) {},
        [&](Change& change) -> Result<Body> {
            store::DeliveryRow delivery;
            delivery.recipient = address;
            delivery =
                add_direct(m_runtime, change, actor.tenant, event::kMailTest, std::move(delivery));
            change.record(record_of(m_runtime, "mail.tested", delivery));
            return render(delivery_of(std::move(delivery)));
        });
}

Result<Delivery> Deliveries::find(const TenantId& tenant, const DeliveryId& id) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto row = store::find_delivery(**connection, tenant, id);
    if (!row) return failure(std::move(row));
    if (!*row) return tl::unexpected(no_such_delivery());
    return delivery_of(std::move(**row));
}

}  // namespace core::service
