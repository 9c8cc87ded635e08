#include "core/service/audit.h"

#include "core/base/json.h"
#include "core/service/services.h"
#include "core/store/audit_store.h"
#include "core/store/connection_pool.h"

#include <utility>

namespace core::service {
namespace {

std::optional<std::string> id_text(const std::optional<UuidBytes>& id) {
    if (!id) return std::nullopt;
    return uuid_to_text(*id);
}

template <class T>
void add_if_set(JsonWriter& writer, std::string_view name, const std::optional<T>& value) {
    if (value) writer.member(name, *value);
}

// The API's `metadata`, of the columns that are set and what `details` adds.
std::string metadata_of(const store::AuditRow& row) {
    JsonWriter writer;
    writer.begin_object();
    add_if_set(writer, "namespace", row.name_space);
    add_if_set(writer, "key", row.key);
    add_if_set(writer, "version", row.version);
    if (row.token) writer.member("token_id", row.token->text());
    add_if_set(writer, "reason", row.reason);
    if (row.details) {
        const auto details = JsonDocument::parse(Body::copy_of(*row.details));
        // Written by us, so always an object.
        if (details && details->root().kind() == JsonValue::Kind::Object)
            for (const auto& [name, value] : details->root().members())
                writer.key(name).raw(value.to_text());
    }
    add_if_set(writer, "request_id", row.request_id);
    writer.end_object();
    return std::move(writer).take_text();
}

}  // namespace

Result<Page<AuditEvent>> Audit::list(const TenantId& tenant, const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_audit(**connection, tenant, page.limit, page.offset());
    if (!rows) return failure(rows);
    Page<AuditEvent> out;
    out.total = rows->total;
    for (auto& row : rows->rows) {
        AuditEvent event;
        event.id = row.event;
        event.event_type = row.type;
        event.actor_id = id_text(row.actor);
        event.actor_type = row.actor_type;
        event.resource_type = row.resource_type;
        event.resource_id = id_text(row.resource);
        event.metadata = metadata_of(row);
        event.ip_address = row.ip_address;
        event.user_agent = row.user_agent;
        event.created_at = row.created_at;
        out.items.push_back(std::move(event));
    }
    return out;
}

}  // namespace core::service
