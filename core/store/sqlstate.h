// PostgreSQL's error codes (its manual, appendix A), compared by code and never by message.
#pragma once

#include "core/base/error.h"

#include <string>
#include <string_view>

namespace core::store {

namespace sqlstate {
inline constexpr std::string_view kUniqueViolation = "23505";
inline constexpr std::string_view kForeignKeyViolation = "23503";
inline constexpr std::string_view kQueryCanceled = "57014";     // statement_timeout
inline constexpr std::string_view kLockNotAvailable = "55P03";  // lock_timeout
inline constexpr std::string_view kDeadlockDetected = "40P01";
inline constexpr std::string_view kSerializationFailure = "40001";
inline constexpr std::string_view kReadOnlyTransaction = "25006";
inline constexpr std::string_view kInvalidCatalogName = "3D000";      // no such database
inline constexpr std::string_view kInvalidAuthorizationClass = "28";  // no such role, pg_hba
}  // namespace sqlstate

// What a statement that failed means for its caller.
struct StoreFailure {
    std::string sqlstate;    // empty: the connection broke, or gave no answer in time
    std::string message;     // PostgreSQL's primary message; holds no parameter values
    std::string constraint;  // the name of the one that was violated, if any
    // The connection broke: it must be opened again, and the outcome of a COMMIT is unknown.
    bool connection_lost = false;
    // What failed was to write an audit record.
    bool of_audit = false;
};

// Does the server say that it can't, or may not, store a row: no partition, disk full, read-only?
// (Rather than that it is going away, or that others were faster.)
bool is_write_refused(std::string_view sqlstate);

// Is a table, a column, the schema or a right missing? (Classes 42 and 3F.) That is the operator's
// to mend, and waiting does not help.
bool is_undefined(std::string_view sqlstate);

// A refused audit record is AuditUnavailable. Of all others: classes 08, 53, 57 and 58, timeouts,
// and no code at all: the database is away or overloaded;
// 23505, 40001 and 40P01 are the caller's to handle; all else is a bug of ours.
Error to_error(const StoreFailure& failure);

// Says that a database that can't be reached is the reason; what every such answer says.
Error unavailable(std::string detail);

}  // namespace core::store
