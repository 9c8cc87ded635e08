#include "core/store/sqlstate.h"

#include <array>
#include <utility>

namespace core::store {

Error unavailable(std::string detail) {
    return Error{ErrorCode::StoreUnavailable,
                 "The database can't be reached right now; try again shortly",
                 std::move(detail)};
}

Error to_error(const StoreFailure& failure) {
    std::string detail =
        failure.sqlstate.empty() ? failure.message : failure.sqlstate + ": " + failure.message;
    // Connection exceptions, insufficient resources, operator intervention, system errors;
    // 25006 is a standby or a read-only database.
    constexpr std::array<std::string_view, 4> kAwayClasses{"08", "53", "57", "58"};
    constexpr std::array<std::string_view, 4> kAwayCodes{sqlstate::kLockNotAvailable,
                                                         sqlstate::kDeadlockDetected,
                                                         sqlstate::kSerializationFailure,
                                                         "25006"};
    bool away = failure.connection_lost || failure.sqlstate.empty();
    for (const auto prefix : kAwayClasses)
        away = away || failure.sqlstate.starts_with(prefix);
    for (const auto code : kAwayCodes)
        away = away || failure.sqlstate == code;
    if (away) return unavailable(std::move(detail));
    return Error{ErrorCode::Internal, "Internal error; try again later", std::move(detail)};
}

}  // namespace core::store
