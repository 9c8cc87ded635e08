#include "core/ctl/suggestion.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(suggestion)

using core::ctl::nearest;
using core::ctl::suggest;

namespace {

const std::vector<std::string> kVerbs{"status", "restart", "root-key", "init"};

// What is suggested for a command line of a program with one group, one verb and two options.
std::optional<std::string> suggested_for(std::vector<std::string> words) {
    CLI::App app("of a test");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_flag("--json");
    auto* tenant = app.add_subcommand("tenant");
    tenant->require_subcommand(1);
    std::string owner;
    tenant->add_subcommand("create")->add_option("--owner", owner);
    std::reverse(words.begin(), words.end());
    BOOST_CHECK_THROW(app.parse(words), CLI::ParseError);
    return suggest(app);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_word_with_a_typing_error_is_recognised) {
    BOOST_TEST(nearest("statsu", kVerbs).value() == "status");
    BOOST_TEST(nearest("rotkey", kVerbs).value() == "root-key");
    BOOST_TEST(nearest("intit", kVerbs).value() == "init");
}

BOOST_AUTO_TEST_CASE(nothing_is_suggested_for_a_word_that_is_like_none) {
    BOOST_TEST(!nearest("frobnicate", kVerbs).has_value());
    BOOST_TEST(!nearest("", kVerbs).has_value());
}

BOOST_AUTO_TEST_CASE(a_mistyped_verb_is_looked_for_among_the_verbs_of_its_group) {
    BOOST_TEST(suggested_for({"tenat", "create"}).value() == "tenant");
    BOOST_TEST(suggested_for({"tenant", "craete"}).value() == "create");
}

BOOST_AUTO_TEST_CASE(a_mistyped_option_is_looked_for_among_those_of_its_verb_and_those_of_all) {
    BOOST_TEST(suggested_for({"tenant", "create", "--ownr", "a"}).value() == "--owner");
    BOOST_TEST(suggested_for({"tenant", "create", "--ownr=a"}).value() == "--owner");
    BOOST_TEST(suggested_for({"tenant", "create", "--jsn"}).value() == "--json");
}

BOOST_AUTO_TEST_SUITE_END()
