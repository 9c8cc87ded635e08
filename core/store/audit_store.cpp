#include "core/store/audit_store.h"

#include <limits>

namespace core::store {
namespace {

Parameters& add_uuid(Parameters& parameters, const std::optional<UuidBytes>& value) {
    return value ? parameters.bytes(*value) : parameters.null();
}

std::optional<UuidBytes> maybe_uuid(Row& row) {
    const auto id = row.maybe_id<AuditEventId>();
    if (!id) return std::nullopt;
    return id->bytes();
}

AuditRow parse_row(Row row) {
    AuditRow out;
    out.event = row.id<AuditEventId>();
    out.type = row.text();
    out.actor_type = row.text();
    out.actor = maybe_uuid(row);
    out.resource_type = row.text();
    out.resource = maybe_uuid(row);
    out.name_space = row.maybe_text();
    out.key = row.maybe_text();
    out.version = row.maybe_integer();
    out.token = row.maybe_id<TokenId>();
    out.reason = row.maybe_text();
    out.details = row.maybe_text();
    out.ip_address = row.maybe_text();
    out.user_agent = row.maybe_text();
    out.request_id = row.maybe_text();
    out.created_at = row.time();
    out.seq = row.integer();
    return out;
}

// A text for each index: see statements.cpp.
enum class AuditIndex { Time, Path, Type, Namespace };

bool is_namespace_only(const AuditFilter& filter) {
    return filter.name_space && !filter.key && !filter.event_type && !filter.actor_type &&
           !filter.actor && !filter.resource_type && !filter.resource;
}

AuditIndex index_for(const AuditFilter& filter) {
    if (filter.key) return AuditIndex::Path;
    if (is_namespace_only(filter)) return AuditIndex::Namespace;
    // Reads are nearly all that there is: they have no index of their own.
    if (filter.event_type && *filter.event_type != "secret.read") return AuditIndex::Type;
    return AuditIndex::Time;
}

Statement list_statement(AuditIndex index) {
    switch (index) {
        case AuditIndex::Time:
            return Statement::ListAuditEvents;
        case AuditIndex::Path:
            return Statement::ListAuditEventsOfPath;
        case AuditIndex::Type:
            return Statement::ListAuditEventsOfType;
        case AuditIndex::Namespace:
            return Statement::ListAuditEventsOfNamespace;
    }
    return Statement::ListAuditEvents;
}

Statement count_statement(AuditIndex index) {
    switch (index) {
        case AuditIndex::Time:
            return Statement::CountAuditEvents;
        case AuditIndex::Path:
            return Statement::CountAuditEventsOfPath;
        case AuditIndex::Type:
            return Statement::CountAuditEventsOfType;
        case AuditIndex::Namespace:
            return Statement::CountAuditEventsOfNamespace;
    }
    return Statement::CountAuditEvents;
}

Parameters filter_parameters(const TenantId& tenant, const AuditFilter& filter) {
    Parameters parameters;
    parameters.id(tenant).maybe_text(filter.event_type).maybe_text(filter.actor_type);
    add_uuid(parameters, filter.actor).maybe_text(filter.resource_type);
    add_uuid(parameters, filter.resource).maybe_text(filter.name_space);
    parameters.time(filter.from.value_or(Timestamp{})).time(filter.to.value_or(Timestamp::max()));
    parameters.maybe_text(filter.key);
    return parameters;
}

// By nothing but the type: that is counted by month.
bool is_sealed(const AuditFilter& filter) {
    return !filter.actor_type && !filter.actor && !filter.resource_type && !filter.resource &&
           !filter.name_space && !filter.key && !filter.from && !filter.to;
}

// Behind everything that there is: the first page.
constexpr AuditPosition kBeginning{Timestamp::max(), std::numeric_limits<std::int64_t>::max()};

}  // namespace

void add_audit_record(Transaction& transaction,
                      const TenantId& tenant,
                      const AuditOrigin& origin,
                      const AuditRecord& record) {
    Parameters parameters;
    parameters.id(tenant).id(record.event).text(record.type).text(origin.actor_type);
    add_uuid(parameters, origin.actor).text(record.resource_type);
    add_uuid(parameters, record.resource).maybe_text(record.name_space).maybe_text(record.key);
    parameters.bigint(record.version).id(record.token).maybe_text(record.reason);
    parameters.maybe_text(record.details).maybe_text(origin.ip_address);
    parameters.maybe_text(origin.user_agent).maybe_text(origin.request_id);
    transaction.add(Statement::InsertAuditEvent, std::move(parameters));
}

void add_list_audit(Transaction& transaction,
                    const TenantId& tenant,
                    const AuditFilter& filter,
                    const std::optional<AuditPosition>& behind,
                    std::int64_t limit,
                    std::int64_t offset) {
    auto parameters = filter_parameters(tenant, filter);
    const AuditPosition& start = behind ? *behind : kBeginning;
    parameters.time(start.created_at).bigint(start.seq).bigint(limit).bigint(offset);
    transaction.add(list_statement(index_for(filter)), std::move(parameters));
}

std::vector<AuditRow> parse_audit_rows(const ResultSet& result) {
    std::vector<AuditRow> rows;
    rows.reserve(result.size());
    for (std::size_t i = 0; i < result.size(); ++i)
        rows.push_back(parse_row(result.row(i)));
    return rows;
}

void add_count_audit(Transaction& transaction, const TenantId& tenant, const AuditFilter& filter) {
    if (is_sealed(filter))
        transaction.add(Statement::CountAllAuditEvents,
                        Parameters{}.id(tenant).maybe_text(filter.event_type));
    else
        transaction.add(count_statement(index_for(filter)), filter_parameters(tenant, filter));
}

void add_find_audit_position(Transaction& transaction,
                             const TenantId& tenant,
                             Timestamp created_at,
                             const AuditEventId& event) {
    transaction.add(Statement::FindAuditPosition,
                    Parameters{}.id(tenant).time(created_at).id(event));
}

std::optional<AuditPosition> parse_audit_position(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    Row row = result.row(0);
    AuditPosition position;
    position.created_at = row.time();
    position.seq = row.integer();
    return position;
}

Result<std::int64_t> seal_audit_counts(Connection& connection,
                                       const TenantId& tenant,
                                       std::chrono::seconds lag) {
    const auto result = connection.run(Statement::SealAuditCounts,
                                       Parameters{}.id(tenant).bigint(std::int64_t{lag.count()}));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

Result<std::vector<AuditCount>> compare_audit_counts(Connection& connection,
                                                     const TenantId& tenant) {
    const auto result = connection.run(Statement::CompareAuditCounts, Parameters{}.id(tenant));
    if (!result) return tl::unexpected(to_error(result.error()));
    std::vector<AuditCount> counts;
    counts.reserve(result->size());
    for (std::size_t i = 0; i < result->size(); ++i) {
        Row row = result->row(i);
        AuditCount& count = counts.emplace_back();
        count.month = row.text();
        count.event_type = row.text();
        count.counted = row.integer();
        count.found = row.integer();
    }
    return counts;
}

Result<std::int64_t> remove_audit_events(Connection& connection,
                                         const TenantId& tenant,
                                         std::chrono::seconds kept,
                                         std::int64_t limit) {
    const auto result =
        connection.run(Statement::RemoveAuditEvents,
                       Parameters{}.id(tenant).bigint(std::int64_t{kept.count()}).bigint(limit));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

Result<std::int64_t> drop_audit_partitions(Connection& connection, std::chrono::seconds kept) {
    const auto result = connection.run(Statement::DropAuditPartitions,
                                       Parameters{}.bigint(std::int64_t{kept.count()}));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

Result<std::int64_t> create_audit_partitions(Connection& connection, std::int64_t months) {
    const auto results =
        connection.run(Statement::CreateAuditPartitions, Parameters{}.bigint(months));
    if (!results) return tl::unexpected(to_error(results.error()));
    return results->row(0).integer();
}

Result<std::int64_t> count_audit_partitions_ahead(Connection& connection) {
    const auto results = connection.run(Statement::CountAuditPartitionsAhead, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    return results->row(0).integer();
}

}  // namespace core::store
