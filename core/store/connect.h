// Opens a session with the PostgreSQL that accepts writes. For this room, and for PostgreSQL's own
// programs that secretstorectl runs.
#pragma once

#include "core/base/result.h"
#include "core/store/endpoint.h"

#include <memory>
#include <string>
#include <string_view>

struct pg_conn;

namespace core::store {

struct FinishConnection {
    void operator()(pg_conn* connection) const;
};
using PgConnection = std::unique_ptr<pg_conn, FinishConnection>;

// Asks all hosts of the endpoint at once and takes the first that accepts writes: one that is dead
// costs nobody any time. Returns within the endpoint's response_timeout, and within 1 s where hosts
// of a network are silent; but for names that a slow DNS has to resolve: libpq waits for those.
// Errors, with what each host said: StoreUninitialised where each of them answers, and knows no
// such database or does not let this user be that role; StoreUnavailable.
Result<PgConnection> connect(const Endpoint& endpoint, Role role);

std::string_view name_of(Role role);

// The same servers as a connection string (PostgreSQL's manual, 34.1.1), for one of its users.
// Holds no secret.
std::string conninfo(const Endpoint& endpoint, std::string_view user);

}  // namespace core::store
