// What the operator's monitoring asks for at the admin listener. Functions without state;
// thread-safe.
#pragma once

#include "core/base/result.h"
#include "core/service/monitoring.h"
#include "fcgi/http.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace fcgi {

struct RequestContext;

// GET /metrics. 200 also while the database is away: the counters are shown, and that it is.
core::Result<HttpResponse> show_metrics(RequestContext& context, const HttpRequest& request);
// GET /readyz?exclude=CHECK,CHECK: 200 where every check that is not excluded is fine, else 503.
core::Result<HttpResponse> show_readiness(RequestContext& context, const HttpRequest& request);

// Which checks a list of names excludes. Errors: InvalidRequest naming the one that there is not.
using Excluded = std::array<bool, core::service::kCheckNames.size()>;
core::Result<Excluded> parse_excluded(std::optional<std::string_view> names);

HttpResponse readiness_response(const core::service::Findings& findings, const Excluded& excluded);
// Without `gauges` the database is away.
std::string gauges_text(const std::optional<core::service::Gauges>& gauges);

}  // namespace fcgi
