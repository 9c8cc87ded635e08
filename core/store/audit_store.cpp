#include "core/store/audit_store.h"

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
    return out;
}

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

Result<AuditPage> list_audit(Connection& connection,
                             const TenantId& tenant,
                             std::int64_t limit,
                             std::int64_t offset) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::ListAuditEvents,
                    Parameters{}.id(tenant).bigint(limit).bigint(offset));
    transaction.add(Statement::CountAuditEvents, Parameters{}.id(tenant));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    AuditPage page;
    const ResultSet& rows = results->at(0);
    page.rows.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        page.rows.push_back(parse_row(rows.row(i)));
    page.total = results->at(1).row(0).integer();
    return page;
}

Result<std::int64_t> create_audit_partitions(Connection& connection, std::int64_t months) {
    const auto results =
        connection.run(Statement::CreateAuditPartitions, Parameters{}.bigint(months));
    if (!results) return tl::unexpected(to_error(results.error()));
    return results->row(0).integer();
}

}  // namespace core::store
