// The grammar of contract.md §3: what a path is and, above all, what it is not.
#include "core/scope/secret_path.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(secret_path)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::scope::Namespace;
using core::scope::SecretPath;

namespace {

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i)
        out += text;
    return out;
}

// "a/a/…/a": a namespace of `count` segments.
std::string segments(std::size_t count) {
    return repeated("a/", count - 1) + "a";
}

bool mentions(const core::Error& error, std::string_view text) {
    return error.public_message.find(text) != std::string::npos;
}

// Each is neither a namespace nor, with "/K" behind it, the namespace of a path.
const std::vector<std::string> kBadNamespaces{"",
                                              "/",
                                              "a/",
                                              "/a",
                                              "a//b",
                                              "//",
                                              ".",
                                              "..",
                                              "a/.",
                                              "a/..",
                                              "../a",
                                              "a/../b",
                                              "./a",
                                              "a b",
                                              "a\tb",
                                              "a\nb",
                                              "a\r",
                                              " a",
                                              "a ",
                                              std::string("a\0b", 3),
                                              "a\\b",
                                              "a:b",
                                              "a*",
                                              "*",
                                              "a;b",
                                              "a#b",
                                              "a?b",
                                              "a%2fb",
                                              "%2e%2e",
                                              "a+b",
                                              "a=b",
                                              "a,b",
                                              "a|b",
                                              "a'b",
                                              "a\"b",
                                              "a<b",
                                              "a{b",
                                              "a[b",
                                              "a(b",
                                              "a!b",
                                              "a$b",
                                              "a&b",
                                              "a^b",
                                              "a`b",
                                              "\x7f",
                                              "\x80",
                                              "\xff",
                                              "\xc3\xa9",
                                              "\xc0\xaf",
                                              "\xe2\x80\xa8",
                                              "\xef\xbc\x8f"};

const std::vector<std::string> kGoodNamespaces{"a",
                                               "production/gemini",
                                               "A-Z_a.z~0@9",
                                               "...",
                                               "..a",
                                               "a..",
                                               ".env",
                                               "-",
                                               "~",
                                               "@",
                                               "a/...",
                                               "_"};

}  // namespace

BOOST_DATA_TEST_CASE(a_namespace_of_allowed_segments_is_taken_as_it_stands,
                     data::make(kGoodNamespaces),
                     text) {
    const auto parsed = Namespace::parse(text);

    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->text() == text);
}

BOOST_DATA_TEST_CASE(anything_else_is_no_namespace, data::make(kBadNamespaces), text) {
    const auto parsed = Namespace::parse(text);

    BOOST_REQUIRE(!parsed.has_value());
    BOOST_CHECK(parsed.error().code == ErrorCode::InvalidRequest);
}

BOOST_DATA_TEST_CASE(a_path_whose_namespace_is_bad_is_refused, data::make(kBadNamespaces), text) {
    BOOST_TEST(!SecretPath::parse(text + "/K").has_value());
}

BOOST_DATA_TEST_CASE(a_path_whose_key_is_bad_is_refused, data::make(kBadNamespaces), text) {
    BOOST_TEST(!SecretPath::parse("ns/" + text).has_value());
}

BOOST_AUTO_TEST_CASE(the_last_segment_is_the_key) {
    const auto path = SecretPath::parse("production/gemini/GEMINI_API_KEY");

    BOOST_REQUIRE(path.has_value());
    BOOST_TEST(path->name_space() == "production/gemini");
    BOOST_TEST(path->key() == "GEMINI_API_KEY");
    BOOST_TEST(path->text() == "production/gemini/GEMINI_API_KEY");
}

BOOST_AUTO_TEST_CASE(a_moved_path_keeps_its_parts) {
    auto path = SecretPath::parse("a/K");
    BOOST_REQUIRE(path.has_value());

    const SecretPath moved = *std::move(path);

    BOOST_TEST(moved.name_space() == "a");
    BOOST_TEST(moved.key() == "K");
}

