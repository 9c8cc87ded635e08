#include "core/service/tokens.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/scope/access_tier.h"
#include "core/service/approval_judge.h"
#include "core/service/approval_notice.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/service/token_terms.h"
#include "core/store/approval_store.h"
#include "core/store/connection_pool.h"
#include "core/store/outbox_store.h"
#include "core/store/token_store.h"

#include <span>
#include <utility>

namespace core::service {
namespace {

// Whoever was denied is told so for a while, instead of asking people the same again at once: an
// agent that tries in a loop must not wear them down.
constexpr std::chrono::minutes kDenialHolds{10};

Result<std::chrono::seconds> lifetime(const TokenRequest& request, const Policy& policy) {
    const auto ttl = request.ttl.value_or(policy.default_token_ttl);
    if (ttl < std::chrono::seconds(1)) return invalid("The member 'ttl' must be at least 1s");
    if (ttl > policy.max_token_ttl)
        return invalid("The member 'ttl' may be at most " + format_duration(policy.max_token_ttl));
    return ttl;
}

Result<void> check(const TokenRequest& request) {
    if (request.max_uses && (*request.max_uses < 1 || *request.max_uses > kMostTokenUses))
        return invalid("The member 'max_uses' must be null or a whole number from 1 to 1000000");
    return check_reason(request.reason);
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

store::AuditRecord denied_token(const Runtime& runtime,
                                const AgentId& agent,
                                std::string_view reason,
                                std::string_view name,
                                std::string_view what) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "token.denied";
    record.resource_type = "agent";
    record.resource = agent.bytes();
    record.reason = std::string(reason);
    JsonWriter details;
    details.begin_object().member(name, what).end_object();
    record.details = std::move(details).take_text();
    return record;
}

Error denial_error(const store::ApprovalState& state) {
    const auto until = *state.decided_at + kDenialHolds;
    return {ErrorCode::ScopeDenied,
            "This request was denied" +
                (state.denial_reason ? ": " + *state.denial_reason : std::string()) +
                " (approval " + state.approval.text() + "); it can be made again from " +
                format_rfc3339(until) + " on, and one for less at any time",
            {}};
}

store::AuditRecord request_record(const Runtime& runtime, const store::NewApprovalRow& approval) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "approval.requested";
    record.resource_type = "approval";
    record.resource = approval.approval.bytes();
    JsonWriter details;
    details.begin_object().member("scopes", approval.asked.scopes).end_object();
    record.details = std::move(details).take_text();
    return record;
}

bool was_just_denied(const store::ApprovalState& state) {
    return state.status == "denied" && state.decided_at &&
           state.now - *state.decided_at < kDenialHolds;
}

bool is_pending(const store::ApprovalState& state) {
    return state.status == "pending" && !state.is_past_its_time;
}

}  // namespace

Tokens::Tokens(const Runtime& runtime)
    : m_runtime(runtime), m_signer(runtime), m_approved(runtime), m_once(runtime) {}

Result<Body> Tokens::request(const identity::AgentPrincipal& agent,
                             const identity::Origin& origin,
                             const TokenRequest& request,
                             const Rendering<TokenAnswer>& render) {
    if (const auto fine = check(request); !fine) return failure(fine);
    const auto drafted = draft(agent, request);
    if (!drafted) return failure(drafted);
    const auto from = audit_origin(agent, origin);
    if (const auto* denied = agent.limits.first_not_granted(drafted->scopes))
        return refuse(
            m_runtime,
            agent.tenant,
            from,
            denied_token(m_runtime, agent.agent, "scope_not_allowed", "scope", denied->text()),
            Error{ErrorCode::ScopeDenied,
                  "The agent may not have the scope '" + denied->text() +
                      "'; ask for less, or have its allowed_scopes and "
                      "allowed_namespaces widened",
                  {}});
    // Signed once before anything is stored: a token that would be too long is refused with no
    // row left behind. The times that count come from the database, and are as long.
    const Timestamp now = m_runtime.clock.now();
    const auto lives = std::chrono::seconds(drafted->row.terms.ttl_seconds);
    if (const auto fits = m_signer.sign(
            agent.tenant, agent.rate_limit_key, signed_token(drafted->row, now, now + lives));
        !fits)
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

    store::NewTokenRow row;
    row.token = crypto::new_id<TokenId>(m_runtime.clock);
    row.agent = agent.agent;
    row.agent_limits = agent.limits_version;
    row.agent_key_version = agent.key_version;
    row.terms.scopes = scopes->texts();
    row.terms.ttl_seconds = ttl->count();
    row.terms.max_uses = request.max_uses;
    if (request.ips) row.terms.ip_allowlist = request.ips->entries();
    row.request_digest = request_digest(row.terms);
    row.read_patterns = scopes->patterns_for(scope::Action::Read);
    m_signer.stamp(row, agent.plan.plan);
    return Draft{agent, std::move(*scopes), std::move(row)};
}

