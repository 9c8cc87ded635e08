// What a client is told of an error: contract.md §1.
#include "fcgi/error_response.h"

#include "core/base/bytes.h"
#include "core/base/json.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(error_response)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using fcgi::CredentialSent;
using fcgi::HttpResponse;

namespace {

struct Mapping {
    ErrorCode code;
    int status;
    std::string_view wire;
};

std::ostream& operator<<(std::ostream& out, const Mapping& mapping) {
    return out << core::to_string(mapping.code);
}

const std::array<Mapping, 25> kMappings{{
    {ErrorCode::InvalidRequest, 400, "INVALID_REQUEST"},
    {ErrorCode::UnsupportedMediaType, 415, "INVALID_REQUEST"},
    {ErrorCode::Unauthorized, 401, "UNAUTHORIZED"},
    {ErrorCode::ScopeDenied, 403, "SCOPE_DENIED"},
    {ErrorCode::PlanLimitReached, 403, "PLAN_LIMIT_REACHED"},
    {ErrorCode::SecretNotFound, 404, "SECRET_NOT_FOUND"},
    {ErrorCode::NotFound, 404, "NOT_FOUND"},
    {ErrorCode::VersionConflict, 409, "VERSION_CONFLICT"},
    {ErrorCode::AlreadyRevoked, 409, "ALREADY_REVOKED"},
    {ErrorCode::ApprovalNotPending, 409, "APPROVAL_NOT_PENDING"},
    {ErrorCode::ApprovalExpired, 410, "APPROVAL_EXPIRED"},
    {ErrorCode::SecretExpired, 410, "SECRET_EXPIRED"},
    {ErrorCode::StripeCustomerNotFound, 404, "STRIPE_CUSTOMER_NOT_FOUND"},
    {ErrorCode::RateLimited, 429, "RATE_LIMITED"},
    {ErrorCode::ConfigInvalid, 500, "INTERNAL_ERROR"},
    {ErrorCode::FailedPrecondition, 500, "INTERNAL_ERROR"},
    {ErrorCode::IntegrityFailure, 500, "INTERNAL_ERROR"},
    {ErrorCode::KekUnavailable, 500, "INTERNAL_ERROR"},
    {ErrorCode::IssuerUnavailable, 503, "INTERNAL_ERROR"},
    {ErrorCode::StripeUnavailable, 503, "INTERNAL_ERROR"},
    {ErrorCode::StoreUnavailable, 503, "INTERNAL_ERROR"},
    {ErrorCode::StoreUninitialised, 503, "INTERNAL_ERROR"},
    {ErrorCode::AuditUnavailable, 503, "INTERNAL_ERROR"},
    {ErrorCode::PlanChanged, 503, "INTERNAL_ERROR"},
    {ErrorCode::Internal, 500, "INTERNAL_ERROR"},
}};

std::vector<Mapping> internal_mappings() {
    std::vector<Mapping> out;
    for (const auto& mapping : kMappings)
        if (mapping.status >= 500) out.push_back(mapping);
    return out;
}

std::string body_of(const HttpResponse& response) {
    return std::string(core::as_text(response.body.expose()));
}

std::string header_of(const HttpResponse& response, std::string_view name) {
    for (const auto& header : response.headers)
        if (header.name == name) return header.value;
    return "(none)";
}

HttpResponse answer(ErrorCode code, CredentialSent credential = CredentialSent::No) {
    return fcgi::error_response({code, "told to all", "for the log only"}, credential);
}

}  // namespace

BOOST_DATA_TEST_CASE(an_error_has_the_status_of_the_reference, data::make(kMappings), mapping) {
    BOOST_TEST(fcgi::code_of(answer(mapping.code).status) == mapping.status);
}

BOOST_DATA_TEST_CASE(an_error_has_the_code_of_the_reference, data::make(kMappings), mapping) {
    const std::string code = "\"code\":\"" + std::string(mapping.wire) + "\"";

    BOOST_TEST(body_of(answer(mapping.code)).find(code) != std::string::npos);
}

BOOST_DATA_TEST_CASE(the_detail_for_the_log_never_leaves, data::make(kMappings), mapping) {
    BOOST_TEST(body_of(answer(mapping.code)).find("for the log only") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_message_stands_twice_in_the_envelope) {
    BOOST_TEST(body_of(answer(ErrorCode::NotFound)) ==
               R"({"error":{"code":"NOT_FOUND","message":"told to all"},"detail":"told to all"})");
}

BOOST_DATA_TEST_CASE(an_internal_error_has_one_message_whatever_was_written,
                     internal_mappings(),
                     mapping) {
    BOOST_TEST(body_of(answer(mapping.code)).find("told to all") == std::string::npos);
}

BOOST_DATA_TEST_CASE(bytes_that_are_no_ascii_do_not_break_the_answer,
                     data::make({"\xff\xfe", "\xc3\xa9", "\x01", "a\nb"}),
                     text) {
    const auto response =
        fcgi::error_response({ErrorCode::InvalidRequest, text, {}}, CredentialSent::No);

    BOOST_TEST(core::JsonDocument::parse(core::Body::copy_of(body_of(response))).has_value());
}

BOOST_AUTO_TEST_CASE(a_challenge_without_a_credential_names_no_error) {
    BOOST_TEST(header_of(answer(ErrorCode::Unauthorized), "WWW-Authenticate") ==
               R"(Bearer realm="secretstore")");
}

BOOST_AUTO_TEST_CASE(a_challenge_to_a_credential_says_that_it_does_not_hold) {
    BOOST_TEST(
        header_of(answer(ErrorCode::Unauthorized, CredentialSent::Yes), "WWW-Authenticate") ==
        R"(Bearer realm="secretstore", error="invalid_token")");
}

BOOST_AUTO_TEST_CASE(only_a_401_challenges) {
    BOOST_TEST(header_of(answer(ErrorCode::ScopeDenied, CredentialSent::Yes), "WWW-Authenticate") ==
               "(none)");
}

BOOST_AUTO_TEST_CASE(a_503_says_when_to_try_again) {
    BOOST_TEST(header_of(answer(ErrorCode::StoreUnavailable), "Retry-After") == "1");
}

BOOST_AUTO_TEST_CASE(a_503_for_people_says_so_and_asks_for_patience) {
    const auto response = answer(ErrorCode::IssuerUnavailable);

    BOOST_TEST(header_of(response, "Retry-After") == "60");
    BOOST_TEST(body_of(response).find("Sign-in is not available") != std::string::npos);
    BOOST_TEST(body_of(response).find("Agents and their tokens are not affected") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_500_does_not_invite_to_try_again) {
    BOOST_TEST(header_of(answer(ErrorCode::Internal), "Retry-After") == "(none)");
}

BOOST_AUTO_TEST_CASE(a_429_says_when_to_try_again_in_whole_seconds) {
    core::Error error{ErrorCode::RateLimited, "Too many requests", {}};
    error.retry_after = std::chrono::seconds(17);

    BOOST_TEST(header_of(fcgi::error_response(error, CredentialSent::Yes), "Retry-After") == "17");
}

BOOST_AUTO_TEST_CASE(a_405_names_what_is_allowed) {
    const auto response = fcgi::method_not_allowed("GET, PUT");

    BOOST_TEST(fcgi::code_of(response.status) == 405);
    BOOST_TEST(header_of(response, "Allow") == "GET, PUT");
}

BOOST_AUTO_TEST_SUITE_END()
