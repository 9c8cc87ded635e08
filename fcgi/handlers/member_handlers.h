// /v1/members and /v1/invitations. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/identity/email_address.h"
#include "core/identity/member_role.h"
#include "core/service/members.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/members
core::Result<HttpResponse> list_members(RequestContext& context, const HttpRequest& request);
// POST /v1/members
core::Result<HttpResponse> invite_member(RequestContext& context, const HttpRequest& request);
// PATCH /v1/members/{member_id}
core::Result<HttpResponse> change_member_role(RequestContext& context, const HttpRequest& request);
// DELETE /v1/members/{member_id}
core::Result<HttpResponse> remove_member(RequestContext& context, const HttpRequest& request);
// POST /v1/invitations/accept
core::Result<HttpResponse> accept_invitation(RequestContext& context, const HttpRequest& request);

// The halves that tests look at by themselves. Errors: InvalidRequest naming the member.
struct NewMember {
    core::identity::EmailAddress email;
    core::identity::MemberRole role = core::identity::MemberRole::None;
};
core::Result<NewMember> decode_new_member(const core::JsonValue& body);
void write_member_members(core::JsonWriter& json, const core::service::Member& member);

}  // namespace fcgi
