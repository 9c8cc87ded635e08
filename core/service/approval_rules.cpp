#include "core/service/approval_rules.h"

#include <algorithm>
#include <cstdlib>

namespace core::service {
namespace {

using identity::MemberRole;
using scope::AccessTier;

bool governs(const ApprovalPolicy& policy, const CoveredSecrets& secrets) {
    if (policy.tier && *policy.tier != secrets.tier) return false;
    if (policy.name_space == kAllNamespaces) return true;
    const std::string_view inner = secrets.name_space;
    const std::string_view outer = policy.name_space;
    return inner == outer || (inner.starts_with(outer) && inner[outer.size()] == '/');
}

// Both govern the same secrets: of two namespaces that hold them the longer one lies in the other.
bool is_more_specific(const ApprovalPolicy& policy, const ApprovalPolicy& than) {
    const auto depth = [](const ApprovalPolicy& one) {
        return one.name_space == kAllNamespaces ? 0 : one.name_space.size();
    };
    if (depth(policy) != depth(than)) return depth(policy) > depth(than);
    return policy.tier && !than.tier;
}

const ApprovalPolicy* governing(std::span<const ApprovalPolicy> policies,
                                const CoveredSecrets& secrets) {
    const ApprovalPolicy* found = nullptr;
    for (const auto& policy : policies)
        if (governs(policy, secrets) && (found == nullptr || is_more_specific(policy, *found)))
            found = &policy;
    return found;
}

// Among whom an approval can be somebody else's.
std::int64_t people_who_can(const ApprovalRule& rule, const ApprovalParties& parties) {
    return rule.owner_only ? parties.owners : parties.approvers;
}

}  // namespace

ApprovalRule approval_rule(const std::optional<AccessTier>& highest,
                           std::span<const CoveredSecrets> covered,
                           std::span<const ApprovalPolicy> policies) {
    ApprovalRule rule;
    rule.tier = highest.value_or(AccessTier::Standard);
    rule.owner_only = rule.tier == AccessTier::Critical;
    rule.fresh_sign_in = rule.tier == AccessTier::Critical;
    // One who may not approve alone by the policy of one secret may not by that of another.
    bool all_allow_self_approval = !covered.empty();
    for (const auto& secrets : covered) {
        const auto* policy = governing(policies, secrets);
        all_allow_self_approval =
            all_allow_self_approval && policy != nullptr && policy->allow_self_approval;
        if (policy == nullptr) continue;
        rule.approvals = std::max(rule.approvals, policy->approvals);
        rule.delay = std::max(rule.delay, policy->delay);
        rule.owner_only = rule.owner_only || policy->owner_only;
    }
    rule.allow_self_approval = all_allow_self_approval;
    return rule;
}

bool is_fresh(const std::optional<Timestamp>& signed_in_at, Timestamp now) {
    return signed_in_at && now - *signed_in_at <= kFreshSignIn;
}

Objection objection_to(const Approver& approver,
                       const ApprovalRule& rule,
                       const ApprovalParties& parties) {
    if (!is_at_least(approver.role, MemberRole::Approver)) return Objection::NoApprover;
    if (rule.owner_only && approver.role != MemberRole::Owner) return Objection::NoOwner;
    const bool is_own = approver.user && approver.user == parties.agent_creator;
    if (is_own && !rule.allow_self_approval && people_who_can(rule, parties) >= 2)
        return Objection::OwnAgent;
    if (rule.fresh_sign_in && !approver.signed_in_freshly) return Objection::StaleSignIn;
    return Objection::None;
}

std::string_view reason_of(Objection objection) {
    switch (objection) {
        case Objection::NoApprover:
            return "role_too_low";
        case Objection::NoOwner:
            return "owner_needed";
        case Objection::OwnAgent:
            return "own_agent";
        case Objection::StaleSignIn:
            return "sign_in_too_old";
        case Objection::None:
            break;
    }
    std::abort();
}

Error error_of(Objection objection) {
    switch (objection) {
        case Objection::NoApprover:
            return {
                ErrorCode::ScopeDenied, "Approving takes the role approver, admin or owner", {}};
        case Objection::NoOwner:
            return {ErrorCode::ScopeDenied, "This request takes the approval of an owner", {}};
        case Objection::OwnAgent:
            return {ErrorCode::ScopeDenied,
                    "You created the agent that asks: somebody else must approve",
                    {}};
        case Objection::StaleSignIn:
            return {ErrorCode::ScopeDenied,
                    "Approving access to critical secrets takes a sign-in within the last 10 "
                    "minutes: sign in again, and approve with the new ID token",
                    {}};
        case Objection::None:
            break;
    }
    std::abort();
}

std::int64_t count_approvals(std::span<const Approver> recorded,
                             const ApprovalRule& rule,
                             const ApprovalParties& parties) {
    return std::count_if(recorded.begin(), recorded.end(), [&](const Approver& approver) {
        return objection_to(approver, rule, parties) == Objection::None;
    });
}

}  // namespace core::service
