// What status, check and doctor want to know of the database.
#pragma once

#include "core/base/result.h"
#include "core/config/config.h"

#include <chrono>
#include <cstdint>

namespace core::ctl {

struct DatabaseState {
    std::int64_t pending_migrations = 0;
    // Of audit events, for the months after this one.
    std::int64_t partitions_ahead = 0;
    std::chrono::milliseconds ahead_of_this_host{0};  // its clock
};

// `state` has whatever was learnt before an error. Takes no lock: a migration may be under way.
// Errors: StoreUnavailable; ConfigInvalid where this program can't work with the schema.
Result<void> look_at_database(const config::Config& config, DatabaseState& state);

}  // namespace core::ctl
