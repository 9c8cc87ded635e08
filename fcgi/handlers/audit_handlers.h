// /v1/audit. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/audit.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/audit
core::Result<HttpResponse> list_audit_events(RequestContext& context, const HttpRequest& request);

void write_audit_event(core::JsonWriter& json, const core::service::AuditEvent& event);

}  // namespace fcgi
