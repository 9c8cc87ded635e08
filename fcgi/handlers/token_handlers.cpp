#include "fcgi/handlers/token_handlers.h"

#include "core/scope/access_tier.h"
#include "fcgi/handlers/members.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"

#include <optional>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::JsonObject;
using core::JsonValue;

void write_issued(core::JsonWriter& json, const core::service::IssuedToken& issued) {
    json.key("token").secret(issued.token->expose());
    json.member("token_id", issued.id.text());
    json.member("expires_at", core::format_rfc3339(issued.expires_at));
    json.member("requires_approval", false);
    json.member("approval_id", nullptr);
    json.member("scopes", issued.scopes);
}

void write_approval(core::JsonWriter& json, const core::service::ApprovalRequired& required) {
    json.member("token", nullptr);
    json.member("token_id", nullptr);
    json.member("expires_at", nullptr);
    json.member("requires_approval", true);
    json.member("approval_id", required.approval.text());
    json.member("scopes", required.scopes);
}

}  // namespace

core::Result<core::service::TokenRequest> decode_token_request(const JsonValue& body) {
    const auto object =
        JsonObject::decode(body, {"scopes", "ttl", "max_uses", "ip_allowlist", "reason"});
    if (!object) return core::failure(object);
    const auto scopes = object->optional_strings("scopes");
    if (!scopes) return core::failure(scopes);
    if (!*scopes)
        return core::invalid("The member 'scopes' is missing: an array of 1 to 32 strings");
    if (const auto fine = core::scope::check_requested_scopes(**scopes); !fine)
        return core::failure(fine);
    const auto ttl = decode_ttl(*object);
    if (!ttl) return core::failure(ttl);
    const auto max_uses = decode_max_uses(*object);
    if (!max_uses) return core::failure(max_uses);
    const auto addresses = object->optional_strings("ip_allowlist");
    if (!addresses) return core::failure(addresses);
    auto reason = decode_reason(*object);
    if (!reason) return core::failure(std::move(reason));

    core::service::TokenRequest request{.scopes = **scopes,
                                        .ttl = *ttl,
                                        .max_uses = *max_uses,
                                        .ips = {},
                                        .reason = std::move(*reason)};
    if (*addresses) {
        auto ips = core::identity::IpAllowlist::parse(**addresses);
        if (!ips) return core::failure(std::move(ips));
        request.ips = std::move(*ips);
    }
    return request;
}

void write_token_answer(core::JsonWriter& json,
                        const core::AgentId& agent,
                        const core::service::TokenAnswer& answer) {
    json.begin_object();
    if (const auto* issued = std::get_if<core::service::IssuedToken>(&answer))
        write_issued(json, *issued);
    else
        write_approval(json, std::get<core::service::ApprovalRequired>(answer));
    json.member("agent_id", agent.text());
    json.end_object();
}

core::Result<HttpResponse> request_token(RequestContext& context, const HttpRequest& request) {
    const auto wanted = decode_token_request(request.body->root());
    if (!wanted) return core::failure(wanted);

    const auto& agent = context.agent();
    auto answer = context.services.tokens.request(
        agent, context.origin, *wanted, [&](const core::service::TokenAnswer& given) {
            core::JsonWriter json;
            write_token_answer(json, agent.agent, given);
            return std::move(json).take();
        });
    if (!answer) return core::failure(std::move(answer));
    return json_response(Status::Ok, std::move(*answer));
}

core::Result<HttpResponse> list_tokens(RequestContext& context, const HttpRequest& request) {
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);
    std::optional<core::AgentId> agent;
    if (const auto text = request.query.find("agent_id")) {
        agent = core::AgentId::parse(*text);
        if (!agent)
            return core::invalid("The query parameter 'agent_id' must be the id of an agent");
    }
    const auto tokens = context.services.tokens.list(context.user().tenant, agent, *page);
    if (!tokens) return core::failure(tokens);

    core::JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& token : tokens->items) {
        json.begin_object().member("id", token.id.text()).member("agent_id", token.agent.text());
        json.member("scopes", token.scopes);
        json.member("access_tier", core::scope::to_string(token.tier));
        json.member("max_uses", token.max_uses).member("uses", token.uses);
        json.member("ip_allowlist", token.ip_allowlist);
        json.member("issued_at", core::format_rfc3339(token.issued_at));
        json.member("expires_at", core::format_rfc3339(token.expires_at)).end_object();
    }
    json.end_array().member("total", tokens->total).end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> revoke_token(RequestContext& context, const HttpRequest& request) {
    if (const auto nothing = decode_nothing(request); !nothing) return core::failure(nothing);
    const auto id = core::TokenId::parse(request.path.text);
    if (!id) return core::failure(ErrorCode::NotFound, "There is no such token");
    auto revoked = context.services.tokens.revoke(
        core::service::actor_of(context.user()), context.origin, *id, [](const core::TokenId&) {
            return core::Body{};
        });
    if (!revoked) return core::failure(std::move(revoked));
    return json_response(Status::NoContent, std::move(*revoked));
}

}  // namespace fcgi
