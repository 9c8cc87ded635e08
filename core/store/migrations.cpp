#include "core/store/migrations.h"

#include "core/store/connection.h"
#include "core/store/schema_version.h"
#include "core/store/sqlstate.h"
#include "core/store/transaction.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>
#include <system_error>

namespace core::store {
namespace {

// Where migrations are recorded. Made here and not by a migration: the runner needs it to record
// the first one. The lock keeps a second runner waiting, for as long as its operator does not yet
// wonder; it ends with the session.
constexpr std::string_view kBootstrap = R"sql(
set role secretstore_owner;
set lock_timeout = '10s';
select pg_catalog.pg_advisory_lock(7235941068);
set lock_timeout = 0;
create schema if not exists store;
create table if not exists store.schema_migrations (
    number integer not null,
    name text not null,
    sha256 bytea not null,
    breaking boolean not null,
    applied_at timestamptz not null default now(),
    constraint schema_migrations_pkey primary key (number)
);
grant usage on schema store to secretstore_app, secretstore_maint;
grant select on store.schema_migrations to secretstore_app, secretstore_maint;
)sql";

Failure bad_file(const std::filesystem::path& file, std::string_view what) {
    return failure(ErrorCode::ConfigInvalid, file.string() + ": " + std::string(what));
}

Failure database_failure(const StoreFailure& failed, std::string_view during) {
    const Error error = to_error(failed);
    if (error.code == ErrorCode::StoreUnavailable) return tl::unexpected(error);
    return failure(ErrorCode::ConfigInvalid,
                   std::string(during) + ": " + failed.message + " (" + failed.sqlstate + ")");
}

// "0004_create_secrets" of "0004_create_secrets.sql"; empty for another form.
std::string migration_name(const std::filesystem::path& file) {
    const std::string stem = file.stem().string();
    const bool numbered = stem.size() > 5 && stem[4] == '_' &&
                          std::all_of(stem.begin(), stem.begin() + 4, [](unsigned char c) {
                              return std::isdigit(c) != 0;
                          });
    return file.extension() == ".sql" && numbered ? stem : std::string();
}

Result<Migration> load_migration(const std::filesystem::path& file) {
    Migration migration;
    migration.name = migration_name(file);
    if (migration.name.empty()) return bad_file(file, "a migration is called NNNN_phrase.sql");
    migration.number = std::stoll(migration.name.substr(0, 4));
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream content;
    content << stream.rdbuf();
    if (!stream) return bad_file(file, "can't be read");
    migration.sql = content.str();
    migration.breaking = migration.sql.find("\n-- breaking: yes\n") != std::string::npos;
    return migration;
}

// Has it been applied, and with this text?
Result<bool> is_applied(Connection& connection, const Migration& migration) {
    const auto results = connection.run(Statement::FindMigration,
                                        Parameters{}.bigint(migration.number).text(migration.sql));
    if (!results) return database_failure(results.error(), "looking for " + migration.name);
    if (results->empty()) return false;
    if (results->row(0).boolean()) return true;
    return failure(ErrorCode::ConfigInvalid,
                   migration.name +
                       " was changed after it had been applied; restore the file and "
                       "write a new migration instead");
}

// Precondition: there are migrations.
Result<Connection> open_migrator(const Endpoint& endpoint,
                                 const std::vector<Migration>& migrations) {
    auto connection = Connection::open(endpoint, Role::Migrator);
    if (!connection) return connection;
    if (const auto done = connection->run_script(kBootstrap); !done) {
        if (done.error().sqlstate == sqlstate::kLockNotAvailable)
            return failure(ErrorCode::FailedPrecondition,
                           "migrations are being applied by somebody else: wait for that, and run "
                           "'secretstorectl db status'");
        return database_failure(done.error(), "preparing the migrations");
    }
    for (const auto statement :
         {Statement::FindMigration, Statement::InsertMigration, Statement::FindSchemaVersion})
        if (const auto done = connection->prepare(statement); !done)
            return database_failure(done.error(), "preparing the migrations");
    if (const auto known = refuse_newer_schema(*connection, migrations.back().number); !known)
        return failure(known);
    return connection;
}

Result<void> apply(Connection& connection, const Migration& migration) {
    Transaction transaction(connection);
    transaction.add(Statement::InsertMigration,
                    Parameters{}
                        .bigint(migration.number)
                        .text(migration.name)
                        .text(migration.sql)
                        .boolean(migration.breaking));
    if (const auto recorded = transaction.flush(); !recorded)
        return database_failure(recorded.error(), migration.name);
    if (const auto done = connection.run_script(migration.sql); !done)
        return database_failure(done.error(), migration.name);
    if (const auto committed = transaction.commit(); !committed)
        return database_failure(committed.error(), migration.name);
    return {};
}

}  // namespace

Result<std::vector<Migration>> load_migrations(const std::filesystem::path& directory) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error))
        files.push_back(entry.path());
    if (error) return bad_file(directory, error.message());
    if (files.empty()) return bad_file(directory, "holds no migrations");
    std::sort(files.begin(), files.end());

    std::vector<Migration> migrations;
    for (const auto& file : files) {
        auto migration = load_migration(file);
        if (!migration) return failure(migration);
        if (migration->number != static_cast<std::int64_t>(migrations.size()) + 1)
            return bad_file(file, "migrations are numbered from 0001 without gaps");
        migrations.push_back(std::move(*migration));
    }
    return migrations;
}

Result<std::vector<MigrationStatus>> migration_status(const Endpoint& endpoint,
                                                      const std::vector<Migration>& migrations) {
    auto connection = open_migrator(endpoint, migrations);
    if (!connection) return failure(connection);
    std::vector<MigrationStatus> out;
    for (const auto& migration : migrations) {
        const auto applied = is_applied(*connection, migration);
        if (!applied) return failure(applied);
        out.push_back({migration, *applied});
    }
    return out;
}

Result<void> apply_migrations(const Endpoint& endpoint,
                              const std::vector<Migration>& migrations,
                              const std::function<void(const Migration&)>& applied) {
    auto connection = open_migrator(endpoint, migrations);
    if (!connection) return failure(connection);
    for (const auto& migration : migrations) {
        const auto known = is_applied(*connection, migration);
        if (!known) return failure(known);
        if (*known) continue;
        if (const auto done = apply(*connection, migration); !done) return failure(done);
        applied(migration);
    }
    return {};
}

}  // namespace core::store
