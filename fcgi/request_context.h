// What a handler works with beside the request. One per call of a handler; the services belong to
// the thread, the rest to the request.
#pragma once

#include "core/identity/principal.h"
#include "core/service/services.h"

#include <cstdlib>

namespace core::service {
class Billing;
}  // namespace core::service

namespace fcgi {

struct Caller {
    const core::identity::Principal& principal;
    const core::identity::Origin& origin;

    // The principal as the route's `auth` promises it: another kind here is a broken route table.
    [[nodiscard]] const core::identity::UserPrincipal& user() const {
        const auto* user = std::get_if<core::identity::UserPrincipal>(&principal);
        if (user == nullptr) std::abort();
        return *user;
    }
    // Whom the ID token names, member or not.
    [[nodiscard]] const core::identity::IdTokenClaims& identity() const {
        const auto* identity = std::get_if<core::identity::IdentityPrincipal>(&principal);
        if (identity == nullptr) std::abort();
        return identity->claims;
    }
    [[nodiscard]] const core::identity::AgentPrincipal& agent() const {
        const auto* agent = std::get_if<core::identity::AgentPrincipal>(&principal);
        if (agent == nullptr) std::abort();
        return *agent;
    }
};

struct RequestContext : Caller {
    core::service::Services& services;
};

// In the pool that sells plans.
struct BillingContext : Caller {
    core::service::Billing& billing;
};

}  // namespace fcgi