BOOST_AUTO_TEST_CASE(a_key_without_a_namespace_is_refused) {
    const auto path = SecretPath::parse("KEY");

    BOOST_REQUIRE(!path.has_value());
    BOOST_TEST(mentions(path.error(), "NAMESPACE/KEY"));
}

BOOST_AUTO_TEST_CASE(paths_are_compared_byte_by_byte) {
    BOOST_TEST((*SecretPath::parse("a/K") != *SecretPath::parse("a/k")));
}

BOOST_AUTO_TEST_CASE(sixteen_segments_are_a_namespace) {
    BOOST_TEST(Namespace::parse(segments(16)).has_value());
}

BOOST_AUTO_TEST_CASE(seventeen_segments_are_none) {
    BOOST_TEST(!Namespace::parse(segments(17)).has_value());
}

BOOST_AUTO_TEST_CASE(a_path_has_sixteen_segments_and_a_key) {
    BOOST_TEST(SecretPath::parse(segments(16) + "/K").has_value());
}

BOOST_AUTO_TEST_CASE(a_path_with_seventeen_segments_and_a_key_is_refused) {
    BOOST_TEST(!SecretPath::parse(segments(17) + "/K").has_value());
}

BOOST_AUTO_TEST_CASE(a_segment_of_128_bytes_is_taken) {
    BOOST_TEST(SecretPath::parse("a/" + repeated("k", 128)).has_value());
}

BOOST_AUTO_TEST_CASE(a_segment_of_129_bytes_is_refused) {
    BOOST_TEST(!SecretPath::parse("a/" + repeated("k", 129)).has_value());
}

BOOST_AUTO_TEST_CASE(a_path_of_512_bytes_is_taken) {
    const auto text = repeated(repeated("n", 127) + "/", 3) + repeated("k", 128);

    BOOST_TEST(text.size() == 512U);
    BOOST_TEST(SecretPath::parse(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_path_of_513_bytes_is_refused) {
    const auto text =
        repeated("n", 128) + "/" + repeated(repeated("n", 127) + "/", 2) + repeated("k", 128);

    BOOST_TEST(text.size() == 513U);
    BOOST_TEST(!SecretPath::parse(text).has_value());
}

BOOST_AUTO_TEST_CASE(the_message_names_the_segment_that_is_wrong) {
    const auto path = SecretPath::parse("good/ba d/KEY");

    BOOST_REQUIRE(!path.has_value());
    BOOST_TEST(mentions(path.error(), "Segment 2"));
    BOOST_TEST(mentions(path.error(), "'ba d'"));
}

BOOST_AUTO_TEST_CASE(the_message_shows_no_control_character) {
    const auto path = SecretPath::parse("a/\x1b[31mK");

    BOOST_REQUIRE(!path.has_value());
    BOOST_TEST(!mentions(path.error(), "\x1b"));
}

BOOST_AUTO_TEST_CASE(a_namespace_contains_itself) {
    BOOST_TEST(Namespace::parse("a/b")->contains("a/b"));
}

BOOST_AUTO_TEST_CASE(a_namespace_contains_what_lies_below) {
    BOOST_TEST(Namespace::parse("a/b")->contains("a/b/c"));
}

BOOST_DATA_TEST_CASE(a_namespace_contains_nothing_else,
                     data::make(std::array<std::string, 7>{
                         "a", "a/bc", "ab", "A/b", "x/a/b", "", "a/"}),
                     other) {
    BOOST_TEST(!Namespace::parse("a/b")->contains(other));
}

BOOST_AUTO_TEST_CASE(just_the_listed_bytes_are_allowed_in_a_segment) {
    const std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~@-";
    std::string found;

    for (int byte = 0; byte < 256; ++byte)
        if (core::scope::is_segment_byte(static_cast<char>(byte)))
            found.push_back(static_cast<char>(byte));

    BOOST_TEST(found.size() == allowed.size());
    BOOST_TEST(found.find_first_not_of(allowed) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
