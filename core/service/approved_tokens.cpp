#include "core/service/approved_tokens.h"

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/crypto/random.h"
#include "core/scope/scope_set.h"
#include "core/service/approval_judge.h"
#include "core/service/approval_notice.h"
#include "core/service/secret_access.h"
#include "core/service/services.h"
#include "core/service/token_terms.h"

#include <array>
#include <span>
#include <utility>

namespace core::service {
namespace {

store::TokenTerms terms_of(const store::SignedToken& token) {
    store::TokenTerms terms;
    terms.scopes = token.scopes;
    terms.ttl_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(token.expires_at - token.issued_at)
            .count();
    terms.max_uses = token.max_uses;
    terms.ip_allowlist = token.ip_allowlist;
    return terms;
}

bool is_unchanged(const store::ApprovalState& state) {
    return request_digest(state.asked) == state.request_digest &&
           check_within(state.granted, state.asked) &&
           (!state.token || check_within(terms_of(*state.token), state.asked));
}

// What the agent may have now. Errors: ScopeDenied, naming a scope that it has lost.
Result<scope::ScopeSet> scopes_still_allowed(const store::ApprovalState& state) {
    const auto limits =
        scope::AgentLimits::parse(state.asking.allowed_namespaces, state.asking.allowed_scopes);
    if (!limits)
        return failure(ErrorCode::IntegrityFailure,
                       {},
                       "limits of an agent: " + limits.error().public_message);
    auto scopes = scope::ScopeSet::parse(std::span<const std::string>(state.granted.scopes));
    if (!scopes) return failure(std::move(scopes));
    if (const auto* lost = limits->first_not_granted(*scopes))
        return failure(ErrorCode::ScopeDenied,
                       "The agent may no longer have the scope '" + lost->text() +
                           "'; approve with less, or deny the request");
    return scopes;
}

store::AuditRecord collection_record(const Runtime& runtime,
                                     const store::ApprovalState& state,
                                     const store::SignedToken& token) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "token.issued";
    record.resource_type = "token";
    record.resource = token.token.bytes();
    record.token = token.token;
    JsonWriter details;
    details.begin_object().member("scopes", token.scopes);
    details.member("expires_at", format_rfc3339(token.expires_at));
    details.member("approval_id", state.approval.text());
    if (state.was_collected) details.member("repeated", true);
    record.details = std::move(details.end_object()).take_text();
    return record;
}

}  // namespace

Result<void> check_unchanged(const store::ApprovalState& state) {
    if (is_unchanged(state)) return {};
    log::error("approval_row_changed", {{"approval_id", state.approval}});
    return failure(ErrorCode::VersionConflict,
                   "This request was changed after the agent made it: it gives no token. Deny it, "
                   "and have the agent ask again");
}

store::AuditRecord refused_collection(const Clock& clock, const ApprovalId& approval) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(clock);
    record.type = "token.denied";
    record.resource_type = "approval";
    record.resource = approval.bytes();
    record.reason = std::string(kRequestChanged);
    return record;
}

ApprovedTokens::ApprovedTokens(const Runtime& runtime) : m_runtime(runtime), m_signer(runtime) {}

Result<store::NewTokenRow> ApprovedTokens::draft(const TenantId& tenant,
                                                 const store::ApprovalState& state,
                                                 scope::AccessTier tier) {
    const auto scopes = scopes_still_allowed(state);
    if (!scopes) return failure(scopes);
    store::NewTokenRow row;
    row.token = crypto::new_id<TokenId>(m_runtime.clock);
    row.agent = state.agent;
    row.agent_limits = state.asking.limits_version;
    row.agent_key_version = state.asking.key_version;
    row.terms = state.granted;
    row.tier = number_of(tier);
    row.read_patterns = scopes->patterns_for(scope::Action::Read);
    m_signer.stamp(row, state.asking.plan);
    // One that can't be signed must not be made: nobody could ever collect it.
    const auto fits = m_signer.sign(
        tenant,
        state.asking.rate_limit_key,
        signed_token(row, state.now, state.now + std::chrono::seconds(row.terms.ttl_seconds)));
    if (!fits) return failure(fits);
    return row;
}

Result<std::optional<ApprovedToken>> ApprovedTokens::collect(store::Transaction& transaction,
                                                             const TenantId& tenant,
                                                             const store::ApprovalState& state,
                                                             const store::AuditOrigin& from) {
    const auto row = token_of(transaction, tenant, state);
    if (!row) return failure(row);
    if (!*row) return std::nullopt;
    auto token = m_signer.sign(tenant, state.asking.rate_limit_key, **row);
    if (!token) return failure(std::move(token));
    if (!state.was_collected) store::add_collected(transaction, tenant, state.approval);
    store::add_audit_record(transaction, tenant, from, collection_record(m_runtime, state, **row));
    return ApprovedToken{std::move(*token), (*row)->token, (*row)->expires_at, (*row)->scopes};
}

Result<std::optional<store::SignedToken>> ApprovedTokens::token_of(
    store::Transaction& transaction, const TenantId& tenant, const store::ApprovalState& state) {
    if (state.status == "approved") {
        if (!state.token || !m_signer.is_current(*state.token)) return std::nullopt;
        if (const auto same = check_unchanged(state); !same) return failure(same);
        return state.token;
    }
    if (state.status != "pending" || state.is_past_its_time || state.approvals == 0)
        return std::nullopt;
    return complete(transaction, tenant, state);
}

Result<std::optional<store::SignedToken>> ApprovedTokens::complete(
    store::Transaction& transaction, const TenantId& tenant, const store::ApprovalState& state) {
    if (const auto same = check_unchanged(state); !same) return failure(same);
    store::add_find_approval(transaction, tenant, state.approval);
    ApprovalJudge::add_look(transaction, tenant, std::array{state.approval});
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    const auto rows = store::parse_approvals(found->front());
    const auto judge = ApprovalJudge::create(std::span(*found).subspan(1));
    if (!judge) return failure(judge);
    if (rows.empty()) return std::nullopt;
    const auto standing = judge->standing_of(rows.front());
    if (!standing.is_complete(state.now)) return std::nullopt;

    const auto row = draft(tenant, state, standing.rule.tier);
    // Narrowed since: it waits until its agent may have it again, somebody denies it, or it
    // expires.
    if (!row && row.error().code == ErrorCode::ScopeDenied) return std::nullopt;
    if (!row) return failure(row);
    store::add_approve(transaction, tenant, state.approval, *row);
    store::add_outbox_message(
        transaction,
        tenant,
        decision_message(
            m_runtime.clock, rows.front(), "approved", judge->decisions_of(state.approval)));
    const auto approved = transaction.flush();
    if (!approved) return tl::unexpected(store::to_error(approved.error()));
    if (!store::was_changed(approved->front()))
        return tl::unexpected(store::unavailable("an approval changed below its lock"));
    const auto [issued_at, expires_at] = store::parse_approved_times(approved->front());
    return signed_token(*row, issued_at, expires_at);
}

}  // namespace core::service
