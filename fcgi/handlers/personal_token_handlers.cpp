#include "fcgi/handlers/personal_token_handlers.h"

#include "core/service/agents.h"
#include "fcgi/handlers/members.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"

#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::service::PersonalToken;

core::Body render_with_key(const core::service::PersonalTokenWithKey& created) {
    core::JsonWriter json;
    json.begin_object();
    write_personal_token_members(json, created.token);
    json.key("token").secret(created.key.expose());
    json.end_object();
    return std::move(json).take();
}

core::Result<core::PersonalTokenId> token_id(const HttpRequest& request) {
    const auto id = core::PersonalTokenId::parse(request.path.text);
    if (id) return *id;
    return core::failure(core::ErrorCode::NotFound,
                         "You have no such personal token; GET /v1/me/tokens lists yours");
}

}  // namespace

core::Result<core::service::NewPersonalToken> decode_new_personal_token(
    const core::JsonValue& body) {
    const auto object = core::JsonObject::decode(body, {"name", "ttl", "role"});
    if (!object) return core::failure(object);
    const auto name = object->required_string("name");
    if (!name) return core::failure(name);
    if (const auto fine = core::service::check_agent_name(*name); !fine) return core::failure(fine);
    const auto ttl = decode_ttl(*object);
    if (!ttl) return core::failure(ttl);
    const auto role = decode_role(*object);
    if (!role) return core::failure(role);
    return core::service::NewPersonalToken{std::string(*name), *ttl, *role};
}

void write_personal_token_members(core::JsonWriter& json, const PersonalToken& token) {
    json.member("id", token.id.text()).member("name", token.name);
    json.member("prefix", token.prefix).member("role", to_string(token.role));
    write_time(json, "created_at", token.created_at);
    write_time(json, "expires_at", token.expires_at);
    write_time(json, "last_used_at", token.last_used_at);
}

core::Result<HttpResponse> create_personal_token(RequestContext& context,
                                                 const HttpRequest& request) {
    const auto wanted = decode_new_personal_token(request.body->root());
    if (!wanted) return core::failure(wanted);
    auto created = context.services.personal_tokens.create(
        context.user(), context.origin, *wanted, render_with_key);
    if (!created) return core::failure(std::move(created));
    return json_response(Status::Ok, std::move(*created));
}

core::Result<HttpResponse> list_personal_tokens(RequestContext& context,
                                                const HttpRequest& request) {
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);
    const auto tokens = context.services.personal_tokens.list(context.user(), *page);
    if (!tokens) return core::failure(tokens);
    core::JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& token : tokens->items) {
        json.begin_object();
        write_personal_token_members(json, token);
        json.end_object();
    }
    json.end_array().member("total", tokens->total).end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> revoke_personal_token(RequestContext& context,
                                                 const HttpRequest& request) {
    const auto id = token_id(request);
    if (!id) return core::failure(id);
    auto revoked = context.services.personal_tokens.revoke(
        context.user(), context.origin, *id, [](const core::PersonalTokenId&) {
            return core::Body{};
        });
    if (!revoked) return core::failure(std::move(revoked));
    return json_response(Status::NoContent, std::move(*revoked));
}

}  // namespace fcgi
