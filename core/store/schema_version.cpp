#include "core/store/schema_version.h"

#include <string>

namespace core::store {
namespace {

struct SchemaVersion {
    std::int64_t newest = 0;
    std::int64_t newest_breaking = 0;
};

Result<SchemaVersion> find_schema_version(Connection& connection) {
    const auto results = connection.run(Statement::FindSchemaVersion, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    Row row = results->row(0);
    const std::int64_t newest = row.integer();
    return SchemaVersion{newest, row.integer()};
}

Result<void> refuse_newer(const SchemaVersion& version, std::int64_t newest_known) {
    if (version.newest_breaking <= newest_known) return {};
    return failure(ErrorCode::ConfigInvalid,
                   "the database's schema is version " + std::to_string(version.newest) +
                       ", this program knows none above " + std::to_string(newest_known) +
                       ": install the newer package");
}

}  // namespace

Result<std::int64_t> find_newest_migration(Connection& connection) {
    const auto version = find_schema_version(connection);
    if (!version) return failure(version);
    return version->newest;
}

Result<void> refuse_newer_schema(Connection& connection, std::int64_t newest_known) {
    const auto version = find_schema_version(connection);
    if (!version) return failure(version);
    return refuse_newer(*version, newest_known);
}

Result<void> check_schema_version(Connection& connection) {
    const auto version = find_schema_version(connection);
    if (!version) return failure(version);
    if (version->newest < kOldestUsableSchema)
        return failure(ErrorCode::FailedPrecondition,
                       "the database's schema is version " + std::to_string(version->newest) +
                           ", this program needs " + std::to_string(kOldestUsableSchema) +
                           ": run 'secretstorectl db migrate'");
    return refuse_newer(*version, kNewestKnownSchema);
}

}  // namespace core::store
