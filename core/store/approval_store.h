// Requests that people must decide, in the database.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/token_store.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core::store {

struct NewApprovalRow {
    ApprovalId approval;
    AgentId agent;
    TokenTerms asked;
    Bytes request_digest;  // SHA-256 over `asked`; the same request has the same
    std::optional<std::string> reason;
    std::int64_t tier = 0;
    std::int64_t pending_seconds = 0;  // until it expires undecided
    std::optional<std::string> ip_address;
    std::optional<std::string> user_agent;
};

// Queued; no result. Precondition: the lock of the request is held (add_lock_token_request) and
// there is no pending one.
void add_request_approval(Transaction& transaction,
                          const TenantId& tenant,
                          const NewApprovalRow& approval);

// The agent that asked, as it is now.
struct AskingAgent {
    std::string name;
    bool active = false;
    std::optional<UserId> created_by;
    std::vector<std::string> allowed_namespaces;
    std::vector<std::string> allowed_scopes;
    std::int64_t limits_version = 0;
    std::int64_t key_version = 0;
    Plan plan = Plan::Free;      // of its tenant
    std::string rate_limit_key;  // of its tenant
};

// Everything of an approval that its decision and its token depend on.
struct ApprovalState {
    ApprovalId approval;
    AgentId agent;
    std::string status;             // pending, approved, denied, expired; as it is stored
    bool is_past_its_time = false;  // pending, and nobody decided in time
    std::int64_t tier = 0;
    TokenTerms asked;
    Bytes request_digest;
    TokenTerms granted;  // what approvers have left of it so far
    std::optional<std::string> reason;
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Timestamp> decided_at;
    std::int64_t approvals = 0;  // recorded ones
    std::optional<std::string> denial_reason;
    bool was_collected = false;
    AskingAgent asking;
    // Where one was made that can be used now.
    std::optional<SignedToken> token;
    Timestamp now;  // of the transaction
};

// Queued; two results, of which the second is for parse_approval_state(). The row is locked until
// the transaction ends; of this agent only, where one is given.
void add_lock_approval(Transaction& transaction,
                       const TenantId& tenant,
                       const ApprovalId& approval,
                       const std::optional<AgentId>& agent);
// The same for the newest approval of a request.
void add_lock_newest_approval(Transaction& transaction,
                              const TenantId& tenant,
                              const AgentId& agent,
                              ByteView request_digest);
inline constexpr std::size_t kApprovalStateResult = 1;
std::optional<ApprovalState> parse_approval_state(const ResultSet& result);

// What changes a pending approval. Each is queued, guarded by status and time in its own statement,
// and has one result: was_changed() tells whether it was still pending.

void add_expire_approval(Transaction& transaction,
                         const TenantId& tenant,
                         const ApprovalId& approval);
void add_deny_approval(Transaction& transaction,
                       const TenantId& tenant,
                       const ApprovalId& approval);
// What an approver leaves of it: `granted` within what was asked for.
void add_narrow_approval(Transaction& transaction,
                         const TenantId& tenant,
                         const ApprovalId& approval,
                         const TokenTerms& granted);
// It becomes approved for the tier of `token`, and that token is there: both or neither.
void add_approve(Transaction& transaction,
                 const TenantId& tenant,
                 const ApprovalId& approval,
                 const NewTokenRow& token);
bool was_changed(const ResultSet& result);
// When the token was issued, and when it expires. Precondition: was_changed().
std::pair<Timestamp, Timestamp> parse_approved_times(const ResultSet& result);

// Queued; no result. The agent has its token.
void add_collected(Transaction& transaction, const TenantId& tenant, const ApprovalId& approval);

struct ApprovalDecisionRow {
    ApprovalId approval;
    AuditEventId event;
    std::string decision;         // approved, denied
    std::string decided_by_type;  // user, operator
    std::optional<UserId> decided_by;
    std::optional<std::string> email;  // of a present member
    std::string role;
    std::optional<std::string> role_now;  // nothing: no member any more, or the operator
    bool signed_in_freshly = false;
    std::optional<std::string> reason;
    Timestamp decided_at;
};

// Queued; no result. `event` is the audit event that records it. A second approval of the same
// person fails the transaction.
void add_approval_decision(Transaction& transaction,
                           const TenantId& tenant,
                           const ApprovalDecisionRow& decision);

// Queued; one result, for parse_approval_decisions(): in the order in which they were made.
void add_list_approval_decisions(Transaction& transaction,
                                 const TenantId& tenant,
                                 std::span<const ApprovalId> approvals);
std::vector<ApprovalDecisionRow> parse_approval_decisions(const ResultSet& result);

// Who could decide in this tenant. Queued; one result, for parse_approver_counts().
struct ApproverCounts {
    std::int64_t approvers = 0;  // members who are approver or more
    std::int64_t owners = 0;     // among them
};
void add_count_approvers(Transaction& transaction, const TenantId& tenant);
ApproverCounts parse_approver_counts(const ResultSet& result);

// Secrets that an approval covers and that need it: some of this tier are in this namespace.
struct CoveredRow {
    std::string name_space;
    std::int64_t tier = 0;
};

// An approval as it is looked at.
struct ApprovalRow {
    ApprovalId approval;
    AgentId agent;
    std::string agent_name;
    std::optional<std::string> agent_description;
    std::optional<UserId> agent_creator;
    std::string status;  // pending, approved, denied, expired
    TokenTerms asked;
    Bytes request_digest;
    // What approvers have left of it, each where it is less than was asked for.
    std::optional<std::vector<std::string>> granted_scopes;
    std::optional<std::int64_t> granted_ttl_seconds;
    std::optional<std::int64_t> granted_max_uses;
    std::optional<std::string> reason;
    std::int64_t tier = 0;
    std::string ip_address;
    std::optional<std::string> user_agent;
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Timestamp> decided_at;
    std::optional<TokenId> token;
    // What it covers and what needs approval, as it is now.
    std::int64_t matched_total = 0;
    std::vector<std::string> matched_paths;    // at most 100
    std::optional<std::int64_t> matched_tier;  // the highest
    std::vector<CoveredRow> covered;           // empty where the tenant has no policies
};

// Queued; one result, for parse_approvals(): none or one row.
void add_find_approval(Transaction& transaction,
                       const TenantId& tenant,
                       const ApprovalId& approval);
// Queued; one result, for parse_approvals(): newest first, of one status or all.
void add_list_approvals(Transaction& transaction,
                        const TenantId& tenant,
                        const std::optional<std::string>& status,
                        std::int64_t limit,
                        std::int64_t offset);
std::vector<ApprovalRow> parse_approvals(const ResultSet& result);
// Queued; one result: how many.
void add_count_approvals(Transaction& transaction,
                         const TenantId& tenant,
                         const std::optional<std::string>& status);

// One that nobody decided in time.
struct ExpiredApproval {
    TenantId tenant;
    ApprovalId approval;
    AgentId agent;
    std::string agent_name;
    std::vector<std::string> scopes;
    std::int64_t tier = 0;
    std::optional<std::string> reason;
    Timestamp created_at;
    Timestamp expires_at;
};

// Queued; one result, for parse_expired_approvals(): at most `limit` of all tenants become expired,
// the oldest first. Role maint.
void add_expire_approvals(Transaction& transaction, std::int64_t limit);
std::vector<ExpiredApproval> parse_expired_approvals(const ResultSet& result);

}  // namespace core::store
