#include "core/base/error.h"

namespace core {

Error::Error() = default;

Error::Error(ErrorCode error_code,
             std::string message,
             std::string for_the_log,
             std::chrono::seconds wait)
    : code(error_code),
      public_message(std::move(message)),
      detail(std::move(for_the_log)),
      retry_after(wait) {}

Error::Error(const Error&) = default;
Error::Error(Error&&) noexcept = default;
Error& Error::operator=(const Error&) = default;
Error& Error::operator=(Error&&) noexcept = default;
Error::~Error() = default;

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidRequest:
            return "InvalidRequest";
        case ErrorCode::UnsupportedMediaType:
            return "UnsupportedMediaType";
        case ErrorCode::Unauthorized:
            return "Unauthorized";
        case ErrorCode::ScopeDenied:
            return "ScopeDenied";
        case ErrorCode::PlanLimitReached:
            return "PlanLimitReached";
        case ErrorCode::SecretNotFound:
            return "SecretNotFound";
        case ErrorCode::NotFound:
            return "NotFound";
        case ErrorCode::VersionConflict:
            return "VersionConflict";
        case ErrorCode::AlreadyRevoked:
            return "AlreadyRevoked";
        case ErrorCode::IdempotencyKeyReused:
            return "IdempotencyKeyReused";
        case ErrorCode::ApprovalNotPending:
            return "ApprovalNotPending";
        case ErrorCode::ApprovalExpired:
            return "ApprovalExpired";
        case ErrorCode::SecretExpired:
            return "SecretExpired";
        case ErrorCode::StripeCustomerNotFound:
            return "StripeCustomerNotFound";
        case ErrorCode::RateLimited:
            return "RateLimited";
        case ErrorCode::StoreUninitialised:
            return "StoreUninitialised";
        case ErrorCode::FailedPrecondition:
            return "FailedPrecondition";
        case ErrorCode::ConfigInvalid:
            return "ConfigInvalid";
        case ErrorCode::IntegrityFailure:
            return "IntegrityFailure";
        case ErrorCode::KekUnavailable:
            return "KekUnavailable";
        case ErrorCode::IssuerUnavailable:
            return "IssuerUnavailable";
        case ErrorCode::StripeUnavailable:
            return "StripeUnavailable";
        case ErrorCode::StoreUnavailable:
            return "StoreUnavailable";
        case ErrorCode::AuditUnavailable:
            return "AuditUnavailable";
        case ErrorCode::PlanChanged:
            return "PlanChanged";
        case ErrorCode::Internal:
            return "Internal";
    }
    return "Unknown";
}

}  // namespace core
