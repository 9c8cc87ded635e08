#include "fcgi/services_backend.h"

#include "fcgi/request_context.h"

namespace fcgi {

core::Result<core::identity::Principal> ServicesBackend::identify(
    const core::identity::Access& wanted,
    const core::service::Credentials& credentials,
    const core::identity::Origin& origin) {
    return m_services.authenticator.identify(wanted, credentials, origin);
}

core::Result<void> ServicesBackend::check_access(const core::identity::Access& wanted,
                                                 const core::identity::Principal& principal,
                                                 const core::identity::Origin& origin) {
    return m_services.authenticator.check_access(wanted, principal, origin);
}

core::Result<HttpResponse> ServicesBackend::handle(const Route& route,
                                                   const core::identity::Principal& principal,
                                                   const core::identity::Origin& origin,
                                                   const HttpRequest& request) {
    RequestContext context{{principal, origin}, m_services};
    return route.handler(context, request);
}

}  // namespace fcgi
