// Personal tokens: long-lived keys of people, for what can't sign in (the CLI, scripts). One of
// them may do what its holder may do at that moment, or less. Thread-compatible: one object per
// request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/member_role.h"
#include "core/identity/principal.h"
#include "core/service/exactly_once.h"
#include "core/service/page.h"
#include "core/service/peppers.h"

#include <chrono>
#include <optional>
#include <string>

namespace core::service {

struct Runtime;

struct NewPersonalToken {
    std::string name;                          // as an agent's
    std::optional<std::chrono::seconds> ttl;   // 1 s to 90 d; default 30 d
    std::optional<identity::MemberRole> role;  // default: the holder's
};

struct PersonalToken {
    PersonalTokenId id;
    std::string name;
    std::string prefix;  // the first 13 characters
    identity::MemberRole role = identity::MemberRole::Viewer;
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Timestamp> last_used_at;  // to the minute
};

struct PersonalTokenWithKey {
    PersonalToken token;
    const Credential& key;  // shown once; lives as long as the call
};

class PersonalTokens {
  public:
    // `runtime` must outlive this object.
    explicit PersonalTokens(const Runtime& runtime);

    // Changes are made exactly once (exactly_once.h).
    // Errors: InvalidRequest (name, ttl), ScopeDenied (a role above one's own), PlanLimitReached,
    // Unauthorized (no member any more), StoreUnavailable.
    Result<Body> create(const identity::UserPrincipal& user,
                        const identity::Origin& origin,
                        const NewPersonalToken& request,
                        const Rendering<PersonalTokenWithKey>& render);

    // One's own live ones, newest first. Errors: StoreUnavailable.
    Result<Page<PersonalToken>> list(const identity::UserPrincipal& user, const PageRequest& page);

    // Errors: NotFound, also for other people's; StoreUnavailable.
    Result<Body> revoke(const identity::UserPrincipal& user,
                        const identity::Origin& origin,
                        const PersonalTokenId& id,
                        const Rendering<PersonalTokenId>& render);

  private:
    const Runtime& m_runtime;
    Peppers m_peppers;
    ExactlyOnce m_once;
};

}  // namespace core::service
