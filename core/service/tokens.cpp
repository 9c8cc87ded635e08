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

Tokens::Tokens(const Runtime& runtime)
    : m_runtime(runtime), m_keys(runtime.keyring.token_keys()), m_once(runtime) {}

Result<Body> Tokens::request(const identity::AgentPrincipal& agent,
                             const identity::Origin& origin,
                             const TokenRequest& request,
                             const Rendering<TokenAnswer>& render) {
    if (const auto fine = check(request); !fine) return failure(fine);
    auto drafted = draft(agent, request);
    if (!drafted) return failure(drafted);
    const auto from = audit_origin(agent, origin);
    if (const auto* denied = agent.limits.first_not_granted(drafted->claims.scopes))
        return refuse(m_runtime,
                      agent.tenant,
                      from,
                      denied_token(m_runtime, agent, *denied),
                      Error{ErrorCode::ScopeDenied,
                            "The agent may not have the scope '" + denied->text() +
                                "'; ask for less, or have its allowed_scopes and "
                                "allowed_namespaces widened",
                            {}});
    // Signed once before anything is stored: a token that would be too long is refused with no
    // row left behind. The times that count come from the database, and are as long.
    if (const auto fits = m_keys.sign(drafted->claims, m_keys.signing_kid()); !fits)
        return failure(fits);

    std::int64_t tier = 0;
    auto issued = origin.idempotency_key ? issue_once(*drafted, from, origin, render, tier)
                                         : issue(*drafted, from, render, tier);
    if (!issued) return failure(std::move(issued));
    if (*issued) return std::move(**issued);
    return ask(*drafted, request, tier, from, render);
}

Result<Tokens::Draft> Tokens::draft(const identity::AgentPrincipal& agent,
                                    const TokenRequest& request) {
    const auto ttl = lifetime(request, m_runtime.policy);
    if (!ttl) return failure(ttl);
    auto scopes = agent.limits.expand_request(request.scopes);
    if (!scopes) return failure(scopes);

    Draft out;
    auto& row = out.row;
    row.token = crypto::new_id<TokenId>(m_runtime.clock);
    row.agent = agent.agent;
    row.signing_key = m_runtime.keyring.signing_key_id();
    row.plan_hint = plan_hint(agent.plan);
    row.epoch = m_runtime.root_key.token_epoch();
    row.agent_limits = agent.limits_version;
    row.agent_key_version = agent.key_version;
    row.scopes = scopes->texts();
    row.max_uses = request.max_uses;
    if (request.ips) row.ip_allowlist = request.ips->entries();
    row.ttl_seconds = ttl->count();
    const auto digest = request_digest(row);
    row.request_digest.assign(digest.begin(), digest.end());
    row.read_patterns = scopes->patterns_for(scope::Action::Read);

    auto& claims = out.claims;
    claims.plan_hint = row.plan_hint;
    claims.rate_limit_key = agent.rate_limit_key;
    claims.issuer = m_runtime.policy.token_issuer;
    claims.agent = agent.agent;
    claims.tenant = agent.tenant;
    claims.token = row.token;
    claims.issued_at = m_runtime.clock.now();
    claims.expires_at = claims.issued_at + *ttl;
    claims.epoch = static_cast<std::uint32_t>(row.epoch);
    claims.agent_limits = row.agent_limits;
    claims.scopes = std::move(*scopes);
    claims.max_uses = row.max_uses;
    claims.ips = request.ips;
    return out;
}

void Tokens::add_issue(store::Transaction& transaction,
                       const TenantId& tenant,
                       const Draft& draft,
                       const store::AuditOrigin& origin) {
    store::add_issue_token(transaction,
                           tenant,
                           draft.row,
                           probes_for(draft.claims.scopes),
                           crypto::new_id<AuditEventId>(m_runtime.clock),
                           origin);
}

// Of a row that may be older than this request, and then has its scopes and addresses in another
// order: the same row always gives the same token.
Result<Body> Tokens::answer(const Draft& draft,
                            const store::IssuedRow& issued,
                            const Rendering<TokenAnswer>& render) {
    auto claims = draft.claims;
    claims.token = issued.token;
    claims.issued_at = issued.issued_at;
    claims.expires_at = issued.expires_at;
    auto scopes = scope::ScopeSet::parse(std::span<const std::string>(issued.scopes));
    if (!scopes) return failure(scopes);
    claims.scopes = std::move(*scopes);
    if (issued.ip_allowlist) {
        auto ips = identity::IpAllowlist::parse(std::span<const std::string>(*issued.ip_allowlist));
        if (!ips) return failure(ips);
        claims.ips = std::move(*ips);
    }
    const auto token = m_keys.sign(claims, m_keys.signing_kid());
    if (!token) return failure(token);
    return render(IssuedToken{&*token, issued.token, issued.expires_at, issued.scopes});
}

