// Key sets of issuers: rule 7 of security.md §2.
#include "core/identity/key_set.h"

#include "core/base/bytes.h"
#include "test/unit/identity/forge.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(key_set)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::identity::key_set_json;
using core::identity::KeySet;
using Strings = std::vector<std::string>;

namespace {

// Making a key takes a tenth of a second: one for all cases.
const core::crypto::RsaPrivateKey& rsa_key() {
    static const auto key = core::crypto::RsaPrivateKey::generate(2048);
    return key;
}

std::string modulus() {
    return core::to_base64url(rsa_key().modulus());
}
std::string exponent() {
    return core::to_base64url(rsa_key().exponent());
}

// A good key; `more` can add members.
std::string key(const std::string& kid, const std::string& more = "") {
    return R"({"kty":"RSA","kid":")" + kid + R"(","n":")" + modulus() + R"(","e":")" + exponent() +
           "\"" + more + "}";
}

std::string set(const std::string& keys) {
    return R"({"keys":[)" + keys + "]}";
}

const Strings kOtherKeys{R"({"kty":"EC","kid":"x","crv":"P-256","x":"AAAA","y":"AAAA"})",
                         R"({"kty":"oct","kid":"x"})",
                         R"({"kty":"OKP","kid":"x","crv":"Ed25519","x":"AAAA"})",
                         R"({"kid":"x"})",
                         R"({"kty":1,"kid":"x"})",
                         R"({"kty":"rsa","kid":"x","n":"AAAA","e":"AQAB"})",
                         R"({})"};

const Strings kOtherUses{R"(,"use":"enc")",
                         R"(,"use":1)",
                         R"(,"use":null)",
                         R"(,"alg":"RS512")",
                         R"(,"alg":"HS256")",
                         R"(,"alg":"none")",
                         R"(,"alg":["RS256"])",
                         R"(,"key_ops":["sign"])",
                         R"(,"key_ops":[])",
                         R"(,"key_ops":"verify")",
                         R"(,"key_ops":null)"};

const Strings kBadSets{"",
                       "null",
                       "[]",
                       "{}",
                       R"({"keys":null})",
                       R"({"keys":{}})",
                       R"({"keys":[]})",
                       R"({"keys":[null]})",
                       R"({"keys":["a"]})",
                       R"({"keys":[[]]})",
                       R"({"Keys":[]})",
                       R"({"keys":[{"kty":"RSA","kid":"a"}]})",
                       R"({"keys":[{"kty":"RSA","kid":"a","n":"AQAB"}]})",
                       R"({"keys":[{"kty":"RSA","kid":"a","n":"","e":"AQAB"}]})",
                       R"({"keys":[{"kty":"RSA","kid":"a","n":1,"e":"AQAB"}]})",
                       R"({"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]})",
                       R"({"keys":[{"kty":"RSA","kid":"a","n":"AQ+/","e":"AQAB"}]})",
                       "<html></html>"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_key_is_found_by_its_kid) {
    const auto keys = KeySet::parse(set(key("a") + "," + key("b")));

    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find("a") != nullptr);
    BOOST_TEST(keys->find("b") != nullptr);
}

BOOST_DATA_TEST_CASE(no_other_kid_is_found, data::make(Strings{"", "A", "a ", "ab", "c"}), kid) {
    const auto keys = KeySet::parse(set(key("a") + "," + key("b")));

    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find(kid) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_key_of_the_set_verifies_what_its_private_key_signed) {
    const auto keys = KeySet::parse(set(key("a")));
    const auto signature = rsa_key().sign(core::as_bytes("message"));

    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find("a")->verify(core::as_bytes("message"), signature));
    BOOST_TEST(!keys->find("a")->verify(core::as_bytes("messagf"), signature));
}

BOOST_DATA_TEST_CASE(a_key_of_another_type_is_left_out, data::make(kOtherKeys), other) {
    const auto keys = KeySet::parse(set(other + "," + key("a")));

    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find("x") == nullptr);
    BOOST_TEST(keys->find("a") != nullptr);
}

