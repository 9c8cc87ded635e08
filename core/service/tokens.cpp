#include "core/service/tokens.h"

#include "core/base/json.h"
#include "core/crypto/mac.h"
#include "core/crypto/random.h"
#include "core/scope/access_tier.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/store/approval_store.h"
#include "core/store/connection_pool.h"
#include "core/store/token_store.h"

#include <algorithm>
#include <utility>

namespace core::service {
namespace {

constexpr std::int64_t kMostUses = 1000000;
constexpr std::size_t kLongestReason = 500;

Failure invalid(std::string message) {
    return failure(ErrorCode::InvalidRequest, std::move(message));
}

Result<std::chrono::seconds> lifetime(const TokenRequest& request, const Policy& policy) {
    const auto ttl = request.ttl.value_or(policy.default_token_ttl);
    if (ttl < std::chrono::seconds(1)) return invalid("The member 'ttl' must be at least 1s");
    if (ttl > policy.max_token_ttl)
        return invalid("The member 'ttl' may be at most " + format_duration(policy.max_token_ttl));
    return ttl;
}

Result<void> check(const TokenRequest& request) {
    if (request.max_uses && (*request.max_uses < 1 || *request.max_uses > kMostUses))
        return invalid("The member 'max_uses' must be null or a whole number from 1 to 1000000");
    if (request.reason && character_count(*request.reason) > kLongestReason)
        return invalid("The member 'reason' must have at most 500 characters");
    return {};
}

// What tokens carry for nginx: an unverified hint of three characters.
std::string plan_hint(std::string_view plan) {
    if (plan == "enterprise") return "ent";
    if (plan == "pro") return "pro";
    return "fre";
}

// Reading needs approval from sensitive on, writing for critical only (contract.md §5).
std::vector<store::TierProbe> probes_for(const scope::ScopeSet& scopes) {
    constexpr auto kSensitive = static_cast<std::int64_t>(scope::AccessTier::Sensitive);
    constexpr auto kCritical = static_cast<std::int64_t>(scope::AccessTier::Critical);
    std::vector<store::TierProbe> probes;
    for (const auto& scope : scopes.scopes()) {
        if (scope.kind() != scope::Scope::Kind::Secrets) continue;
        const bool reads = scope.covers_action(scope::Action::Read);
        const bool writes = scope.covers_action(scope::Action::Write);
        if (reads || writes)
            probes.push_back(store::tier_probe(scope.pattern(), scope.literal_prefix(), kCritical));
        if (reads)
            probes.push_back(
                store::tier_probe(scope.pattern(), scope.literal_prefix(), kSensitive));
    }
    return probes;
}

// Two requests are the same when this is: scopes as a set, ttl, max_uses, ip_allowlist. JSON keeps
// the parts apart.
crypto::Digest request_digest(const store::NewTokenRow& row) {
    std::vector<std::string> scopes = row.scopes;
    std::sort(scopes.begin(), scopes.end());
    scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
    JsonWriter writer;
    writer.begin_object().member("scopes", scopes).member("ttl", row.ttl_seconds);
    writer.member("max_uses", row.max_uses).member("ips", row.ip_allowlist).end_object();
    return crypto::sha256(as_bytes(std::move(writer).take_text()));
}

store::AuditRecord denied_token(const Runtime& runtime,
                                const identity::AgentPrincipal& agent,
                                const scope::Scope& scope) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "token.denied";
    record.resource_type = "agent";
    record.resource = agent.agent.bytes();
    record.reason = "scope_not_allowed";
    JsonWriter details;
    details.begin_object().member("scope", scope.text()).end_object();
    record.details = std::move(details).take_text();
    return record;
}

}  // namespace

Tokens::Tokens(const Runtime& runtime) : m_runtime(runtime), m_keys(runtime.keyring.token_keys()) {}

