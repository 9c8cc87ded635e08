#include "fcgi/handlers/member_handlers.h"

#include "core/identity/invitation_token.h"
#include "fcgi/handlers/members.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"

#include <string>
#include <string_view>
#include <utility>

namespace fcgi {
namespace {

using core::JsonObject;
using core::JsonValue;
using core::identity::MemberRole;
using core::service::Member;

core::Result<MemberRole> required_role(const JsonObject& object) {
    const auto role = decode_role(object);
    if (!role) return core::failure(role);
    if (!*role)
        return core::invalid("The member 'role' is missing: one of owner, admin, approver, viewer");
    return **role;
}

core::Result<core::MemberId> member_id(const HttpRequest& request) {
    const auto id = core::MemberId::parse(request.path.text);
    if (id) return *id;
    return core::failure(core::ErrorCode::NotFound,
                         "There is no such member; GET /v1/members lists them");
}

core::Body render_member(const Member& member) {
    core::JsonWriter json;
    json.begin_object();
    write_member_members(json, member);
    json.end_object();
    return std::move(json).take();
}

core::Body render_invited(const core::service::InvitedMember& invited) {
    core::JsonWriter json;
    json.begin_object();
    write_member_members(json, invited.member);
    json.key("invitation_token").secret(invited.token.expose());
    json.end_object();
    return std::move(json).take();
}

core::Body render_joined(const core::service::Joined& joined) {
    core::JsonWriter json;
    json.begin_object().member("tenant_id", joined.tenant.text());
    json.member("user_id", joined.user.text());
    json.member("role", to_string(joined.role)).end_object();
    return std::move(json).take();
}

core::Body render_gone(const core::MemberId&) {
    return {};
}

core::Result<core::identity::InvitationToken> decode_invitation_token(const JsonValue& body) {
    const auto object = JsonObject::decode(body, {"token"});
    if (!object) return core::failure(object);
    const auto text = object->required_string("token");
    if (!text) return core::failure(text);
    auto token = core::identity::InvitationToken::parse(core::as_bytes(*text));
    if (!token)
        return core::invalid("The member 'token' must be an invitation token: ass_invite_...");
    return *std::move(token);
}

}  // namespace

core::Result<NewMember> decode_new_member(const JsonValue& body) {
    const auto object = JsonObject::decode(body, {"email", "role"});
    if (!object) return core::failure(object);
    const auto text = object->required_string("email");
    if (!text) return core::failure(text);
    const auto email = core::identity::EmailAddress::parse(*text);
    if (!email)
        return core::invalid(
            "The member 'email' must be an e-mail address of at most 254 characters");
    const auto role = required_role(*object);
    if (!role) return core::failure(role);
    return NewMember{*email, *role};
}

void write_member_members(core::JsonWriter& json, const Member& member) {
    const bool active = member.status == core::service::MemberStatus::Active;
    json.member("id", member.id.text()).member("email", member.email);
    json.member("role", to_string(member.role));
    json.member("status", active ? "active" : "invited");
    write_time(json, "created_at", member.created_at);
    write_time(json, "expires_at", member.expires_at);
}

core::Result<HttpResponse> list_members(RequestContext& context, const HttpRequest& request) {
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);
    const auto members = context.services.members.list(context.user().tenant, *page);
    if (!members) return core::failure(members);
    core::JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& member : members->items) {
        json.begin_object();
        write_member_members(json, member);
        json.end_object();
    }
    json.end_array().member("total", members->total).end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> invite_member(RequestContext& context, const HttpRequest& request) {
    const auto member = decode_new_member(request.body->root());
    if (!member) return core::failure(member);
    auto invited = context.services.members.invite(core::service::manager_of(context.user()),
                                                   context.origin,
                                                   member->email,
                                                   member->role,
                                                   render_invited);
    if (!invited) return core::failure(std::move(invited));
    return json_response(Status::Ok, std::move(*invited));
}

core::Result<HttpResponse> change_member_role(RequestContext& context, const HttpRequest& request) {
    const auto id = member_id(request);
    if (!id) return core::failure(id);
    const auto object = JsonObject::decode(request.body->root(), {"role"});
    if (!object) return core::failure(object);
    const auto role = required_role(*object);
    if (!role) return core::failure(role);
    auto changed = context.services.members.change_role(
        core::service::manager_of(context.user()), context.origin, *id, *role, render_member);
    if (!changed) return core::failure(std::move(changed));
    return json_response(Status::Ok, std::move(*changed));
}

core::Result<HttpResponse> remove_member(RequestContext& context, const HttpRequest& request) {
    const auto id = member_id(request);
    if (!id) return core::failure(id);
    auto removed = context.services.members.remove(
        core::service::manager_of(context.user()), context.origin, *id, render_gone);
    if (!removed) return core::failure(std::move(removed));
    return json_response(Status::NoContent, std::move(*removed));
}

core::Result<HttpResponse> accept_invitation(RequestContext& context, const HttpRequest& request) {
    const auto token = decode_invitation_token(request.body->root());
    if (!token) return core::failure(token);
    auto joined =
        context.services.members.accept(context.identity(), context.origin, *token, render_joined);
    if (!joined) return core::failure(std::move(joined));
    return json_response(Status::Ok, std::move(*joined));
}

}  // namespace fcgi
