// The pool of billing: people by their ID tokens, and Stripe. No key of the store is here.
#pragma once

#include "core/service/billing.h"
#include "core/service/person_authenticator.h"
#include "core/service/rate_limits.h"
#include "core/service/runtime.h"
#include "core/stripe/client.h"
#include "fcgi/backend.h"

namespace fcgi {

class BillingBackend final : public Backend {
  public:
    // All must outlive this object.
    BillingBackend(const core::service::KeylessRuntime& runtime,
                   const core::service::BillingTerms& terms,
                   const core::stripe::WebhookSecret& webhook_secret,
                   core::stripe::Client client);

    const core::Clock& clock() override { return m_runtime.clock; }
    core::service::RateLimits& rate_limits() override { return m_rate_limits; }
    core::service::Metrics* metrics() override { return m_runtime.metrics; }
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
    const core::service::KeylessRuntime& m_runtime;
    core::service::PersonAuthenticator m_authenticator;
    core::service::RateLimits m_rate_limits;
    core::service::Billing m_billing;
};

}  // namespace fcgi
