// Which schemas this program can work with. Workers never migrate.
#pragma once

#include "core/base/result.h"
#include "core/store/connection.h"

#include <cstdint>

namespace core::store {

// The newest migration that this program was written against, and the oldest schema that has all
// it needs.
inline constexpr std::int64_t kNewestKnownSchema = 23;
inline constexpr std::int64_t kOldestUsableSchema = 22;

// The newest migration that the database has. Errors: StoreUnavailable.
Result<std::int64_t> find_newest_migration(Connection& connection);

// Errors: ConfigInvalid where the database has a breaking migration above `newest_known`;
// StoreUnavailable.
Result<void> refuse_newer_schema(Connection& connection, std::int64_t newest_known);

// Errors: FailedPrecondition where the schema is older; ConfigInvalid where it is newer with a
// breaking migration; StoreUnavailable.
Result<void> check_schema_version(Connection& connection);

}  // namespace core::store
