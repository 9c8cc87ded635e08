// ID tokens: rules 4 to 6 of security.md §2. Every attack is a case.
#include "core/identity/id_token.h"

#include "core/base/bytes.h"
#include "core/identity/scoped_token.h"
#include "test/unit/identity/forge.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <botan/rsa.h>
#include <botan/x509_key.h>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(id_token)

namespace data = boost::unit_test::data;
using core::as_bytes;
using core::as_text;
using core::ErrorCode;
using core::Result;
using core::Timestamp;
using core::crypto::RsaPrivateKey;
using core::identity::IdTokenClaims;
using core::identity::IssuerKeys;
using core::identity::key_set_json;
using core::identity::KeySet;
using core::identity::LocalIdToken;
using core::identity::parse_jws;
using core::identity::sign_id_token;
using core::identity::verify_id_token;
using Strings = std::vector<std::string>;
using std::chrono::seconds;

namespace {

const Timestamp kNow = core::from_unix_seconds(1780000000);
const std::string kIssuer = "https://securetoken.google.com/project-1";
const std::string kAudience = "project-1";

const RsaPrivateKey& our_key() {
    static const auto key = RsaPrivateKey::generate(2048);
    return key;
}

const RsaPrivateKey& other_key() {
    static const auto key = RsaPrivateKey::generate(2048);
    return key;
}

KeySet key_set(const RsaPrivateKey& key, std::string_view kid) {
    return KeySet::parse(key_set_json(kid, key.modulus(), key.exponent())).value();
}

IssuerKeys issuer(const std::string& iss,
                  const std::string& aud,
                  const RsaPrivateKey& key,
                  std::string_view kid) {
    return {{iss, aud, true}, key_set(key, kid)};
}

// Two trusted issuers, each with a key and a kid of its own.
const std::vector<IssuerKeys>& trusted() {
    static const auto issuers = [] {
        std::vector<IssuerKeys> out;
        out.push_back(issuer(kIssuer, kAudience, our_key(), "ours"));
        out.push_back(issuer("https://other.example", "project-2", other_key(), "theirs"));
        return out;
    }();
    return issuers;
}

Result<IdTokenClaims> verify(const std::string& token,
                             const std::vector<IssuerKeys>& issuers = trusted(),
                             Timestamp now = kNow) {
    const auto jws = parse_jws(token);
    if (!jws) return core::failure(jws);
    return verify_id_token(*jws, issuers, now);
}

const std::string kHeader = R"({"alg":"RS256","typ":"JWT","kid":"ours"})";
const std::string kPayload =
    R"({"iss":"https://securetoken.google.com/project-1","aud":"project-1","sub":"user-1",)"
    R"("email":"a@example.com","iat":1780000000,"auth_time":1779999000,"exp":1780003600})";

std::string signed_token(std::string_view header, std::string_view payload) {
    return forge::rs256(our_key(), header, payload);
}

std::string subject_of(std::size_t size) {
    return forge::replaced(kPayload, "user-1", std::string(size, 'u'));
}

struct Edit {
    std::string from;
    std::string to;
};

std::ostream& operator<<(std::ostream& out, const Edit& edit) {
    return out << edit.from << " -> " << edit.to;
}

const std::vector<Edit> kBadClaims{
    {"google.com/project-1", "google.com/project-1/"},
    {"google.com/project-1", "google.com/project-2"},
    {"google.com/project-1", "google.com/Project-1"},
    {"https://securetoken", "http://securetoken"},
    {"https://securetoken.google.com/project-1", ""},
    {"https://securetoken.google.com/project-1", "https://other.example"},
    {R"("https://securetoken.google.com/project-1")",
     R"(["https://securetoken.google.com/project-1"])"},
    {R"("iss":"https://securetoken.google.com/project-1",)", ""},
    {R"("aud":"project-1")", R"("aud":["project-1"])"},
    {R"("aud":"project-1")", R"("aud":["project-1","project-2"])"},
    {R"("aud":"project-1")", R"("aud":"project-2")"},
    {R"("aud":"project-1")", R"("aud":"project-1 ")"},
    {R"("aud":"project-1")", R"("aud":"")"},
    {R"("aud":"project-1")", R"("aud":null)"},
    {R"("aud":"project-1",)", ""},
    {R"("sub":"user-1")", R"("sub":"")"},
    {R"("sub":"user-1")", R"("sub":1)"},
    {R"("sub":"user-1")", R"("sub":null)"},
    {R"("sub":"user-1")", R"("sub":["user-1"])"},
    {R"("sub":"user-1")", R"("sub":"user\u0000-1")"},
    {R"("sub":"user-1")", R"("sub":"user-2","sub":"user-1")"},
    {R"("sub":"user-1")", R"("sub":"user-2","s\u0075b":"user-1")"},
    {R"("sub":"user-1")", "\"sub\":\"\xff\""},
    {R"("sub":"user-1",)", ""},
    {R"("email":"a@example.com")", R"("email":1)"},
    {R"("email":"a@example.com")", R"("email":["a@example.com"])"},
    {R"("iat":1780000000)", R"("iat":1780000031)"},
    {R"("iat":1780000000)", R"("iat":"1780000000")"},
    {R"("iat":1780000000)", R"("iat":1780000000.5)"},
    {R"("iat":1780000000,)", ""},
    {R"("auth_time":1779999000)", R"("auth_time":1780000031)"},
    {R"("auth_time":1779999000)", R"("auth_time":-1)"},
    {R"("auth_time":1779999000)", R"("auth_time":"1779999000")"},
    {R"("auth_time":1779999000,)", ""},
    {R"("exp":1780003600)", R"("exp":1779999970)"},
    {R"("exp":1780003600)", R"("exp":0)"},
    {R"("exp":1780003600)", R"("exp":-1)"},
    {R"("exp":1780003600)", R"("exp":"1780003600")"},
    {R"("exp":1780003600)", R"("exp":1780003600.0)"},
    {R"("exp":1780003600)", R"("exp":1e300)"},
    {R"("exp":1780003600)", R"("exp":9223372036854775807)"},
    {R"("exp":1780003600)", R"("exp":null)"},
    {R"("exp":1780003600)", R"("exp":1780003600,"nbf":1780000031)"},
    {R"("exp":1780003600)", R"("exp":1780003600,"nbf":"1780000000")"},
    {R"("exp":1780003600)", R"("exp":1780003600,"exp":1880003600)"},
    {R"(,"exp":1780003600)", ""},
};

const Strings kAlgorithms{"none",
                          "None",
                          "NONE",
                          "nOnE",
                          "",
                          "HS256",
                          "HS384",
                          "RS384",
                          "RS512",
                          "PS256",
                          "ES256",
                          "EdDSA",
                          "rs256",
                          "RS256 ",
                          "RSA1_5"};

// The forms of a public key that confused verifiers take for an HMAC key.
std::string public_key_as(std::string_view form) {
    const Botan::RSA_PublicKey key(Botan::BigInt(our_key().modulus()),
                                   Botan::BigInt(our_key().exponent()));
    const auto der = Botan::X509::BER_encode(key);
    const auto modulus = our_key().modulus();
    if (form == "der") return std::string(as_text(der));
    if (form == "n") return std::string(as_text(modulus));
    if (form == "n in base64url") return core::to_base64url(modulus);
    if (form == "jwks") return key_set_json("ours", modulus, our_key().exponent());
    std::string pem = Botan::X509::PEM_encode(key);
    if (form == "pem without newline") pem.pop_back();
    return pem;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_token_of_a_trusted_issuer_is_verified) {
    const auto claims = verify(signed_token(kHeader, kPayload));

    BOOST_REQUIRE(claims.has_value());
    BOOST_TEST(claims->issuer == kIssuer);
    BOOST_TEST(claims->subject == "user-1");
    BOOST_TEST(claims->email == "a@example.com");
    BOOST_CHECK(claims->expires_at == kNow + seconds(3600));
    BOOST_CHECK(claims->authenticated_at == kNow - seconds(1000));
}

BOOST_AUTO_TEST_CASE(an_email_is_verified_where_the_issuer_says_true) {
    const auto payload = forge::replaced(kPayload, R"("sub")", R"("email_verified":true,"sub")");

    BOOST_TEST(verify(signed_token(kHeader, payload)).value().email_verified);
}

BOOST_DATA_TEST_CASE(an_email_is_not_verified_by_anything_else,
                     data::make(Strings{"",
                                        R"("email_verified":false,)",
                                        R"("email_verified":"true",)",
                                        R"("email_verified":1,)",
                                        R"("email_verified":null,)",
                                        R"("email_verified":[true],)"}),
                     member) {
    const auto payload = forge::replaced(kPayload, R"("sub")", member + R"("sub")");

    BOOST_TEST(!verify(signed_token(kHeader, payload)).value().email_verified);
}

BOOST_DATA_TEST_CASE(an_email_may_be_absent, data::make(Strings{"", R"("email":null,)"}), instead) {
    const auto claims = verify(
        signed_token(kHeader, forge::replaced(kPayload, R"("email":"a@example.com",)", instead)));

    BOOST_REQUIRE(claims.has_value());
    BOOST_TEST(claims->email == "");
}

BOOST_AUTO_TEST_CASE(claims_that_we_do_not_know_are_ignored) {
    const auto payload = forge::replaced(
        kPayload, R"("sub")", R"("firebase":{"sign_in_provider":"password"},"azp":"x","sub")");

    BOOST_TEST(verify(signed_token(kHeader, payload)).has_value());
}

BOOST_AUTO_TEST_CASE(without_auth_time_nobody_knows_when_the_person_signed_in) {
    std::vector<IssuerKeys> issuers;
    issuers.push_back(issuer(kIssuer, kAudience, our_key(), "ours"));
    issuers.front().issuer.requires_auth_time = false;

    const auto claims =
        verify(signed_token(kHeader, forge::replaced(kPayload, R"("auth_time":1779999000,)", "")),
               issuers);

    BOOST_REQUIRE(claims.has_value());
    BOOST_CHECK(!claims->authenticated_at);
}

BOOST_AUTO_TEST_CASE(a_subject_of_128_bytes_is_taken) {
    BOOST_TEST(verify(signed_token(kHeader, subject_of(128))).has_value());
}

BOOST_AUTO_TEST_CASE(a_subject_of_129_bytes_is_refused) {
    BOOST_TEST(!verify(signed_token(kHeader, subject_of(129))).has_value());
}

BOOST_AUTO_TEST_CASE(a_token_is_accepted_for_30_s_after_its_expiry) {
    const auto token = signed_token(kHeader, kPayload);

    BOOST_TEST(verify(token, trusted(), kNow + seconds(3629)).has_value());
    BOOST_TEST(!verify(token, trusted(), kNow + seconds(3630)).has_value());
}

BOOST_AUTO_TEST_CASE(a_token_from_a_clock_30_s_ahead_is_accepted) {
    const auto token = signed_token(kHeader, kPayload);

    BOOST_TEST(verify(token, trusted(), kNow - seconds(30)).has_value());
    BOOST_TEST(!verify(token, trusted(), kNow - seconds(31)).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_local_issuer_signs_is_verified) {
    const LocalIdToken local{
        kIssuer, kAudience, "user-1", "a@example.com", kNow, kNow + seconds(60)};

    const auto token = sign_id_token(local, "ours", our_key());

    const auto claims = verify(std::string(as_text(token.expose())));
    BOOST_REQUIRE(claims.has_value());
    BOOST_TEST(claims->subject == "user-1");
    BOOST_CHECK(claims->authenticated_at == kNow);
}

BOOST_AUTO_TEST_CASE(one_issuer_can_be_trusted_for_two_audiences) {
    std::vector<IssuerKeys> issuers;
    issuers.push_back(issuer(kIssuer, "console", our_key(), "ours"));
    issuers.push_back(issuer(kIssuer, kAudience, our_key(), "ours"));

    BOOST_TEST(verify(signed_token(kHeader, kPayload), issuers).has_value());
}

BOOST_AUTO_TEST_CASE(an_issuer_with_the_same_kid_does_not_shut_out_another) {
    std::vector<IssuerKeys> issuers;
    issuers.push_back(issuer("https://other.example", "project-2", other_key(), "ours"));
    issuers.push_back(issuer(kIssuer, kAudience, our_key(), "ours"));

    BOOST_TEST(verify(signed_token(kHeader, kPayload), issuers).has_value());
}

// ---- attacks -----------------------------------------------------------------------------------

BOOST_DATA_TEST_CASE(a_signed_claim_that_is_wrong_is_refused, data::make(kBadClaims), edit) {
    const auto payload = forge::replaced(kPayload, edit.from, edit.to);
    BOOST_REQUIRE(payload != kPayload);

    const auto claims = verify(signed_token(kHeader, payload));

    BOOST_REQUIRE(!claims.has_value());
    BOOST_CHECK(claims.error().code == ErrorCode::Unauthorized);
    BOOST_TEST(claims.error().public_message ==
               core::identity::unauthorized("").value().public_message);
}

BOOST_DATA_TEST_CASE(another_algorithm_is_refused_with_any_signature,
                     data::make(kAlgorithms),
                     alg) {
    const auto header = forge::replaced(kHeader, "RS256", alg);
    BOOST_REQUIRE(header != kHeader);

    BOOST_TEST(!verify(signed_token(header, kPayload)).has_value());
    BOOST_TEST(!verify(forge::signing_input(header, kPayload) + ".").has_value());
    BOOST_TEST(!verify(forge::signing_input(header, kPayload) + ".AA").has_value());
}

BOOST_AUTO_TEST_CASE(an_unsigned_token_of_an_emulator_is_refused) {
    BOOST_TEST(
        !verify(forge::signing_input(R"({"alg":"none","typ":"JWT"})", kPayload) + ".").has_value());
}

BOOST_DATA_TEST_CASE(hs256_with_the_public_key_as_secret_is_refused,
                     data::make(Strings{
                         "pem", "pem without newline", "der", "n", "n in base64url", "jwks"}) *
                         data::make(Strings{"HS256", "RS256"}),
                     form,
                     alg) {
    const auto header = forge::replaced(kHeader, "RS256", alg);

    BOOST_TEST(!verify(forge::hs256(as_bytes(public_key_as(form)), header, kPayload)).has_value());
}

BOOST_DATA_TEST_CASE(a_scoped_token_signed_with_the_public_key_is_refused,
                     data::make(Strings{"pem", "der", "n"}),
                     form) {
    core::identity::ScopedTokenKeys keys;
    keys.add("ours-hmac", as_bytes(std::string(32, 'k')));
    const auto token = forge::hs256(as_bytes(public_key_as(form)),
                                    R"({"alg":"HS256","typ":"ass-scoped+jwt","kid":"ours"})",
                                    kPayload);

    const auto jws = parse_jws(token);

    BOOST_REQUIRE(jws.has_value());
    BOOST_TEST(!keys.verify(*jws, kIssuer, 1, kNow).has_value());
}

BOOST_DATA_TEST_CASE(a_token_of_another_type_is_refused,
                     data::make(Strings{"at+jwt", "ass-scoped+jwt", "logout+jwt", "JOSE", "jWt "}),
                     typ) {
    BOOST_TEST(!verify(signed_token(forge::replaced(kHeader, "JWT", typ), kPayload)).has_value());
}

BOOST_DATA_TEST_CASE(an_embedded_or_remote_key_is_refused,
                     data::make(Strings{R"("jwk":)",
                                        R"("jku":"https://127.0.0.1/",)",
                                        R"("x5u":"https://127.0.0.1/",)",
                                        R"("x5c":["AAAA"],)"}),
                     member) {
    std::string extra = member;
    if (extra.back() == ':') extra += R"({"kty":"RSA","e":"AQAB","n":"AAAA"},)";
    const auto header = forge::replaced(kHeader, R"("kid")", extra + R"("kid")");

    BOOST_TEST(!verify(forge::rs256(other_key(), header, kPayload)).has_value());
    BOOST_TEST(!verify(signed_token(header, kPayload)).has_value());
}

BOOST_DATA_TEST_CASE(an_unknown_kid_is_refused, data::make(Strings{"Ours", "our", "ours1"}), kid) {
    BOOST_TEST(!verify(signed_token(forge::replaced(kHeader, "ours", kid), kPayload)).has_value());
}

BOOST_AUTO_TEST_CASE(the_kid_of_another_issuer_does_not_verify_our_signature) {
    BOOST_TEST(
        !verify(signed_token(forge::replaced(kHeader, "ours", "theirs"), kPayload)).has_value());
}

BOOST_AUTO_TEST_CASE(an_issuer_can_not_speak_for_another) {
    const auto header = forge::replaced(kHeader, "ours", "theirs");

    BOOST_TEST(!verify(forge::rs256(other_key(), header, kPayload)).has_value());
}

BOOST_AUTO_TEST_CASE(an_issuer_with_the_same_kid_can_not_speak_for_another) {
    std::vector<IssuerKeys> issuers;
    issuers.push_back(issuer("https://other.example", "project-2", other_key(), "ours"));
    issuers.push_back(issuer(kIssuer, kAudience, our_key(), "ours"));

    BOOST_TEST(!verify(forge::rs256(other_key(), kHeader, kPayload), issuers).has_value());
}

BOOST_AUTO_TEST_CASE(a_strangers_signature_is_refused) {
    BOOST_TEST(!verify(forge::rs256(other_key(), kHeader, kPayload)).has_value());
}

BOOST_AUTO_TEST_CASE(without_issuers_nothing_is_trusted) {
    BOOST_TEST(!verify(signed_token(kHeader, kPayload), {}).has_value());
}

BOOST_AUTO_TEST_CASE(the_signature_of_another_token_is_refused) {
    const auto other = signed_token(kHeader, subject_of(5));

    BOOST_TEST(!verify(forge::signing_input(kHeader, kPayload) + other.substr(other.rfind('.')))
                    .has_value());
}

BOOST_DATA_TEST_CASE(a_flipped_bit_of_the_signature_is_refused, data::xrange(0, 2048, 61), bit) {
    const auto token = signed_token(kHeader, kPayload);
    auto signature = core::from_base64url(token.substr(token.rfind('.') + 1)).value();

    signature[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1U << (bit % 8));

    BOOST_TEST(
        !verify(forge::with_signature(token.substr(0, token.rfind('.')), signature)).has_value());
}

BOOST_DATA_TEST_CASE(a_signature_of_another_length_is_refused,
                     data::make({0, 1, 255, 257, 512}),
                     size) {
    const auto token = signed_token(kHeader, kPayload);
    auto signature = core::from_base64url(token.substr(token.rfind('.') + 1)).value();

    signature.resize(static_cast<std::size_t>(size));

    BOOST_TEST(
        !verify(forge::with_signature(token.substr(0, token.rfind('.')), signature)).has_value());
}

BOOST_DATA_TEST_CASE(a_signature_that_is_a_trivial_number_is_refused,
                     data::make({0, 1, 255}),
                     fill) {
    core::Bytes signature(256, fill == 255 ? 0xff : 0);
    if (fill == 1) signature.back() = 1;

    BOOST_TEST(!verify(forge::with_signature(forge::signing_input(kHeader, kPayload), signature))
                    .has_value());
}

BOOST_AUTO_TEST_SUITE_END()
