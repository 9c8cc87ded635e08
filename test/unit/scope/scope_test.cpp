// Scopes and the matcher. What a scope allows is written down in test/vectors/scope_match.txt.
#include "core/scope/scope.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <ostream>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(scope)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::scope::Action;
using core::scope::Scope;
using core::scope::wildcard_match;

namespace {

struct Vector {
    std::string scope;
    std::string path;
    std::string action;
    std::string verdict;
};

std::ostream& operator<<(std::ostream& out, const Vector& vector) {
    return out << vector.scope << ' ' << vector.path << ' ' << vector.action;
}

std::vector<Vector> read_vectors() {
    std::vector<Vector> out;
    std::ifstream file(std::string(SECRETSTORE_TEST_VECTORS) + "/scope_match.txt");
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream columns(line);
        Vector vector;
        columns >> vector.scope >> vector.path >> vector.action >> vector.verdict;
        out.push_back(std::move(vector));
    }
    return out;
}

Action action_named(const std::string& name) {
    if (name == "write") return Action::Write;
    return name == "delete" ? Action::Delete : Action::Read;
}

// What the matcher must agree with, as the official client builds it: escape, then '*' as ".*".
bool regex_match(const std::string& pattern, const std::string& text) {
    std::string expression;
    for (const char c : pattern) {
        if (c == '*') {
            expression += "[^]*";
            continue;
        }
        if (std::string_view(".+?^${}()|[]\\").find(c) != std::string_view::npos)
            expression += '\\';
        expression += c;
    }
    return std::regex_match(text, std::regex(expression));
}

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t longest) {
    std::string out(random() % (longest + 1), ' ');
    for (char& c : out)
        c = alphabet[random() % alphabet.size()];
    return out;
}

const std::vector<std::string> kBadScopes{"",
                                          ":",
                                          "::",
                                          "secrets",
                                          "secrets:",
                                          "secrets:read",
                                          "secrets:read:",
                                          "secrets::a/*",
                                          "secret:read:a/*",
                                          "SECRETS:read:a/*",
                                          "secrets:READ:a/*",
                                          "secrets:Read:a/*",
                                          "secrets:rotate:a/*",
                                          "secrets:re*:a/*",
                                          "secrets:**:a/*",
                                          "secrets: read:a/*",
                                          "secrets:read :a/*",
                                          " secrets:read:a/*",
                                          "secrets:read:a/* ",
                                          "secrets:read:a/*\n",
                                          "secrets:read,write:a/*",
                                          "secrets:read:a:b",
                                          "secrets:read:read:a",
                                          "*",
                                          "*:*",
                                          "*:*:*",
                                          "secrets:*",
                                          "namespaces",
                                          "namespaces:",
                                          "namespaces:*",
                                          "namespaces:write",
                                          "namespaces:read:",
                                          "namespaces:read:*",
                                          "namespaces:read ",
                                          "Namespaces:read",
                                          "secrets:read:/",
                                          "secrets:read:/a",
                                          "secrets:read:a/",
                                          "secrets:read:a//b",
                                          "secrets:read:*/",
                                          "secrets:read:/*",
                                          "secrets:read:a//*",
                                          "secrets:read:.",
                                          "secrets:read:..",
                                          "secrets:read:a/../x",
                                          "secrets:read:a/./x",
                                          "secrets:read:../*",
                                          "secrets:read:*/..",
                                          "secrets:read:*/../*",
                                          "secrets:read:a b",
                                          "secrets:read:a%2f*",
                                          "secrets:read:a?",
                                          "secrets:read:a+",
                                          "secrets:read:[ab]",
                                          "secrets:read:(a|b)",
                                          "secrets:read:a\\*",
                                          "secrets:read:{a,b}",
                                          "secrets:read:a;b",
                                          "secrets:read:\xc3\xa9/*",
                                          "secrets:read:\xff",
                                          std::string("secrets:read:a\0/*", 17),
                                          std::string("secrets:read:a/*\0", 17),
                                          "read:secrets",
                                          "write:secrets",
                                          "import:secrets"};

}  // namespace

BOOST_AUTO_TEST_CASE(the_vector_file_is_read) {
    BOOST_TEST(read_vectors().size() >= 60U);
}

BOOST_DATA_TEST_CASE(a_scope_allows_what_the_vectors_say, data::make(read_vectors()), vector) {
    const auto scope = Scope::parse(vector.scope);
    BOOST_REQUIRE(scope.has_value());
    BOOST_REQUIRE((vector.verdict == "allow" || vector.verdict == "deny"));

    const bool covers = scope->covers(action_named(vector.action), vector.path);

    BOOST_TEST(covers == (vector.verdict == "allow"));
}

BOOST_DATA_TEST_CASE(a_text_of_another_form_is_no_scope, data::make(kBadScopes), text) {
    const auto scope = Scope::parse(text);

    BOOST_REQUIRE(!scope.has_value());
    BOOST_CHECK(scope.error().code == ErrorCode::InvalidRequest);
}

