// What the database server says of itself.
#pragma once

#include "core/base/result.h"
#include "core/store/connection.h"

#include <chrono>

namespace core::store {

// Its clock, since 1970-01-01 UTC. Role maint. Errors: StoreUnavailable.
Result<std::chrono::milliseconds> read_server_clock(Connection& connection);

}  // namespace core::store
