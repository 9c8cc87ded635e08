#include "core/store/server.h"

namespace core::store {

Result<std::chrono::milliseconds> read_server_clock(Connection& connection) {
    const auto results = connection.run(Statement::ReadServerClock, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    return std::chrono::milliseconds(results->row(0).integer());
}

}  // namespace core::store
