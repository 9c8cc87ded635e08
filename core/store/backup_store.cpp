#include "core/store/backup_store.h"

#include <array>

namespace core::store {
namespace {

SampledValue parse_value(Row row) {
    SampledValue value;
    value.tenant = row.id<TenantId>();
    value.kek = row.id<KeyId>();
    value.kek_generation = row.integer();
    value.kek_box = to_bytes(row.bytes());
    value.secret = row.id<SecretId>();
    value.name_space = row.text();
    value.key = row.text();
    value.version = row.integer();
    value.tier = row.integer();
    value.expires_at = row.maybe_time();
    value.dek_box = to_bytes(row.bytes());
    value.value_box = to_bytes(row.bytes());
    return value;
}

}  // namespace

Result<Snapshot> begin_snapshot(Connection& connection) {
    const std::array<Step, 2> steps{Step{Statement::BeginSnapshot, {}},
                                    Step{Statement::ExportSnapshot, {}}};
    const auto results = connection.run(steps);
    if (!results) return tl::unexpected(to_error(results.error()));
    Row row = results->back().row(0);
    Snapshot snapshot;
    snapshot.id = row.text();
    snapshot.taken_at = row.time();
    snapshot.server_version = row.text();
    return snapshot;
}

Result<std::vector<TableRows>> count_rows(Connection& connection) {
    const auto result = connection.run(Statement::CountRowsOfTables, {});
    if (!result) return tl::unexpected(to_error(result.error()));
    std::vector<TableRows> tables;
    for (std::size_t i = 0; i < result->size(); ++i) {
        Row row = result->row(i);
        auto table = row.text();
        tables.push_back({std::move(table), row.integer()});
    }
    return tables;
}

Result<Revivable> count_revivable(Connection& connection) {
    const auto result = connection.run(Statement::CountRevivable, {});
    if (!result) return tl::unexpected(to_error(result.error()));
    Row row = result->row(0);
    Revivable count;
    count.agents = row.integer();
    count.members = row.integer();
    count.personal_tokens = row.integer();
    count.webhooks = row.integer();
    count.invitations = row.integer();
    count.approvals = row.integer();
    return count;
}

Result<std::vector<RootKeyStored>> list_root_keys(Connection& connection) {
    const auto result = connection.run(Statement::ListRootKeys, {});
    if (!result) return tl::unexpected(to_error(result.error()));
    std::vector<RootKeyStored> keys;
    for (std::size_t i = 0; i < result->size(); ++i) {
        Row row = result->row(i);
        RootKeyStored key;
        key.id = row.id<KeyId>();
        key.check_value = to_bytes(row.bytes());
        keys.push_back(std::move(key));
    }
    return keys;
}

Result<Sample> sample_values(Connection& connection,
                             const TenantId& after,
                             std::int64_t tenants,
                             std::int64_t each) {
    const std::array<Step, 2> steps{
        Step{Statement::FindLastTenantOfPage, std::move(Parameters{}.id(after).bigint(tenants))},
        Step{Statement::SampleValues,
             std::move(Parameters{}.id(after).bigint(tenants).bigint(each))}};
    const auto results = connection.run(steps);
    if (!results) return tl::unexpected(to_error(results.error()));
    Sample sample;
    sample.last = results->front().row(0).maybe_id<TenantId>();
    for (std::size_t i = 0; i < results->back().size(); ++i)
        sample.values.push_back(parse_value(results->back().row(i)));
    return sample;
}

Result<bool> has_schema(Connection& connection) {
    const auto result = connection.run(Statement::HasSchema, {});
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).boolean();
}

}  // namespace core::store
