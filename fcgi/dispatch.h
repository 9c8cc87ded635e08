// One request from the raw target to the answer: route, credential, query, body, handler, error.
// Thread-compatible: one object per request thread.
//
// The order is fixed here and nowhere else: who is asking, is that within the tenant's limit, may
// they call this; only then is a body read and a handler called.
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/service/rate_limits.h"
#include "fcgi/backend.h"
#include "fcgi/http.h"
#include "fcgi/request_metrics.h"
#include "fcgi/router.h"

#include <cstddef>
#include <optional>

namespace fcgi {

// What may be called at which listener: routes() at the public one, admin_routes() at the other.
struct Routers {
    Router open;
    Router admin;
};

class Dispatcher {
  public:
    // Both must outlive this object.
    Dispatcher(const Routers& routers, Backend& backend) : m_routers(routers), m_backend(backend) {}

    // Always an answer, whatever happens below.
    HttpResponse dispatch(const IncomingRequest& incoming, BodySource& body);

    // An exception came up that no layer expects: what is in memory is not to be trusted, and the
    // worker should make room for a new one once it has answered.
    [[nodiscard]] bool is_doubtful() const { return m_doubtful; }

  private:
    // Filled as soon as it is known whose request this is.
    struct Caller {
        std::optional<core::TenantId> tenant;
        core::service::RateJudgement judged;
    };

    HttpResponse answer(const IncomingRequest& incoming,
                        BodySource& body,
                        const core::RequestId& request_id,
                        RequestMeter& meter);
    core::Result<HttpResponse> serve(const Routed& routed,
                                     HttpRequest& request,
                                     const IncomingRequest& incoming,
                                     BodySource& body,
                                     const core::RequestId& request_id,
                                     Caller& caller);
    // Is this caller within its limit, and may it call this?
    core::Result<void> admit(const Route& route,
                             core::identity::Principal& principal,
                             core::identity::Origin& origin,
                             Caller& caller);
    core::Result<HttpResponse> handle(const Route& route,
                                      core::identity::Principal& principal,
                                      core::identity::Origin& origin,
                                      const HttpRequest& request,
                                      core::service::RateJudgement& judged);

    const Routers& m_routers;
    Backend& m_backend;
    bool m_doubtful = false;
};

// The steps that need no service, for tests too. A HttpResponse is a refusal.
tl::expected<Routed, HttpResponse> route_request(const Router& router,
                                                 const IncomingRequest& incoming);
// How many bytes of body to read.
tl::expected<std::size_t, HttpResponse> announced_body(const Route& route,
                                                       const IncomingRequest& incoming);

}  // namespace fcgi
