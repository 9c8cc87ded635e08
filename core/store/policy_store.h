// What a tenant asks for beyond the tiers of its secrets, in the database: one document, replaced
// as a whole.
#pragma once

#include "core/base/ids.h"
#include "core/store/result_set.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <string>
#include <vector>

namespace core::store {

struct ApprovalPolicyRow {
    std::string name_space;  // "*": all
    std::int64_t tier = 0;   // 0: every tier that needs approval
    std::int64_t approvals = 1;
    std::int64_t delay_seconds = 0;
    bool owner_only = false;
    bool allow_self_approval = false;
};

// Queued; one result, for parse_approval_policies(): by namespace and tier.
void add_list_approval_policies(Transaction& transaction, const TenantId& tenant);
std::vector<ApprovalPolicyRow> parse_approval_policies(const ResultSet& result);

// Queued; one result, for parse_policies_version().
void add_find_policies_version(Transaction& transaction, const TenantId& tenant);
// The same; nobody else replaces the policies until the transaction ends.
void add_lock_policies_version(Transaction& transaction, const TenantId& tenant);
std::int64_t parse_policies_version(const ResultSet& result);

// Queued. Precondition: the version is locked.
void add_replace_approval_policies(Transaction& transaction,
                                   const TenantId& tenant,
                                   const std::vector<ApprovalPolicyRow>& policies,
                                   std::int64_t version);

}  // namespace core::store
