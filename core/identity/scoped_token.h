// Scoped tokens: what an agent gets for its key. A JWS with HS256 under a key of this service.
// security.md §1.3; the payload's first 42 bytes have a fixed shape that nginx can cut out
// (architecture.md §5).
//
// The signed claims are authoritative; the row in the database adds revocation, uses and the
// agent's present limits. The same claims always give the same bytes, so a token is never stored:
// it is signed again from its row.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/crypto/mac.h"
#include "core/identity/ip_allowlist.h"
#include "core/identity/jose.h"
#include "core/scope/access_tier.h"
#include "core/scope/scope_set.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::identity {

inline constexpr std::string_view kScopedTokenType = "ass-scoped+jwt";
inline constexpr std::string_view kScopedTokenAudience = "secretstore";

// What tokens say of their tenant's plan, for nginx: fre, pro, ent.
std::string_view plan_hint(Plan plan);

// Everything that is signed. Member names on the wire in comments, in this order.
struct ScopedTokenClaims {
    std::string plan_hint;          // p: fre, pro or ent; for nginx only
    std::string rate_limit_key;     // rlk: 24 characters of the tenant
    std::string issuer;             // iss
                                    // aud: kScopedTokenAudience
    AgentId agent;                  // sub
    TenantId tenant;                // tid
    TokenId token;                  // jti
    Timestamp issued_at;            // iat, whole seconds; nbf is the same
    Timestamp expires_at;           // exp, whole seconds
    std::uint32_t epoch = 0;        // epo
    std::int64_t agent_limits = 0;  // alv: version of the agent's limits that were checked
    scope::ScopeSet scopes;         // scp
    scope::AccessTier tier = scope::AccessTier::Standard;  // tier: as a number
    std::optional<std::int64_t> max_uses;                  // mxu
    std::optional<IpAllowlist> ips;                        // ips: the token's own list

    // No skew: who issued it reads it. The database's clock judges again.
    [[nodiscard]] bool has_expired(Timestamp now) const { return now >= expires_at; }
};

// Signs with HS256 and verifies. Thread-compatible: one object per thread.
class ScopedTokenKeys {
  public:
    // `kid` is what tokens name. The first key added signs; all verify.
    void add(std::string kid, ByteView key);
    [[nodiscard]] const std::string& signing_kid() const { return m_signing_kid; }
    [[nodiscard]] bool knows(std::string_view kid) const;

    // Errors: InvalidRequest when the token would exceed kMaxCredentialBytes or its claims
    // kMaxClaimsBytes: fewer or shorter scopes are wanted. Internal when the kid is unknown, the
    // plan hint is none of fre, pro, ent, or the rate limit key is not 24 of [0-9A-Za-z].
    Result<Credential> sign(const ScopedTokenClaims& claims, std::string_view kid);

    // Checks key, algorithm, type, signature, then every claim: issuer, audience, epoch, iat and
    // nbf (30 s of skew); an unknown claim is refused. Whether the token has expired is left to the
    // caller, who asks ScopedTokenClaims::has_expired(): an expired one still tells whose it was,
    // and its use is recorded. Errors: Unauthorized.
    Result<ScopedTokenClaims> verify(const Jws& jws,
                                     std::string_view issuer,
                                     std::uint32_t epoch,
                                     Timestamp now);

  private:
    std::string m_signing_kid;
    std::map<std::string, crypto::HmacKey, std::less<>> m_keys;
};

}  // namespace core::identity
