// /v1/me: the tenant of the person who asks. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/profile.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/me
core::Result<HttpResponse> show_profile(RequestContext& context, const HttpRequest& request);
// PATCH /v1/me
core::Result<HttpResponse> update_profile(RequestContext& context, const HttpRequest& request);
// GET /v1/me/status
core::Result<HttpResponse> show_subscription(RequestContext& context, const HttpRequest& request);

// Errors: InvalidRequest naming the member.
core::Result<core::service::ProfilePatch> decode_profile_patch(const core::JsonValue& body);

}  // namespace fcgi
