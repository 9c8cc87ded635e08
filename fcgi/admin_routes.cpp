#include "fcgi/admin_routes.h"

#include "fcgi/handlers/admin_handlers.h"

#include <array>

namespace fcgi {
namespace {

constexpr std::array<std::string_view, 1> kExcluding{"exclude"};

constexpr std::array kRoutes{Route{.method = Method::Get,
                                   .path = "/metrics",
                                   .auth = core::identity::AuthKind::None,
                                   .handler = show_metrics,
                                   .operation_id = "showMetrics",
                                   .summary = "What all workers of this host count, for Prometheus",
                                   .response_schema = "Metrics"},
                             Route{.method = Method::Get,
                                   .path = "/readyz",
                                   .auth = core::identity::AuthKind::None,
                                   .handler = show_readiness,
                                   .operation_id = "showReadiness",
                                   .summary = "Whether this host could serve, check by check",
                                   .query = kExcluding,
                                   .response_schema = "Readiness"}};

static_assert(all_complete(kRoutes), "a route lacks its path, auth, handler, summary or schema");
static_assert(all_distinct(kRoutes), "two routes share method and path, or an operation id");

}  // namespace

std::span<const Route> admin_routes() {
    return kRoutes;
}

}  // namespace fcgi
