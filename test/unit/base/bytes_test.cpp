// core/base/bytes: the text forms of bytes, and that each has exactly one spelling.
#include "core/base/bytes.h"

#include "core/base/secret.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(bytes_test)

using core::Bytes;
namespace data = boost::unit_test::data;

namespace {

const std::string kNulInside("AA\0A", 4);

// RFC 4648 §10, without its padding.
const std::vector<std::string> kPlain{"", "f", "fo", "foo", "foob", "fooba", "foobar"};
const std::vector<std::string> kEncoded{"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};

const std::vector<std::string> kBadBase64Url{
    "A",        // one character holds no byte
    "AAAAA",    // nor does it behind others
    "Zg==",     // padding
    "Zg=",      //
    "Zm8=",     //
    "=",        //
    "Zm 8",     // white space
    "Zm8\n",    //
    "\tZm8",    //
    "+/8",      // the other alphabet
    "ab+d",     //
    "ab/d",     //
    "Zh",       // an unused bit is set
    "Zv",       //
    "Zm9",      //
    "Zm-",      //
    "Zm9vYh",   //
    "Zm9vYmF",  //
    "Zm8%3D",   //
    "\xc3\xa9\xc3\xa9",
    kNulInside,
};

const std::vector<std::string> kBadHex{"0", "abc", "0g", "g0", "0x", " 0", "0 ", "--", "\n0", "é"};

}  // namespace

BOOST_AUTO_TEST_CASE(hex_is_written_in_lower_case) {
    BOOST_TEST(core::to_hex(Bytes{0x00, 0x0f, 0xa0, 0xff}) == "000fa0ff");
}

BOOST_AUTO_TEST_CASE(hex_is_read_in_either_case) {
    const Bytes expected{0xde, 0xad, 0xbe, 0xef};

    BOOST_TEST((core::from_hex("DEADbeef") == expected));
}

BOOST_AUTO_TEST_CASE(empty_hex_is_no_bytes) {
    BOOST_TEST((core::from_hex("") == Bytes{}));
}

BOOST_DATA_TEST_CASE(bad_hex_is_refused, data::make(kBadHex), text) {
    BOOST_TEST(!core::from_hex(text).has_value());
}

BOOST_AUTO_TEST_CASE(hex_with_a_nul_is_refused) {
    BOOST_TEST(!core::from_hex(std::string_view("0\0", 2)).has_value());
}

BOOST_DATA_TEST_CASE(base64url_is_written_as_rfc_4648_shows,
                     data::make(kPlain) ^ data::make(kEncoded),
                     plain,
                     encoded) {
    BOOST_TEST(core::to_base64url(core::as_bytes(plain)) == encoded);
}

BOOST_DATA_TEST_CASE(base64url_is_read_as_rfc_4648_shows,
                     data::make(kPlain) ^ data::make(kEncoded),
                     plain,
                     encoded) {
    const auto decoded = core::from_base64url(encoded);

    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST(core::as_text(*decoded) == plain);
}

BOOST_AUTO_TEST_CASE(base64url_uses_the_url_safe_characters) {
    BOOST_TEST(core::to_base64url(Bytes{0xfb, 0xff, 0xfe}) == "-__-");
}

BOOST_DATA_TEST_CASE(base64url_that_is_not_canonical_is_refused, data::make(kBadBase64Url), text) {
    BOOST_TEST(!core::from_base64url(text).has_value());
}

// Whatever decodes must be the one text of its bytes; all two-character texts that begin with A.
BOOST_DATA_TEST_CASE(what_base64url_accepts_it_writes_again, data::xrange(256), last) {
    const std::string text = std::string("A") + static_cast<char>(last);

    const auto decoded = core::from_base64url(text);

    if (decoded) BOOST_TEST(core::to_base64url(*decoded) == text);
    // 4 of 256: the low four bits of the second character are unused.
    const bool canonical = last == 'A' || last == 'Q' || last == 'g' || last == 'w';
    BOOST_TEST(decoded.has_value() == canonical);
}

BOOST_DATA_TEST_CASE(base64url_of_any_length_comes_back, data::xrange(70), size) {
    Bytes bytes;
    for (int i = 0; i < size; ++i)
        bytes.push_back(static_cast<std::uint8_t>(i * 37 + 200));

    BOOST_TEST((core::from_base64url(core::to_base64url(bytes)) == bytes));
}

BOOST_AUTO_TEST_CASE(integers_are_appended_big_endian) {
    Bytes out{0xee};

    core::append_be32(out, 0x01020304U);
    core::append_be64(out, 0x05060708090a0bffULL);

    BOOST_TEST(core::to_hex(out) == "ee0102030405060708090a0bff");
}

BOOST_AUTO_TEST_CASE(bytes_of_unequal_length_are_not_equal) {
    BOOST_TEST(!core::constant_time_equal(Bytes{1, 2, 3}, Bytes{1, 2}));
}

BOOST_AUTO_TEST_CASE(equal_bytes_are_equal) {
    BOOST_TEST(core::constant_time_equal(Bytes{1, 2, 3}, Bytes{1, 2, 3}));
}

BOOST_DATA_TEST_CASE(bytes_that_differ_in_one_place_are_not_equal, data::xrange(32), place) {
    const Bytes left(32, 0x55);
    Bytes right = left;

    right[static_cast<std::size_t>(place)] ^= 0x80U;

    BOOST_TEST(!core::constant_time_equal(left, right));
}

BOOST_AUTO_TEST_CASE(no_bytes_equal_no_bytes) {
    BOOST_TEST(core::constant_time_equal(Bytes{}, Bytes{}));
}

BOOST_AUTO_TEST_SUITE_END()
