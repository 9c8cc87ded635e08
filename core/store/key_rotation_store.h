// Moving what is sealed from one key to another, in the database: in batches, each its own
// transaction, so that an interrupted rotation goes on where it was. Role maint.
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
#include <vector>

namespace core::store {

// ---- root keys ------------------------------------------------------------------------------

// KEKs and service keys that are sealed under it.
Result<std::int64_t> count_keys_under_root(Connection& connection, const KeyId& root_key);

struct TenantKeyOfRoot {
    TenantId tenant;
    TenantKeyStored key;
};
Result<std::vector<TenantKeyOfRoot>> list_tenant_keys_under_root(Connection& connection,
                                                                 const KeyId& root_key,
                                                                 std::int64_t limit);
// Queued: new boxes in the place of the old ones.
void add_rewrap_tenant_keys(Transaction& transaction, const std::vector<TenantKeyOfRoot>& keys);

Result<std::vector<ServiceKeyStored>> list_service_keys_under_root(Connection& connection,
                                                                   const KeyId& root_key);
// Queued.
void add_rewrap_service_keys(Transaction& transaction, const std::vector<ServiceKeyStored>& keys);

// Connections of workers whose names say that they do not hold a key; `word` stands for it
// (service/held_keys.h).
Result<std::int64_t> count_workers_without_key(Connection& connection, std::string_view word);

// Forgets a root key that nothing is sealed under. False where something is: nothing was done.
Result<bool> forget_root_key(Connection& connection, const KeyId& root_key);

// ---- KEKs -----------------------------------------------------------------------------------

struct TenantKeyState {
    TenantKeyStored key;
    std::string state;  // active or decrypt_only
};
// Queued; one result, the active one first. Their rows are locked until the transaction ends.
void add_lock_tenant_keys(Transaction& transaction, const TenantId& tenant);
std::vector<TenantKeyState> parse_tenant_keys(const ResultSet& result);
// Queued; one result with the number of rows that are still sealed under a replaced KEK.
void add_count_rows_under_replaced_keks(Transaction& transaction, const TenantId& tenant);
// Queued: the active one becomes decrypt_only; add_tenant_key() gives its successor.
void add_replace_tenant_key(Transaction& transaction, const TenantId& tenant);

// A version as its DEK box is bound to it.
struct VersionUnderKek {
    SecretId secret;
    std::string name_space;
    std::string key;
    std::int64_t version = 0;
    std::int64_t tier = 0;
    std::optional<Timestamp> expires_at;
    Bytes dek_box;
};
// Those behind `after` (a secret and a version of it), in that order.
struct VersionPlace {
    SecretId secret;
    std::int64_t version = 0;
};
Result<std::vector<VersionUnderKek>> list_versions_under_kek(Connection& connection,
                                                             const TenantId& tenant,
                                                             const KeyId& kek,
                                                             const VersionPlace& after,
                                                             std::int64_t limit);
// `versions` with their new boxes; how many rows still were under `from`.
Result<std::int64_t> rewrap_versions(Connection& connection,
                                     const TenantId& tenant,
                                     const KeyId& from,
                                     const KeyId& to,
                                     const std::vector<VersionUnderKek>& versions);

// What was answered to requests, sealed under a KEK too.
struct AnswerUnderKek {
    Bytes request_key;
    Bytes answer_box;
};
Result<std::vector<AnswerUnderKek>> list_answers_under_kek(Connection& connection,
                                                           const TenantId& tenant,
                                                           const KeyId& kek,
                                                           ByteView after,
                                                           std::int64_t limit);
Result<std::int64_t> reseal_answers(Connection& connection,
                                    const TenantId& tenant,
                                    const KeyId& from,
                                    const KeyId& to,
                                    const std::vector<AnswerUnderKek>& answers);

// Destroys KEKs that were replaced longer than `grace` ago and seal nothing; how many.
Result<std::int64_t> destroy_replaced_keks(Connection& connection, std::chrono::seconds grace);

// ---- service keys ---------------------------------------------------------------------------

// Queued. `retired` wipes the key.
void add_set_service_key_state(Transaction& transaction, const KeyId& key, std::string_view state);
// Live tokens that it signed.
Result<std::int64_t> count_tokens_of_key(Connection& connection, const KeyId& key);
// Active agents and live personal tokens whose keys are MACed with it.
Result<std::int64_t> count_keys_of_pepper(Connection& connection, const KeyId& pepper);

}  // namespace core::store
