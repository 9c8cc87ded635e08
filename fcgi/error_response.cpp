#include "fcgi/error_response.h"

#include <utility>

namespace fcgi {
namespace {

using core::ErrorCode;

constexpr std::string_view kUnavailable =
    "The service is not available at this moment. Try again after the seconds in Retry-After.";
constexpr std::string_view kSignInUnavailable =
    "Sign-in is not available at this moment: the keys of the issuer of this user token could not "
    "be fetched for 24 hours. Agents and their tokens are not affected. Try again after the "
    "seconds in Retry-After.";
constexpr std::string_view kStripeUnavailable =
    "Stripe, which this server bills by, can't be used at this moment. Nothing was bought or "
    "changed, "
    "and nothing but billing is affected. Try again after the seconds in Retry-After.";
constexpr std::string_view kServerFailed =
    "The server failed. Its log has this request's X-Request-Id.";

std::string_view refusal_code(Status status) {
    if (status == Status::NotFound) return wire_code(ErrorCode::NotFound);
    return wire_code(ErrorCode::InvalidRequest);
}

// Messages are ours and ASCII. Should a byte from outside ever slip into one, the answer must still
// be valid JSON.
std::string ascii(std::string_view text) {
    std::string out(text);
    for (auto& c : out)
        if (c < 0x20 || c > 0x7e) c = '?';
    return out;
}

HttpResponse envelope(Status status, std::string_view code, std::string_view message) {
    core::JsonWriter json;
    json.begin_object();
    write_error_members(json, code, ascii(message));
    json.end_object();
    return json_response(status, std::move(json));
}

// A database comes back within seconds; the keys of an issuer are tried for every few minutes; of
// Stripe nobody knows, and asking takes seconds.
std::string_view retry_after_of(ErrorCode code) {
    if (code == ErrorCode::IssuerUnavailable) return "60";
    return code == ErrorCode::StripeUnavailable ? "10" : "1";
}

std::string_view message_of(const core::Error& error) {
    if (error.code == ErrorCode::IssuerUnavailable) return kSignInUnavailable;
    if (error.code == ErrorCode::StripeUnavailable) return kStripeUnavailable;
    if (status_of(error.code) == Status::ServiceUnavailable) return kUnavailable;
    // Whatever a layer below wrote: an internal fault is told in one sentence.
    if (is_internal(error.code)) return kServerFailed;
    return error.public_message;
}

}  // namespace

Status status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidRequest:
            return Status::BadRequest;
        case ErrorCode::UnsupportedMediaType:
            return Status::UnsupportedMediaType;
        case ErrorCode::Unauthorized:
            return Status::Unauthorized;
        case ErrorCode::ScopeDenied:
        case ErrorCode::PlanLimitReached:
            return Status::Forbidden;
        case ErrorCode::SecretNotFound:
        case ErrorCode::NotFound:
        case ErrorCode::StripeCustomerNotFound:
            return Status::NotFound;
        case ErrorCode::VersionConflict:
        case ErrorCode::AlreadyRevoked:
        case ErrorCode::IdempotencyKeyReused:
        case ErrorCode::ApprovalNotPending:
            return Status::Conflict;
        case ErrorCode::ApprovalExpired:
        case ErrorCode::SecretExpired:
            return Status::Gone;
        case ErrorCode::RateLimited:
            return Status::TooManyRequests;
        case ErrorCode::IssuerUnavailable:
        case ErrorCode::StripeUnavailable:
        case ErrorCode::StoreUnavailable:
        case ErrorCode::StoreUninitialised:
        case ErrorCode::AuditUnavailable:
        case ErrorCode::PlanChanged:
            return Status::ServiceUnavailable;
        case ErrorCode::ConfigInvalid:
        case ErrorCode::FailedPrecondition:
        case ErrorCode::IntegrityFailure:
        case ErrorCode::KekUnavailable:
        case ErrorCode::Internal:
            return Status::InternalServerError;
    }
    return Status::InternalServerError;
}

std::string_view wire_code(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidRequest:
        case ErrorCode::UnsupportedMediaType:
        case ErrorCode::IdempotencyKeyReused:
            return "INVALID_REQUEST";
        case ErrorCode::Unauthorized:
            return "UNAUTHORIZED";
        case ErrorCode::ScopeDenied:
            return "SCOPE_DENIED";
        case ErrorCode::PlanLimitReached:
            return "PLAN_LIMIT_REACHED";
        case ErrorCode::SecretNotFound:
            return "SECRET_NOT_FOUND";
        case ErrorCode::NotFound:
            return "NOT_FOUND";
        case ErrorCode::VersionConflict:
            return "VERSION_CONFLICT";
        case ErrorCode::AlreadyRevoked:
            return "ALREADY_REVOKED";
        case ErrorCode::ApprovalNotPending:
            return "APPROVAL_NOT_PENDING";
        case ErrorCode::ApprovalExpired:
            return "APPROVAL_EXPIRED";
        case ErrorCode::SecretExpired:
            return "SECRET_EXPIRED";
        case ErrorCode::StripeCustomerNotFound:
            return "STRIPE_CUSTOMER_NOT_FOUND";
        case ErrorCode::RateLimited:
            return "RATE_LIMITED";
        case ErrorCode::ConfigInvalid:
        case ErrorCode::FailedPrecondition:
        case ErrorCode::IntegrityFailure:
        case ErrorCode::KekUnavailable:
        case ErrorCode::IssuerUnavailable:
        case ErrorCode::StripeUnavailable:
        case ErrorCode::StoreUnavailable:
        case ErrorCode::StoreUninitialised:
        case ErrorCode::AuditUnavailable:
        case ErrorCode::PlanChanged:
        case ErrorCode::Internal:
            return "INTERNAL_ERROR";
    }
    return "INTERNAL_ERROR";
}

bool is_internal(ErrorCode code) {
    return code_of(status_of(code)) >= 500;
}

void write_error_members(core::JsonWriter& json, std::string_view code, std::string_view message) {
    json.key("error").begin_object();
    json.member("code", code).member("message", message).end_object();
    // The official MCP server shows this one.
    json.member("detail", message);
}

HttpResponse error_response(const core::Error& error, CredentialSent credential) {
    const Status status = status_of(error.code);
    HttpResponse response = envelope(status, wire_code(error.code), message_of(error));
    if (status == Status::Unauthorized) {
        response.headers.push_back({"WWW-Authenticate",
                                    credential == CredentialSent::Yes
                                        ? R"(Bearer realm="secretstore", error="invalid_token")"
                                        : R"(Bearer realm="secretstore")"});
    }
    if (status == Status::ServiceUnavailable)
        response.headers.push_back({"Retry-After", std::string(retry_after_of(error.code))});
    if (status == Status::TooManyRequests)
        response.headers.push_back({"Retry-After", std::to_string(error.retry_after.count())});
    return response;
}

HttpResponse refusal(Status status, std::string_view message) {
    return envelope(status, refusal_code(status), message);
}

HttpResponse method_not_allowed(std::string allow) {
    HttpResponse response =
        refusal(Status::MethodNotAllowed, "This method is not allowed here; allowed are " + allow);
    response.headers.push_back({"Allow", std::move(allow)});
    return response;
}

}  // namespace fcgi
