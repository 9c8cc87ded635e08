// core/crypto/rsa: RFC 7515's vector, the bounds of keys, and forged signatures.
#include "core/crypto/rsa.h"

#include "core/crypto/mac.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(rsa_test)

using core::Bytes;
using core::ErrorCode;
using core::crypto::RsaPrivateKey;
using core::crypto::RsaPublicKey;
using core::crypto::ServiceKeyBytes;
namespace data = boost::unit_test::data;

// An RSA key can't be handed to an HMAC.
static_assert(!std::is_constructible_v<core::crypto::HmacKey, RsaPublicKey>);
static_assert(!std::is_convertible_v<RsaPublicKey, core::ByteView>);
static_assert(!std::is_constructible_v<RsaPublicKey, core::ByteView>);
static_assert(!std::is_copy_constructible_v<RsaPrivateKey>);

namespace {

// RFC 7515 appendix A.2.
const std::string kMessage =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const Bytes kModulus = *core::from_base64url(
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
    "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
    "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ");
const Bytes kSignature = *core::from_base64url(
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
    "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS"
    "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
    "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
const Bytes kExponent{1, 0, 1};

// PKCS#8 of an RSA key of 1024 bits that nothing uses.
const std::string kShortKey =
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAJe5a-hN6lyToRu-MA8fVeDM3Ktu8RoqVhAWhizqHyBV"
    "lbIQRMW9xrsQTXavchtxvK6PZIcj3bHHXirn3Pm0zCGKWyrt2jTHcnTft4PE2AMTlQCUqX9abMoGuiuWxisRHeUGjy_Z"
    "GI67OfnLIutWmi_if5oObvaS7jGP2KFwNwOvAgMBAAECgYB2qZYzgXyiGvQN9pkvupo3zwFnMsVuaV4WBwe5aQIfD9Cc"
    "Cw0-ekZLV1y-Tkk4HaQsAgnlh6-DsyF6_QxeX4CmJnm0d-smyvjbLoNzC7kpQsZG0OnP1NSrqX8mLuJrDOH2Ubd-GhZh"
    "n2SicZf96eiSwKgNlN4Sm9xnZJJCiMmpgQJBAMeg7RKo91e6nccf7PqOi-j9zDgdtUkE0PCwxQmNRD2pCkDWUkY8yQzc"
    "ZOKhHjnxPji3WWgR2cAAH3_b4L1h7bkCQQDCkYLuu5118_vRrTKVe9NTbaRc8UZMhNvjHkyhPMSMB47ggPeye0JbGvch"
    "MV8kifRfxOeuvH2rGTUE83zB9HCnAkEAr5CbDw8kwLXx7t7oBo95Aoa6pRuThM1EiHmeQEFKI8RXrSAQKY9p7fKikyHJ"
    "uIGvDChL7BfO3mn9SfBxXX0TmQJAWPqYqTrNqMqaZ-pQDsKhAy9KEmMYphfAQ15w5u_WZr9yHMN-A3aRAv8S83ATta8N"
    "PdrbpTJ4Og3-DDSZ4k06UwJAJb8Q9_Ov8zR0ZBFvlsQ20gEyehZK_xKSSAQA8C8Sg0j8L3auczoCL8zzKb4C9UzuIkmE"
    "-G7Sl_k1cNOKoA9RqA";

// An odd number of that many bits: no key that anybody could sign with.
Bytes number_of_bits(std::size_t bits) {
    Bytes out((bits + 7) / 8, 0x55);
    out.front() = static_cast<std::uint8_t>(1U << ((bits - 1) % 8));
    out.back() |= 1U;
    return out;
}

RsaPublicKey rfc_key() {
    auto key = RsaPublicKey::create(kModulus, kExponent);
    BOOST_REQUIRE(key.has_value());
    return std::move(*key);
}

bool is_refused(const Bytes& modulus, const Bytes& exponent) {
    const auto key = RsaPublicKey::create(modulus, exponent);
    return !key && key.error().code == ErrorCode::InvalidRequest;
}

// Making a key takes long: one for all cases.
const RsaPrivateKey& private_key() {
    static const RsaPrivateKey key = RsaPrivateKey::generate(2048);
    return key;
}

const std::vector<Bytes> kExponents{{3}, {0, 3}, {1, 0, 1}, {0xff, 0xff, 0xff, 0xff}};
const std::vector<Bytes> kBadExponents{
    {}, {0}, {1}, {2}, {4}, {1, 0, 0}, {1, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 3}, Bytes(65536, 0xff)};

}  // namespace

// ---- bounds of keys
// ------------------------------------------------------------------------------

BOOST_DATA_TEST_CASE(a_modulus_of_2048_to_4096_bits_is_taken,
                     data::make(std::vector<std::size_t>{2048, 2049, 3072, 4095, 4096}),
                     bits) {
    BOOST_TEST(RsaPublicKey::create(number_of_bits(bits), kExponent).has_value());
}

BOOST_DATA_TEST_CASE(a_modulus_of_another_size_is_refused,
                     data::make(std::vector<std::size_t>{1, 8, 512, 1024, 2047, 4097, 8192, 65536}),
                     bits) {
    BOOST_TEST(is_refused(number_of_bits(bits), kExponent));
}

BOOST_AUTO_TEST_CASE(an_empty_modulus_is_refused) {
    BOOST_TEST(is_refused({}, kExponent));
}

BOOST_AUTO_TEST_CASE(a_modulus_of_zeros_is_refused) {
    BOOST_TEST(is_refused(Bytes(256), kExponent));
}

// Leading zeros do not make a small number large.
BOOST_AUTO_TEST_CASE(a_small_modulus_in_many_bytes_is_refused) {
    Bytes modulus(256);
    modulus.back() = 35;

    BOOST_TEST(is_refused(modulus, kExponent));
}

BOOST_AUTO_TEST_CASE(an_even_modulus_is_refused) {
    auto modulus = kModulus;
    modulus.back() &= 0xfeU;

    BOOST_TEST(is_refused(modulus, kExponent));
}

BOOST_AUTO_TEST_CASE(a_modulus_with_a_leading_zero_is_the_same_key) {
    auto modulus = kModulus;
    modulus.insert(modulus.begin(), 0);

    const auto key = RsaPublicKey::create(modulus, kExponent);

    BOOST_REQUIRE(key.has_value());
    BOOST_TEST(key->verify(core::as_bytes(kMessage), kSignature));
}

BOOST_DATA_TEST_CASE(an_odd_exponent_of_32_bits_is_taken, data::xrange(kExponents.size()), index) {
    BOOST_TEST(RsaPublicKey::create(kModulus, kExponents[index]).has_value());
}

BOOST_DATA_TEST_CASE(another_exponent_is_refused, data::xrange(kBadExponents.size()), index) {
    BOOST_TEST(is_refused(kModulus, kBadExponents[index]));
}

// ---- signatures
// ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_signature_of_rfc_7515_verifies) {
    BOOST_TEST(rfc_key().verify(core::as_bytes(kMessage), kSignature));
}

