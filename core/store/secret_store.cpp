#include "core/store/secret_store.h"

namespace core::store {
namespace {

SecretListRow parse_list_row(Row row) {
    SecretListRow out;
    out.secret = row.id<SecretId>();
    out.name_space = row.text();
    out.key = row.text();
    out.version = row.integer();
    out.type = row.text();
    out.tier = row.integer();
    out.metadata = row.maybe_text();
    out.created_at = row.time();
    out.updated_at = row.time();
    out.expires_at = row.maybe_time();
    out.expired = row.boolean();
    return out;
}

}  // namespace

void add_lock_secret(Transaction& transaction,
                     const TenantId& tenant,
                     std::string_view name_space,
                     std::string_view key) {
    transaction.add(Statement::LockSecret, Parameters{}.id(tenant).text(name_space).text(key));
}

std::optional<SecretHead> parse_secret_head(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    Row row = result.row(0);
    SecretHead head;
    head.secret = row.id<SecretId>();
    head.type = row.text();
    head.tier = row.integer();
    head.metadata = row.maybe_text();
    head.current_version = row.integer();
    head.expires_at = row.maybe_time();
    head.created_at = row.time();
    return head;
}

void add_secret_head(Transaction& transaction, const TenantId& tenant, const SecretWrite& write) {
    Parameters parameters;
    parameters.id(tenant).id(write.secret);
    if (write.version == 1) {
        parameters.text(write.name_space).text(write.key).text(write.type).bigint(write.tier);
        parameters.maybe_text(write.metadata).time(write.expires_at);
        transaction.add(Statement::InsertSecret, std::move(parameters));
        return;
    }
    parameters.text(write.type).bigint(write.tier).maybe_text(write.metadata);
    parameters.bigint(write.version).time(write.expires_at);
    transaction.add(Statement::UpdateSecret, std::move(parameters));
}

void add_secret_version(Transaction& transaction,
                        const TenantId& tenant,
                        const SecretWrite& write) {
    Parameters parameters;
    parameters.id(tenant).id(write.secret).bigint(write.version).id(write.kek).bigint(write.tier);
    parameters.time(write.expires_at).bytes(write.dek_box).bytes(write.value_box);
    parameters.text(write.created_by_type);
    if (write.created_by)
        parameters.bytes(*write.created_by);
    else
        parameters.null();
    transaction.add(Statement::InsertSecretVersion, std::move(parameters));
}

std::optional<WriteTimes> parse_write_times(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    Row row = result.row(0);
    WriteTimes times;
    times.created_at = row.time();
    times.updated_at = row.time();
    return times;
}

void add_list_secrets(Transaction& transaction,
                      const TenantId& tenant,
                      std::string_view name_space,
                      const ListFilter& filter,
                      std::int64_t limit,
                      std::int64_t offset) {
    Parameters shared;
    shared.id(tenant).text(name_space).texts(filter.token);
    shared.texts(filter.agent_scopes).texts(filter.agent_namespaces);
    Parameters page = shared;
    page.bigint(limit).bigint(offset);
    transaction.add(Statement::ListSecrets, std::move(page));
    transaction.add(Statement::CountSecrets, std::move(shared));
}

std::vector<SecretListRow> parse_secret_list(const ResultSet& result) {
    std::vector<SecretListRow> out;
    out.reserve(result.size());
    for (std::size_t i = 0; i < result.size(); ++i)
        out.push_back(parse_list_row(result.row(i)));
    return out;
}

void add_secret_exists(Transaction& transaction,
                       const TenantId& tenant,
                       std::string_view name_space,
                       std::string_view key) {
    transaction.add(Statement::SecretExists, Parameters{}.id(tenant).text(name_space).text(key));
}

}  // namespace core::store
