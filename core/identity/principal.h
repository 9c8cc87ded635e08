// Who is asking, once authenticated.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/identity/ip_allowlist.h"
#include "core/identity/scoped_token.h"
#include "core/scope/scope_set.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace core::identity {

// What a route asks for. Unset is nobody's choice: the route table's check refuses it.
enum class AuthKind : std::uint8_t { Unset, None, AgentKey, ScopedToken, User, ScopedTokenOrUser };

// An agent with its long-lived key.
struct AgentPrincipal {
    TenantId tenant;
    AgentId agent;
    std::string name;
    scope::AgentLimits limits;
    std::int64_t limits_version = 0;
    std::string plan;            // free, pro, enterprise
    std::string rate_limit_key;  // of the tenant
};

// The holder of a scoped token. Its signature and claims hold; its row has not been looked at.
struct TokenPrincipal {
    ScopedTokenClaims claims;
};

// A person, member of the tenant.
struct UserPrincipal {
    TenantId tenant;
    UserId user;
    std::string role;  // owner, admin, approver, viewer
    Timestamp authenticated_at;
};

using Principal = std::variant<std::monostate, AgentPrincipal, TokenPrincipal, UserPrincipal>;

// Where the request comes from; recorded with everything it does.
struct Origin {
    RequestId request_id;
    IpAddress address;
    std::string user_agent;  // at most 256 bytes of valid UTF-8 without control characters
};

}  // namespace core::identity
