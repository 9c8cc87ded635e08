#include "core/store/key_store.h"

namespace core::store {
Result<std::optional<Bytes>> find_root_key(Connection& connection, const KeyId& root_key) {
    const auto results = connection.run(Statement::FindRootKey, Parameters{}.id(root_key));
    if (!results) return tl::unexpected(to_error(results.error()));
    if (results->empty()) return std::nullopt;
    return to_bytes(results->row(0).bytes());
}

Result<std::int64_t> count_root_keys(Connection& connection) {
    const auto results = connection.run(Statement::CountRootKeys, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    return results->row(0).integer();
}

void add_root_key(Transaction& transaction, const KeyId& root_key, ByteView check_value) {
    transaction.add(Statement::InsertRootKey, Parameters{}.id(root_key).bytes(check_value));
}

Result<std::vector<ServiceKeyStored>> list_service_keys(Connection& connection) {
    const auto results = connection.run(Statement::ListServiceKeys, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    return parse_service_keys(*results);
}

std::vector<ServiceKeyStored> parse_service_keys(const ResultSet& result) {
    std::vector<ServiceKeyStored> keys;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        ServiceKeyStored key;
        key.id = row.id<KeyId>();
        key.purpose = row.text();
        key.generation = row.integer();
        key.state = row.text();
        key.box = to_bytes(row.bytes());
        keys.push_back(std::move(key));
    }
    return keys;
}

void add_service_key(Transaction& transaction, const ServiceKeyStored& key) {
    Parameters parameters;
    parameters.id(key.id).text(key.purpose).bigint(key.generation).text(key.state);
    transaction.add(Statement::InsertServiceKey, std::move(parameters.bytes(key.box)));
}

void add_tenant_key(Transaction& transaction, const TenantId& tenant, const TenantKeyStored& key) {
    transaction.add(Statement::InsertTenantKey,
                    Parameters{}.id(tenant).id(key.id).bigint(key.generation).bytes(key.box));
}

void add_find_active_tenant_key(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::FindActiveTenantKey, Parameters{}.id(tenant));
}

void add_find_tenant_key(Transaction& transaction, const TenantId& tenant, const KeyId& kek) {
    transaction.add(Statement::FindTenantKey, Parameters{}.id(tenant).id(kek));
}

std::optional<TenantKeyStored> parse_tenant_key(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    Row row = result.row(0);
    TenantKeyStored key;
    key.id = row.id<KeyId>();
    key.generation = row.integer();
    key.box = to_bytes(row.bytes());
    return key;
}

}  // namespace core::store
