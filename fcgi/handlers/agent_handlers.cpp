#include "fcgi/handlers/agent_handlers.h"

#include "fcgi/handlers/members.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"

#include <optional>
#include <string>
#include <utility>

namespace fcgi {
core::Result<core::service::NewAgent> decode_new_agent(const core::JsonValue& body) {
    const auto object = core::JsonObject::decode(
        body, {"name", "description", "allowed_namespaces", "allowed_scopes", "ip_allowlist"});
    if (!object) return core::failure(object);
    const auto name = object->required_string("name");
    if (!name) return core::failure(name);
    if (const auto fine = core::service::check_agent_name(*name); !fine) return core::failure(fine);
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

core::Result<core::service::AgentPatch> decode_agent_patch(const core::JsonValue& body) {
    const auto object = core::JsonObject::decode(
        body, {"description", "allowed_namespaces", "allowed_scopes", "ip_allowlist"});
    if (!object) return core::failure(object);
    const auto description = object->optional_string("description");
    if (!description) return core::failure(description);
    const auto namespaces = object->optional_strings("allowed_namespaces");
    if (!namespaces) return core::failure(namespaces);
    const auto scopes = object->optional_strings("allowed_scopes");
    if (!scopes) return core::failure(scopes);
    const auto addresses = object->optional_strings("ip_allowlist");
    if (!addresses) return core::failure(addresses);

    core::service::AgentPatch patch;
    // null is a description, or a list of addresses, that is no longer there.
    if (object->has("description")) patch.description.emplace();
    if (*description) *patch.description = std::string(**description);
    if (*namespaces) patch.allowed_namespaces.emplace((*namespaces)->begin(), (*namespaces)->end());
    if (*scopes) patch.allowed_scopes.emplace((*scopes)->begin(), (*scopes)->end());
    if (object->has("ip_allowlist")) patch.ips.emplace();
    if (*addresses) {
        auto ips = core::identity::IpAllowlist::parse(**addresses);
        if (!ips) return core::failure(std::move(ips));
        *patch.ips = std::move(*ips);
    }
    return patch;
}

namespace {

core::Body render_agent(const core::service::Agent& agent) {
    core::JsonWriter json;
    json.begin_object();
    write_agent_members(json, agent);
    json.end_object();
    return std::move(json).take();
}

core::Body render_agent_with_key(const core::service::AgentWithKey& created) {
    core::JsonWriter json;
    json.begin_object();
    write_agent_members(json, created.agent);
    json.key("api_key").secret(created.api_key.expose());
    json.end_object();
    return std::move(json).take();
}

core::Result<core::AgentId> agent_id(const HttpRequest& request) {
    const auto id = core::AgentId::parse(request.path.text);
    if (id) return *id;
    return core::failure(core::ErrorCode::NotFound,
                         "There is no such agent; GET /v1/agents lists them");
}

}  // namespace

core::Result<HttpResponse> create_agent(RequestContext& context, const HttpRequest& request) {
    const auto agent = decode_new_agent(request.body->root());
    if (!agent) return core::failure(agent);
    auto created = context.services.agents.create(
        core::service::actor_of(context.user()), context.origin, *agent, render_agent_with_key);
    if (!created) return core::failure(std::move(created));
    // 200 and not 201: what the reference shows.
    return json_response(Status::Ok, std::move(*created));
}

core::Result<HttpResponse> update_agent(RequestContext& context, const HttpRequest& request) {
    const auto id = agent_id(request);
    if (!id) return core::failure(id);
    const auto patch = decode_agent_patch(request.body->root());
    if (!patch) return core::failure(patch);
    auto updated = context.services.agents.update(
        core::service::actor_of(context.user()), context.origin, *id, *patch, render_agent);
    if (!updated) return core::failure(std::move(updated));
    return json_response(Status::Ok, std::move(*updated));
}

core::Result<HttpResponse> revoke_agent(RequestContext& context, const HttpRequest& request) {
    auto revoked =
        context.services.agents.revoke(core::service::actor_of(context.user()),
                                       context.origin,
                                       request.path.text,
                                       [](const core::AgentId&) { return core::Body{}; });
    if (!revoked) return core::failure(std::move(revoked));
    return json_response(Status::NoContent, std::move(*revoked));
}

core::Result<HttpResponse> rotate_agent_key(RequestContext& context, const HttpRequest& request) {
    const auto id = agent_id(request);
    if (!id) return core::failure(id);
    if (const auto nothing = decode_nothing(request); !nothing) return core::failure(nothing);
    auto rotated = context.services.agents.rotate_key(
        core::service::actor_of(context.user()), context.origin, *id, render_agent_with_key);
    if (!rotated) return core::failure(std::move(rotated));
    return json_response(Status::Ok, std::move(*rotated));
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
