// Requests that people must decide, in the database.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/audit_store.h"
#include "core/store/connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core::store {

struct NewApprovalRow {
    ApprovalId approval;
    AgentId agent;
    Bytes request_digest;  // SHA-256; the same request has the same
    std::vector<std::string> scopes;
    std::int64_t ttl_seconds = 0;
    std::optional<std::int64_t> max_uses;
    std::optional<std::vector<std::string>> ip_allowlist;
    std::optional<std::string> reason;
    std::int64_t tier = 0;
    std::int64_t pending_seconds = 0;  // until it expires undecided
};

// The pending approval of this request: a new one, recorded, or the one that is there already.
// `requested` and `expired` name the audit events that may become necessary.
// Errors: StoreUnavailable.
Result<ApprovalId> request_approval(Connection& connection,
                                    const TenantId& tenant,
                                    const NewApprovalRow& approval,
                                    const AuditEventId& requested,
                                    const AuditEventId& expired,
                                    const AuditOrigin& origin);

struct ApprovalRow {
    ApprovalId approval;
    AgentId agent;
    std::string agent_name;
    std::optional<std::string> agent_description;
    std::string status;  // pending, approved, denied, expired
    std::vector<std::string> scopes;
    std::int64_t ttl_seconds = 0;
    std::optional<std::int64_t> max_uses;
    std::optional<std::vector<std::string>> ip_allowlist;
    std::optional<std::string> reason;
    std::int64_t tier = 0;
    std::string ip_address;
    std::optional<std::string> user_agent;
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Timestamp> decided_at;
    // What it covers and what needs approval, as it is now.
    std::int64_t matched_total = 0;
    std::vector<std::string> matched_paths;  // at most 100
};

// Of this agent only, where one is given. Nothing where there is none. Errors: StoreUnavailable.
Result<std::optional<ApprovalRow>> find_approval(Connection& connection,
                                                 const TenantId& tenant,
                                                 const ApprovalId& approval,
                                                 const std::optional<AgentId>& agent);

struct ApprovalRows {
    std::vector<ApprovalRow> rows;
    std::int64_t total = 0;
};

// Newest first, of one status or all. Errors: StoreUnavailable.
Result<ApprovalRows> list_approvals(Connection& connection,
                                    const TenantId& tenant,
                                    const std::optional<std::string>& status,
                                    std::int64_t limit,
                                    std::int64_t offset);

}  // namespace core::store
