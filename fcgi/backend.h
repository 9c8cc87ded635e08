// What answers the requests of one pool of workers: who is let in, and what the handlers work with.
// Everything else about a request is the dispatcher's and the same for all pools.
// Thread-compatible: one object per request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/service/access.h"
#include "core/service/metrics.h"
#include "core/service/rate_limits.h"
#include "fcgi/http.h"
#include "fcgi/routes.h"

namespace fcgi {

class Backend {
  public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    Backend(Backend&&) = delete;
    Backend& operator=(Backend&&) = delete;
    virtual ~Backend() = default;

    virtual const core::Clock& clock() = 0;
    virtual core::service::RateLimits& rate_limits() = 0;
    // nullptr: nothing is counted.
    virtual core::service::Metrics* metrics() = 0;

    // Who is asking? Errors: as core::service::Authenticator::identify().
    virtual core::Result<core::identity::Principal> identify(
        const core::identity::Access& wanted,
        const core::service::Credentials& credentials,
        const core::identity::Origin& origin) = 0;
    // May they? Errors: as core::service::check_access().
    virtual core::Result<void> check_access(const core::identity::Access& wanted,
                                            const core::identity::Principal& principal,
                                            const core::identity::Origin& origin) = 0;
    // Calls the handler that the route has in this pool. Precondition: it has one.
    virtual core::Result<HttpResponse> handle(const Route& route,
                                              const core::identity::Principal& principal,
                                              const core::identity::Origin& origin,
                                              const HttpRequest& request) = 0;
};

}  // namespace fcgi