BOOST_DATA_TEST_CASE(a_key_for_another_use_is_left_out, data::make(kOtherUses), more) {
    const auto keys = KeySet::parse(set(key("x", more) + "," + key("a")));

    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find("x") == nullptr);
}

BOOST_AUTO_TEST_CASE(members_of_a_certificate_are_not_looked_at) {
    const auto keys = KeySet::parse(
        set(key("a", R"(,"use":"sig","alg":"RS256","key_ops":["verify"],"x5c":["AAAA"])")));

    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find("a") != nullptr);
}

BOOST_DATA_TEST_CASE(a_set_without_a_usable_key_is_refused, data::make(kOtherKeys), other) {
    BOOST_TEST(!KeySet::parse(set(other)).has_value());
}

BOOST_DATA_TEST_CASE(a_malformed_set_is_refused, data::make(kBadSets), text) {
    const auto keys = KeySet::parse(text);

    BOOST_REQUIRE(!keys.has_value());
    BOOST_CHECK(keys.error().code == ErrorCode::InvalidRequest);
}

BOOST_AUTO_TEST_CASE(a_bad_key_beside_a_good_one_spoils_the_set) {
    const std::string bad = R"({"kty":"RSA","kid":"b","n":"AQAB","e":"AQAB"})";

    BOOST_TEST(!KeySet::parse(set(key("a") + "," + bad)).has_value());
}

BOOST_DATA_TEST_CASE(a_set_that_publishes_something_private_is_refused,
                     data::make(Strings{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) *
                         data::make(Strings{"\"AAAA\"", "null", "[]"}),
                     name,
                     value) {
    const std::string leaked = R"({"kty":"EC","kid":"b",")" + name + "\":" + value + "}";

    BOOST_TEST(!KeySet::parse(set(key("a") + "," + leaked)).has_value());
    BOOST_TEST(!KeySet::parse(set(key("a", ",\"" + name + "\":" + value))).has_value());
}

BOOST_AUTO_TEST_CASE(the_same_kid_twice_is_refused) {
    BOOST_TEST(!KeySet::parse(set(key("a") + "," + key("a"))).has_value());
}

BOOST_AUTO_TEST_CASE(a_key_of_1024_bits_is_refused) {
    const std::string n = core::to_base64url(core::Bytes(128, 0xff));

    BOOST_TEST(
        !KeySet::parse(set(R"({"kty":"RSA","kid":"a","e":"AQAB","n":")" + n + "\"}")).has_value());
}

BOOST_AUTO_TEST_CASE(a_doubled_member_is_refused) {
    BOOST_TEST(!KeySet::parse(set(key("a", R"(,"kid":"b")"))).has_value());
}

BOOST_AUTO_TEST_CASE(a_set_of_64_kib_is_taken) {
    const std::string text = set(key("a"));

    BOOST_TEST(KeySet::parse(text + std::string(65536 - text.size(), ' ')).has_value());
}

BOOST_AUTO_TEST_CASE(a_longer_set_is_refused) {
    const std::string text = set(key("a"));

    BOOST_TEST(!KeySet::parse(text + std::string(65537 - text.size(), ' ')).has_value());
}

BOOST_AUTO_TEST_CASE(a_published_set_can_be_read) {
    const auto keys =
        KeySet::parse(key_set_json("local-1", rsa_key().modulus(), rsa_key().exponent()));

    BOOST_REQUIRE(keys.has_value());
    BOOST_TEST(keys->find("local-1") != nullptr);
}

BOOST_AUTO_TEST_CASE(a_published_set_holds_the_public_members_only) {
    const auto json = key_set_json("local-1", rsa_key().modulus(), rsa_key().exponent());

    const std::string expected =
        R"({"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"local-1")"
        R"(,"n":")" +
        modulus() + R"(","e":"AQAB"}]})";
    BOOST_TEST(json == expected);
}

BOOST_AUTO_TEST_SUITE_END()
