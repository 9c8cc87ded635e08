// /v1/tokens. Functions without state; thread-safe.
#pragma once

#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/tokens.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// POST /v1/tokens
core::Result<HttpResponse> request_token(RequestContext& context, const HttpRequest& request);
// GET /v1/tokens
core::Result<HttpResponse> list_tokens(RequestContext& context, const HttpRequest& request);
// POST /v1/tokens/{token_id}/revoke
core::Result<HttpResponse> revoke_token(RequestContext& context, const HttpRequest& request);

// The two halves that tests look at by themselves. The request keeps views of the body's document.
// Errors: InvalidRequest naming the member.
core::Result<core::service::TokenRequest> decode_token_request(const core::JsonValue& body);
void write_token_answer(core::JsonWriter& json,
                        const core::AgentId& agent,
                        const core::service::TokenAnswer& answer);

}  // namespace fcgi
