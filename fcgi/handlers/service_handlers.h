// What the service says about itself, to anyone. Functions without state; thread-safe.
#pragma once

#include "core/base/result.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/health
core::Result<HttpResponse> show_health(RequestContext& context, const HttpRequest& request);
// GET /v1/openapi.json
core::Result<HttpResponse> show_openapi(RequestContext& context, const HttpRequest& request);

}  // namespace fcgi
