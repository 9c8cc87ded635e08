// Scoped tokens: issued to an agent for its key, at once or after an approval. Thread-compatible:
// one object per request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/ip_allowlist.h"
#include "core/identity/principal.h"
#include "core/identity/scoped_token.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace core::store {
struct AuditOrigin;
class Connection;
struct NewTokenRow;
}  // namespace core::store

namespace core::service {

struct Runtime;

struct TokenRequest {
    std::vector<std::string_view> scopes;     // as sent, short forms included
    std::optional<std::chrono::seconds> ttl;  // default tokens.default_ttl
    std::optional<std::int64_t> max_uses;     // 1 to 1,000,000
    std::optional<identity::IpAllowlist> ips;
    std::optional<std::string> reason;  // at most 500 characters; approvers see it
};

struct IssuedToken {
    Credential token;
    TokenId id;
    Timestamp expires_at;
    std::vector<std::string> scopes;
};

struct ApprovalRequired {
    ApprovalId approval;
    std::vector<std::string> scopes;
};

using TokenAnswer = std::variant<IssuedToken, ApprovalRequired>;

class Tokens {
  public:
    // `runtime` must outlive this object.
    explicit Tokens(const Runtime& runtime);

    // Issued at once, unless the scopes cover an existing secret of a tier that needs approval for
    // the action; then the same request asked again gives the same pending approval.
    // Errors: InvalidRequest; ScopeDenied naming the scope that the agent may not have (recorded
    // as token.denied); StoreUnavailable.
    Result<TokenAnswer> request(const identity::AgentPrincipal& agent,
                                const identity::Origin& origin,
                                const TokenRequest& request);

  private:
    Result<TokenAnswer> issue(const identity::AgentPrincipal& agent,
                              const identity::Origin& origin,
                              const TokenRequest& request,
                              scope::ScopeSet scopes,
                              const store::NewTokenRow& row);
    Result<TokenAnswer> ask(store::Connection& connection,
                            const TenantId& tenant,
                            const TokenRequest& request,
                            const store::NewTokenRow& row,
                            std::int64_t tier,
                            const store::AuditOrigin& origin);

    const Runtime& m_runtime;
    identity::ScopedTokenKeys m_keys;
};

}  // namespace core::service
