// /v1/approvals, for people who decide and for the asking agent. Functions without state;
// thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/approvals.h"
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

// POST /v1/approvals/{approval_id}/approve
core::Result<HttpResponse> approve_request(RequestContext& context, const HttpRequest& request);
// POST /v1/approvals/{approval_id}/deny
core::Result<HttpResponse> deny_request(RequestContext& context, const HttpRequest& request);

// For tests to look at by themselves.
void write_approval(core::JsonWriter& json, const core::service::Approval& approval);
void write_agent_approval(core::JsonWriter& json, const core::service::AgentApproval& approval);

}  // namespace fcgi