Result<TokenAnswer> Tokens::request(const identity::AgentPrincipal& agent,
                                    const identity::Origin& origin,
                                    const TokenRequest& request) {
    if (const auto fine = check(request); !fine) return failure(fine);
    const auto ttl = lifetime(request, m_runtime.policy);
    if (!ttl) return failure(ttl);
    auto scopes = agent.limits.expand_request(request.scopes);
    if (!scopes) return failure(scopes);
    if (const scope::Scope* denied = agent.limits.first_not_granted(*scopes))
        return refuse(m_runtime,
                      agent.tenant,
                      audit_origin(agent, origin),
                      denied_token(m_runtime, agent, *denied),
                      Error{ErrorCode::ScopeDenied,
                            "The agent may not have the scope '" + denied->text() +
                                "'; ask for less, or have its allowed_scopes and "
                                "allowed_namespaces widened",
                            {}});

    store::NewTokenRow row;
    row.token = crypto::new_id<TokenId>(m_runtime.clock);
    row.agent = agent.agent;
    row.signing_key = m_runtime.keyring.signing_key_id();
    row.plan_hint = plan_hint(agent.plan);
    row.epoch = m_runtime.root_key.token_epoch();
    row.agent_limits = agent.limits_version;
    row.scopes = scopes->texts();
    row.max_uses = request.max_uses;
    if (request.ips) row.ip_allowlist = request.ips->entries();
    row.ttl_seconds = ttl->count();
    return issue(agent, origin, request, std::move(*scopes), row);
}

Result<TokenAnswer> Tokens::issue(const identity::AgentPrincipal& agent,
                                  const identity::Origin& origin,
                                  const TokenRequest& request,
                                  scope::ScopeSet scopes,
                                  const store::NewTokenRow& row) {
    identity::ScopedTokenClaims claims;
    claims.plan_hint = row.plan_hint;
    claims.rate_limit_key = agent.rate_limit_key;
    claims.issuer = m_runtime.policy.token_issuer;
    claims.agent = agent.agent;
    claims.tenant = agent.tenant;
    claims.token = row.token;
    claims.issued_at = m_runtime.clock.now();
    claims.expires_at = claims.issued_at + std::chrono::seconds(row.ttl_seconds);
    claims.epoch = static_cast<std::uint32_t>(row.epoch);
    claims.agent_limits = row.agent_limits;
    claims.scopes = std::move(scopes);
    claims.max_uses = row.max_uses;
    claims.ips = request.ips;
    // Signed once before anything is stored: a token that would be too long is refused with no
    // row left behind. The times that count come from the database, and are as long.
    if (const auto fits = m_keys.sign(claims, m_keys.signing_kid()); !fits) return failure(fits);

    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    const auto from = audit_origin(agent, origin);
    const auto inserted = store::issue_token(**connection,
                                             agent.tenant,
                                             row,
                                             probes_for(claims.scopes),
                                             crypto::new_id<AuditEventId>(m_runtime.clock),
                                             from);
    if (!inserted) return failure(inserted);
    if (!inserted->issued)
        return ask(**connection,
                   agent.tenant,
                   request,
                   row,
                   inserted->tier_needing_approval.value_or(1),
                   from);

    claims.issued_at = inserted->issued->issued_at;
    claims.expires_at = inserted->issued->expires_at;
    auto token = m_keys.sign(claims, m_keys.signing_kid());
    if (!token) return failure(token);
    return IssuedToken{std::move(*token), row.token, claims.expires_at, row.scopes};
}

Result<TokenAnswer> Tokens::ask(store::Connection& connection,
                                const TenantId& tenant,
                                const TokenRequest& request,
                                const store::NewTokenRow& row,
                                std::int64_t tier,
                                const store::AuditOrigin& origin) {
    const auto digest = request_digest(row);
    store::NewApprovalRow approval;
    approval.approval = crypto::new_id<ApprovalId>(m_runtime.clock);
    approval.agent = row.agent;
    approval.request_digest.assign(digest.begin(), digest.end());
    approval.scopes = row.scopes;
    approval.ttl_seconds = row.ttl_seconds;
    approval.max_uses = row.max_uses;
    approval.ip_allowlist = row.ip_allowlist;
    approval.reason = request.reason;
    approval.tier = tier;
    approval.pending_seconds = m_runtime.policy.approval_ttl.count();
    const auto pending = store::request_approval(connection,
                                                 tenant,
                                                 approval,
                                                 crypto::new_id<AuditEventId>(m_runtime.clock),
                                                 crypto::new_id<AuditEventId>(m_runtime.clock),
                                                 origin);
    if (!pending) return failure(pending);
    return ApprovalRequired{*pending, row.scopes};
}

}  // namespace core::service
