// Invitation tokens: their form, and what is stored of them.
#include "core/identity/invitation_token.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <regex>
#include <set>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(invitation_token)

namespace data = boost::unit_test::data;
using core::as_bytes;
using core::as_text;
using core::identity::InvitationToken;

namespace {

const std::string kZeros = "ass_invite_" + std::string(43, '0');

const std::vector<std::string> kMalformed{"",
                                          "ass_invite_",
                                          kZeros.substr(0, 53),
                                          kZeros + "0",
                                          " " + kZeros,
                                          "ass_live_" + kZeros.substr(9),
                                          "ASS_INVITE_" + kZeros.substr(11),
                                          "ass_invite_" + std::string(42, '0') + "-",
                                          "ass_invite_" + std::string(42, '0') + "\xff"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_generated_token_has_the_published_form) {
    const auto token = InvitationToken::generate();

    BOOST_TEST(std::regex_match(std::string(as_text(token.text().expose())),
                                std::regex("ass_invite_[0-9A-Za-z]{43}")));
}

BOOST_AUTO_TEST_CASE(generated_tokens_differ) {
    std::set<std::string> tokens;

    for (int i = 0; i < 200; ++i)
        tokens.emplace(as_text(InvitationToken::generate().text().expose()));

    BOOST_TEST(tokens.size() == 200U);
}

BOOST_AUTO_TEST_CASE(a_token_that_is_read_back_has_the_same_digest) {
    const auto token = InvitationToken::generate();

    const auto again = InvitationToken::parse(token.text().expose());

    BOOST_REQUIRE(again.has_value());
    BOOST_CHECK(again->digest() == token.digest());
}

BOOST_AUTO_TEST_CASE(the_digest_is_over_the_whole_text) {
    BOOST_CHECK(InvitationToken::parse(as_bytes(kZeros))->digest() ==
                core::crypto::sha256(as_bytes(kZeros)));
}

BOOST_DATA_TEST_CASE(a_text_of_another_form_is_no_token, data::make(kMalformed), text) {
    BOOST_TEST(!InvitationToken::parse(as_bytes(text)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
