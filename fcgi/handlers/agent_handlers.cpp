#include "fcgi/handlers/agent_handlers.h"

#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"

#include <optional>
#include <string>
#include <utility>

namespace fcgi {
namespace {

core::JsonWriter& write_time(core::JsonWriter& json,
                             std::string_view name,
                             const std::optional<core::Timestamp>& time) {
    json.key(name);
    return time ? json.value(core::format_rfc3339(*time)) : json.value(nullptr);
}

}  // namespace

core::Result<core::service::NewAgent> decode_new_agent(const core::JsonValue& body) {
    const auto object = core::JsonObject::decode(
        body, {"name", "description", "allowed_namespaces", "allowed_scopes", "ip_allowlist"});
    if (!object) return core::failure(object);
    const auto name = object->required_string("name");
    if (!name) return core::failure(name);
    const auto description = object->optional_string("description");
    if (!description) return core::failure(description);
    const auto namespaces = object->optional_strings("allowed_namespaces");
    if (!namespaces) return core::failure(namespaces);
    const auto scopes = object->optional_strings("allowed_scopes");
    if (!scopes) return core::failure(scopes);
    const auto addresses = object->optional_strings("ip_allowlist");
    if (!addresses) return core::failure(addresses);

    auto limits = core::scope::AgentLimits::from_request(*namespaces ? &**namespaces : nullptr,
                                                         *scopes ? &**scopes : nullptr);
    if (!limits) return core::failure(std::move(limits));

    core::service::NewAgent agent{
        .name = std::string(*name), .description = {}, .limits = std::move(*limits), .ips = {}};
    if (*description) agent.description = std::string(**description);
    if (*addresses) {
        auto ips = core::identity::IpAllowlist::parse(**addresses);
        if (!ips) return core::failure(std::move(ips));
        agent.ips = std::move(*ips);
    }
    return agent;
}

void write_agent_members(core::JsonWriter& json, const core::service::Agent& agent) {
    json.member("id", agent.id.text());
    json.member("tenant_id", agent.tenant.text());
    json.member("name", agent.name);
    json.member("description", agent.description);
    json.member("api_key_prefix", agent.api_key_prefix);
    json.member("allowed_namespaces", agent.allowed_namespaces);
    json.member("allowed_scopes", agent.allowed_scopes);
    json.member("ip_allowlist", agent.ip_allowlist);
    json.member("active", agent.active);
    write_time(json, "created_at", agent.created_at);
    write_time(json, "last_active_at", agent.last_active_at);
}

core::Result<HttpResponse> create_agent(RequestContext& context, const HttpRequest& request) {
    const auto agent = decode_new_agent(request.body->root());
    if (!agent) return core::failure(agent);

    const auto created = context.services.agents.create(
        core::service::actor_of(context.user()), context.origin, *agent);
    if (!created) return core::failure(created);

    core::JsonWriter json;
    json.begin_object();
    write_agent_members(json, created->agent);
    json.key("api_key").secret(created->api_key.expose());
    json.end_object();
    // 200 and not 201: what the reference shows.
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> list_agents(RequestContext& context, const HttpRequest& request) {
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);

    const auto agents = context.services.agents.list(context.user().tenant, *page);
    if (!agents) return core::failure(agents);

    core::JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& agent : agents->items) {
        json.begin_object();
        write_agent_members(json, agent);
        json.end_object();
    }
    json.end_array().member("total", agents->total).end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
