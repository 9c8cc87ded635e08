#include "core/service/token_signer.h"

#include "core/scope/access_tier.h"
#include "core/service/services.h"

#include <span>
#include <string>
#include <utility>

namespace core::service {
namespace {

Failure broken(std::string what) {
    return failure(ErrorCode::IntegrityFailure, {}, "a token's row: " + std::move(what));
}

Result<void> read_rights(const store::SignedToken& row, identity::ScopedTokenClaims& claims) {
    auto scopes = scope::ScopeSet::parse(std::span<const std::string>(row.scopes));
    if (!scopes) return broken(scopes.error().public_message);
    claims.scopes = std::move(*scopes);
    const auto tier = scope::access_tier_from(row.tier);
    if (!tier) return broken("its tier is none");
    claims.tier = *tier;
    claims.max_uses = row.max_uses;
    if (!row.ip_allowlist) return {};
    auto ips = identity::IpAllowlist::parse(std::span<const std::string>(*row.ip_allowlist));
    if (!ips) return broken(ips.error().public_message);
    claims.ips = std::move(*ips);
    return {};
}

}  // namespace

TokenSigner::TokenSigner(const Runtime& runtime)
    : m_runtime(runtime), m_keys(runtime.keyring.token_keys()) {}

Result<Credential> TokenSigner::sign(const TenantId& tenant,
                                     std::string_view rate_limit_key,
                                     const store::SignedToken& row) {
    identity::ScopedTokenClaims claims;
    claims.plan_hint = row.plan_hint;
    claims.rate_limit_key = std::string(rate_limit_key);
    claims.issuer = m_runtime.policy.token_issuer;
    claims.agent = row.agent;
    claims.tenant = tenant;
    claims.token = row.token;
    claims.issued_at = row.issued_at;
    claims.expires_at = row.expires_at;
    claims.epoch = static_cast<std::uint32_t>(row.epoch);
    claims.agent_limits = row.agent_limits;
    if (const auto read = read_rights(row, claims); !read) return failure(read);
    return m_keys.sign(claims, Keyring::kid_of(row.signing_key));
}

bool TokenSigner::is_current(const store::SignedToken& row) const {
    return row.epoch == m_runtime.root_key.token_epoch() &&
           m_keys.knows(Keyring::kid_of(row.signing_key));
}

void TokenSigner::stamp(store::NewTokenRow& row, Plan plan) const {
    row.signing_key = m_runtime.keyring.signing_key_id();
    row.plan_hint = identity::plan_hint(plan);
    row.epoch = m_runtime.root_key.token_epoch();
}

store::SignedToken signed_token(const store::NewTokenRow& token,
                                Timestamp issued_at,
                                Timestamp expires_at) {
    store::SignedToken out;
    out.token = token.token;
    out.agent = token.agent;
    out.signing_key = token.signing_key;
    out.plan_hint = token.plan_hint;
    out.epoch = token.epoch;
    out.agent_limits = token.agent_limits;
    out.tier = token.tier;
    out.scopes = token.terms.scopes;
    out.max_uses = token.terms.max_uses;
    out.ip_allowlist = token.terms.ip_allowlist;
    out.issued_at = issued_at;
    out.expires_at = expires_at;
    return out;
}

}  // namespace core::service
