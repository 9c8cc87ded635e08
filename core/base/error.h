// What can go wrong, as a closed list, and the value that carries it.
//
// An Error has two texts: `public_message` goes to the caller and is written by us, never by a
// library; `detail` goes to the log and never leaves the host. Neither may hold a secret.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace core {

// The codes of the API (contract.md §1, the reference's table), then the internal ones.
// fcgi/error_response.cpp maps each to a status in a switch without default.
enum class ErrorCode {
    InvalidRequest,
    UnsupportedMediaType,
    Unauthorized,
    ScopeDenied,
    PlanLimitReached,
    SecretNotFound,
    NotFound,
    VersionConflict,
    AlreadyRevoked,
    IdempotencyKeyReused,
    ApprovalNotPending,
    ApprovalExpired,
    SecretExpired,
    StripeCustomerNotFound,
    RateLimited,
    // Internal: the caller learns only that the server could not do it.
    ConfigInvalid,       // the operator's input is wrong; a program ends with exit code 78
    FailedPrecondition,  // something comes first, and the message names the command: secretstorectl
                         // ends with exit code 3, a daemon with 78
    StoreUninitialised,  // PostgreSQL knows no such database, or no such role for this user; to a
                         // daemon as if it were away
    IntegrityFailure,    // stored bytes do not verify: tampering, a wrong key or a damaged disk
    KekUnavailable,      // the key that sealed a row is not loaded
    IssuerUnavailable,   // the keys of an identity provider are too old; concerns people only
    StripeUnavailable,   // no answer of Stripe that is of use; concerns billing only
    StoreUnavailable,    // PostgreSQL is away, too slow, or a COMMIT's outcome is unknown
    AuditUnavailable,    // PostgreSQL refused the audit record: nothing was done, nothing is given
    PlanChanged,         // judged by a plan that is not the tenant's any more; to be judged again
    Internal,            // a bug
};

// The enumerator's name, for logs.
std::string_view to_string(ErrorCode code);

// Whatever the reason: PostgreSQL can't be used now, and may be in a moment.
constexpr bool is_store_away(ErrorCode code) {
    return code == ErrorCode::StoreUnavailable || code == ErrorCode::StoreUninitialised;
}

// Nearly every function can return one. Made, copied and thrown away in error.cpp, and not inline:
// in each of those functions that would be two strings' worth of code, to compile and to run past.
struct Error {
    Error();
    Error(ErrorCode error_code,
          std::string message,
          std::string for_the_log = {},
          std::chrono::seconds wait = std::chrono::seconds{0});
    Error(const Error&);
    Error(Error&&) noexcept;
    Error& operator=(const Error&);
    Error& operator=(Error&&) noexcept;
    ~Error();

    ErrorCode code = ErrorCode::Internal;
    std::string public_message;
    std::string detail;
    // When to come again, where the code is RateLimited.
    std::chrono::seconds retry_after{0};
};

}  // namespace core
