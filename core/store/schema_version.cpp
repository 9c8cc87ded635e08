#include "core/store/schema_version.h"

#include <string>

namespace core::store {

Result<std::int64_t> find_newest_migration(Connection& connection) {
    const auto results = connection.run(Statement::FindSchemaVersion, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    return results->row(0).integer();
}

Result<void> check_schema_version(Connection& connection) {
    const auto results = connection.run(Statement::FindSchemaVersion, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    Row row = results->row(0);
    const std::int64_t newest = row.integer();
    const std::int64_t newest_breaking = row.integer();
    if (newest < kOldestUsableSchema)
        return failure(ErrorCode::FailedPrecondition,
                       "the database's schema is version " + std::to_string(newest) +
                           ", this program needs " + std::to_string(kOldestUsableSchema) +
                           ": run 'secretstorectl db migrate'");
    if (newest_breaking > kNewestKnownSchema)
        return failure(ErrorCode::ConfigInvalid,
                       "the database's schema is version " + std::to_string(newest) +
                           ", this program knows none above " + std::to_string(kNewestKnownSchema) +
                           ": install the newer package");
    return {};
}

}  // namespace core::store
