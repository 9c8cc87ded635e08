// What has to be done as PostgreSQL's superuser, on the host where the cluster runs, before
// anything else can reach it: roles and database (sql/roles.sql), and who of the system's users may
// be which role. Everything is done as the system user `postgres`, so that root writes nothing into
// folders of somebody else.
#pragma once

#include "core/base/result.h"
#include "core/config/config.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace core::ctl {

struct PreparedDatabase {
    // pg_hba.conf and pg_ident.conf, where they were changed. A copy of what they were lies beside
    // each of them.
    std::vector<std::filesystem::path> changed_files;
    std::int64_t max_connections = 0;
};

// Harmless when repeated. Debian 12's PostgreSQL 15 has no include in pg_hba.conf, so lines of ours
// stand in the file itself, between two marks, ahead of the others: the first line that fits
// decides. PostgreSQL judges the files before it is told to read them; what it refuses is taken
// back. Errors: ConfigInvalid, with PostgreSQL's words and what to do.
Result<PreparedDatabase> prepare_database(const config::Config& config);

// What only the superuser sees of a cluster on this host.
struct ServerSetup {
    std::filesystem::path data_directory;
    // Lines of pg_hba.conf that are wrong, or let in whoever can connect.
    std::vector<std::string> bad_rules;
    // Settings with which an answer may leave before its audit record is safe on the disk.
    std::vector<std::string> unsafe_settings;
};
// Errors: ConfigInvalid, with PostgreSQL's words.
Result<ServerSetup> look_at_server(const config::Config& config);

}  // namespace core::ctl
