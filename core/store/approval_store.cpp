#include "core/store/approval_store.h"

namespace core::store {
namespace {

TokenTerms parse_terms(Row& row) {
    TokenTerms terms;
    terms.scopes = row.texts();
    terms.ttl_seconds = row.integer();
    terms.max_uses = row.maybe_integer();
    terms.ip_allowlist = row.maybe_texts();
    return terms;
}

AskingAgent parse_asking_agent(Row& row) {
    AskingAgent agent;
    agent.name = row.text();
    agent.active = row.boolean();
    agent.created_by = row.maybe_id<UserId>();
    agent.allowed_namespaces = row.texts();
    agent.allowed_scopes = row.texts();
    agent.limits_version = row.integer();
    agent.key_version = row.integer();
    agent.plan = parse_plan(row.text()).value_or(Plan::Free);
    agent.rate_limit_key = row.text();
    return agent;
}

std::optional<SignedToken> parse_token(Row& row) {
    const auto token = row.maybe_id<TokenId>();
    if (!token) return std::nullopt;
    SignedToken out;
    out.token = *token;
    out.agent = row.id<AgentId>();
    out.signing_key = row.id<KeyId>();
    out.plan_hint = row.text();
    out.epoch = row.integer();
    out.agent_limits = row.integer();
    out.tier = row.integer();
    out.scopes = row.texts();
    out.max_uses = row.maybe_integer();
    out.ip_allowlist = row.maybe_texts();
    out.issued_at = row.time();
    out.expires_at = row.time();
    return out;
}

// "1 production/gemini", as the statement writes them.
CoveredRow parse_covered(std::string_view text) {
    return {std::string(text.substr(2)), text.front() - '0'};
}

ApprovalRow parse_approval(Row row) {
    ApprovalRow out;
    out.approval = row.id<ApprovalId>();
    out.agent = row.id<AgentId>();
    out.agent_name = row.text();
    out.agent_description = row.maybe_text();
    out.agent_creator = row.maybe_id<UserId>();
    out.status = row.text();
    out.asked = parse_terms(row);
    const auto digest = row.bytes();
    out.request_digest.assign(digest.begin(), digest.end());
    out.granted_scopes = row.maybe_texts();
    out.granted_ttl_seconds = row.maybe_integer();
    out.granted_max_uses = row.maybe_integer();
    out.reason = row.maybe_text();
    out.tier = row.integer();
    out.ip_address = row.text();
    out.user_agent = row.maybe_text();
    out.created_at = row.time();
    out.expires_at = row.time();
    out.decided_at = row.maybe_time();
    out.token = row.maybe_id<TokenId>();
    out.matched_total = row.integer();
    out.matched_paths = row.texts();
    out.matched_tier = row.maybe_integer();
    for (const auto& covered : row.texts())
        out.covered.push_back(parse_covered(covered));
    return out;
}

Parameters of_approval(const TenantId& tenant, const ApprovalId& approval) {
    Parameters parameters;
    parameters.id(tenant).id(approval);
    return parameters;
}

}  // namespace

void add_request_approval(Transaction& transaction,
                          const TenantId& tenant,
                          const NewApprovalRow& approval) {
    Parameters parameters;
    parameters.id(tenant).id(approval.approval).id(approval.agent).bytes(approval.request_digest);
    parameters.texts(approval.asked.scopes).bigint(approval.asked.ttl_seconds);
    parameters.bigint(approval.asked.max_uses).maybe_texts(approval.asked.ip_allowlist);
    parameters.maybe_text(approval.reason).bigint(approval.tier);
    parameters.maybe_text(approval.ip_address).maybe_text(approval.user_agent);
    parameters.bigint(approval.pending_seconds);
    transaction.add(Statement::RequestApproval, std::move(parameters));
}

void add_lock_approval(Transaction& transaction,
                       const TenantId& tenant,
                       const ApprovalId& approval,
                       const std::optional<AgentId>& agent) {
    transaction.add(Statement::LockApproval, of_approval(tenant, approval));
    // In a statement of its own: one that waited for the lock would see the rest as it was before.
    transaction.add(Statement::FindApprovalState, of_approval(tenant, approval).id(agent));
}

void add_lock_newest_approval(Transaction& transaction,
                              const TenantId& tenant,
                              const AgentId& agent,
                              ByteView request_digest) {
    transaction.add(Statement::LockNewestApproval,
                    Parameters{}.id(tenant).id(agent).bytes(request_digest));
    transaction.add(Statement::FindNewestApprovalState,
                    Parameters{}.id(tenant).id(agent).bytes(request_digest));
}

std::optional<ApprovalState> parse_approval_state(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    Row row = result.row(0);
    ApprovalState state;
    state.approval = row.id<ApprovalId>();
    state.agent = row.id<AgentId>();
    state.status = row.text();
    state.is_past_its_time = row.boolean();
    state.tier = row.integer();
    state.asked = parse_terms(row);
    const auto digest = row.bytes();
    state.request_digest.assign(digest.begin(), digest.end());
    state.granted.scopes = row.texts();
    state.granted.ttl_seconds = row.integer();
    state.granted.max_uses = row.maybe_integer();
    state.granted.ip_allowlist = state.asked.ip_allowlist;
    state.reason = row.maybe_text();
    state.created_at = row.time();
    state.expires_at = row.time();
    state.decided_at = row.maybe_time();
    state.approvals = row.integer();
    state.denial_reason = row.maybe_text();
    state.was_collected = row.boolean();
    state.asking = parse_asking_agent(row);
    state.now = row.time();
    state.token = parse_token(row);
    return state;
}

void add_expire_approval(Transaction& transaction,
                         const TenantId& tenant,
                         const ApprovalId& approval) {
    transaction.add(Statement::ExpireApproval, of_approval(tenant, approval));
}

void add_deny_approval(Transaction& transaction,
                       const TenantId& tenant,
                       const ApprovalId& approval) {
    transaction.add(Statement::DenyApproval, of_approval(tenant, approval));
}

void add_narrow_approval(Transaction& transaction,
                         const TenantId& tenant,
                         const ApprovalId& approval,
                         const TokenTerms& granted) {
    auto parameters = of_approval(tenant, approval);
    parameters.texts(granted.scopes).bigint(granted.ttl_seconds).bigint(granted.max_uses);
    transaction.add(Statement::NarrowApproval, std::move(parameters));
}

void add_approve(Transaction& transaction,
                 const TenantId& tenant,
                 const ApprovalId& approval,
                 const NewTokenRow& token) {
    const auto patterns = index_patterns(token.read_patterns);
    auto parameters = of_approval(tenant, approval);
    parameters.id(token.token).id(token.signing_key).text(token.plan_hint).bigint(token.epoch);
    parameters.bigint(token.agent_limits).bigint(token.agent_key_version).texts(token.terms.scopes);
    parameters.bigint(token.terms.max_uses).bigint(token.terms.ttl_seconds).bigint(token.tier);
    parameters.texts(patterns.prefixes).texts(patterns.likes);
    transaction.add(Statement::ApproveApproval, std::move(parameters));
}

bool was_changed(const ResultSet& result) {
    return !result.empty();
}

std::pair<Timestamp, Timestamp> parse_approved_times(const ResultSet& result) {
    Row row = result.row(0);
    const Timestamp issued_at = row.time();
    return {issued_at, row.time()};
}

void add_collected(Transaction& transaction, const TenantId& tenant, const ApprovalId& approval) {
    transaction.add(Statement::MarkApprovalCollected, of_approval(tenant, approval));
}

void add_approval_decision(Transaction& transaction,
                           const TenantId& tenant,
                           const ApprovalDecisionRow& decision) {
    auto parameters = of_approval(tenant, decision.approval);
    parameters.id(decision.event).text(decision.decision).text(decision.decided_by_type);
    parameters.id(decision.decided_by).text(decision.role).boolean(decision.signed_in_freshly);
    parameters.maybe_text(decision.reason);
    transaction.add(Statement::InsertApprovalDecision, std::move(parameters));
}

void add_list_approval_decisions(Transaction& transaction,
                                 const TenantId& tenant,
                                 std::span<const ApprovalId> approvals) {
    std::vector<UuidBytes> ids;
    ids.reserve(approvals.size());
    for (const auto& approval : approvals)
        ids.push_back(approval.bytes());
    transaction.add(Statement::ListApprovalDecisions, Parameters{}.id(tenant).ids(ids));
}

std::vector<ApprovalDecisionRow> parse_approval_decisions(const ResultSet& result) {
    std::vector<ApprovalDecisionRow> out;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        ApprovalDecisionRow decision;
        decision.approval = row.id<ApprovalId>();
        decision.event = row.id<AuditEventId>();
        decision.decision = row.text();
        decision.decided_by_type = row.text();
        decision.decided_by = row.maybe_id<UserId>();
        decision.email = row.maybe_text();
        decision.role = row.text();
        decision.role_now = row.maybe_text();
        decision.signed_in_freshly = row.boolean();
        decision.reason = row.maybe_text();
        decision.decided_at = row.time();
        out.push_back(std::move(decision));
    }
    return out;
}

