// Applies sql/migrations, as role secretstore_migrator. Forward only; each migration and its row
// in store.schema_migrations are one transaction, the row first, so that of two runners one fails
// on the primary key and finds the work done.
#pragma once

#include "core/base/result.h"
#include "core/store/endpoint.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace core::store {

struct Migration {
    std::int64_t number = 0;
    std::string name;  // NNNN_imperative_phrase
    std::string sql;
    bool breaking = false;  // a line `-- breaking: yes` in its head
};

// Files NNNN_name.sql of a directory, 0001 and up without gaps. Errors: ConfigInvalid naming the
// file.
Result<std::vector<Migration>> load_migrations(const std::filesystem::path& directory);

struct MigrationStatus {
    Migration migration;
    bool applied = false;
};
// Errors: ConfigInvalid where an applied migration's file was changed, or where the database has
// a breaking one that is newer than all of these; StoreUnavailable.
Result<std::vector<MigrationStatus>> migration_status(const Endpoint& endpoint,
                                                      const std::vector<Migration>& migrations);

// Applies what is missing, calling `applied` after each. Harmless when nothing is, and when several
// run at once. Errors: as migration_status(), and ConfigInvalid with PostgreSQL's message where one
// fails: it was rolled back, those before it stay.
Result<void> apply_migrations(const Endpoint& endpoint,
                              const std::vector<Migration>& migrations,
                              const std::function<void(const Migration&)>& applied);

}  // namespace core::store
