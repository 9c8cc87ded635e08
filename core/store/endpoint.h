// Which PostgreSQL, as whom, and how long anything may take.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// Database roles; sql/roles.sql says what each may do.
enum class Role { App, Reader, Egress, Billing, Maint, Migrator, Backup };

struct Endpoint {
    // The directory of a unix socket, or a name or address; several are servers that can take each
    // other's place. Never empty when it is used.
    std::vector<std::string> hosts;
    int port = 5432;
    std::string database = "secretstore";
    // For hosts of a network: ca.crt, which has signed the servers' certificates, and USER.crt and
    // USER.key of the system's users that connect.
    std::filesystem::path certificates;
    // As pg_stat_activity shows it; at most 63 bytes.
    std::string application_name = "secretstore";
    // Server side: a statement that takes longer is cancelled.
    std::chrono::milliseconds statement_timeout{2000};
    std::chrono::milliseconds lock_timeout{1000};
    // Client side: a server that does not answer at all is given up after this.
    std::chrono::milliseconds response_timeout{3000};
};

// On a socket of this host the kernel says who is there. Elsewhere only TLS will do, with
// certificates of both sides.
inline bool is_socket_folder(std::string_view host) {
    return host.starts_with('/');
}

}  // namespace core::store
