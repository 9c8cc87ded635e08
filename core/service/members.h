// The people of a tenant: members, and those who are invited. Thread-compatible: one object per
// request thread.
//
// Two changes to the members of one tenant never happen at once: each locks the tenant's row first.
// So what is judged (is there another owner? is this invitation still pending?) is still true when
// it is done.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/email_address.h"
#include "core/identity/id_token.h"
#include "core/identity/invitation_token.h"
#include "core/identity/member_role.h"
#include "core/identity/principal.h"
#include "core/service/agents.h"
#include "core/service/exactly_once.h"
#include "core/service/page.h"
#include "core/store/member_store.h"

#include <cstdint>
#include <optional>
#include <string>

namespace core::service {

struct Runtime;

enum class MemberStatus : std::uint8_t { Active, Invited };

struct Member {
    MemberId id;  // of the user; of the invitation until it is accepted
    std::string email;
    identity::MemberRole role = identity::MemberRole::Viewer;
    MemberStatus status = MemberStatus::Active;
    Timestamp created_at;
    std::optional<Timestamp> expires_at;  // of an invitation
};

struct InvitedMember {
    Member member;
    const Credential& token;  // shown once; lives as long as the call
};

// Who changes members, and by which role: nobody gives or takes one that they don't manage
// (member_role.h). The operator's reaches everywhere.
struct Manager {
    Actor actor;
    identity::MemberRole role = identity::MemberRole::None;
};
Manager manager_of(const identity::UserPrincipal& user);

// What somebody belongs to now.
struct Joined {
    TenantId tenant;
    UserId user;
    identity::MemberRole role = identity::MemberRole::Viewer;
};

class Members {
  public:
    // `runtime` must outlive this object.
    explicit Members(const Runtime& runtime) : m_runtime(runtime), m_once(runtime) {}

    // Active ones before invited ones, oldest first. Errors: StoreUnavailable.
    Result<Page<Member>> list(const TenantId& tenant, const PageRequest& page);

    // Changes are made exactly once (exactly_once.h). Their refusals are on record.

    // A new invitation takes the place of a pending one for the same address, whose token is dead.
    // Errors: ScopeDenied (role), PlanLimitReached (pending ones), StoreUnavailable.
    Result<Body> invite(const Manager& manager,
                        const identity::Origin& origin,
                        const identity::EmailAddress& email,
                        identity::MemberRole role,
                        const Rendering<InvitedMember>& render);

    // Of a member, or in a pending invitation.
    // Errors: NotFound, ScopeDenied (role, the last owner), StoreUnavailable.
    Result<Body> change_role(const Manager& manager,
                             const identity::Origin& origin,
                             const MemberId& id,
                             identity::MemberRole role,
                             const Rendering<Member>& render);

    // Ends a membership, with every personal token of that member, or withdraws an invitation.
    // Anybody may end their own. Errors as change_role().
    Result<Body> remove(const Manager& manager,
                        const identity::Origin& origin,
                        const MemberId& id,
                        const Rendering<MemberId>& render);

    // By somebody who proves the address that was invited, be they known or not.
    // Errors: ScopeDenied (no proven address); NotFound, the same for a token that names nothing
    // and one for another address; InvalidRequest (a member already); StoreUnavailable.
    Result<Body> accept(const identity::IdTokenClaims& claims,
                        const identity::Origin& origin,
                        const identity::InvitationToken& token,
                        const Rendering<Joined>& render);

  private:
    const Runtime& m_runtime;
    ExactlyOnce m_once;
};

}  // namespace core::service