BOOST_DATA_TEST_CASE(a_signature_with_a_byte_changed_is_refused, data::xrange(0, 256, 5), at) {
    auto signature = kSignature;

    signature.at(static_cast<std::size_t>(at)) ^= 1U;

    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), signature));
}

BOOST_AUTO_TEST_CASE(the_signature_of_another_message_is_refused) {
    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage + "x"), kSignature));
}

BOOST_AUTO_TEST_CASE(the_signature_of_another_key_is_refused) {
    BOOST_TEST(
        !rfc_key().verify(core::as_bytes(kMessage), private_key().sign(core::as_bytes(kMessage))));
}

BOOST_DATA_TEST_CASE(a_signature_of_another_length_is_refused,
                     data::make(std::vector<std::size_t>{0, 1, 32, 128, 255, 257, 512, 65536}),
                     size) {
    auto signature = kSignature;
    signature.resize(size);

    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), signature));
}

BOOST_AUTO_TEST_CASE(a_signature_with_a_leading_zero_more_is_refused) {
    auto signature = kSignature;
    signature.insert(signature.begin(), 0);

    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), signature));
}

// 0, 1, n-1 and n: fixed points of RSA, and what is not below the modulus.
BOOST_AUTO_TEST_CASE(degenerate_signatures_are_refused) {
    Bytes zero(256);
    Bytes one(256);
    one.back() = 1;
    Bytes below = kModulus;
    below.back() -= 1;

    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), zero));
    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), one));
    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), below));
    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), kModulus));
    BOOST_TEST(!rfc_key().verify(core::as_bytes(kMessage), Bytes(256, 0xff)));
}

// ---- private keys
// --------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_a_private_key_signs_its_public_key_verifies) {
    const auto key = RsaPublicKey::create(private_key().modulus(), private_key().exponent());

    BOOST_REQUIRE(key.has_value());
    BOOST_TEST(
        key->verify(core::as_bytes("message"), private_key().sign(core::as_bytes("message"))));
}

BOOST_AUTO_TEST_CASE(a_generated_key_has_the_size_asked_for) {
    BOOST_TEST(private_key().modulus().size() == 256U);
    BOOST_TEST(private_key().modulus().front() >= 0x80);
    BOOST_TEST((private_key().exponent() == kExponent));
}

BOOST_AUTO_TEST_CASE(an_encoded_key_comes_back) {
    const auto decoded = RsaPrivateKey::decode(private_key().encode());

    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST((decoded->modulus() == private_key().modulus()));
    BOOST_TEST((decoded->sign(core::as_bytes("m")) == private_key().sign(core::as_bytes("m"))));
}

BOOST_DATA_TEST_CASE(what_is_no_pkcs_8_is_refused,
                     data::make(std::vector<std::string>{"", "30", "00", "3082", "30820276020100"}),
                     hex) {
    const auto decoded =
        RsaPrivateKey::decode(ServiceKeyBytes::copy_of(core::ByteView(*core::from_hex(hex))));

    BOOST_REQUIRE(!decoded.has_value());
    BOOST_TEST((decoded.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_pkcs_8_cut_in_half_is_refused) {
    const auto whole = private_key().encode();
    const auto half = ServiceKeyBytes::copy_of(whole.expose().first(whole.size() / 2));

    BOOST_TEST(!RsaPrivateKey::decode(half).has_value());
}

BOOST_AUTO_TEST_CASE(a_private_key_of_1024_bits_is_refused) {
    const auto pkcs8 = *core::from_base64url(kShortKey);

    const auto decoded = RsaPrivateKey::decode(ServiceKeyBytes::copy_of(core::ByteView(pkcs8)));

    BOOST_REQUIRE(!decoded.has_value());
    BOOST_TEST(decoded.error().detail.find("2048") != std::string::npos);
}

// PKCS#8 of an Ed25519 key (RFC 8410 §7) of 32 equal bytes.
BOOST_AUTO_TEST_CASE(a_private_key_of_another_kind_is_refused) {
    auto pkcs8 = *core::from_hex("302e020100300506032b657004220420");
    pkcs8.resize(48, 0x42);

    const auto decoded = RsaPrivateKey::decode(ServiceKeyBytes::copy_of(core::ByteView(pkcs8)));

    BOOST_REQUIRE(!decoded.has_value());
    BOOST_TEST((decoded.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_SUITE_END()
