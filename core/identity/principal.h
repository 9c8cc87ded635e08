// Who is asking, once authenticated.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/identity/id_token.h"
#include "core/identity/ip_allowlist.h"
#include "core/identity/member_role.h"
#include "core/identity/scoped_token.h"
#include "core/scope/scope_set.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace core::identity {

// What a route asks for; lets_people_in() says where a person needs a role. Unset is nobody's
// choice: the route table's check refuses it.
enum class AuthKind : std::uint8_t {
    Unset,
    None,
    Agent,  // by its key
    ScopedToken,
    User,  // a member, by an ID token or a personal token
    ScopedTokenOrUser,
    SignedInUser,  // a member, by an ID token
    Identity,      // whoever an ID token names, member or not
};

// Who may call an endpoint: a kind of credential and, where that is a person's, the role that the
// person needs at least.
struct Access {
    AuthKind kind = AuthKind::Unset;
    MemberRole role = MemberRole::None;
};

constexpr bool lets_people_in(AuthKind kind) {
    return kind == AuthKind::User || kind == AuthKind::ScopedTokenOrUser ||
           kind == AuthKind::SignedInUser;
}

// An agent with its long-lived key.
struct AgentPrincipal {
    TenantId tenant;
    AgentId agent;
    std::string name;
    scope::AgentLimits limits;
    std::int64_t limits_version = 0;
    std::int64_t key_version = 0;
    TenantPlan plan;
    std::string rate_limit_key;  // of the tenant
};

// The holder of a scoped token. Its signature and claims hold; its row has not been looked at.
struct TokenPrincipal {
    ScopedTokenClaims claims;
    // Remembered: not looked up for each request, as those of the others are.
    TenantPlan plan;
};

// A person, member of the tenant.
struct UserPrincipal {
    TenantId tenant;
    UserId user;
    MemberRole role = MemberRole::None;
    TenantPlan plan;
    // When the person last proved who they are; nothing where the credential does not tell.
    std::optional<Timestamp> signed_in_at;
};

// Whom an ID token names. What they belong to has not been looked at.
struct IdentityPrincipal {
    IdTokenClaims claims;
};

using Principal =
    std::variant<std::monostate, AgentPrincipal, TokenPrincipal, UserPrincipal, IdentityPrincipal>;

// The name that a client gives a request which it may send again (header Idempotency-Key).
struct IdempotencyKey {
    std::string text;  // 1 to 255 visible ASCII characters
    // SHA-256 over method, target and body: what the name stands for.
    std::array<std::uint8_t, 32> request_digest{};
};

// Where the request comes from; recorded with everything it does.
struct Origin {
    RequestId request_id;
    IpAddress address;
    std::string user_agent;  // at most 256 bytes of valid UTF-8 without control characters
    std::optional<IdempotencyKey> idempotency_key;
    // The version of the tenant's plan that the request was judged by. Where the database says that
    // there is another one, nothing is done (ErrorCode::PlanChanged). Nothing: any will do.
    std::optional<std::int64_t> plan_version;
};

}  // namespace core::identity
