// Project Wycheproof's RSA keys as an issuer publishes them, in JWK, and their vectors through the
// key set that holds them: what verifies an ID token. test/vectors/wycheproof/README.md.
#include "core/identity/key_set.h"
#include "test/unit/wycheproof.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(wycheproof_keys_test)

using core::JsonValue;
using core::identity::KeySet;
using wycheproof::Count;
using wycheproof::VectorFile;
namespace data = boost::unit_test::data;

namespace {

struct KeyFile {
    std::string name;
    int keys;
    int taken;
    int refused;
};
std::ostream& operator<<(std::ostream& out, const KeyFile& file) {
    return out << file.name;
}

const std::vector<KeyFile> kKeyFiles{{"rsa_signature_2048_sha256_test", 3, 9, 250},
                                     {"rsa_signature_3072_sha256_test", 2, 8, 251},
                                     {"rsa_signature_4096_sha256_test", 1, 7, 251}};

std::string set_of(const JsonValue& jwk) {
    return R"({"keys":[)" + jwk.to_text() + "]}";
}

void verify_all(const core::crypto::RsaPublicKey& key, const JsonValue& group, Count& count) {
    for (const auto& vector : wycheproof::member(group, "tests").elements()) {
        BOOST_TEST_CONTEXT("tcId " << wycheproof::member(vector, "tcId").integer()) {
            const bool taken =
                key.verify(wycheproof::bytes(vector, "msg"), wycheproof::bytes(vector, "sig"));
            BOOST_TEST(taken == wycheproof::is_to_be_taken(vector));
            count.add(taken);
        }
    }
}

}  // namespace

BOOST_DATA_TEST_CASE(a_published_key_verifies_what_it_should, data::make(kKeyFiles), wanted) {
    const VectorFile file(wanted.name);
    Count count;
    int key_count = 0;
    for (const auto& group : file.groups()) {
        const auto jwk = wycheproof::member(group, "keyJwk");
        const auto keys = KeySet::parse(set_of(jwk));
        BOOST_REQUIRE(keys.has_value());
        const auto* key = keys->find(wycheproof::text(jwk, "kid"));
        BOOST_REQUIRE(key != nullptr);
        ++key_count;
        verify_all(*key, group, count);
    }

    wycheproof::print(wanted.name + " by JWK, keys: " + std::to_string(key_count), count);
    BOOST_TEST(key_count == wanted.keys);
    BOOST_TEST(count.all() == file.number_of_tests());
    BOOST_TEST(count.taken == wanted.taken);
    BOOST_TEST(count.refused == wanted.refused);
}

BOOST_AUTO_TEST_SUITE_END()
