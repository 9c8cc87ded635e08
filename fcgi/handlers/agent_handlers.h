// /v1/agents. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/agents.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// POST /v1/agents
core::Result<HttpResponse> create_agent(RequestContext& context, const HttpRequest& request);
// GET /v1/agents
// PATCH /v1/agents/{agent}
core::Result<HttpResponse> update_agent(RequestContext& context, const HttpRequest& request);
// DELETE /v1/agents/{agent}
core::Result<HttpResponse> revoke_agent(RequestContext& context, const HttpRequest& request);
// POST /v1/agents/{agent}/rotate-key
core::Result<HttpResponse> rotate_agent_key(RequestContext& context, const HttpRequest& request);
core::Result<HttpResponse> list_agents(RequestContext& context, const HttpRequest& request);

// The two halves that tests look at by themselves. Errors: InvalidRequest naming the member.
core::Result<core::service::NewAgent> decode_new_agent(const core::JsonValue& body);
core::Result<core::service::AgentPatch> decode_agent_patch(const core::JsonValue& body);
void write_agent_members(core::JsonWriter& json, const core::service::Agent& agent);

}  // namespace fcgi
