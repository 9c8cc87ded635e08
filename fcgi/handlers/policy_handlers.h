// /v1/approval-policies. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/approval_policies.h"
#include "fcgi/http.h"

#include <vector>

namespace fcgi {

struct RequestContext;

// GET /v1/approval-policies
core::Result<HttpResponse> show_policies(RequestContext& context, const HttpRequest& request);
// PUT /v1/approval-policies
core::Result<HttpResponse> replace_policies(RequestContext& context, const HttpRequest& request);

// For tests to look at by itself. Errors: InvalidRequest naming the policy and its member.
core::Result<std::vector<core::service::ApprovalPolicy>> decode_policies(
    const core::JsonObject& object);

}  // namespace fcgi
