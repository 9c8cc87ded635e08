// What the rules say of approvals as they stand, by the policies, the members and the decisions
// that the database has now: who approves while policies change follows those of that moment.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/service/approval_rules.h"
#include "core/store/approval_store.h"
#include "core/store/policy_store.h"
#include "core/store/result_set.h"
#include "core/store/transaction.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace core::service {

// One approval before its rule.
struct ApprovalStanding {
    ApprovalRule rule;
    ApprovalParties parties;
    std::vector<Approver> approvers;  // who approved so far, whether it counts or not
    Timestamp not_before;             // no token before

    [[nodiscard]] std::int64_t approved() const;
    [[nodiscard]] bool has_approved(const Approver& approver) const;
    // May the token be made?
    [[nodiscard]] bool is_complete(Timestamp now) const;
};

// Policies as the rules want them. Errors: IntegrityFailure.
Result<std::vector<ApprovalPolicy>> policies_of(const std::vector<store::ApprovalPolicyRow>& rows);

// Immutable. Thread-compatible.
class ApprovalJudge {
  public:
    // Queues what it takes to judge these approvals: kResults results.
    static void add_look(store::Transaction& transaction,
                         const TenantId& tenant,
                         std::span<const ApprovalId> approvals);
    static constexpr std::size_t kResults = 3;
    // Of those results. Errors: IntegrityFailure.
    static Result<ApprovalJudge> create(std::span<const store::ResultSet> results);

    [[nodiscard]] ApprovalStanding standing_of(const store::ApprovalRow& approval) const;
    // In the order in which they were made.
    [[nodiscard]] std::vector<store::ApprovalDecisionRow> decisions_of(
        const ApprovalId& approval) const;

  private:
    ApprovalJudge() = default;

    std::vector<store::ApprovalDecisionRow> m_decisions;
    std::vector<ApprovalPolicy> m_policies;
    store::ApproverCounts m_counts;
};

}  // namespace core::service
