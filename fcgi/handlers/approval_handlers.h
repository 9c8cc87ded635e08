// /v1/approvals, as people and the asking agent look at them. Functions without state; thread-safe.
#pragma once

#include "core/base/result.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/approvals
core::Result<HttpResponse> list_approvals(RequestContext& context, const HttpRequest& request);
// GET /v1/approvals/{approval_id}
core::Result<HttpResponse> show_approval(RequestContext& context, const HttpRequest& request);
// GET /v1/approvals/agent/{approval_id}
core::Result<HttpResponse> show_approval_to_agent(RequestContext& context,
                                                  const HttpRequest& request);

}  // namespace fcgi
