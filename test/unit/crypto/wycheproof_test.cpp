// Project Wycheproof's vectors of the primitives, through the functions that the product calls.
// test/vectors/wycheproof/README.md: where they come from, and which of them apply.
#include "test/unit/wycheproof.h"

#include "core/crypto/box_cipher.h"
#include "core/crypto/mac.h"
#include "core/crypto/rsa.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(wycheproof_test)

using core::Bytes;
using core::ByteView;
using core::JsonValue;
using core::SecureBuffer;
using core::crypto::BoxCipherInput;
using core::crypto::Digest;
using core::crypto::HmacKey;
using core::crypto::RsaPublicKey;
using wycheproof::Count;
using wycheproof::VectorFile;
namespace data = boost::unit_test::data;

namespace {

std::int64_t number(const JsonValue& object, std::string_view name) {
    return wycheproof::member(object, name).integer();
}

int count_of_tests(const JsonValue& group) {
    return static_cast<int>(wycheproof::member(group, "tests").elements().size());
}

// Where a vector fails, Boost.Test prints which.
std::string name_of(const JsonValue& vector) {
    return "tcId " + std::to_string(number(vector, "tcId")) + ", " +
           wycheproof::text(vector, "comment");
}

std::string hex(const SecureBuffer& buffer) {
    return core::to_hex({buffer.data(), buffer.size()});
}

// ---- AES-256-GCM --------------------------------------------------------------------------------

// A sealed box knows one size of each.
bool is_of_a_box(const JsonValue& group) {
    return number(group, "keySize") == 256 && number(group, "ivSize") == 96 &&
           number(group, "tagSize") == 128;
}

// A vector with the memory that a BoxCipherInput only views.
struct GcmVector {
    explicit GcmVector(const JsonValue& json)
        : key(wycheproof::bytes(json, "key")),
          nonce(wycheproof::bytes(json, "iv")),
          associated(wycheproof::bytes(json, "aad")),
          message(wycheproof::bytes(json, "msg")),
          sealed(wycheproof::bytes(json, "ct")) {
        core::append(sealed, wycheproof::bytes(json, "tag"));
    }
    [[nodiscard]] BoxCipherInput input() const { return {key, nonce, associated}; }

