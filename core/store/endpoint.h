// Which PostgreSQL, as whom, and how long anything may take.
#pragma once

#include <chrono>
#include <string>

namespace core::store {

// Database roles; sql/roles.sql says what each may do.
enum class Role { App, Reader, Egress, Billing, Maint, Migrator, Backup };

struct Endpoint {
    std::string host;  // directory of the unix socket, or a host name
    int port = 5432;
    std::string database = "secretstore";
    // As pg_stat_activity shows it; at most 63 bytes.
    std::string application_name = "secretstore";
    // Server side: a statement that takes longer is cancelled.
    std::chrono::milliseconds statement_timeout{2000};
    std::chrono::milliseconds lock_timeout{1000};
    // Client side: a server that does not answer at all is given up after this.
    std::chrono::milliseconds response_timeout{3000};
};

}  // namespace core::store
