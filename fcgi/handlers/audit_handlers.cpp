#include "fcgi/handlers/audit_handlers.h"

#include "core/base/clock.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"

#include <utility>

namespace fcgi {

void write_audit_event(core::JsonWriter& json, const core::service::AuditEvent& event) {
    json.begin_object();
    json.member("id", event.id.text());
    json.member("event_type", event.event_type);
    json.member("actor_id", event.actor_id);
    json.member("actor_type", event.actor_type);
    json.member("resource_type", event.resource_type);
    json.member("resource_id", event.resource_id);
    json.key("metadata").raw(event.metadata);
    json.member("ip_address", event.ip_address);
    json.member("user_agent", event.user_agent);
    json.member("created_at", core::format_rfc3339(event.created_at));
    json.end_object();
}

core::Result<HttpResponse> list_audit_events(RequestContext& context, const HttpRequest& request) {
    const auto page = page_request(request.query, kDefaultAuditLimit);
    if (!page) return core::failure(page);

    const auto events = context.services.audit.list(context.user().tenant, *page);
    if (!events) return core::failure(events);

    core::JsonWriter json;
    json.begin_object().key("events").begin_array();
    for (const auto& event : events->items)
        write_audit_event(json, event);
    json.end_array();
    json.member("total", events->total).member("page", page->page).member("limit", page->limit);
    json.end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
