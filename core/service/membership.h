// In which tenant a person acts, and as what. Functions without state; thread-safe.
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/identity/id_token.h"
#include "core/identity/principal.h"

#include <optional>
#include <string_view>

namespace core::service {

struct KeylessRuntime;

// The text of X-Tenant-Id. Errors: InvalidRequest where it is no id.
Result<std::optional<TenantId>> parse_wanted_tenant(std::optional<std::string_view> text);

// Whom an ID token names, in the tenant that they ask for, or else the one that they have belonged
// to for longest. Nothing where nobody knows them and they ask for none: they may be let in yet
// (sign_up.h). Errors: InvalidRequest; ScopeDenied (no member of that tenant, on record; or of
// none); StoreUnavailable.
Result<std::optional<identity::UserPrincipal>> find_member(
    const KeylessRuntime& runtime,
    const identity::IdTokenClaims& claims,
    std::optional<std::string_view> wanted_tenant,
    const identity::Origin& origin);

// The same for a tenant that is not there and one that is somebody else's. On record where the
// person belongs: a stranger must not write into other tenants' logs.
Failure refuse_tenant(const KeylessRuntime& runtime,
                      const identity::UserPrincipal& user,
                      const identity::Origin& origin);

// For who belongs nowhere. `detail` is for the log.
Failure ask_for_invitation(std::string_view detail);

}  // namespace core::service
