#include "core/identity/id_token.h"

#include "core/base/bytes.h"
#include "core/base/json.h"

#include <chrono>
#include <optional>
#include <utility>

namespace core::identity {
namespace {

constexpr std::chrono::seconds kSkew{30};
constexpr std::size_t kMaxSubjectBytes = 128;

bool is_id_token_type(std::string_view typ) {
    // Access tokens of the same issuer say "at+jwt" (RFC 9068 §2.1) and must not pass here.
    return typ.empty() || typ == "JWT" || typ == "jwt";
}

// A time that must not lie in the future.
Result<Timestamp> past_claim(const JsonValue& claims, std::string_view name, Timestamp now) {
    const auto seconds = time_claim(claims, name);
    if (!seconds) return failure(seconds);
    const Timestamp time = from_unix_seconds(*seconds);
    if (time > now + kSkew) return unauthorized("claim " + std::string(name) + " is in the future");
    return time;
}

struct Times {
    Timestamp expires_at;
    std::optional<Timestamp> authenticated_at;
};

Result<Times> check_times(const JsonValue& claims, const TrustedIssuer& issuer, Timestamp now) {
    const auto expiry = time_claim(claims, "exp");
    if (!expiry) return failure(expiry);
    const auto issued_at = past_claim(claims, "iat", now);
    if (!issued_at) return failure(issued_at);
    Times out{from_unix_seconds(*expiry), std::nullopt};
    // RFC 7519 §4.1.4: on or after that time it is no longer accepted.
    if (now >= out.expires_at + kSkew) return unauthorized("token has expired");
    if (claims.find("nbf")) {
        const auto not_before = past_claim(claims, "nbf", now);
        if (!not_before) return failure(not_before);
    }
    if (claims.find("auth_time") || issuer.requires_auth_time) {
        const auto authenticated_at = past_claim(claims, "auth_time", now);
        if (!authenticated_at) return failure(authenticated_at);
        out.authenticated_at = *authenticated_at;
    }
    return out;
}

// Absent and null are the same; anything else that is no string is not an ID token of ours.
Result<std::string> read_email(const JsonValue& claims) {
    const auto email = claims.find("email");
    if (!email || email->kind() == JsonValue::Kind::Null) return std::string();
    if (email->kind() != JsonValue::Kind::String) return unauthorized("claim email is no string");
    return std::string(email->string());
}

// Some issuers write it as text; only the JSON value true counts.
bool is_email_verified(const JsonValue& claims) {
    const auto verified = claims.find("email_verified");
    return verified && verified->kind() == JsonValue::Kind::Bool && verified->boolean();
}

Result<IdTokenClaims> check_claims(const Jws& jws, const TrustedIssuer& issuer, Timestamp now) {
    const auto document = parse_claims(jws);
    if (!document) return failure(document);
    const JsonValue claims = document->root();

    const auto iss = string_claim(claims, "iss");
    if (!iss) return failure(iss);
    if (*iss != issuer.issuer) return unauthorized("token is of another issuer");
    // One audience, as a string: an array would also name services that may pass the token on.
    const auto aud = string_claim(claims, "aud");
    if (!aud) return failure(aud);
    if (*aud != issuer.audience) return unauthorized("token is for another audience");
    const auto times = check_times(claims, issuer, now);
    if (!times) return failure(times);
    const auto subject = string_claim(claims, "sub");
    if (!subject) return failure(subject);
    if (subject->empty() || subject->size() > kMaxSubjectBytes)
        return unauthorized("claim sub has not 1 to 128 bytes");
    auto email = read_email(claims);
    if (!email) return failure(std::move(email));
    return IdTokenClaims{std::string(*iss),
                         std::string(*subject),
                         *std::move(email),
                         is_email_verified(claims),
                         times->expires_at,
                         times->authenticated_at};
}

}  // namespace

Result<IdTokenClaims> verify_id_token(const Jws& jws,
                                      const std::vector<IssuerKeys>& issuers,
                                      Timestamp now) {
    if (jws.alg != "RS256") return unauthorized("algorithm is not RS256");
    if (!is_id_token_type(jws.typ)) return unauthorized("token is of another type");
    // Issuers choose their kids: two may choose the same, and one issuer may be trusted for two
    // audiences. So each key of that name is tried, and each speaks for its own issuer only.
    Result<IdTokenClaims> result = unauthorized("kid is unknown");
    for (const auto& [issuer, keys] : issuers) {
        const auto* key = keys.find(jws.kid);
        if (key == nullptr) continue;
        if (key->verify(as_bytes(jws.signing_input), jws.signature))
            result = check_claims(jws, issuer, now);
        else
            result = unauthorized("signature does not verify");
        if (result) return result;
    }
    return result;
}

Credential sign_id_token(const LocalIdToken& token,
                         std::string_view kid,
                         const crypto::RsaPrivateKey& key) {
    JsonWriter header;
    header.begin_object().member("alg", "RS256").member("typ", "JWT").member("kid", kid);
    header.end_object();
    JsonWriter claims;
    claims.begin_object().member("iss", token.issuer).member("aud", token.audience);
    claims.member("sub", token.subject);
    // The operator vouches for it.
    if (!token.email.empty()) claims.member("email", token.email).member("email_verified", true);
    claims.member("iat", to_unix_seconds(token.issued_at));
    claims.member("auth_time", to_unix_seconds(token.issued_at));
    claims.member("exp", to_unix_seconds(token.expires_at)).end_object();

    std::string text = to_base64url(std::move(header).take().expose());
    text += '.' + to_base64url(std::move(claims).take().expose());
    const auto signature = key.sign(as_bytes(text));
    // Without its signature the text is no credential; only what follows is in wiped memory.
    text += '.';
    SecureBuffer out(text.begin(), text.end());
    const std::string encoded = to_base64url(signature);
    out.insert(out.end(), encoded.begin(), encoded.end());
    return Credential(std::move(out));
}

}  // namespace core::identity
