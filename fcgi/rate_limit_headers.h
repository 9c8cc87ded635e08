// What a client is told of its limit, with every answer: RateLimit and RateLimit-Policy (IETF draft
// "RateLimit header fields for HTTP"), and the X-RateLimit-... that most clients know.
#pragma once

#include "core/base/clock.h"
#include "core/service/rate_limits.h"
#include "fcgi/http.h"

namespace fcgi {

// `now`: X-RateLimit-Reset is a point in time, in seconds since 1970.
void add_rate_limit_headers(HttpResponse& response,
                            const core::service::Quota& quota,
                            core::Timestamp now);

}  // namespace fcgi