    Bytes key;
    Bytes nonce;
    Bytes associated;
    Bytes message;
    Bytes sealed;  // with its tag
};

bool try_gcm(const JsonValue& json) {
    const GcmVector vector(json);
    SecureBuffer opened(vector.sealed.begin(), vector.sealed.end());
    const bool taken = decrypt_box_body(vector.input(), opened);
    BOOST_TEST(taken == wycheproof::is_to_be_taken(json));
    BOOST_TEST(hex(opened) == (taken ? core::to_hex(vector.message) : ""));

    SecureBuffer sealed(vector.message.begin(), vector.message.end());
    encrypt_box_body(vector.input(), sealed);
    BOOST_TEST((hex(sealed) == core::to_hex(vector.sealed)) == taken);
    return taken;
}

// ---- HMAC-SHA-256 -------------------------------------------------------------------------------

bool try_hmac(const JsonValue& json) {
    const Bytes key_bytes = wycheproof::bytes(json, "key");
    const Bytes message = wycheproof::bytes(json, "msg");
    const Bytes tag = wycheproof::bytes(json, "tag");
    HmacKey key(key_bytes);
    const bool taken = key.verify({message}, tag);

    Digest once{};
    core::crypto::hmac_sha256(key_bytes, {message}, once);
    BOOST_TEST((key.mac({message}) == once));
    BOOST_TEST(std::equal(once.begin(), once.end(), tag.begin(), tag.end()) == taken);
    return taken;
}

// ---- HKDF-SHA-256 -------------------------------------------------------------------------------

// Nobody may ask hkdf_sha256() for more: it ends the process.
constexpr std::int64_t kMostOfHkdf = std::int64_t{255} * 32;

bool try_hkdf(const JsonValue& json) {
    Bytes out(static_cast<std::size_t>(number(json, "size")));
    core::crypto::hkdf_sha256(wycheproof::bytes(json, "ikm"),
                              wycheproof::bytes(json, "salt"),
                              wycheproof::bytes(json, "info"),
                              out);
    return core::to_hex(out) == wycheproof::text(json, "okm");
}

// ---- RSASSA-PKCS1-v1_5 --------------------------------------------------------------------------

RsaPublicKey rsa_key(const JsonValue& group) {
    const auto numbers = wycheproof::member(group, "publicKey");
    auto key = RsaPublicKey::create(wycheproof::bytes(numbers, "modulus"),
                                    wycheproof::bytes(numbers, "publicExponent"));
    BOOST_REQUIRE(key.has_value());
    return std::move(*key);
}

struct RsaFile {
    std::string name;
    int taken;
    int refused;
};
std::ostream& operator<<(std::ostream& out, const RsaFile& file) {
    return out << file.name;
}

// Every vector of these applies: all keys have a size and an exponent that we take.
const std::vector<RsaFile> kRsaFiles{{"rsa_signature_2048_sha256_test", 9, 250},
                                     {"rsa_signature_3072_sha256_test", 8, 251},
                                     {"rsa_signature_4096_sha256_test", 7, 251}};

void check_count(const VectorFile& file, const Count& count, int taken, int refused) {
    BOOST_TEST(count.all() == file.number_of_tests());
    BOOST_TEST(count.taken == taken);
    BOOST_TEST(count.refused == refused);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_box_body_is_encrypted_and_opened_as_aes_gcm_says) {
    const VectorFile file("aes_gcm_test");
    Count count;
    for (const auto& group : file.groups()) {
        if (!is_of_a_box(group)) {
            count.skipped += count_of_tests(group);
            continue;
        }
        for (const auto& vector : wycheproof::member(group, "tests").elements()) {
            BOOST_TEST_CONTEXT(name_of(vector)) {
                count.add(try_gcm(vector));
            }
        }
    }

    wycheproof::print("AES-256-GCM of sealed boxes", count);
    check_count(file, count, 39, 27);
}

BOOST_AUTO_TEST_CASE(a_mac_is_verified_as_hmac_sha_256_says) {
    const VectorFile file("hmac_sha256_test");
    Count count;
    for (const auto& group : file.groups()) {
        if (number(group, "tagSize") != 256) {  // nothing of ours is a truncated MAC
            count.skipped += count_of_tests(group);
            continue;
        }
        for (const auto& vector : wycheproof::member(group, "tests").elements()) {
            BOOST_TEST_CONTEXT(name_of(vector)) {
                const bool taken = try_hmac(vector);
                BOOST_TEST(taken == wycheproof::is_to_be_taken(vector));
                count.add(taken);
            }
        }
    }

    wycheproof::print("HMAC-SHA-256", count);
    check_count(file, count, 33, 54);
}

// Half as long is 2^128 times easier to guess: it does not pass, be it right as far as it goes.
BOOST_AUTO_TEST_CASE(a_truncated_mac_is_refused_even_where_it_is_right) {
    const VectorFile file("hmac_sha256_test");
    Count count;
    for (const auto& group : file.groups()) {
        if (number(group, "tagSize") == 256) {
            count.skipped += count_of_tests(group);
            continue;
        }
        for (const auto& vector : wycheproof::member(group, "tests").elements()) {
            BOOST_TEST_CONTEXT(name_of(vector)) {
                count.add(try_hmac(vector));
            }
        }
    }

    wycheproof::print("HMAC-SHA-256, truncated", count);
    check_count(file, count, 0, 87);
}

void check_hkdf(const JsonValue& vector, Count& count) {
    if (number(vector, "size") > kMostOfHkdf) {
        BOOST_TEST(!wycheproof::is_to_be_taken(vector));
        ++count.skipped;
        return;
    }
    const bool same = try_hkdf(vector);
    BOOST_TEST(same == wycheproof::is_to_be_taken(vector));
    count.add(same);
}

BOOST_AUTO_TEST_CASE(hkdf_gives_what_it_should) {
    const VectorFile file("hkdf_sha256_test");
    Count count;
    for (const auto& group : file.groups()) {
        for (const auto& vector : wycheproof::member(group, "tests").elements()) {
            BOOST_TEST_CONTEXT(name_of(vector)) {
                check_hkdf(vector, count);
            }
        }
    }

    wycheproof::print("HKDF-SHA-256", count);
    check_count(file, count, 83, 0);
}

BOOST_DATA_TEST_CASE(an_rsa_signature_is_verified_as_it_should, data::make(kRsaFiles), wanted) {
    const VectorFile file(wanted.name);
    Count count;
    for (const auto& group : file.groups()) {
        const RsaPublicKey key = rsa_key(group);
        for (const auto& vector : wycheproof::member(group, "tests").elements()) {
            BOOST_TEST_CONTEXT(name_of(vector)) {
                const bool taken =
                    key.verify(wycheproof::bytes(vector, "msg"), wycheproof::bytes(vector, "sig"));
                BOOST_TEST(taken == wycheproof::is_to_be_taken(vector));
                count.add(taken);
            }
        }
    }

    wycheproof::print(wanted.name, count);
    check_count(file, count, wanted.taken, wanted.refused);
}

BOOST_AUTO_TEST_SUITE_END()
