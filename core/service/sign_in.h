// People: from a verified ID token or a personal token to a member of one tenant.
// Thread-compatible: one object per request thread.
#pragma once

#include "core/base/result.h"
#include "core/identity/id_token.h"
#include "core/identity/principal.h"
#include "core/service/peppers.h"

#include <optional>
#include <string_view>

namespace core::service {

struct Runtime;

class SignIn {
  public:
    // `runtime` must outlive this object.
    explicit SignIn(const Runtime& runtime);

    // `wanted_tenant`: the text of X-Tenant-Id. Without it, the tenant that the person has belonged
    // to for longest. Who is not known may get a tenant of their own (sign_up.h).
    // Errors: InvalidRequest (no id), ScopeDenied (no member of that tenant, on record; or of
    // none), RateLimited (sign-ups), StoreUnavailable.
    Result<identity::UserPrincipal> by_id_token(const identity::IdTokenClaims& claims,
                                                std::optional<std::string_view> wanted_tenant,
                                                const identity::Origin& origin);

    // Of the token's own tenant, with the lower one of its role and its holder's present one.
    // Errors: Unauthorized, the same for all that do not hold; InvalidRequest and ScopeDenied as
    // above, where X-Tenant-Id names another tenant; StoreUnavailable.
    Result<identity::UserPrincipal> by_personal_token(std::string_view credential,
                                                      std::optional<std::string_view> wanted_tenant,
                                                      const identity::Origin& origin);

  private:
    const Runtime& m_runtime;
    Peppers m_peppers;
};

}  // namespace core::service