BOOST_AUTO_TEST_CASE(the_message_names_the_scope_and_the_form) {
    const auto scope = Scope::parse("secrets:peek:a/*");

    BOOST_REQUIRE(!scope.has_value());
    BOOST_TEST(scope.error().public_message.find("'secrets:peek:a/*'") != std::string::npos);
    BOOST_TEST(scope.error().public_message.find("secrets:ACTION:PATTERN") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(eight_stars_are_taken) {
    BOOST_TEST(Scope::parse("secrets:read:" + std::string(8, '*')).has_value());
}

BOOST_AUTO_TEST_CASE(nine_stars_are_refused) {
    BOOST_TEST(!Scope::parse("secrets:read:" + std::string(9, '*')).has_value());
}

BOOST_AUTO_TEST_CASE(the_star_of_the_action_is_not_counted) {
    BOOST_TEST(Scope::parse("secrets:*:" + std::string(8, '*')).has_value());
}

BOOST_AUTO_TEST_CASE(a_scope_of_512_bytes_is_taken) {
    BOOST_TEST(Scope::parse("secrets:read:" + std::string(499, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(a_scope_of_513_bytes_is_refused) {
    BOOST_TEST(!Scope::parse("secrets:read:" + std::string(500, 'a')).has_value());
}

BOOST_AUTO_TEST_CASE(a_trailing_slash_does_not_widen_a_scope) {
    BOOST_TEST(!Scope::parse("secrets:read:production/").has_value());
}

BOOST_AUTO_TEST_CASE(a_scope_keeps_its_text) {
    BOOST_TEST(Scope::parse("secrets:*:a/*b")->text() == "secrets:*:a/*b");
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_scope_has_a_pattern_of_its_own) {
    auto original = *Scope::parse("secrets:read:a/*");
    const Scope copy = original;

    original = *Scope::parse("namespaces:read");

    BOOST_TEST(copy.pattern() == "a/*");
    BOOST_TEST(original.pattern() == "");
}

BOOST_AUTO_TEST_CASE(the_literal_prefix_ends_at_the_first_star) {
    BOOST_TEST(Scope::parse("secrets:read:a/b*c*")->literal_prefix() == "a/b");
}

BOOST_AUTO_TEST_CASE(without_a_star_all_is_literal_prefix) {
    BOOST_TEST(Scope::parse("secrets:read:a/K")->literal_prefix() == "a/K");
}

BOOST_AUTO_TEST_CASE(namespaces_read_covers_no_action) {
    const auto scope = *Scope::parse("namespaces:read");

    BOOST_CHECK(scope.kind() == Scope::Kind::Namespaces);
    BOOST_TEST(!scope.covers_action(Action::Read));
    BOOST_TEST(!scope.covers(Action::Read, ""));
}

BOOST_AUTO_TEST_CASE(a_star_in_the_text_is_an_ordinary_byte) {
    BOOST_TEST(!wildcard_match("a/b", "a/*"));
    BOOST_TEST(wildcard_match("a/*", "a/*"));
    BOOST_TEST(!wildcard_match("prod/*", "prod*"));
}

BOOST_AUTO_TEST_CASE(an_empty_pattern_matches_only_the_empty_text) {
    BOOST_TEST(wildcard_match("", ""));
    BOOST_TEST(!wildcard_match("", "a"));
    BOOST_TEST(wildcard_match("*", ""));
}

BOOST_AUTO_TEST_CASE(any_byte_can_be_matched) {
    const std::string text("\0\n\xff", 3);

    BOOST_TEST(wildcard_match("*", text));
    BOOST_TEST(wildcard_match(text, text));
    BOOST_TEST(!wildcard_match(std::string_view(text).substr(0, 2), text));
}

BOOST_AUTO_TEST_CASE(the_matcher_agrees_with_a_regular_expression) {
    constexpr unsigned kSeed = 20260601;
    // NOLINTNEXTLINE(cert-msc51-cpp): a test must give the same verdict every time.
    std::mt19937 random(kSeed);
    unsigned matches = 0;

    for (int i = 0; i < 4000; ++i) {
        const auto pattern = random_text(random, "ab*", 7);
        const auto text = random_text(random, "ab*", 9);
        const bool expected = regex_match(pattern, text);
        matches += expected ? 1 : 0;
        BOOST_REQUIRE_MESSAGE(wildcard_match(pattern, text) == expected,
                              "seed " << kSeed << ": '" << pattern << "' against '" << text << "'");
    }

    BOOST_TEST(matches > 200U);
}

BOOST_AUTO_TEST_CASE(the_worst_pattern_takes_no_exponential_time) {
    const std::string pattern = "*a*a*a*a*a*a*a*b";
    const std::string text(512, 'a');
    const auto start = std::chrono::steady_clock::now();

    for (int i = 0; i < 1000; ++i)
        BOOST_REQUIRE(!wildcard_match(pattern, text));

    // About 10 ms; a backtracking matcher needs years for one.
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(5)));
}

BOOST_AUTO_TEST_SUITE_END()
