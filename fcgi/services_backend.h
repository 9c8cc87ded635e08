// The pool of the store itself: the services of one request thread.
#pragma once

#include "core/service/services.h"
#include "fcgi/backend.h"

namespace fcgi {

class ServicesBackend final : public Backend {
  public:
    // `services` must outlive this object.
    explicit ServicesBackend(core::service::Services& services) : m_services(services) {}

    const core::Clock& clock() override { return m_services.runtime.clock; }
    core::service::RateLimits& rate_limits() override { return m_services.rate_limits; }
    core::service::Metrics* metrics() override { return m_services.runtime.metrics; }
    core::Result<core::identity::Principal> identify(const core::identity::Access& wanted,
                                                     const core::service::Credentials& credentials,
                                                     const core::identity::Origin& origin) override;
    core::Result<void> check_access(const core::identity::Access& wanted,
                                    const core::identity::Principal& principal,
                                    const core::identity::Origin& origin) override;
    core::Result<HttpResponse> handle(const Route& route,
                                      const core::identity::Principal& principal,
                                      const core::identity::Origin& origin,
                                      const HttpRequest& request) override;

  private:
    core::service::Services& m_services;
};

}  // namespace fcgi
