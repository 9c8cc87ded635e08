#include "core/ctl/database_state.h"

#include "core/config/wiring.h"
#include "core/store/audit_store.h"
#include "core/store/connection.h"
#include "core/store/migrations.h"
#include "core/store/schema_version.h"
#include "core/store/server.h"

#include <algorithm>

namespace core::ctl {
namespace {

using std::chrono::milliseconds;

Result<std::int64_t> count_pending_migrations(const config::Config& config,
                                              store::Connection& connection) {
    const auto migrations = store::load_migrations(config.database.migrations);
    if (!migrations) return failure(migrations);
    const auto newest = store::find_newest_migration(connection);
    if (!newest) return failure(newest);
    return std::count_if(migrations->begin(), migrations->end(), [&](const auto& migration) {
        return migration.number > *newest;
    });
}

milliseconds this_host() {
    return std::chrono::duration_cast<milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
}

// Against the middle of the time that the question took.
Result<milliseconds> compare_clocks(store::Connection& connection) {
    const auto before = this_host();
    const auto there = store::read_server_clock(connection);
    if (!there) return failure(there);
    return *there - (before + this_host()) / 2;
}

}  // namespace

Result<void> look_at_database(const config::Config& config, DatabaseState& state) {
    auto connection = store::Connection::open(config::endpoint_of(config), store::Role::Maint);
    if (!connection) return failure(connection);
    const auto pending = count_pending_migrations(config, *connection);
    if (!pending) return failure(pending);
    state.pending_migrations = *pending;
    if (auto usable = store::check_schema_version(*connection); !usable) return usable;
    const auto ahead = store::count_audit_partitions_ahead(*connection);
    if (!ahead) return failure(ahead);
    state.partitions_ahead = *ahead;
    const auto clock = compare_clocks(*connection);
    if (!clock) return failure(clock);
    state.ahead_of_this_host = *clock;
    return {};
}

}  // namespace core::ctl
