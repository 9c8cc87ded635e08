// What a backup notes of the database that it holds, and the sealed values that are opened to prove
// it. Role backup, which reads everything and changes nothing.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core::store {

// One moment of the database, as long as the connection lives; other connections, pg_dump's among
// them, look at the same moment by its id.
struct Snapshot {
    std::string id;
    Timestamp taken_at;
    std::string server_version;
};
// Errors of all these: StoreUnavailable.
Result<Snapshot> begin_snapshot(Connection& connection);

struct TableRows {
    std::string table;
    std::int64_t rows = 0;

    bool operator==(const TableRows&) const = default;
};
// Of every table of the schema, by name.
Result<std::vector<TableRows>> count_rows(Connection& connection);

// What works again after a restore although it may have been taken away since: scoped tokens are
// not among them, for the token epoch is raised.
struct Revivable {
    std::int64_t agents = 0;           // active
    std::int64_t members = 0;          // of all tenants
    std::int64_t personal_tokens = 0;  // live
    std::int64_t webhooks = 0;         // active
    std::int64_t invitations = 0;      // not accepted
    std::int64_t approvals = 0;        // that wait for a decision
};
Result<Revivable> count_revivable(Connection& connection);

struct RootKeyStored {
    KeyId id;
    Bytes check_value;
};
Result<std::vector<RootKeyStored>> list_root_keys(Connection& connection);

// A version with all that opens it but the root key.
struct SampledValue {
    TenantId tenant;
    KeyId kek;
    std::int64_t kek_generation = 0;
    Bytes kek_box;
    SecretId secret;
    std::string name_space;
    std::string key;
    std::int64_t version = 0;
    std::int64_t tier = 0;
    std::optional<Timestamp> expires_at;
    Bytes dek_box;
    Bytes value_box;
};
// Of the next `tenants` behind `after` in the order of their ids: up to `each` versions, chosen at
// random. `last` is the id to go on behind; nothing at the end.
struct Sample {
    std::vector<SampledValue> values;
    std::optional<TenantId> last;
};
Result<Sample> sample_values(Connection& connection,
                             const TenantId& after,
                             std::int64_t tenants,
                             std::int64_t each);

// Is there anything of a store in this database? Role migrator.
Result<bool> has_schema(Connection& connection);

}  // namespace core::store
