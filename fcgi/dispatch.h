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
#include "fcgi/router.h"

#include <cstddef>

namespace fcgi {

class Dispatcher {
  public:
    // Both must outlive this object.
    Dispatcher(const Router& router, Backend& backend) : m_router(router), m_backend(backend) {}

    // Always an answer, whatever happens below.
    HttpResponse dispatch(const IncomingRequest& incoming, BodySource& body);

    // An exception came up that no layer expects: what is in memory is not to be trusted, and the
    // worker should make room for a new one once it has answered.
    [[nodiscard]] bool is_doubtful() const { return m_doubtful; }

  private:
    HttpResponse answer(const IncomingRequest& incoming,
                        BodySource& body,
                        const core::RequestId& request_id);
    // Fills `judged` as soon as it is known whose request this is.
    core::Result<HttpResponse> serve(const Routed& routed,
                                     HttpRequest& request,
                                     const IncomingRequest& incoming,
                                     BodySource& body,
                                     const core::RequestId& request_id,
                                     core::service::RateJudgement& judged);
    // Is this caller within its limit, and may it call this?
    core::Result<void> admit(const Route& route,
                             core::identity::Principal& principal,
                             core::identity::Origin& origin,
                             core::service::RateJudgement& judged);
    core::Result<HttpResponse> handle(const Route& route,
                                      core::identity::Principal& principal,
                                      core::identity::Origin& origin,
                                      const HttpRequest& request,
                                      core::service::RateJudgement& judged);

    const Router& m_router;
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
