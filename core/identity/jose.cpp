#include "core/identity/jose.h"

#include "core/base/clock.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace core::identity {
namespace {

constexpr std::size_t kMinCredentialBytes = 20;
constexpr std::size_t kMaxKidBytes = 64;

struct Parts {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
};

std::optional<Parts> split(std::string_view token) {
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first),
                 token.substr(first + 1, second - first - 1),
                 token.substr(second + 1)};
}

bool is_kid(std::string_view text) {
    return !text.empty() && text.size() <= kMaxKidBytes &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
           });
}

Result<JsonDocument> parse_json(const Bytes& text, std::string_view what) {
    auto document = JsonDocument::parse(Body::copy_of(text));
    if (!document) return unauthorized(std::string(what) + ": " + document.error().public_message);
    if (document->root().kind() != JsonValue::Kind::Object)
        return unauthorized(std::string(what) + " is no object");
    return document;
}

// Every other member is refused, and crit, jwk, jku, x5u, x5c, x5t, zip, b64 and cty with them:
// they all let the token choose how it is verified (RFC 8725 §3.10).
Result<void> read_header(std::string_view encoded, Jws& out) {
    const auto bytes = from_base64url(encoded);
    if (!bytes) return unauthorized("header is not base64url");
    if (bytes->size() > kMaxJoseHeaderBytes) return unauthorized("header is too long");
    const auto document = parse_json(*bytes, "header");
    if (!document) return failure(document);

    const auto header = JsonObject::decode(document->root(), {"alg", "typ", "kid"});
    if (!header) return unauthorized("header: " + header.error().public_message);
    const auto alg = header->required_string("alg");
    if (!alg) return unauthorized("header: alg is not a string");
    const auto kid = header->required_string("kid");
    if (!kid || !is_kid(*kid)) return unauthorized("header: kid is missing or malformed");
    out.alg = *alg;
    out.kid = *kid;
    if (!header->has("typ")) return {};
    const auto typ = header->required_string("typ");
    if (!typ) return unauthorized("header: typ is not a string");
    out.typ = *typ;
    return {};
}

}  // namespace

Failure unauthorized(std::string detail) {
    return failure(ErrorCode::Unauthorized,
                   "The credential is missing, invalid or expired",
                   std::move(detail));
}

Result<Jws> parse_jws(std::string_view token) {
    if (token.size() < kMinCredentialBytes || token.size() > kMaxCredentialBytes)
        return unauthorized("token is too short or too long");
    const auto parts = split(token);
    if (!parts) return unauthorized("token has not three parts");

    Jws out;
    if (const auto read = read_header(parts->header, out); !read) return failure(read);
    // Only its form: nobody reads the claims of a token that has not been verified.
    const auto payload = from_base64url(parts->payload);
    if (!payload || payload->empty()) return unauthorized("payload is not base64url");
    auto signature = from_base64url(parts->signature);
    if (!signature || signature->empty()) return unauthorized("signature is not base64url");
    out.signature = *std::move(signature);
    out.payload = parts->payload;
    out.signing_input = token.substr(0, parts->header.size() + 1 + parts->payload.size());
    return out;
}

Result<JsonDocument> parse_claims(const Jws& jws) {
    const auto bytes = from_base64url(jws.payload);
    if (!bytes) return unauthorized("payload is not base64url");
    if (bytes->size() > kMaxClaimsBytes) return unauthorized("claims are too long");
    return parse_json(*bytes, "claims");
}

Result<std::string_view> string_claim(const JsonValue& claims, std::string_view name) {
    const auto value = claims.find(name);
    if (!value || value->kind() != JsonValue::Kind::String)
        return unauthorized("claim " + std::string(name) + " is missing or not a string");
    return value->string();
}

Result<std::int64_t> time_claim(const JsonValue& claims, std::string_view name) {
    const auto value = claims.find(name);
    if (!value || value->kind() != JsonValue::Kind::Integer || value->integer() < 0 ||
        value->integer() > kLastUnixSecond)
        return unauthorized("claim " + std::string(name) + " is missing or not a time");
    return value->integer();
}

}  // namespace core::identity
