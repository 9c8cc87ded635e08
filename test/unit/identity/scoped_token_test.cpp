// Scoped tokens: security.md §1.3, and rules 4 and 5 of its §2. Every attack is a case.
#include "core/identity/scoped_token.h"

#include "core/base/bytes.h"
#include "test/unit/identity/forge.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(scoped_token)

namespace data = boost::unit_test::data;
using core::as_bytes;
using core::as_text;
using core::ErrorCode;
using core::Result;
using core::Timestamp;
using core::identity::parse_jws;
using core::identity::ScopedTokenClaims;
using core::identity::ScopedTokenKeys;
using core::scope::AccessTier;
using core::scope::ScopeSet;
using Strings = std::vector<std::string>;
using std::chrono::seconds;

namespace {

const std::string kKey(32, 'k');
const std::string kOtherKey(32, 'o');
constexpr std::string_view kIssuer = "https://store.example";
constexpr std::uint32_t kEpoch = 7;
const Timestamp kNow = core::from_unix_seconds(1780000000);

core::UuidBytes uuid(std::uint8_t fill) {
    core::UuidBytes bytes{};
    bytes.fill(fill);
    return bytes;
}

ScopedTokenClaims claims() {
    ScopedTokenClaims out;
    out.plan_hint = "pro";
    out.rate_limit_key = "abcdefghijklmnopqrstuvwx";
    out.issuer = kIssuer;
    out.agent = core::AgentId(uuid(0x11));
    out.tenant = core::TenantId(uuid(0x22));
    out.token = core::TokenId(uuid(0x33));
    out.issued_at = kNow;
    out.expires_at = kNow + seconds(3600);
    out.epoch = kEpoch;
    out.agent_limits = 5;
    out.scopes = ScopeSet::parse(Strings{"secrets:read:a/*", "namespaces:read"}).value();
    return out;
}

const std::string kHeader = R"({"alg":"HS256","typ":"ass-scoped+jwt","kid":"key-1"})";
const std::string kPayload =
    R"({"p":"pro","rlk":"abcdefghijklmnopqrstuvwx","iss":"https://store.example",)"
    R"("aud":"secretstore","sub":"11111111-1111-1111-1111-111111111111",)"
    R"("tid":"22222222-2222-2222-2222-222222222222","jti":"33333333-3333-3333-3333-333333333333",)"
    R"("iat":1780000000,"nbf":1780000000,"exp":1780003600,"epo":7,"alv":5,)"
    R"("scp":["secrets:read:a/*","namespaces:read"],"tier":0})";

// Two keys: key-1 signs, key-0 still verifies.
struct Keys {
    Keys() {
        keys.add("key-1", as_bytes(kKey));
        keys.add("key-0", as_bytes(kOtherKey));
    }

    std::string sign(const ScopedTokenClaims& what, std::string_view kid = "key-1") {
        const auto token = keys.sign(what, kid);
        BOOST_REQUIRE(token.has_value());
        return std::string(as_text(token->expose()));
    }

    // As a worker does: take apart, then verify.
    Result<ScopedTokenClaims> verify(const std::string& token, Timestamp now = kNow) {
        const auto jws = parse_jws(token);
        if (!jws) return core::failure(jws);
        return keys.verify(*jws, kIssuer, kEpoch, now);
    }

    // Signed with the right key: whether it holds is up to header and claims alone.
    Result<ScopedTokenClaims> verify_forged(std::string_view header, std::string_view payload) {
        return verify(forge::hs256(as_bytes(kKey), header, payload));
    }

    ScopedTokenKeys keys;
};

struct Edit {
    std::string from;
    std::string to;
};

std::ostream& operator<<(std::ostream& out, const Edit& edit) {
    return out << edit.from << " -> " << edit.to;
}

// Each is a payload with a right signature that must not be believed.
const std::vector<Edit> kBadClaims{
    {R"("p":"pro")", R"("p":"max")"},
    {R"("p":"pro")", R"("p":"")"},
    {R"("p":"pro",)", ""},
    {"abcdefghijklmnopqrstuvwx", "abc"},
    {"abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvw-"},
    {"https://store.example", "https://store.example/"},
    {"https://store.example", "http://store.example"},
    {"https://store.example", "https://STORE.example"},
    {R"("iss":"https://store.example",)", ""},
    {R"("iss":"https://store.example")", R"("iss":["https://store.example"])"},
    {R"("aud":"secretstore")", R"("aud":["secretstore"])"},
    {R"("aud":"secretstore")", R"("aud":"other")"},
    {R"("aud":"secretstore")", R"("aud":"secretstore ")"},
    {R"("aud":"secretstore",)", ""},
    {R"("sub":"1)", R"("sub":")"},
    {R"("sub":"11111111-1111-1111-1111-111111111111")", R"("sub":"")"},
    {R"("sub":"11111111-1111-1111-1111-111111111111")", R"("sub":1)"},
    {R"("sub":"11111111-1111-1111-1111-111111111111",)", ""},
    {"22222222-2222-2222-2222-222222222222", "22222222222222222222222222222222"},
    {"22222222-2222-2222-2222-222222222222", "{2222222-2222-2222-2222-22222222222}"},
    {"33333333-3333-3333-3333-333333333333", "3333333A-3333-3333-3333-333333333333"},
    {R"("tid":"22222222-2222-2222-2222-222222222222",)", ""},
    {R"("jti":"33333333-3333-3333-3333-333333333333",)", ""},
    {R"("iat":1780000000)", R"("iat":1780000031)"},
    {R"("iat":1780000000,)", ""},
    {R"("iat":1780000000)", R"("iat":"1780000000")"},
    {R"("nbf":1780000000)", R"("nbf":1780000031)"},
    {R"("nbf":1780000000,)", ""},
    {R"("exp":1780003600,)", ""},
    {R"("exp":1780003600)", R"("exp":"1780003600")"},
    {R"("exp":1780003600)", R"("exp":1780003600.0)"},
    {R"("exp":1780003600)", R"("exp":1.7800036e9)"},
    {R"("exp":1780003600)", R"("exp":-1)"},
    {R"("exp":1780003600)", R"("exp":1e300)"},
    {R"("exp":1780003600)", R"("exp":99999999999999999999)"},
    {R"("exp":1780003600)", R"("exp":9223372036854775807)"},
    {R"("exp":1780003600)", R"("exp":null)"},
    {R"("exp":1780003600)", R"("exp":1780000000)"},
    {R"("exp":1780003600)", R"("exp":1779999999)"},
    {R"("exp":1780003600)", R"("exp":0)"},
    {R"("exp":1780003600)", R"("exp":1780003600,"exp":1780003600)"},
    {R"("exp":1780003600)", R"("exp":1780003600,"\u0065xp":1990003600)"},
    {R"("epo":7)", R"("epo":6)"},
    {R"("epo":7)", R"("epo":8)"},
    {R"("epo":7)", R"("epo":4294967303)"},
    {R"("epo":7)", R"("epo":-4294967289)"},
    {R"("epo":7)", R"("epo":"7")"},
    {R"("epo":7,)", ""},
    {R"("alv":5)", R"("alv":-1)"},
    {R"("alv":5,)", ""},
    {R"(["secrets:read:a/*","namespaces:read"])", "[]"},
    {R"(["secrets:read:a/*","namespaces:read"])", "null"},
    {R"(["secrets:read:a/*","namespaces:read"])", R"("secrets:read:a/*")"},
    {R"(["secrets:read:a/*","namespaces:read"])", "[1]"},
    {"secrets:read:a/*", "*"},
    {"secrets:read:a/*", "secrets:read:a/../*"},
    {R"(,"scp":["secrets:read:a/*","namespaces:read"])", ""},
    {R"("tier":0)", R"("tier":3)"},
    {R"("tier":0)", R"("tier":-1)"},
    {R"("tier":0)", R"("tier":256)"},
    {R"("tier":0)", R"("tier":"critical")"},
    {R"(,"tier":0)", ""},
    {R"("tier":0)", R"("tier":0,"mxu":0)"},
    {R"("tier":0)", R"("tier":0,"mxu":null)"},
    {R"("tier":0)", R"("tier":0,"mxu":1.5)"},
    {R"("tier":0)", R"("tier":0,"ips":[])"},
    {R"("tier":0)", R"("tier":0,"ips":null)"},
    {R"("tier":0)", R"("tier":0,"ips":["203.0.113.7/24"])"},
    {R"("tier":0)", R"("tier":0,"unknown":1)"},
    {R"("tier":0)", "\"tier\":0,\"p2\":\"\xff\""},
};

const std::vector<Edit> kBadHeaders{
    {"HS256", "none"},
    {"HS256", "None"},
    {"HS256", "NONE"},
    {"HS256", "nOnE"},
    {"HS256", "none "},
    {"HS256", ""},
    {"HS256", "hs256"},
    {"HS256", "HS384"},
    {"HS256", "HS512"},
    {"HS256", "RS256"},
    {"HS256", "PS256"},
    {"HS256", "ES256"},
    {"HS256", "EdDSA"},
    {"HS256", "HS256 "},
    {"HS256", "dir"},
    {"ass-scoped+jwt", "JWT"},
    {"ass-scoped+jwt", ""},
    {"ass-scoped+jwt", "ASS-SCOPED+JWT"},
    {R"("typ":"ass-scoped+jwt",)", ""},
    {"key-1", "key-2"},
    {"key-1", "KEY-1"},
    {"key-1", "key-0"},
    {"key-1", "key"},
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_signed_token_is_verified, Keys) {
    const auto verified = verify(sign(claims()));

    BOOST_REQUIRE(verified.has_value());
    BOOST_TEST(verified->plan_hint == "pro");
    BOOST_TEST(verified->rate_limit_key == "abcdefghijklmnopqrstuvwx");
    BOOST_TEST(verified->issuer == kIssuer);
    BOOST_CHECK(verified->agent == claims().agent);
    BOOST_CHECK(verified->tenant == claims().tenant);
    BOOST_CHECK(verified->token == claims().token);
    BOOST_CHECK(verified->issued_at == kNow);
    BOOST_CHECK(verified->expires_at == kNow + seconds(3600));
    BOOST_TEST(verified->epoch == kEpoch);
    BOOST_TEST(verified->agent_limits == 5);
    BOOST_TEST(verified->scopes.texts() == claims().scopes.texts(),
               boost::test_tools::per_element());
    BOOST_CHECK(verified->tier == AccessTier::Standard);
    BOOST_TEST(!verified->max_uses.has_value());
    BOOST_TEST(!verified->ips.has_value());
}

BOOST_FIXTURE_TEST_CASE(the_optional_claims_are_signed_too, Keys) {
    auto what = claims();
    what.tier = AccessTier::Critical;
    what.max_uses = 3;
    what.ips = core::identity::IpAllowlist::parse(Strings{"203.0.113.0/24"}).value();

    const auto verified = verify(sign(what));

    BOOST_REQUIRE(verified.has_value());
    BOOST_CHECK(verified->tier == AccessTier::Critical);
    BOOST_TEST(verified->max_uses.value() == 3);
    BOOST_TEST(verified->ips->entries() == Strings{"203.0.113.0/24"},
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(the_bytes_of_a_token_are_specified, Keys) {
    BOOST_TEST(sign(claims()) == forge::hs256(as_bytes(kKey), kHeader, kPayload));
}

BOOST_FIXTURE_TEST_CASE(the_same_claims_give_the_same_bytes_again, Keys) {
    const auto token = sign(claims());
    const auto verified = verify(token);

    BOOST_REQUIRE(verified.has_value());
    BOOST_TEST(sign(*verified) == token);
}

BOOST_FIXTURE_TEST_CASE(fractions_of_a_second_do_not_change_the_bytes, Keys) {
    auto what = claims();
    what.issued_at += std::chrono::microseconds(999999);
    what.expires_at += std::chrono::microseconds(1);

    BOOST_TEST(sign(what) == sign(claims()));
}

BOOST_DATA_TEST_CASE_F(Keys,
                       nginx_can_cut_plan_and_tenant_out_of_the_payload,
                       data::make(Strings{"fre", "pro", "ent"}),
                       plan) {
    auto what = claims();
    what.plan_hint = plan;

    const auto token = sign(what);

    const auto payload = token.substr(token.find('.') + 1, 56);
    BOOST_TEST(payload ==
               forge::encoded(R"({"p":")" + plan + R"(","rlk":"abcdefghijklmnopqrstuvwx)"));
}

BOOST_FIXTURE_TEST_CASE(a_tenant_without_the_fixed_shape_gets_no_token, Keys) {
    auto what = claims();
    what.rate_limit_key = R"(abcdefghijklmnopqrstuv","x)";

    const auto token = keys.sign(what, "key-1");

    BOOST_REQUIRE(!token.has_value());
    BOOST_CHECK(token.error().code == ErrorCode::Internal);
}

BOOST_FIXTURE_TEST_CASE(the_first_key_signs, Keys) {
    BOOST_TEST(keys.signing_kid() == "key-1");
    BOOST_TEST(keys.knows("key-0"));
    BOOST_TEST(!keys.knows("key-2"));
}

BOOST_FIXTURE_TEST_CASE(an_older_key_still_verifies, Keys) {
    BOOST_TEST(verify(sign(claims(), "key-0")).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_token_under_a_retired_kid_is_refused, Keys) {
    const auto token = sign(claims(), "key-0");
    ScopedTokenKeys later;
    later.add("key-1", as_bytes(kKey));

    const auto jws = parse_jws(token);

    BOOST_REQUIRE(jws.has_value());
    BOOST_TEST(!later.verify(*jws, kIssuer, kEpoch, kNow).has_value());
}

BOOST_AUTO_TEST_CASE(without_a_key_nothing_verifies) {
    ScopedTokenKeys none;
    const auto token = forge::hs256(as_bytes(kKey), kHeader, kPayload);

    const auto jws = parse_jws(token);

    BOOST_REQUIRE(jws.has_value());
    BOOST_TEST(!none.verify(*jws, kIssuer, kEpoch, kNow).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_token_too_long_for_a_header_is_not_issued, Keys) {
    auto what = claims();
    Strings scopes;
    for (int i = 0; i < 32; ++i)
        scopes.push_back("secrets:read:" + std::string(100, 'a') + std::to_string(i) + "/*");
    what.scopes = ScopeSet::parse(scopes).value();

    const auto token = keys.sign(what, "key-1");

    BOOST_REQUIRE(!token.has_value());
    BOOST_CHECK(token.error().code == ErrorCode::InvalidRequest);
    BOOST_TEST(token.error().public_message.find("shorter scopes") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(the_longest_token_that_is_issued_is_also_accepted, Keys) {
    auto what = claims();
    std::size_t longest = 0;

    for (std::size_t size = 2000; size < 3000; ++size) {
        Strings scopes(8, "secrets:read:" + std::string(size / 8, 'a'));
        scopes[0] += std::string(size % 8, 'b');
        what.scopes = ScopeSet::parse(scopes).value();
        const auto token = keys.sign(what, "key-1");
        if (!token) break;
        longest = token->size();
        BOOST_REQUIRE(verify(std::string(as_text(token->expose()))).has_value());
    }

    BOOST_TEST(longest > 4080U);
    BOOST_TEST(longest <= 4096U);
}

// ---- attacks -----------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(the_forged_payload_would_hold_without_an_edit, Keys) {
    BOOST_TEST(verify_forged(kHeader, kPayload).has_value());
}

BOOST_DATA_TEST_CASE_F(Keys,
                       a_signed_claim_that_is_wrong_is_refused,
                       data::make(kBadClaims),
                       edit) {
    const auto payload = forge::replaced(kPayload, edit.from, edit.to);
    BOOST_REQUIRE(payload != kPayload);

    const auto verified = verify_forged(kHeader, payload);

    BOOST_REQUIRE(!verified.has_value());
    BOOST_CHECK(verified.error().code == ErrorCode::Unauthorized);
    BOOST_TEST(verified.error().public_message ==
               core::identity::unauthorized("").value().public_message);
}

BOOST_DATA_TEST_CASE_F(Keys,
                       another_algorithm_type_or_kid_is_refused,
                       data::make(kBadHeaders),
                       edit) {
    const auto header = forge::replaced(kHeader, edit.from, edit.to);
    BOOST_REQUIRE(header != kHeader);

    BOOST_TEST(!verify_forged(header, kPayload).has_value());
}

BOOST_DATA_TEST_CASE_F(Keys,
                       alg_none_without_a_signature_is_refused,
                       data::make(Strings{"none", "None", "NONE", "nOnE"}),
                       alg) {
    const auto header = forge::replaced(kHeader, "HS256", alg);

    BOOST_TEST(!verify(forge::signing_input(header, kPayload) + ".").has_value());
    BOOST_TEST(!verify(forge::signing_input(header, kPayload)).has_value());
    BOOST_TEST(!verify(forge::signing_input(header, kPayload) + ".AA").has_value());
}

BOOST_FIXTURE_TEST_CASE(the_signature_of_another_key_is_refused, Keys) {
    BOOST_TEST(!verify(forge::hs256(as_bytes(kOtherKey), kHeader, kPayload)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_signature_under_an_empty_or_zero_key_is_refused, Keys) {
    BOOST_TEST(!verify(forge::hs256({}, kHeader, kPayload)).has_value());
    BOOST_TEST(!verify(forge::hs256(core::Bytes(32, 0), kHeader, kPayload)).has_value());
}

BOOST_FIXTURE_TEST_CASE(the_signature_of_another_token_is_refused, Keys) {
    auto other = claims();
    other.token = core::TokenId(uuid(0x44));
    const auto first = sign(claims());
    const auto second = sign(other);

    BOOST_TEST(
        !verify(first.substr(0, first.rfind('.')) + second.substr(second.rfind('.'))).has_value());
}

BOOST_FIXTURE_TEST_CASE(claims_of_another_token_are_refused, Keys) {
    const auto token = sign(claims());
    const auto wider = forge::replaced(kPayload, "secrets:read:a/*", "secrets:*:*");

    BOOST_TEST(
        !verify(forge::signing_input(kHeader, wider) + token.substr(token.rfind('.'))).has_value());
}

BOOST_DATA_TEST_CASE_F(Keys, a_flipped_bit_of_the_signature_is_refused, data::xrange(256), bit) {
    const auto token = sign(claims());
    auto signature = core::from_base64url(token.substr(token.rfind('.') + 1)).value();

    signature[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1U << (bit % 8));

    BOOST_TEST(
        !verify(forge::with_signature(token.substr(0, token.rfind('.')), signature)).has_value());
}

BOOST_DATA_TEST_CASE_F(Keys, a_cut_signature_is_refused, data::xrange(32), size) {
    const auto token = sign(claims());
    auto signature = core::from_base64url(token.substr(token.rfind('.') + 1)).value();

    signature.resize(static_cast<std::size_t>(size));

    BOOST_TEST(
        !verify(forge::with_signature(token.substr(0, token.rfind('.')), signature)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_signature_with_a_byte_more_is_refused, Keys) {
    const auto token = sign(claims());
    auto signature = core::from_base64url(token.substr(token.rfind('.') + 1)).value();

    signature.push_back(0);

    BOOST_TEST(
        !verify(forge::with_signature(token.substr(0, token.rfind('.')), signature)).has_value());
}

BOOST_FIXTURE_TEST_CASE(any_changed_character_of_a_token_is_refused, Keys) {
    const auto token = sign(claims());
    std::size_t accepted = 0;

    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = token[i] == 'A' ? 'B' : 'A';
        accepted += verify(changed).has_value() ? 1U : 0U;
    }

    BOOST_TEST(accepted == 0U);
}

BOOST_FIXTURE_TEST_CASE(any_cut_token_is_refused, Keys) {
    const auto token = sign(claims());
    std::size_t accepted = 0;

    for (std::size_t size = 0; size < token.size(); ++size)
        accepted += verify(token.substr(0, size)).has_value() ? 1U : 0U;

    BOOST_TEST(accepted == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_token_of_another_epoch_is_refused, Keys) {
    const auto token = sign(claims());
    const auto jws = parse_jws(token);
    BOOST_REQUIRE(jws.has_value());

    BOOST_TEST(!keys.verify(*jws, kIssuer, kEpoch + 1, kNow).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_token_of_another_issuer_is_refused, Keys) {
    const auto token = sign(claims());
    const auto jws = parse_jws(token);
    BOOST_REQUIRE(jws.has_value());

    BOOST_TEST(!keys.verify(*jws, "https://other.example", kEpoch, kNow).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_token_lives_until_the_microsecond_before_it_expires, Keys) {
    const auto verified = verify(sign(claims()));
    BOOST_REQUIRE(verified.has_value());

    BOOST_TEST(!verified->has_expired(kNow + seconds(3600) - std::chrono::microseconds(1)));
}

BOOST_FIXTURE_TEST_CASE(a_token_has_expired_at_its_expiry_without_skew, Keys) {
    const auto verified = verify(sign(claims()));
    BOOST_REQUIRE(verified.has_value());

    BOOST_TEST(verified->has_expired(kNow + seconds(3600)));
}

BOOST_FIXTURE_TEST_CASE(an_expired_token_still_tells_whose_it_was, Keys) {
    const auto verified = verify(sign(claims()), kNow + seconds(7200));

    BOOST_REQUIRE(verified.has_value());
    BOOST_CHECK(verified->tenant == claims().tenant);
}

BOOST_FIXTURE_TEST_CASE(a_token_from_a_clock_30_s_ahead_is_accepted, Keys) {
    BOOST_TEST(verify(sign(claims()), kNow - seconds(30)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_token_from_a_clock_31_s_ahead_is_refused, Keys) {
    BOOST_TEST(!verify(sign(claims()), kNow - seconds(31)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
