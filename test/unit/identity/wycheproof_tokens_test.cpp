// Project Wycheproof's JSON Web vectors: tokens and key sets (test/vectors/wycheproof/README.md).
#include "core/crypto/mac.h"
#include "core/identity/id_token.h"
#include "core/identity/jose.h"
#include "core/identity/key_set.h"
#include "test/unit/wycheproof.h"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(wycheproof_tokens)

using core::JsonValue;
using core::identity::KeySet;
using wycheproof::Count;
using wycheproof::VectorFile;

namespace {

// Keys of an issuer, or none where the set is refused.
std::vector<core::identity::IssuerKeys> issuers_with(const std::string& set) {
    std::vector<core::identity::IssuerKeys> issuers;
    if (auto keys = KeySet::parse(set))
        issuers.push_back({{"https://issuer.example", "audience", false}, *std::move(keys)});
    return issuers;
}

// Does its signature verify? No payload here has claims of ours: who complains of them has verified
// it.
bool is_verified(std::string_view token, const std::vector<core::identity::IssuerKeys>& issuers) {
    const auto jws = core::identity::parse_jws(token);
    if (!jws) return false;
    const auto claims = core::identity::verify_id_token(*jws, issuers, core::Timestamp{});
    return claims || claims.error().detail.starts_with("claim");
}

// By the same steps as ScopedTokenKeys, whose keys all have 32 bytes.
bool is_mac_right(std::string_view token, const JsonValue& jwk) {
    const auto jws = core::identity::parse_jws(token);
    const auto key = core::from_base64url(wycheproof::text(jwk, "k"));
    if (!jws || !key || jws->alg != "HS256" || jws->kid != wycheproof::text(jwk, "kid"))
        return false;
    return core::crypto::HmacKey(*key).verify({core::as_bytes(jws->signing_input)}, jws->signature);
}

// Some are objects: the other serialisation, which nobody takes here.
std::string token_of(const JsonValue& vector) {
    const auto jws = wycheproof::member(vector, "jws");
    return jws.kind() == JsonValue::Kind::String ? std::string(jws.string()) : jws.to_text();
}

// Two tokens that are called invalid, for a padding that is not in them, are those of another
// vector, which is valid.
std::set<std::string> valid_tokens(const VectorFile& file) {
    std::set<std::string> tokens;
    for (const auto& group : file.groups())
        for (const auto& vector : wycheproof::member(group, "tests").elements())
            if (wycheproof::is_to_be_taken(vector)) tokens.insert(token_of(vector));
    return tokens;
}

// Nothing invalid is taken. What is valid may be refused: the rules are stricter than the standard,
// and the numbers say by how much.
template <class Judge>
void try_all(const JsonValue& group,
             const std::set<std::string>& valid,
             const Judge& is_taken,
             Count& count) {
    for (const auto& vector : wycheproof::member(group, "tests").elements()) {
        BOOST_TEST_CONTEXT("tcId " << wycheproof::member(vector, "tcId").integer()) {
            const auto token = token_of(vector);
            const bool taken = is_taken(token);
            BOOST_TEST((!taken || valid.contains(token)));
            count.add(taken);
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_token_is_taken_by_the_key_of_its_issuer_alone) {
    const VectorFile file("json_web_signature_test");
    const auto valid = valid_tokens(file);
    Count by_signature;
    Count by_mac;
    for (const auto& group : file.groups()) {
        const auto set = group.find("public");
        if (set) {
            const auto issuers = issuers_with(R"({"keys":[)" + set->to_text() + "]}");
            try_all(
                group,
                valid,
                [&](const auto& token) { return is_verified(token, issuers); },
                by_signature);
        } else {
            const auto jwk = wycheproof::member(group, "private");
            try_all(
                group, valid, [&](const auto& token) { return is_mac_right(token, jwk); }, by_mac);
        }
    }

    wycheproof::print("JWS with a key of an issuer", by_signature);
    wycheproof::print("JWS with HS256", by_mac);
    BOOST_TEST(by_signature.all() == 361);
    BOOST_TEST(by_signature.taken == 5);
    BOOST_TEST(by_mac.all() == 40);
    BOOST_TEST(by_mac.taken == 10);
    BOOST_TEST(by_signature.all() + by_mac.all() == file.number_of_tests());
}

BOOST_AUTO_TEST_CASE(a_key_set_of_an_issuer_has_good_rsa_keys_or_is_refused) {
    const VectorFile file("json_web_key_test");
    const auto valid = valid_tokens(file);
    Count count;
    for (const auto& group : file.groups()) {
        const auto published = group.find("public");
        const auto set = published ? *published : wycheproof::member(group, "private");
        const auto issuers = issuers_with(set.to_text());
        try_all(
            group, valid, [&](const auto& token) { return is_verified(token, issuers); }, count);
    }

    wycheproof::print("JWK", count);
    BOOST_TEST(count.all() == file.number_of_tests());
    BOOST_TEST(count.taken == 1);
}

BOOST_AUTO_TEST_SUITE_END()
