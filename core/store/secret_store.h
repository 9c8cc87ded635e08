// Secrets and their versions in the database: sealed boxes in, sealed boxes out.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/key_store.h"
#include "core/store/transaction.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// Violated where a first version has no secret to belong to, because another transaction has just
// created one of that name.
inline constexpr std::string_view kVersionWithoutSecret = "secret_versions_belong_to_a_secret";

// A live secret, locked until the transaction ends.
struct SecretHead {
    SecretId secret;
    std::string type;
    std::int64_t tier = 0;
    std::optional<std::string> metadata;
    std::int64_t current_version = 0;
    std::optional<Timestamp> expires_at;
    Timestamp created_at;
};

// Queued; one result, for parse_secret_head().
void add_lock_secret(Transaction& transaction,
                     const TenantId& tenant,
                     std::string_view name_space,
                     std::string_view key);
std::optional<SecretHead> parse_secret_head(const ResultSet& result);

// What a write makes of a secret.
struct SecretWrite {
    SecretId secret;
    std::string name_space;
    std::string key;
    std::string type;
    std::int64_t tier = 0;
    std::optional<std::string> metadata;
    std::int64_t version = 1;
    std::optional<Timestamp> expires_at;
    KeyId kek;
    Bytes dek_box;
    Bytes value_box;
    std::string_view created_by_type;
    std::optional<UuidBytes> created_by;
};

struct WriteTimes {
    Timestamp created_at;
    Timestamp updated_at;
};

// Queued: the head (insert for version 1, else update), for parse_write_times().
void add_secret_head(Transaction& transaction, const TenantId& tenant, const SecretWrite& write);
// Queued: the version.
void add_secret_version(Transaction& transaction, const TenantId& tenant, const SecretWrite& write);
// Nothing where an insert met a secret that another transaction made meanwhile.
std::optional<WriteTimes> parse_write_times(const ResultSet& result);

// A version with what opens it.
struct SealedVersion {
    std::int64_t version = 0;
    TenantKeyStored kek;
    std::int64_t tier = 0;
    std::optional<Timestamp> expires_at;
    Bytes dek_box;
    Bytes value_box;
    Timestamp secret_updated_at;
};

// Queued; one result, for parse_sealed_version(): the newest version, where this actor stored it
// within the last `within`.
void add_find_recent_version(Transaction& transaction,
                             const TenantId& tenant,
                             std::string_view name_space,
                             std::string_view key,
                             std::string_view actor_type,
                             const std::optional<UuidBytes>& actor,
                             std::chrono::seconds within);
// Queued; one result, for parse_sealed_version(). Nothing as version: the newest.
void add_find_version(Transaction& transaction,
                      const TenantId& tenant,
                      std::string_view name_space,
                      std::string_view key,
                      std::optional<std::int64_t> version);
std::optional<SealedVersion> parse_sealed_version(const ResultSet& result);

// Queued. The name is free for a new secret.
void add_delete_secret(Transaction& transaction, const TenantId& tenant, const SecretId& secret);

struct VersionRow {
    std::int64_t version = 0;
    std::int64_t tier = 0;
    std::optional<Timestamp> expires_at;
    Timestamp created_at;
    std::string created_by_type;  // agent, user, operator
    std::optional<UuidBytes> created_by;
    bool is_current = false;
};

struct VersionRows {
    std::vector<VersionRow> rows;
    std::int64_t total = 0;  // 0: no such secret
};

// Newest first. Errors: StoreUnavailable.
Result<VersionRows> list_versions(Connection& connection,
                                  const TenantId& tenant,
                                  std::string_view name_space,
                                  std::string_view key,
                                  std::int64_t limit,
                                  std::int64_t offset);

// LIKE patterns of paths; {"%"} where one does not limit. A secret is listed when each list has a
// pattern that matches.
struct ListFilter {
    std::vector<std::string> token{"%"};
    std::vector<std::string> agent_scopes{"%"};
    std::vector<std::string> agent_namespaces{"%"};
};

struct SecretListRow {
    SecretId secret;
    std::string name_space;
    std::string key;
    std::int64_t version = 0;
    std::string type;
    std::int64_t tier = 0;
    std::optional<std::string> metadata;
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> expires_at;
    bool expired = false;
};

enum class Depth : std::uint8_t { Exact, AllBelow };

// Queued: two results, rows and total, for parse_secret_list() and Row::integer().
void add_list_secrets(Transaction& transaction,
                      const TenantId& tenant,
                      std::string_view name_space,
                      Depth depth,
                      const ListFilter& filter,
                      std::int64_t limit,
                      std::int64_t offset);
std::vector<SecretListRow> parse_secret_list(const ResultSet& result);

struct NamespaceRows {
    std::vector<std::string> names;
    std::int64_t total = 0;
};

// Queued; one result, for parse_namespaces(): those with a secret that passes the filter, in order.
void add_list_namespaces(Transaction& transaction,
                         const TenantId& tenant,
                         const ListFilter& filter,
                         std::int64_t limit,
                         std::int64_t offset);
NamespaceRows parse_namespaces(const ResultSet& result);

// Queued; one result, for parse_secret_counts().
void add_count_secrets(Transaction& transaction,
                       const TenantId& tenant,
                       std::string_view name_space,
                       const std::vector<std::string>& keys);
struct SecretCounts {
    std::int64_t all = 0;    // live ones of the tenant
    std::int64_t named = 0;  // of them, those with one of the keys in the namespace
};
SecretCounts parse_secret_counts(const ResultSet& result);

// Queued: one boolean.
void add_secret_exists(Transaction& transaction,
                       const TenantId& tenant,
                       std::string_view name_space,
                       std::string_view key);

struct PurgedRows {
    std::int64_t secrets = 0;
    std::int64_t versions = 0;  // their sealed values and DEKs
};

// Removes at most `limit` versions of secrets that were deleted longer ago than `kept`, the oldest
// first, and at most `limit` of those secrets that have none left, in two transactions. As long as
// one of the numbers is `limit` there may be more. The database keeps those of the last 24 hours,
// whatever is asked for. Role maint. Errors: StoreUnavailable.
Result<PurgedRows> purge_deleted_secrets(Connection& connection,
                                         std::chrono::seconds kept,
                                         std::int64_t limit);

}  // namespace core::store
