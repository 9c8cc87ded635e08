#include "core/store/key_rotation_store.h"

#include <utility>

namespace core::store {
namespace {

TenantKeyStored parse_key(Row& row) {
    TenantKeyStored key;
    key.id = row.id<KeyId>();
    key.generation = row.integer();
    key.box = to_bytes(row.bytes());
    return key;
}

// A count that a single statement gives.
Result<std::int64_t> count(Connection& connection,
                           Statement statement,
                           const Parameters& parameters) {
    const auto results = connection.run(statement, parameters);
    if (!results) return tl::unexpected(to_error(results.error()));
    return results->row(0).integer();
}

// How many rows a single statement changed.
Result<std::int64_t> change(Connection& connection,
                            Statement statement,
                            const Parameters& parameters) {
    const auto results = connection.run(statement, parameters);
    if (!results) return tl::unexpected(to_error(results.error()));
    return results->affected();
}

}  // namespace

Result<std::int64_t> count_keys_under_root(Connection& connection, const KeyId& root_key) {
    return count(connection, Statement::CountKeysUnderRoot, Parameters{}.id(root_key));
}

Result<std::vector<TenantKeyOfRoot>> list_tenant_keys_under_root(Connection& connection,
                                                                 const KeyId& root_key,
                                                                 std::int64_t limit) {
    const auto results =
        connection.run(Statement::ListTenantKeysUnderRoot, Parameters{}.id(root_key).bigint(limit));
    if (!results) return tl::unexpected(to_error(results.error()));
    std::vector<TenantKeyOfRoot> keys;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        const auto tenant = row.id<TenantId>();
        keys.push_back({tenant, parse_key(row)});
    }
    return keys;
}

void add_rewrap_tenant_keys(Transaction& transaction, const std::vector<TenantKeyOfRoot>& keys) {
    std::vector<UuidBytes> tenants;
    std::vector<UuidBytes> ids;
    std::vector<Bytes> boxes;
    for (const auto& [tenant, key] : keys) {
        tenants.push_back(tenant.bytes());
        ids.push_back(key.id.bytes());
        boxes.push_back(key.box);
    }
    transaction.add(Statement::RewrapTenantKeys,
                    Parameters{}.ids(tenants).ids(ids).byte_strings(boxes));
}

Result<std::vector<ServiceKeyStored>> list_service_keys_under_root(Connection& connection,
                                                                   const KeyId& root_key) {
    const auto results =
        connection.run(Statement::ListServiceKeysUnderRoot, Parameters{}.id(root_key));
    if (!results) return tl::unexpected(to_error(results.error()));
    return parse_service_keys(*results);
}

void add_rewrap_service_keys(Transaction& transaction, const std::vector<ServiceKeyStored>& keys) {
    std::vector<UuidBytes> ids;
    std::vector<Bytes> boxes;
    for (const auto& key : keys) {
        ids.push_back(key.id.bytes());
        boxes.push_back(key.box);
    }
    transaction.add(Statement::RewrapServiceKeys, Parameters{}.ids(ids).byte_strings(boxes));
}

Result<std::int64_t> count_workers_without_key(Connection& connection, std::string_view word) {
    return count(connection, Statement::CountWorkersWithoutKey, Parameters{}.text(word));
}

Result<bool> forget_root_key(Connection& connection, const KeyId& root_key) {
    Transaction transaction(connection);
    transaction.add(Statement::LockKeysUnderRoot, {});
    transaction.add(Statement::CountKeysUnderRoot, Parameters{}.id(root_key));
    const auto counted = transaction.flush();
    if (!counted) return tl::unexpected(to_error(counted.error()));
    if (counted->at(1).row(0).integer() > 0) return false;
    transaction.add(Statement::DeleteRootKey, Parameters{}.id(root_key));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(to_error(committed.error()));
    return true;
}

void add_lock_tenant_keys(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::LockTenantKeys, Parameters{}.id(tenant));
}

std::vector<TenantKeyState> parse_tenant_keys(const ResultSet& result) {
    std::vector<TenantKeyState> keys;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        auto key = parse_key(row);
        keys.push_back({std::move(key), row.text()});
    }
    return keys;
}

