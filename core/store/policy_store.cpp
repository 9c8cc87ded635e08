#include "core/store/policy_store.h"

#include <utility>

namespace core::store {

void add_list_approval_policies(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::ListApprovalPolicies, Parameters{}.id(tenant));
}

std::vector<ApprovalPolicyRow> parse_approval_policies(const ResultSet& result) {
    std::vector<ApprovalPolicyRow> out;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        ApprovalPolicyRow policy;
        policy.name_space = row.text();
        policy.tier = row.integer();
        policy.approvals = row.integer();
        policy.delay_seconds = row.integer();
        policy.owner_only = row.boolean();
        policy.allow_self_approval = row.boolean();
        out.push_back(std::move(policy));
    }
    return out;
}

void add_find_policies_version(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::FindPoliciesVersion, Parameters{}.id(tenant));
}

void add_lock_policies_version(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::LockPoliciesVersion, Parameters{}.id(tenant));
}

std::int64_t parse_policies_version(const ResultSet& result) {
    return result.row(0).integer();
}

void add_replace_approval_policies(Transaction& transaction,
                                   const TenantId& tenant,
                                   const std::vector<ApprovalPolicyRow>& policies,
                                   std::int64_t version) {
    transaction.add(Statement::DeleteApprovalPolicies, Parameters{}.id(tenant));
    for (const auto& policy : policies) {
        Parameters parameters;
        parameters.id(tenant).text(policy.name_space).bigint(policy.tier);
        parameters.bigint(policy.approvals).bigint(policy.delay_seconds);
        parameters.boolean(policy.owner_only).boolean(policy.allow_self_approval);
        transaction.add(Statement::InsertApprovalPolicy, std::move(parameters));
    }
    transaction.add(Statement::SetPoliciesVersion, Parameters{}.id(tenant).bigint(version));
}

}  // namespace core::store