Result<std::optional<Body>> Tokens::issue(const Draft& draft,
                                          const store::AuditOrigin& from,
                                          const Rendering<TokenAnswer>& render,
                                          std::int64_t& tier) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, draft.claims.tenant);
    add_issue(transaction, draft.claims.tenant, draft, from);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    const auto inserted = store::parse_token_insert(results->at(store::kIssueTokenResult));
    if (!inserted.issued) {
        tier = inserted.tier_needing_approval.value_or(1);
        return std::nullopt;
    }
    auto body = answer(draft, *inserted.issued, render);
    if (!body) return failure(std::move(body));
    return std::move(*body);
}

// Under a name that the client chose, whose answer is kept.
Result<std::optional<Body>> Tokens::issue_once(const Draft& draft,
                                               const store::AuditOrigin& from,
                                               const identity::Origin& origin,
                                               const Rendering<TokenAnswer>& render,
                                               std::int64_t& tier) {
    bool needs_approval = false;
    auto body = m_once.run(
        draft.claims.tenant,
        from,
        origin,
        [](store::Transaction&) {},
        [&](Change& change) -> Result<Body> {
            add_issue(change.transaction(), draft.claims.tenant, draft, from);
            const auto results = change.transaction().flush();
            if (!results) return tl::unexpected(store::to_error(results.error()));
            const auto inserted = store::parse_token_insert(results->at(store::kIssueTokenResult));
            if (inserted.issued) return answer(draft, *inserted.issued, render);
            // Not an answer to keep: the same request collects the token once it is approved.
            needs_approval = true;
            tier = inserted.tier_needing_approval.value_or(1);
            return failure(ErrorCode::ScopeDenied, "An approval is needed first");
        });
    if (needs_approval) return std::nullopt;
    if (!body) return failure(std::move(body));
    return std::move(*body);
}

Result<Body> Tokens::ask(const Draft& draft,
                         const TokenRequest& request,
                         std::int64_t tier,
                         const store::AuditOrigin& from,
                         const Rendering<TokenAnswer>& render) {
    const auto& row = draft.row;
    store::NewApprovalRow approval;
    approval.approval = crypto::new_id<ApprovalId>(m_runtime.clock);
    approval.agent = row.agent;
    approval.request_digest = row.request_digest;
    approval.scopes = row.scopes;
    approval.ttl_seconds = row.ttl_seconds;
    approval.max_uses = row.max_uses;
    approval.ip_allowlist = row.ip_allowlist;
    approval.reason = request.reason;
    approval.tier = tier;
    approval.pending_seconds = m_runtime.policy.approval_ttl.count();
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    const auto pending = store::request_approval(**connection,
                                                 draft.claims.tenant,
                                                 approval,
                                                 crypto::new_id<AuditEventId>(m_runtime.clock),
                                                 crypto::new_id<AuditEventId>(m_runtime.clock),
                                                 from);
    if (!pending) return failure(pending);
    return render(ApprovalRequired{*pending, row.scopes});
}

Result<Page<TokenInfo>> Tokens::list(const TenantId& tenant,
                                     const std::optional<AgentId>& agent,
                                     const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_tokens(**connection, tenant, agent, page.limit, page.offset());
    if (!rows) return failure(rows);
    Page<TokenInfo> out;
    out.total = rows->total;
    for (auto& row : rows->rows) {
        TokenInfo info;
        info.id = row.token;
        info.agent = row.agent;
        info.scopes = std::move(row.scopes);
        info.tier = scope::access_tier_from(row.tier).value_or(scope::AccessTier::Standard);
        info.max_uses = row.max_uses;
        info.uses = row.uses;
        info.ip_allowlist = std::move(row.ip_allowlist);
        info.issued_at = row.issued_at;
        info.expires_at = row.expires_at;
        out.items.push_back(std::move(info));
    }
    return out;
}

Result<Body> Tokens::revoke(const Actor& actor,
                            const identity::Origin& origin,
                            const TokenId& token,
                            const Rendering<TokenId>& render) {
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [](store::Transaction&) {},
        [&](Change& change) -> Result<Body> {
            store::add_revoke_token(change.transaction(), actor.tenant, token);
            const auto results = change.transaction().flush();
            if (!results) return tl::unexpected(store::to_error(results.error()));
            switch (store::parse_revocation(results->front())) {
                case store::Revocation::NoSuchToken:
                    return failure(ErrorCode::NotFound, "There is no such token");
                case store::Revocation::WasRevoked:
                    return failure(ErrorCode::AlreadyRevoked, "This token was revoked already");
                case store::Revocation::Done:
                    break;
            }
            store::AuditRecord record;
            record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
            record.type = "token.revoked";
            record.resource_type = "token";
            record.resource = token.bytes();
            record.token = token;
            change.record(record);
            return render(token);
        });
}

}  // namespace core::service
