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
                      Depth depth,
                      const ListFilter& filter,
                      std::int64_t limit,
                      std::int64_t offset) {
    std::string last(name_space);
    // Path characters end at '~' (0x7e).
    if (depth == Depth::AllBelow) last += "/\x7f";
    Parameters shared;
    shared.id(tenant).text(name_space).texts(filter.token);
    shared.texts(filter.agent_scopes).texts(filter.agent_namespaces);
    Parameters page = shared;
    page.bigint(limit).bigint(offset).text(last);
    shared.text(last);
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

void add_list_namespaces(Transaction& transaction,
                         const TenantId& tenant,
                         const ListFilter& filter,
                         std::int64_t limit,
                         std::int64_t offset) {
    Parameters parameters;
    parameters.id(tenant).texts(filter.token).texts(filter.agent_scopes);
    parameters.texts(filter.agent_namespaces).bigint(limit).bigint(offset);
    transaction.add(Statement::ListNamespaces, std::move(parameters));
}

NamespaceRows parse_namespaces(const ResultSet& result) {
    NamespaceRows out;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        out.total = row.integer();
        // Where the page lies behind the last one there is only the total.
        if (auto name = row.maybe_text()) out.names.push_back(std::move(*name));
    }
    return out;
}

void add_find_recent_version(Transaction& transaction,
                             const TenantId& tenant,
                             std::string_view name_space,
                             std::string_view key,
                             std::string_view actor_type,
                             const std::optional<UuidBytes>& actor,
                             std::chrono::seconds within) {
    Parameters parameters;
    parameters.id(tenant).text(name_space).text(key).text(actor_type);
    if (actor)
        parameters.bytes(*actor);
    else
        parameters.null();
    transaction.add(Statement::FindRecentVersion,
                    std::move(parameters.bigint(std::int64_t{within.count()})));
}

void add_find_version(Transaction& transaction,
                      const TenantId& tenant,
                      std::string_view name_space,
                      std::string_view key,
                      std::optional<std::int64_t> version) {
    transaction.add(Statement::FindVersion,
                    Parameters{}.id(tenant).text(name_space).text(key).bigint(version));
}

std::optional<SealedVersion> parse_sealed_version(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    Row row = result.row(0);
    SealedVersion out;
    out.version = row.integer();
    out.kek.id = row.id<KeyId>();
    out.kek.generation = row.integer();
    const ByteView kek_box = row.bytes();
    out.kek.box.assign(kek_box.begin(), kek_box.end());
    out.tier = row.integer();
    out.expires_at = row.maybe_time();
    const ByteView dek_box = row.bytes();
    out.dek_box.assign(dek_box.begin(), dek_box.end());
    const ByteView value_box = row.bytes();
    out.value_box.assign(value_box.begin(), value_box.end());
    out.secret_updated_at = row.time();
    return out;
}

void add_delete_secret(Transaction& transaction, const TenantId& tenant, const SecretId& secret) {
    transaction.add(Statement::DeleteSecret, Parameters{}.id(tenant).id(secret));
}

Result<VersionRows> list_versions(Connection& connection,
                                  const TenantId& tenant,
                                  std::string_view name_space,
                                  std::string_view key,
                                  std::int64_t limit,
                                  std::int64_t offset) {
    Parameters shared;
    shared.id(tenant).text(name_space).text(key);
    Parameters page = shared;
    Transaction transaction(connection, tenant);
    transaction.add(Statement::ListVersions, std::move(page.bigint(limit).bigint(offset)));
    transaction.add(Statement::CountVersions, std::move(shared));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    VersionRows out;
    for (std::size_t i = 0; i < results->at(0).size(); ++i) {
        Row row = results->at(0).row(i);
        VersionRow version;
        version.version = row.integer();
        version.tier = row.integer();
        version.expires_at = row.maybe_time();
        version.created_at = row.time();
        version.created_by_type = row.text();
        if (const auto by = row.maybe_id<UserId>()) version.created_by = by->bytes();
        version.is_current = row.boolean();
        out.rows.push_back(std::move(version));
    }
    out.total = results->at(1).row(0).integer();
    return out;
}

void add_count_secrets(Transaction& transaction,
                       const TenantId& tenant,
                       std::string_view name_space,
                       const std::vector<std::string>& keys) {
    transaction.add(Statement::CountSecretsAndNames,
                    Parameters{}.id(tenant).text(name_space).texts(keys));
}

SecretCounts parse_secret_counts(const ResultSet& result) {
    Row row = result.row(0);
    SecretCounts counts;
    counts.all = row.integer();
    counts.named = row.integer();
    return counts;
}

void add_secret_exists(Transaction& transaction,
                       const TenantId& tenant,
                       std::string_view name_space,
                       std::string_view key) {
    transaction.add(Statement::SecretExists, Parameters{}.id(tenant).text(name_space).text(key));
}

Result<PurgedRows> purge_deleted_secrets(Connection& connection,
                                         std::chrono::seconds kept,
                                         std::int64_t limit) {
    Parameters parameters;
    parameters.bigint(std::int64_t{kept.count()}).bigint(limit);
    const auto versions = connection.run(Statement::PurgeDeletedVersions, parameters);
    if (!versions) return tl::unexpected(to_error(versions.error()));
    const auto secrets = connection.run(Statement::PurgeDeletedSecrets, parameters);
    if (!secrets) return tl::unexpected(to_error(secrets.error()));
    return PurgedRows{.secrets = secrets->row(0).integer(), .versions = versions->row(0).integer()};
}

}  // namespace core::store
