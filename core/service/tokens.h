// Scoped tokens: issued to an agent for its key, at once or after an approval. Thread-compatible:
// one object per request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/ip_allowlist.h"
#include "core/identity/principal.h"
#include "core/scope/access_tier.h"
#include "core/service/approved_tokens.h"
#include "core/service/exactly_once.h"
#include "core/service/page.h"
#include "core/service/token_signer.h"
#include "core/store/token_store.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace core::service {

struct Actor;
struct Runtime;

struct TokenRequest {
    std::vector<std::string_view> scopes;     // as sent, short forms included
    std::optional<std::chrono::seconds> ttl;  // default tokens.default_ttl
    std::optional<std::int64_t> max_uses;     // 1 to 1,000,000
    std::optional<identity::IpAllowlist> ips;
    std::optional<std::string> reason;  // at most 500 characters; approvers see it
};

struct IssuedToken {
    const Credential* token = nullptr;  // lives as long as the call
    TokenId id;
    Timestamp expires_at;
    std::vector<std::string> scopes;
};

struct ApprovalRequired {
    ApprovalId approval;
    std::vector<std::string> scopes;
};

using TokenAnswer = std::variant<IssuedToken, ApprovalRequired>;

// A token's row, never the token.
struct TokenInfo {
    TokenId id;
    AgentId agent;
    std::vector<std::string> scopes;
    scope::AccessTier tier = scope::AccessTier::Standard;
    std::optional<std::int64_t> max_uses;
    std::int64_t uses = 0;
    std::optional<std::vector<std::string>> ip_allowlist;
    Timestamp issued_at;
    Timestamp expires_at;
};

class Tokens {
  public:
    // `runtime` must outlive this object.
    explicit Tokens(const Runtime& runtime);

    // The same request of the same agent within 10 s gets the same token, as long as that is of
    // use: the official SDK sends a request up to four times.
    //
    // Issued at once, unless the scopes cover an existing secret of a tier that needs approval for
    // the action. Then the same request asked again gives the same pending approval; once that is
    // approved, its token, always the same one until it is of no more use; and for ten minutes
    // after it was denied, the denial.
    // Errors: InvalidRequest; ScopeDenied naming the scope that the agent may not have, or the
    // denial (recorded as token.denied); VersionConflict where an approval's row was changed
    // (recorded, too); StoreUnavailable.
    Result<Body> request(const identity::AgentPrincipal& agent,
                         const identity::Origin& origin,
                         const TokenRequest& request,
                         const Rendering<TokenAnswer>& render);

    // Those that are of use now, newest first; of one agent or of all. Errors: StoreUnavailable.
    Result<Page<TokenInfo>> list(const TenantId& tenant,
                                 const std::optional<AgentId>& agent,
                                 const PageRequest& page);

    // No worker accepts it in a request that is sent after this has returned.
    // Errors: NotFound, AlreadyRevoked, StoreUnavailable.
    Result<Body> revoke(const Actor& actor,
                        const identity::Origin& origin,
                        const TokenId& token,
                        const Rendering<TokenId>& render);

  private:
    // One request on its way: whose, and the row that it stands for.
    struct Draft {
        const identity::AgentPrincipal& agent;
        scope::ScopeSet scopes;
        store::NewTokenRow row;
    };
    Result<Draft> draft(const identity::AgentPrincipal& agent, const TokenRequest& request);
    void add_issue(store::Transaction& transaction,
                   const Draft& draft,
                   const store::AuditOrigin& origin);
    Result<Body> answer(const Draft& draft,
                        const store::IssuedRow& issued,
                        const Rendering<TokenAnswer>& render);
    // Nothing where an approval is needed first.
    Result<std::optional<Body>> issue(const Draft& draft,
                                      const store::AuditOrigin& from,
                                      const Rendering<TokenAnswer>& render,
                                      std::int64_t& tier);
    Result<std::optional<Body>> issue_once(const Draft& draft,
                                           const store::AuditOrigin& from,
                                           const identity::Origin& origin,
                                           const Rendering<TokenAnswer>& render,
                                           std::int64_t& tier);
    // Approval is needed: what became of this request so far, or a new one.
    Result<Body> ask(const Draft& draft,
                     const TokenRequest& request,
                     std::int64_t tier,
                     const store::AuditOrigin& from,
                     const Rendering<TokenAnswer>& render);
    Result<std::optional<Body>> settle(store::Connection& connection,
                                       store::Transaction& transaction,
                                       const Draft& draft,
                                       const store::ApprovalState& state,
                                       const store::AuditOrigin& from,
                                       const Rendering<TokenAnswer>& render);
    Result<Body> ask_anew(store::Transaction& transaction,
                          const Draft& draft,
                          const TokenRequest& request,
                          std::int64_t tier,
                          const store::AuditOrigin& from,
                          const Rendering<TokenAnswer>& render);

    const Runtime& m_runtime;
    TokenSigner m_signer;
    ApprovedTokens m_approved;
    ExactlyOnce m_once;
};

}  // namespace core::service
