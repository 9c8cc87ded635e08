// /v1/me/tokens: personal tokens of the person who asks. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/personal_tokens.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// POST /v1/me/tokens
core::Result<HttpResponse> create_personal_token(RequestContext& context,
                                                 const HttpRequest& request);
// GET /v1/me/tokens
core::Result<HttpResponse> list_personal_tokens(RequestContext& context,
                                                const HttpRequest& request);
// DELETE /v1/me/tokens/{personal_token_id}
core::Result<HttpResponse> revoke_personal_token(RequestContext& context,
                                                 const HttpRequest& request);

// The halves that tests look at by themselves. Errors: InvalidRequest naming the member.
core::Result<core::service::NewPersonalToken> decode_new_personal_token(
    const core::JsonValue& body);
void write_personal_token_members(core::JsonWriter& json,
                                  const core::service::PersonalToken& token);

}  // namespace fcgi
