// Tokens. Each input is tried twice: as a whole token, and as header and claims (one line each)
// that are signed with the right key, so that the fuzzer gets behind the signature.
//
// Oracles: what is taken apart is spelled in exactly one way; a token that we did not sign is never
// believed; and whatever is believed keeps every rule and is signed again to the same claims.
#include "core/identity/id_token.h"
#include "core/identity/jose.h"
#include "core/identity/scoped_token.h"
#include "test/fuzz/fuzz.h"

#include <string>

namespace {

using core::identity::Jws;
using core::identity::ScopedTokenClaims;
using core::identity::ScopedTokenKeys;

constexpr std::string_view kKeyBytes = "fuzzing-key-of-thirty-two-bytes!";
constexpr std::string_view kOtherKeyBytes = "another-key-of-thirty-two-bytes!";
constexpr std::string_view kIssuer = "https://store.example";
constexpr std::uint32_t kEpoch = 7;

core::Timestamp now() {
    return core::from_unix_seconds(1780000000);
}

ScopedTokenKeys& keys() {
    static ScopedTokenKeys instance = [] {
        ScopedTokenKeys made;
        made.add("key-1", core::as_bytes(kKeyBytes));
        return made;
    }();
    return instance;
}

ScopedTokenKeys& other_keys() {
    static ScopedTokenKeys instance = [] {
        ScopedTokenKeys made;
        made.add("key-1", core::as_bytes(kOtherKeyBytes));
        return made;
    }();
    return instance;
}

std::string signed_token(std::string_view header, std::string_view claims) {
    const std::string input = core::to_base64url(core::as_bytes(header)) + '.' +
                              core::to_base64url(core::as_bytes(claims));
    static core::crypto::HmacKey key{core::as_bytes(kKeyBytes)};
    return input + '.' + core::to_base64url(key.mac({core::as_bytes(input)}));
}

void check_spelling(const Jws& jws, std::string_view token) {
    fuzz::require(std::string(jws.signing_input) + '.' + core::to_base64url(jws.signature) == token,
                  "the parts are the token");
    const auto payload = core::from_base64url(jws.payload);
    fuzz::require(payload && core::to_base64url(*payload) == jws.payload, "one spelling");
    fuzz::require(!jws.kid.empty() && jws.kid.size() <= 64, "the size of a kid");
    fuzz::require(jws.kid.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789_-") == std::string::npos,
                  "the characters of a kid");
}

void check_believed(const ScopedTokenClaims& claims, const Jws& jws) {
    fuzz::require(jws.alg == "HS256" && jws.typ == "ass-scoped+jwt" && jws.kid == "key-1",
                  "the header of a believed token");
    fuzz::require(claims.issuer == kIssuer && claims.epoch == kEpoch, "issuer and epoch");
    fuzz::require(claims.expires_at > claims.issued_at, "a life");
    fuzz::require(claims.issued_at <= now() + std::chrono::seconds(30), "issued in the past");
    fuzz::require(!claims.scopes.scopes().empty(), "scopes");
    fuzz::require(!claims.max_uses || *claims.max_uses > 0, "a number of uses");

    const auto again = keys().sign(claims, "key-1");
    // Our own spelling of the same claims can be longer (escapes), never so long that it matters.
    if (!again) return;
    const std::string text(core::as_text(again->expose()));
    const auto parsed = core::identity::parse_jws(text);
    fuzz::require(parsed.has_value(), "what we sign can be taken apart");
    const auto verified = keys().verify(*parsed, kIssuer, kEpoch, now());
    fuzz::require(verified.has_value(), "and is believed");
    const auto third = keys().sign(*verified, "key-1");
    fuzz::require(third && core::as_text(third->expose()) == text,
                  "the same claims, the same bytes");
}

enum class SignedBy { Us, Stranger };

void check_token(std::string_view token, SignedBy signer) {
    const auto jws = core::identity::parse_jws(token);
    if (!jws) {
        fuzz::require(jws.error().code == core::ErrorCode::Unauthorized, "one error code");
        return;
    }
    check_spelling(*jws, token);
    fuzz::require(!core::identity::verify_id_token(*jws, {}, now()), "no issuer, no belief");
    fuzz::require(!other_keys().verify(*jws, kIssuer, kEpoch, now()), "another key refuses");
    const auto claims = keys().verify(*jws, kIssuer, kEpoch, now());
    if (!claims) {
        fuzz::require(claims.error().code == core::ErrorCode::Unauthorized, "one error code");
        return;
    }
    // The corpus holds no token under the key above, and the fuzzer can't make one.
    fuzz::require(signer == SignedBy::Us, "what we did not sign is not believed");
    check_believed(*claims, *jws);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto rest = fuzz::text_of(data, size);
    check_token(rest, SignedBy::Stranger);
    const auto header = fuzz::take_line(rest);
    check_token(signed_token(header, rest), SignedBy::Us);
    return 0;
}
