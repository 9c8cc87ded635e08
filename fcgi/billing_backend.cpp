#include "fcgi/billing_backend.h"

#include "core/service/access.h"
#include "fcgi/request_context.h"

#include <utility>

namespace fcgi {

BillingBackend::BillingBackend(const core::service::KeylessRuntime& runtime,
                               const core::service::BillingTerms& terms,
                               const core::stripe::WebhookSecret& webhook_secret,
                               core::stripe::Client client)
    : m_runtime(runtime),
      m_authenticator(runtime),
      m_rate_limits(runtime),
      m_billing(runtime, terms, webhook_secret, std::move(client)) {}

core::Result<core::identity::Principal> BillingBackend::identify(
    const core::identity::Access& wanted,
    const core::service::Credentials& credentials,
    const core::identity::Origin& origin) {
    return m_authenticator.identify(wanted, credentials, origin);
}

core::Result<void> BillingBackend::check_access(const core::identity::Access& wanted,
                                                const core::identity::Principal& principal,
                                                const core::identity::Origin& origin) {
    return core::service::check_access(m_runtime, wanted, principal, origin);
}

core::Result<HttpResponse> BillingBackend::handle(const Route& route,
                                                  const core::identity::Principal& principal,
                                                  const core::identity::Origin& origin,
                                                  const HttpRequest& request) {
    BillingContext context{{principal, origin}, m_billing};
    return route.billing_handler(context, request);
}

}  // namespace fcgi
