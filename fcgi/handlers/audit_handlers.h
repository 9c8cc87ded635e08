// /v1/audit. Functions without state; thread-safe.
#pragma once

#include "core/base/result.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/audit: a page, or with `format` a file of all that matches.
core::Result<HttpResponse> list_audit_events(RequestContext& context, const HttpRequest& request);

}  // namespace fcgi