void add_count_rows_under_replaced_keks(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::CountRowsUnderReplacedKeks, Parameters{}.id(tenant));
}

void add_replace_tenant_key(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::ReplaceTenantKey, Parameters{}.id(tenant));
}

Result<std::vector<VersionUnderKek>> list_versions_under_kek(Connection& connection,
                                                             const TenantId& tenant,
                                                             const KeyId& kek,
                                                             const VersionPlace& after,
                                                             std::int64_t limit) {
    Parameters parameters;
    parameters.id(tenant).id(kek).id(after.secret).bigint(after.version).bigint(limit);
    const auto results = connection.run(Statement::ListVersionsUnderKek, parameters);
    if (!results) return tl::unexpected(to_error(results.error()));
    std::vector<VersionUnderKek> versions;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        VersionUnderKek version;
        version.secret = row.id<SecretId>();
        version.name_space = row.text();
        version.key = row.text();
        version.version = row.integer();
        version.tier = row.integer();
        version.expires_at = row.maybe_time();
        version.dek_box = to_bytes(row.bytes());
        versions.push_back(std::move(version));
    }
    return versions;
}

Result<std::int64_t> rewrap_versions(Connection& connection,
                                     const TenantId& tenant,
                                     const KeyId& from,
                                     const KeyId& to,
                                     const std::vector<VersionUnderKek>& versions) {
    std::vector<UuidBytes> secrets;
    std::vector<std::int64_t> numbers;
    std::vector<Bytes> boxes;
    for (const auto& version : versions) {
        secrets.push_back(version.secret.bytes());
        numbers.push_back(version.version);
        boxes.push_back(version.dek_box);
    }
    Parameters parameters;
    parameters.id(tenant).id(from).id(to).ids(secrets).bigints(numbers).byte_strings(boxes);
    return change(connection, Statement::RewrapVersions, parameters);
}

Result<std::vector<AnswerUnderKek>> list_answers_under_kek(Connection& connection,
                                                           const TenantId& tenant,
                                                           const KeyId& kek,
                                                           ByteView after,
                                                           std::int64_t limit) {
    const auto results = connection.run(Statement::ListAnswersUnderKek,
                                        Parameters{}.id(tenant).id(kek).bytes(after).bigint(limit));
    if (!results) return tl::unexpected(to_error(results.error()));
    std::vector<AnswerUnderKek> answers;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        Bytes request_key = to_bytes(row.bytes());
        answers.push_back({std::move(request_key), to_bytes(row.bytes())});
    }
    return answers;
}

Result<std::int64_t> reseal_answers(Connection& connection,
                                    const TenantId& tenant,
                                    const KeyId& from,
                                    const KeyId& to,
                                    const std::vector<AnswerUnderKek>& answers) {
    std::vector<Bytes> keys;
    std::vector<Bytes> boxes;
    for (const auto& answer : answers) {
        keys.push_back(answer.request_key);
        boxes.push_back(answer.answer_box);
    }
    Parameters parameters;
    parameters.id(tenant).id(from).id(to).byte_strings(keys).byte_strings(boxes);
    return change(connection, Statement::ResealAnswers, parameters);
}

Result<std::int64_t> destroy_replaced_keks(Connection& connection, std::chrono::seconds grace) {
    return change(connection, Statement::DestroyReplacedKeks, Parameters{}.bigint(grace.count()));
}

void add_set_service_key_state(Transaction& transaction, const KeyId& key, std::string_view state) {
    transaction.add(Statement::SetServiceKeyState, Parameters{}.id(key).text(state));
}

Result<std::int64_t> count_tokens_of_key(Connection& connection, const KeyId& key) {
    return count(connection, Statement::CountTokensOfKey, Parameters{}.id(key));
}

Result<std::int64_t> count_keys_of_pepper(Connection& connection, const KeyId& pepper) {
    return count(connection, Statement::CountKeysOfPepper, Parameters{}.id(pepper));
}

}  // namespace core::store
