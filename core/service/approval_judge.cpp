#include "core/service/approval_judge.h"

#include "core/service/secret_access.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace core::service {
namespace {

using identity::MemberRole;

// What an approval is worth now: nobody's counts for more than it did, nor for more than the person
// still is.
Approver approver_of(const store::ApprovalDecisionRow& decision) {
    Approver approver;
    approver.user = decision.decided_by;
    approver.signed_in_freshly = decision.signed_in_freshly;
    approver.role = identity::parse_member_role(decision.role).value_or(MemberRole::None);
    if (!decision.decided_by) return approver;
    const auto now =
        decision.role_now ? identity::parse_member_role(*decision.role_now) : std::nullopt;
    approver.role = std::min(approver.role, now.value_or(MemberRole::None));
    return approver;
}

}  // namespace

std::int64_t ApprovalStanding::approved() const {
    return count_approvals(approvers, rule, parties);
}

bool ApprovalStanding::has_approved(const Approver& approver) const {
    return std::any_of(
        approvers.begin(), approvers.end(), [&](const Approver& one) { return one.is(approver); });
}

bool ApprovalStanding::is_complete(Timestamp now) const {
    return now >= not_before && approved() >= rule.approvals;
}

Result<std::vector<ApprovalPolicy>> policies_of(const std::vector<store::ApprovalPolicyRow>& rows) {
    std::vector<ApprovalPolicy> out;
    out.reserve(rows.size());
    for (const auto& row : rows) {
        ApprovalPolicy policy;
        policy.name_space = row.name_space;
        const auto tier = scope::access_tier_from(row.tier);
        if (!tier) return failure(ErrorCode::IntegrityFailure, {}, "a policy's tier is none");
        if (*tier != scope::AccessTier::Standard) policy.tier = *tier;
        policy.approvals = row.approvals;
        policy.delay = std::chrono::seconds(row.delay_seconds);
        policy.owner_only = row.owner_only;
        policy.allow_self_approval = row.allow_self_approval;
        out.push_back(std::move(policy));
    }
    return out;
}

void ApprovalJudge::add_look(store::Transaction& transaction,
                             const TenantId& tenant,
                             std::span<const ApprovalId> approvals) {
    store::add_list_approval_decisions(transaction, tenant, approvals);
    store::add_list_approval_policies(transaction, tenant);
    store::add_count_approvers(transaction, tenant);
}

Result<ApprovalJudge> ApprovalJudge::create(std::span<const store::ResultSet> results) {
    ApprovalJudge judge;
    judge.m_decisions = store::parse_approval_decisions(results[0]);
    auto policies = policies_of(store::parse_approval_policies(results[1]));
    if (!policies) return failure(std::move(policies));
    judge.m_policies = std::move(*policies);
    judge.m_counts = store::parse_approver_counts(results[2]);
    return judge;
}

ApprovalStanding ApprovalJudge::standing_of(const store::ApprovalRow& approval) const {
    std::optional<scope::AccessTier> highest;
    if (approval.matched_tier) highest = tier_of(*approval.matched_tier);
    std::vector<CoveredSecrets> covered;
    covered.reserve(approval.covered.size());
    for (const auto& row : approval.covered)
        covered.push_back({row.name_space, tier_of(row.tier)});

    ApprovalStanding standing;
    standing.rule = approval_rule(highest, covered, m_policies);
    standing.parties = {approval.agent_creator, m_counts.approvers, m_counts.owners};
    standing.not_before = approval.created_at + standing.rule.delay;
    for (const auto& decision : m_decisions)
        if (decision.approval == approval.approval && decision.decision == "approved")
            standing.approvers.push_back(approver_of(decision));
    return standing;
}

std::vector<store::ApprovalDecisionRow> ApprovalJudge::decisions_of(
    const ApprovalId& approval) const {
    std::vector<store::ApprovalDecisionRow> out;
    std::copy_if(
        m_decisions.begin(), m_decisions.end(), std::back_inserter(out), [&](const auto& decision) {
            return decision.approval == approval;
        });
    return out;
}

}  // namespace core::service
