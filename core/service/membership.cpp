#include "core/service/membership.h"

#include "core/service/audit_trail.h"
#include "core/service/runtime.h"
#include "core/service/sign_up.h"
#include "core/store/connection_pool.h"
#include "core/store/member_store.h"

#include <algorithm>
#include <string>

namespace core::service {
namespace {

using identity::Origin;
using identity::UserPrincipal;

// Gives its connection back before anything else is done: a record of a refusal needs one too, and
// threads that hold two could starve the pool.
Result<std::optional<store::PersonRow>> find_person(const KeylessRuntime& runtime,
                                                    const identity::IdTokenClaims& claims) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::find_person(**connection, claims.issuer, claims.subject);
}

Result<UserPrincipal> member(const UserId& user, const store::Membership& membership) {
    const auto role = identity::parse_member_role(membership.role);
    if (!role) return failure(ErrorCode::IntegrityFailure, {}, "a member's role is unknown");
    UserPrincipal principal;
    principal.tenant = membership.tenant;
    principal.user = user;
    principal.role = *role;
    principal.plan = membership.plan;
    return principal;
}

}  // namespace

Result<std::optional<TenantId>> parse_wanted_tenant(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    const auto tenant = TenantId::parse(*text);
    if (!tenant)
        return failure(ErrorCode::InvalidRequest,
                       "The header X-Tenant-Id must be the id of a tenant, in lower case; GET "
                       "/v1/me lists yours");
    return tenant;
}

Failure refuse_tenant(const KeylessRuntime& runtime,
                      const UserPrincipal& user,
                      const Origin& origin) {
    return refuse(runtime,
                  user.tenant,
                  audit_origin(user, origin),
                  failed_authentication(runtime, "user", user.user.bytes(), "not_a_member"),
                  {ErrorCode::ScopeDenied,
                   "You are no member of the tenant that X-Tenant-Id names, or this token is not "
                   "for it; GET /v1/me lists yours",
                   {}});
}

Failure ask_for_invitation(std::string_view detail) {
    return failure(ErrorCode::ScopeDenied, std::string(kAskForInvitation), std::string(detail));
}

Result<std::optional<UserPrincipal>> find_member(const KeylessRuntime& runtime,
                                                 const identity::IdTokenClaims& claims,
                                                 std::optional<std::string_view> wanted_tenant,
                                                 const Origin& origin) {
    const auto wanted = parse_wanted_tenant(wanted_tenant);
    if (!wanted) return failure(wanted);
    const auto person = find_person(runtime, claims);
    if (!person) return failure(person);
    // Whoever asks for a tenant by its id has been here before, or is mistaken.
    if (!*person && !*wanted) return std::nullopt;
    // Who is known and belongs nowhere was removed, and gets no tenant by coming again.
    if (!*person || (*person)->memberships.empty())
        return ask_for_invitation("the user is no member");

    const auto& memberships = (*person)->memberships;
    auto found = memberships.begin();
    if (*wanted)
        found = std::find_if(memberships.begin(), memberships.end(), [&](const auto& one) {
            return one.tenant == **wanted;
        });
    auto user = member((*person)->user, found == memberships.end() ? memberships.front() : *found);
    if (!user) return failure(user);
    if (found == memberships.end()) return refuse_tenant(runtime, *user, origin);
    user->signed_in_at = claims.authenticated_at;
    return *user;
}

}  // namespace core::service