void Tokens::add_issue(store::Transaction& transaction,
                       const Draft& draft,
                       const store::AuditOrigin& origin) {
    store::add_issue_token(transaction,
                           draft.agent.tenant,
                           draft.row,
                           probes_for(draft.scopes),
                           crypto::new_id<AuditEventId>(m_runtime.clock),
                           origin);
}

// Of a row that may be older than this request, and then has its scopes and addresses in another
// order: the same row always gives the same token.
Result<Body> Tokens::answer(const Draft& draft,
                            const store::IssuedRow& issued,
                            const Rendering<TokenAnswer>& render) {
    auto row = signed_token(draft.row, issued.issued_at, issued.expires_at);
    row.token = issued.token;
    row.scopes = issued.scopes;
    row.ip_allowlist = issued.ip_allowlist;
    const auto token = m_signer.sign(draft.agent.tenant, draft.agent.rate_limit_key, row);
    if (!token) return failure(token);
    return render(IssuedToken{&*token, issued.token, issued.expires_at, issued.scopes});
}

Result<std::optional<Body>> Tokens::issue(const Draft& draft,
                                          const store::AuditOrigin& from,
                                          const Rendering<TokenAnswer>& render,
                                          std::int64_t& tier) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, draft.agent.tenant);
    add_issue(transaction, draft, from);
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
        draft.agent.tenant,
        from,
        origin,
        [](store::Transaction&) {},
        [&](Change& change) -> Result<Body> {
            add_issue(change.transaction(), draft, from);
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
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, draft.agent.tenant);
    // Who asks the same at the same moment waits for what comes of this.
    store::add_lock_token_request(transaction, draft.row.agent, draft.row.request_digest);
    store::add_lock_newest_approval(
        transaction, draft.agent.tenant, draft.row.agent, draft.row.request_digest);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    const auto state = store::parse_approval_state(found->at(1 + store::kApprovalStateResult));
    if (state) {
        auto settled = settle(**connection, transaction, draft, *state, from, render);
        if (!settled) return failure(std::move(settled));
        if (*settled) return std::move(**settled);
        if (state->is_past_its_time)
            add_expiry(
                transaction, m_runtime.clock, expired_approval(draft.agent.tenant, *state), from);
    }
    return ask_anew(transaction, draft, request, tier, from, render);
}

// What became of the request when it was made before. Nothing where it is to be made anew.
Result<std::optional<Body>> Tokens::settle(store::Connection& connection,
                                           store::Transaction& transaction,
                                           const Draft& draft,
                                           const store::ApprovalState& state,
                                           const store::AuditOrigin& from,
                                           const Rendering<TokenAnswer>& render) {
    const auto& tenant = draft.agent.tenant;
    const auto refuse_this = [&](const store::AuditRecord& record, Error error) {
        transaction.rollback();
        return refuse(connection, tenant, from, record, std::move(error));
    };
    if (was_just_denied(state)) {
        const auto id = state.approval.text();
        return refuse_this(
            denied_token(m_runtime, state.agent, "approval_denied", "approval_id", id),
            denial_error(state));
    }
    const auto token = m_approved.collect(transaction, tenant, state, from);
    if (!token && token.error().code == ErrorCode::VersionConflict)
        return refuse_this(refused_collection(m_runtime.clock, state.approval), token.error());
    if (!token) return failure(token);
    if (!*token && !is_pending(state)) return std::nullopt;

    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    if (!*token) return render(ApprovalRequired{state.approval, draft.row.terms.scopes});
    const ApprovedToken& given = **token;
    return render(IssuedToken{&given.token, given.id, given.expires_at, given.scopes});
}

Result<Body> Tokens::ask_anew(store::Transaction& transaction,
                              const Draft& draft,
                              const TokenRequest& request,
                              std::int64_t tier,
                              const store::AuditOrigin& from,
                              const Rendering<TokenAnswer>& render) {
    const auto& tenant = draft.agent.tenant;
    store::NewApprovalRow row;
    row.approval = crypto::new_id<ApprovalId>(m_runtime.clock);
    row.agent = draft.row.agent;
    row.asked = draft.row.terms;
    row.request_digest = draft.row.request_digest;
    row.reason = request.reason;
    row.tier = tier;
    row.pending_seconds = m_runtime.policy.approval_ttl.count();
    row.ip_address = from.ip_address;
    row.user_agent = from.user_agent;
    store::add_request_approval(transaction, tenant, row);
    store::add_audit_record(transaction, tenant, from, request_record(m_runtime, row));
    store::add_find_approval(transaction, tenant, row.approval);
    ApprovalJudge::add_look(transaction, tenant, std::span(&row.approval, 1));
    const auto results = transaction.flush();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    const auto looked = std::span(*results).last(1 + ApprovalJudge::kResults);
    const auto asked = store::parse_approvals(looked.front());
    if (asked.empty()) return failure(ErrorCode::Internal, {}, "a new approval is not there");
    const auto judge = ApprovalJudge::create(looked.subspan(1));
    if (!judge) return failure(judge);
    store::add_outbox_message(
        transaction,
        tenant,
        request_message(m_runtime.clock, asked.front(), judge->standing_of(asked.front()).rule));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return render(ApprovalRequired{row.approval, row.asked.scopes});
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
