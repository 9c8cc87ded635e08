// The audit log in the database: append, and read by page.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// Who asked, from where, as it is recorded.
struct AuditOrigin {
    std::string actor_type;  // agent, user, operator
    std::optional<UuidBytes> actor;
    std::optional<std::string> ip_address;  // absent for the operator at the host
    std::optional<std::string> user_agent;
    std::optional<std::string> request_id;
};

// What happened. Nothing in it may be a value, a token, a key or a request body.
struct AuditRecord {
    AuditEventId event;
    std::string_view type;  // contract.md §8
    std::string_view resource_type;
    std::optional<UuidBytes> resource;
    std::optional<std::string> name_space;
    std::optional<std::string> key;
    std::optional<std::int64_t> version;
    std::optional<TokenId> token;
    std::optional<std::string> reason;   // of a refusal: a word of ours
    std::optional<std::string> details;  // JSON text of an object
};

// Queued in the transaction that it records.
void add_audit_record(Transaction& transaction,
                      const TenantId& tenant,
                      const AuditOrigin& origin,
                      const AuditRecord& record);

struct AuditRow {
    AuditEventId event;
    std::string type;
    std::string actor_type;
    std::optional<UuidBytes> actor;
    std::string resource_type;
    std::optional<UuidBytes> resource;
    std::optional<std::string> name_space;
    std::optional<std::string> key;
    std::optional<std::int64_t> version;
    std::optional<TokenId> token;
    std::optional<std::string> reason;
    std::optional<std::string> details;
    std::optional<std::string> ip_address;
    std::optional<std::string> user_agent;
    std::optional<std::string> request_id;
    Timestamp created_at;
    std::int64_t seq = 0;  // never shown
};

// What is wanted of the log; all of it where nothing is set.
struct AuditFilter {
    std::optional<std::string> event_type;
    std::optional<std::string> actor_type;
    std::optional<UuidBytes> actor;
    std::optional<std::string> resource_type;
    std::optional<UuidBytes> resource;
    std::optional<std::string> name_space;
    std::optional<std::string> key;  // only with name_space
    std::optional<Timestamp> from;   // inclusive
    std::optional<Timestamp> to;     // exclusive
};

// Where a page begins: behind this event, in the order of pages.
struct AuditPosition {
    Timestamp created_at;
    std::int64_t seq = 0;
};

// Queued; one result, for parse_audit_rows(): newest first.
void add_list_audit(Transaction& transaction,
                    const TenantId& tenant,
                    const AuditFilter& filter,
                    const std::optional<AuditPosition>& behind,
                    std::int64_t limit,
                    std::int64_t offset);
std::vector<AuditRow> parse_audit_rows(const ResultSet& result);
// Queued; one result: how many pass the filter.
void add_count_audit(Transaction& transaction, const TenantId& tenant, const AuditFilter& filter);
// Queued; one result, for parse_audit_position(): where this event stands.
void add_find_audit_position(Transaction& transaction,
                             const TenantId& tenant,
                             Timestamp created_at,
                             const AuditEventId& event);
std::optional<AuditPosition> parse_audit_position(const ResultSet& result);

// Counts once and for all what is older than `lag`, which must be longer than any transaction can
// last; how many events were new. Role maint, one caller at a time.
Result<std::int64_t> seal_audit_counts(Connection& connection,
                                       const TenantId& tenant,
                                       std::chrono::seconds lag);

// Of one month and type: how many events were counted, and how many are there.
struct AuditCount {
    std::string month;  // 2026-11
    std::string event_type;
    std::int64_t counted = 0;
    std::int64_t found = 0;
};
// Of all that was counted so far. Reads every event of the tenant. Role maint.
Result<std::vector<AuditCount>> compare_audit_counts(Connection& connection,
                                                     const TenantId& tenant);

// Deletes at most `limit` events of one tenant that are older than `kept`, at least a day; how
// many. Role maint.
Result<std::int64_t> remove_audit_events(Connection& connection,
                                         const TenantId& tenant,
                                         std::chrono::seconds kept,
                                         std::int64_t limit);
// Whole months, of all tenants, that ended longer ago than `kept`; how many. Role maint.
Result<std::int64_t> drop_audit_partitions(Connection& connection, std::chrono::seconds kept);

// Makes the partitions of the next `months`; how many were new. Role maint.
Result<std::int64_t> create_audit_partitions(Connection& connection, std::int64_t months);
// For how many months after this one there are partitions. Role maint.
Result<std::int64_t> count_audit_partitions_ahead(Connection& connection);

}  // namespace core::store