void add_count_approvers(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::CountApprovers, Parameters{}.id(tenant));
}

ApproverCounts parse_approver_counts(const ResultSet& result) {
    Row row = result.row(0);
    ApproverCounts counts;
    counts.approvers = row.integer();
    counts.owners = row.integer();
    return counts;
}

void add_find_approval(Transaction& transaction,
                       const TenantId& tenant,
                       const ApprovalId& approval) {
    transaction.add(Statement::FindApproval, of_approval(tenant, approval));
}

void add_list_approvals(Transaction& transaction,
                        const TenantId& tenant,
                        const std::optional<std::string>& status,
                        std::int64_t limit,
                        std::int64_t offset) {
    transaction.add(Statement::ListApprovals,
                    Parameters{}.id(tenant).maybe_text(status).bigint(limit).bigint(offset));
}

std::vector<ApprovalRow> parse_approvals(const ResultSet& result) {
    std::vector<ApprovalRow> out;
    for (std::size_t i = 0; i < result.size(); ++i)
        out.push_back(parse_approval(result.row(i)));
    return out;
}

void add_count_approvals(Transaction& transaction,
                         const TenantId& tenant,
                         const std::optional<std::string>& status) {
    transaction.add(Statement::CountApprovals, Parameters{}.id(tenant).maybe_text(status));
}

void add_expire_approvals(Transaction& transaction, std::int64_t limit) {
    transaction.add(Statement::ExpireApprovals, Parameters{}.bigint(limit));
}

std::vector<ExpiredApproval> parse_expired_approvals(const ResultSet& result) {
    std::vector<ExpiredApproval> out;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        ExpiredApproval expired;
        expired.tenant = row.id<TenantId>();
        expired.approval = row.id<ApprovalId>();
        expired.agent = row.id<AgentId>();
        expired.agent_name = row.text();
        expired.scopes = row.texts();
        expired.tier = row.integer();
        expired.reason = row.maybe_text();
        expired.created_at = row.time();
        expired.expires_at = row.time();
        out.push_back(std::move(expired));
    }
    return out;
}

}  // namespace core::store
