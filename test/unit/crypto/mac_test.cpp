// core/crypto/mac: SHA-256, HMAC and HKDF against the vectors of their standards.
#include "core/crypto/mac.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(mac_test)

using core::Bytes;
using core::ByteView;
using core::crypto::Digest;
using core::crypto::HmacKey;
namespace data = boost::unit_test::data;

static_assert(!std::is_copy_constructible_v<HmacKey>);
static_assert(std::is_nothrow_move_constructible_v<HmacKey>);

namespace {

Bytes counted(int first, int size) {
    Bytes out;
    for (int i = 0; i < size; ++i)
        out.push_back(static_cast<std::uint8_t>(first + i));
    return out;
}

Bytes text(std::string_view characters) {
    const auto view = core::as_bytes(characters);
    return {view.begin(), view.end()};
}

struct HmacVector {
    Bytes key;
    Bytes message;
    std::string mac;  // its beginning, where the vector is truncated
};

// RFC 4231 §4.2 to §4.8.
const std::vector<HmacVector> kRfc4231{
    {Bytes(20, 0x0b),
     text("Hi There"),
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {text("Jefe"),
     text("what do ya want for nothing?"),
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {Bytes(20, 0xaa),
     Bytes(50, 0xdd),
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {counted(1, 25),
     Bytes(50, 0xcd),
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {Bytes(20, 0x0c), text("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b"},
    {Bytes(131, 0xaa),
     text("Test Using Larger Than Block-Size Key - Hash Key First"),
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {Bytes(131, 0xaa),
     text("This is a test using a larger than block-size key and a larger than block-size data. "
          "The key needs to be hashed before being used by the HMAC algorithm."),
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

struct HkdfVector {
    Bytes secret;
    Bytes salt;
    Bytes info;
    std::string okm;
};

// RFC 5869 appendix A.1 to A.3.
const std::vector<HkdfVector> kRfc5869{
    {Bytes(22, 0x0b),
     counted(0x00, 13),
     counted(0xf0, 10),
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {counted(0x00, 80),
     counted(0x60, 80),
     counted(0xb0, 80),
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e59"
     "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {Bytes(22, 0x0b),
     {},
     {},
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

// FIPS 180-2 appendix B, and the empty message.
const std::vector<std::string> kHashed{"",
                                       "abc",
                                       "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                                       std::string(1000000, 'a')};
const std::vector<std::string> kHashes{
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
};

const Bytes kKey(32, 0x42);

}  // namespace

BOOST_DATA_TEST_CASE(sha256_is_that_of_fips_180, data::xrange(kHashed.size()), index) {
    const auto digest = core::crypto::sha256(core::as_bytes(kHashed[index]));

    BOOST_TEST(core::to_hex(digest) == kHashes[index]);
}

BOOST_DATA_TEST_CASE(hmac_is_that_of_rfc_4231, data::xrange(kRfc4231.size()), index) {
    const auto& vector = kRfc4231[index];
    Digest out{};

    core::crypto::hmac_sha256(vector.key, {vector.message}, out);

    BOOST_TEST(core::to_hex(out).substr(0, vector.mac.size()) == vector.mac);
}

// The second vector's key is shorter than any that we accept.
BOOST_DATA_TEST_CASE(an_hmac_key_gives_the_macs_of_rfc_4231,
                     data::make(std::vector<std::size_t>{0, 2, 3, 4, 5, 6}),
                     index) {
    const auto& vector = kRfc4231[index];
    HmacKey key(vector.key);

    const auto mac = core::to_hex(key.mac({vector.message}));

    BOOST_TEST(mac.substr(0, vector.mac.size()) == vector.mac);
}

BOOST_DATA_TEST_CASE(hkdf_is_that_of_rfc_5869, data::xrange(kRfc5869.size()), index) {
    const auto& vector = kRfc5869[index];
    Bytes out(vector.okm.size() / 2);

    core::crypto::hkdf_sha256(vector.secret, vector.salt, vector.info, out);

    BOOST_TEST(core::to_hex(out) == vector.okm);
}

BOOST_DATA_TEST_CASE(parts_are_concatenated, data::xrange(28), cut) {
    const auto& vector = kRfc4231[1];
    const ByteView message = vector.message;
    const auto at = static_cast<std::size_t>(cut);
    Digest out{};

    core::crypto::hmac_sha256(vector.key, {message.first(at), {}, message.subspan(at)}, out);

    BOOST_TEST(core::to_hex(out) == vector.mac);
}

BOOST_AUTO_TEST_CASE(a_key_that_was_used_gives_the_same_mac_again) {
    HmacKey key(kKey);
    const auto first = key.mac({core::as_bytes("message")});

    key.mac({core::as_bytes("another")});

    BOOST_TEST((key.mac({core::as_bytes("message")}) == first));
}

BOOST_AUTO_TEST_CASE(a_one_time_key_leaves_nothing_for_the_next) {
    Digest first{};
    Digest other{};
    Digest again{};

    core::crypto::hmac_sha256(kKey, {core::as_bytes("message")}, first);
    core::crypto::hmac_sha256(Bytes(32, 0x43), {core::as_bytes("message")}, other);
    core::crypto::hmac_sha256(kKey, {core::as_bytes("message")}, again);

    BOOST_TEST((first != other));
    BOOST_TEST((first == again));
}

BOOST_AUTO_TEST_CASE(a_moved_key_gives_the_same_mac) {
    HmacKey first(kKey);
    const auto mac = first.mac({core::as_bytes("message")});

    HmacKey second(std::move(first));

    BOOST_TEST((second.mac({core::as_bytes("message")}) == mac));
}

BOOST_AUTO_TEST_CASE(the_right_mac_is_verified) {
    HmacKey key(kKey);
    const auto mac = key.mac({core::as_bytes("message")});

    BOOST_TEST(key.verify({core::as_bytes("message")}, mac));
}

BOOST_DATA_TEST_CASE(a_mac_with_one_byte_changed_is_refused, data::xrange(32), place) {
    HmacKey key(kKey);
    auto mac = key.mac({core::as_bytes("message")});

    mac.at(static_cast<std::size_t>(place)) ^= 1U;

    BOOST_TEST(!key.verify({core::as_bytes("message")}, mac));
}

BOOST_DATA_TEST_CASE(a_mac_cut_short_is_refused, data::xrange(32), size) {
    HmacKey key(kKey);
    const auto mac = key.mac({core::as_bytes("message")});

    BOOST_TEST(!key.verify({core::as_bytes("message")},
                           ByteView(mac).first(static_cast<std::size_t>(size))));
}

BOOST_AUTO_TEST_CASE(a_mac_with_a_byte_more_is_refused) {
    HmacKey key(kKey);
    const auto mac = key.mac({core::as_bytes("message")});
    Bytes longer(mac.begin(), mac.end());

    longer.push_back(0);

    BOOST_TEST(!key.verify({core::as_bytes("message")}, longer));
}

BOOST_AUTO_TEST_CASE(the_mac_of_another_key_is_refused) {
    HmacKey key(kKey);
    HmacKey other(Bytes(32, 0x43));

    BOOST_TEST(!key.verify({core::as_bytes("message")}, other.mac({core::as_bytes("message")})));
}

BOOST_AUTO_TEST_SUITE_END()
