#include "fcgi/handlers/audit_handlers.h"

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/scope/secret_path.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"
#include "fcgi/schemas.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::service::AuditFilter;

core::Result<std::optional<std::string>> one_of(const Query& query,
                                                std::string_view name,
                                                std::span<const std::string_view> known) {
    const auto text = query.find(name);
    if (!text) return std::nullopt;
    if (std::find(known.begin(), known.end(), *text) != known.end()) return std::string(*text);
    std::string list;
    for (const auto& word : known)
        list.append(list.empty() ? "" : ", ").append(word);
    return core::invalid("The query parameter '" + std::string(name) + "' must be one of " + list);
}

core::Result<std::optional<core::UuidBytes>> uuid_of(const Query& query, std::string_view name) {
    const auto text = query.find(name);
    if (!text) return std::nullopt;
    const auto id = core::uuid_from_text(*text);
    if (id) return *id;
    return core::invalid("The query parameter '" + std::string(name) + "' must be an id (a UUID)");
}

core::Result<std::optional<core::Timestamp>> time_of(const Query& query, std::string_view name) {
    const auto text = query.find(name);
    if (!text) return std::nullopt;
    const auto time = core::parse_rfc3339(*text);
    if (time) return *time;
    return core::invalid(
        "The query parameter '" + std::string(name) +
        "' must be a time with its offset (RFC 3339), such as 2030-01-31T12:00:00Z; "
        "write a '+' as %2B");
}

core::Result<void> decode_kinds(const Query& query, AuditFilter& out) {
    auto type = one_of(query, "event_type", schemas::kEventTypes);
    if (!type) return core::failure(std::move(type));
    out.event_type = std::move(*type);
    auto actor = one_of(query, "actor_type", schemas::kActorTypes);
    if (!actor) return core::failure(std::move(actor));
    out.actor_type = std::move(*actor);
    auto resource = one_of(query, "resource_type", schemas::kResourceTypes);
    if (!resource) return core::failure(std::move(resource));
    out.resource_type = std::move(*resource);
    return {};
}

core::Result<void> decode_ids(const Query& query, AuditFilter& out) {
    const auto actor = uuid_of(query, "actor_id");
    if (!actor) return core::failure(actor);
    out.actor = *actor;
    const auto resource = uuid_of(query, "resource_id");
    if (!resource) return core::failure(resource);
    out.resource = *resource;
    return {};
}

core::Result<void> decode_place(const Query& query, AuditFilter& out) {
    const auto name_space = query.find("namespace");
    const auto key = query.find("key");
    if (key && !name_space)
        return core::invalid(
            "The query parameter 'key' names a secret only together with 'namespace'");
    if (!name_space) return {};
    const auto parsed = core::scope::Namespace::parse(*name_space);
    if (!parsed) return core::failure(parsed);
    out.name_space = parsed->text();
    if (!key) return {};
    const auto path = core::scope::SecretPath::parse(parsed->text() + '/' + std::string(*key));
    if (!path) return core::failure(path);
    if (path->key() != *key)
        return core::invalid("The query parameter 'key' must be one segment, without '/'");
    out.key = *key;
    return {};
}

core::Result<void> decode_times(const Query& query, AuditFilter& out) {
    const auto from = time_of(query, "from");
    if (!from) return core::failure(from);
    const auto to = time_of(query, "to");
    if (!to) return core::failure(to);
    if (*from && *to && **to < **from)
        return core::invalid("The query parameter 'to' lies before 'from'");
    out.from = *from;
    out.to = *to;
    return {};
}

core::Result<AuditFilter> decode_filter(const Query& query) {
    AuditFilter out;
    if (const auto kinds = decode_kinds(query, out); !kinds) return core::failure(kinds);
    if (const auto ids = decode_ids(query, out); !ids) return core::failure(ids);
    if (const auto place = decode_place(query, out); !place) return core::failure(place);
    if (const auto times = decode_times(query, out); !times) return core::failure(times);
    return out;
}

core::Result<HttpResponse> export_events(RequestContext& context,
                                         const HttpRequest& request,
                                         const AuditFilter& filter,
                                         std::string_view format) {
    for (const std::string_view name : {"page", "limit", "cursor"})
        if (request.query.find(name))
            return core::invalid("An export has no pages: remove '" + std::string(name) + "'");
    const bool csv = format == "csv";
    auto pieces = context.services.audit.start_export(
        context.user().tenant,
        filter,
        csv ? core::service::ExportFormat::Csv : core::service::ExportFormat::JsonLines);
    if (!pieces) return core::failure(std::move(pieces));
    HttpResponse response;
    response.status = Status::Ok;
    response.content_type = csv ? "text/csv; charset=utf-8; header=present" : "application/jsonl";
    response.headers.push_back(
        {"Content-Disposition",
         csv ? R"(attachment; filename="audit.csv")" : R"(attachment; filename="audit.jsonl")"});
    response.stream = std::move(*pieces);
    return response;
}

}  // namespace

core::Result<HttpResponse> list_audit_events(RequestContext& context, const HttpRequest& request) {
    auto filter = decode_filter(request.query);
    if (!filter) return core::failure(std::move(filter));
    const auto format = one_of(request.query, "format", schemas::kExportFormats);
    if (!format) return core::failure(format);
    if (*format && **format != "json") return export_events(context, request, *filter, **format);

    const auto page = page_request(request.query, kDefaultAuditLimit);
    if (!page) return core::failure(page);
    const auto cursor = request.query.find("cursor");
    if (cursor && request.query.find("page"))
        return core::invalid("Send 'cursor' or 'page', not both");
    core::service::AuditQuery query{std::move(*filter), *page, {}};
    if (cursor) query.cursor = std::string(*cursor);
    const auto events = context.services.audit.list(context.user().tenant, query);
    if (!events) return core::failure(events);

    core::JsonWriter json;
    json.begin_object().key("events").begin_array();
    for (const auto& event : events->events)
        core::service::write_audit_event(json, event);
    json.end_array();
    json.member("total", events->total).member("page", page->page).member("limit", page->limit);
    json.member("next_cursor", events->next_cursor);
    json.end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
