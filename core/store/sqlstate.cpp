#include "core/store/sqlstate.h"

#include <algorithm>
#include <array>
#include <utility>

namespace core::store {

Error unavailable(std::string detail) {
    return Error{ErrorCode::StoreUnavailable,
                 "The database can't be reached right now; try again shortly",
                 std::move(detail)};
}

bool is_write_refused(std::string_view sqlstate) {
    // Integrity (a row for which there is no partition included), resources, limits, system errors;
    // rights, and a standby or a read-only database.
    constexpr std::array<std::string_view, 4> kClasses{"23", "53", "54", "58"};
    return sqlstate == "42501" || sqlstate == sqlstate::kReadOnlyTransaction ||
           std::any_of(kClasses.begin(), kClasses.end(), [sqlstate](std::string_view prefix) {
               return sqlstate.starts_with(prefix);
           });
}

bool is_undefined(std::string_view sqlstate) {
    return sqlstate.starts_with("42") || sqlstate.starts_with("3F");
}

Error to_error(const StoreFailure& failure) {
    std::string detail =
        failure.sqlstate.empty() ? failure.message : failure.sqlstate + ": " + failure.message;
    if (failure.of_audit)
        return Error{ErrorCode::AuditUnavailable,
                     "The database can't record this right now, so it was not done; try again "
                     "shortly",
                     std::move(detail)};
    // Connection exceptions, insufficient resources, operator intervention, system errors.
    constexpr std::array<std::string_view, 4> kAwayClasses{"08", "53", "57", "58"};
    constexpr std::array<std::string_view, 4> kAwayCodes{sqlstate::kLockNotAvailable,
                                                         sqlstate::kDeadlockDetected,
                                                         sqlstate::kSerializationFailure,
                                                         sqlstate::kReadOnlyTransaction};
    bool away = failure.connection_lost || failure.sqlstate.empty();
    for (const auto prefix : kAwayClasses)
        away = away || failure.sqlstate.starts_with(prefix);
    for (const auto code : kAwayCodes)
        away = away || failure.sqlstate == code;
    if (away) return unavailable(std::move(detail));
    return Error{ErrorCode::Internal, "Internal error; try again later", std::move(detail)};
}

}  // namespace core::store
