// Sets of scopes, and what an agent may ask for: contract.md §4.
#include "core/scope/scope_set.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(scope_set)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::scope::Action;
using core::scope::AgentLimits;
using core::scope::Scope;
using core::scope::ScopeSet;
using core::scope::SecretPath;
using Strings = std::vector<std::string>;
using Views = std::vector<std::string_view>;

namespace {

ScopeSet set_of(const Strings& texts) {
    return ScopeSet::parse(texts).value();
}

AgentLimits limits(const Strings& namespaces, const Strings& scopes) {
    return AgentLimits::parse(namespaces, scopes).value();
}

Strings expanded(const AgentLimits& limits, const Views& texts) {
    const auto set = limits.expand_request(texts);
    return set ? set->texts() : Strings{"error: " + set.error().public_message};
}

// May an agent with one allowed namespace and one allowed scope hold `requested`?
struct Containment {
    std::string name_space;
    std::string allowed;
    std::string requested;
};

std::ostream& operator<<(std::ostream& out, const Containment& c) {
    return out << c.requested << " within " << c.name_space << " and " << c.allowed;
}

bool granted(const Containment& c) {
    return limits({c.name_space}, {c.allowed}).grants(Scope::parse(c.requested).value());
}

const std::vector<Containment> kGranted{
    {"*", "secrets:read:prod/*", "secrets:read:prod/*"},
    {"*", "secrets:read:prod/*", "secrets:read:prod/gemini/*"},
    {"*", "secrets:read:prod/*", "secrets:read:prod/K"},
    {"*", "secrets:read:prod/*", "secrets:read:prod/**"},
    {"*", "secrets:read:prod/*", "secrets:read:prod/*/K*"},
    {"*", "secrets:*:*", "secrets:*:*"},
    {"*", "secrets:*:*", "secrets:read:*"},
    {"*", "secrets:*:*", "secrets:delete:a/K"},
    {"*", "secrets:*:a/*", "secrets:*:a/K"},
    {"*", "secrets:read:*/K", "secrets:read:a/*/K"},
    {"*", "secrets:read:*", "secrets:read:*"},
    {"*", "secrets:read:*", "secrets:read:a*"},
    {"a", "secrets:read:*", "secrets:read:a/*"},
    {"a", "secrets:read:*", "secrets:read:a/b/K"},
    {"a/b", "secrets:read:*", "secrets:read:a/b/*"},
    {"a/b", "secrets:read:a/*", "secrets:read:a/b/c/*"},
    {"a", "secrets:read:a/*", "namespaces:read"},
    {"a", "namespaces:read", "namespaces:read"},
};

const std::vector<Containment> kRefused{
    // More actions than allowed.
    {"*", "secrets:read:*", "secrets:*:*"},
    {"*", "secrets:read:*", "secrets:write:a/K"},
    {"*", "secrets:write:*", "secrets:read:a/K"},
    {"*", "secrets:delete:*", "secrets:*:a/K"},
    // A pattern that reaches beyond the allowed one.
    {"*", "secrets:read:prod/*", "secrets:read:prod*"},
    {"*", "secrets:read:prod/*", "secrets:read:*"},
    {"*", "secrets:read:prod/*", "secrets:read:**"},
    {"*", "secrets:read:prod/*", "secrets:read:*/*"},
    {"*", "secrets:read:prod/*", "secrets:read:p*/K"},
    {"*", "secrets:read:prod/*", "secrets:read:prod"},
    {"*", "secrets:read:prod/*", "secrets:read:prod2/*"},
    {"*", "secrets:read:prod/*", "secrets:read:Prod/*"},
    {"*", "secrets:read:prod/*", "secrets:read:x/prod/*"},
    {"*", "secrets:read:prod/K", "secrets:read:prod/*"},
    {"*", "secrets:read:prod/K", "secrets:read:prod/K*"},
    {"*", "secrets:read:*/K", "secrets:read:a/*"},
    {"*", "secrets:read:*/K", "secrets:read:a/*K"},
    {"*", "secrets:read:a*b/K", "secrets:read:a*/K"},
    // Outside the namespace.
    {"a", "secrets:read:*", "secrets:read:a*"},
    {"a", "secrets:read:*", "secrets:read:a*/K"},
    {"a", "secrets:read:*", "secrets:read:*"},
    {"a", "secrets:read:*", "secrets:read:*/a/K"},
    {"a", "secrets:read:*", "secrets:read:a"},
    {"a", "secrets:read:*", "secrets:read:ab/*"},
    {"a", "secrets:read:*", "secrets:read:A/*"},
    {"a", "secrets:read:*", "secrets:read:b/a/K"},
    {"a/b", "secrets:read:*", "secrets:read:a/*"},
    {"a/b", "secrets:read:*", "secrets:read:a/b"},
    {"a/b", "secrets:read:*", "secrets:read:a/b*"},
    {"a/b", "secrets:read:*", "secrets:read:a/*/K"},
    // namespaces:read gives no secret.
    {"*", "namespaces:read", "secrets:read:a/K"},
};

// Could a scope with this pattern cover a key directly in this namespace?
struct Listing {
    std::string pattern;
    std::string name_space;
};

std::ostream& operator<<(std::ostream& out, const Listing& listing) {
    return out << listing.pattern << " in " << listing.name_space;
}

const std::vector<Listing> kListable{
    {"*", "a"},
    {"*", "a/b/c"},
    {"a/*", "a"},
    {"a/*", "a/b"},
    {"a*", "a"},
    {"a*", "ab"},
    {"a/K", "a"},
    {"a/K*", "a"},
    {"*/K", "a/b"},
    {"a/*/K", "a/b"},
    {"a/*/K", "a/b/c"},
    {"a/**", "a"},
    {"*a*K", "b/a"},
    {"a/b*", "a/bc"},
    {"a*/c*", "ab/c/d"},
};

const std::vector<Listing> kNotListable{
    {"a/*", "b"},
    {"a/*", "ab"},
    {"a/K", "a/K"},
    {"a/b/K", "a"},
    {"a/b/*", "a"},
    {"a/*/K", "a"},
    {"a/K", "b/a"},
    {"a*/b/K", "a"},
    {"*/b/K", "b/c"},
    {"a", "a"},
    {"a/b*", "a/c"},
    {"A/*", "a"},
    {"*b/K", "a/c"},
};

bool is_listable(const Listing& listing) {
    return set_of({"secrets:read:" + listing.pattern})
        .could_allow_in(Action::Read, core::scope::Namespace::parse(listing.name_space).value());
}

Strings numbered(const std::string& before, std::size_t count) {
    Strings out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(before + std::to_string(i));
    return out;
}

Views views_of(const Strings& texts) {
    return Views(texts.begin(), texts.end());
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_scope_of_a_set_suffices) {
    const auto set = set_of({"secrets:read:a/*", "secrets:write:b/*"});

    BOOST_TEST(set.allows(Action::Write, SecretPath::parse("b/K").value()));
}

BOOST_AUTO_TEST_CASE(scopes_of_a_set_do_not_lend_each_other_actions) {
    const auto set = set_of({"secrets:read:a/*", "secrets:write:b/*"});

    BOOST_TEST(!set.allows(Action::Write, SecretPath::parse("a/K").value()));
    BOOST_TEST(!set.allows(Action::Read, SecretPath::parse("b/K").value()));
}

BOOST_AUTO_TEST_CASE(an_empty_set_allows_nothing) {
    BOOST_TEST(!ScopeSet().allows(Action::Read, SecretPath::parse("a/K").value()));
    BOOST_TEST(!ScopeSet().allows_namespaces());
}

BOOST_AUTO_TEST_CASE(patterns_are_given_for_the_action_that_is_asked) {
    const auto set =
        set_of({"secrets:read:a/*", "secrets:write:b/*", "secrets:*:c/*", "namespaces:read"});

    const Strings expected{"a/*", "c/*"};
    BOOST_TEST(set.patterns_for(Action::Read) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(secrets_do_not_bring_the_namespaces_scope) {
    BOOST_TEST(!set_of({"secrets:*:*"}).allows_namespaces());
    BOOST_TEST(set_of({"secrets:read:a/*", "namespaces:read"}).allows_namespaces());
}

BOOST_DATA_TEST_CASE(a_namespace_that_can_hold_a_covered_key_can_be_listed,
                     data::make(kListable),
                     listing) {
    BOOST_TEST(is_listable(listing));
}

BOOST_DATA_TEST_CASE(a_namespace_that_can_hold_none_can_not_be_listed,
                     data::make(kNotListable),
                     listing) {
    BOOST_TEST(!is_listable(listing));
}

BOOST_AUTO_TEST_CASE(what_may_be_written_may_not_be_listed) {
    const auto set = set_of({"secrets:write:a/*", "namespaces:read"});

    BOOST_TEST(!set.could_allow_in(Action::Read, core::scope::Namespace::parse("a").value()));
}

BOOST_AUTO_TEST_CASE(a_set_covers_all_below_what_its_patterns_cover) {
    const auto set = set_of({"secrets:read:a/b/*", "secrets:read:c/*K"});

    BOOST_TEST(set.allows_all_below(Action::Read, "a/b"));
    BOOST_TEST(set.allows_all_below(Action::Read, "a/b/c"));
    BOOST_TEST(!set.allows_all_below(Action::Read, "a"));
    BOOST_TEST(!set.allows_all_below(Action::Read, "a/bc"));
    BOOST_TEST(!set.allows_all_below(Action::Read, "c"));
    BOOST_TEST(!set.allows_all_below(Action::Write, "a/b"));
}

BOOST_AUTO_TEST_CASE(an_empty_list_is_no_set) {
    BOOST_TEST(!ScopeSet::parse(Strings{}).has_value());
}

BOOST_AUTO_TEST_CASE(thirty_two_scopes_are_a_set) {
    BOOST_TEST(ScopeSet::parse(numbered("secrets:read:a/K", 32)).has_value());
}

BOOST_AUTO_TEST_CASE(thirty_three_scopes_are_none) {
    BOOST_TEST(!ScopeSet::parse(numbered("secrets:read:a/K", 33)).has_value());
}

BOOST_AUTO_TEST_CASE(the_scope_that_is_wrong_is_named) {
    const auto set = ScopeSet::parse(Strings{"secrets:read:a/*", "secrets:read:a/../b"});

    BOOST_REQUIRE(!set.has_value());
    BOOST_TEST(set.error().public_message.find("a/../b") != std::string::npos);
}

BOOST_DATA_TEST_CASE(a_contained_scope_is_granted, data::make(kGranted), containment) {
    BOOST_TEST(granted(containment));
}

BOOST_DATA_TEST_CASE(a_scope_that_reaches_further_is_not_granted,
                     data::make(kRefused),
                     containment) {
    BOOST_TEST(!granted(containment));
}

BOOST_AUTO_TEST_CASE(two_allowed_scopes_do_not_join_to_a_wider_one) {
    const auto agent = limits({"*"}, {"secrets:read:*", "secrets:write:*", "secrets:delete:*"});

    BOOST_TEST(!agent.grants(Scope::parse("secrets:*:*").value()));
}

BOOST_AUTO_TEST_CASE(the_first_scope_that_is_not_granted_is_found) {
    const auto agent = limits({"*"}, {"secrets:read:a/*"});
    const auto requested = set_of({"secrets:read:a/K", "secrets:read:b/K", "secrets:read:c/K"});

    const Scope* refused = agent.first_not_granted(requested);

    BOOST_REQUIRE(refused != nullptr);
    BOOST_TEST(refused->text() == "secrets:read:b/K");
}

BOOST_AUTO_TEST_CASE(nothing_is_found_where_all_is_granted) {
    const auto agent = limits({"*"}, {"secrets:read:a/*"});

    BOOST_TEST(agent.first_not_granted(set_of({"secrets:read:a/K", "namespaces:read"})) == nullptr);
}

BOOST_AUTO_TEST_CASE(limits_allow_what_both_scopes_and_namespaces_allow) {
    const auto agent = limits({"a", "b/c"}, {"secrets:read:*", "secrets:write:a/*"});
    const auto allows = [&](Action action, std::string_view path) {
        return agent.allows(action, SecretPath::parse(path).value());
    };

    BOOST_TEST(allows(Action::Read, "a/K"));
    BOOST_TEST(allows(Action::Read, "b/c/d/K"));
    BOOST_TEST(allows(Action::Write, "a/K"));
    BOOST_TEST(!allows(Action::Write, "b/c/K"));
    BOOST_TEST(!allows(Action::Read, "b/K"));
    BOOST_TEST(!allows(Action::Read, "ab/K"));
    BOOST_TEST(!allows(Action::Read, "b/c"));
}

BOOST_AUTO_TEST_CASE(limits_could_allow_in_a_namespace_and_below) {
    const auto agent = limits({"a", "b/c"}, {"secrets:read:*"});
    const auto could = [&](Action action, std::string_view text) {
        return agent.could_allow_in(action, core::scope::Namespace::parse(text).value());
    };

    BOOST_TEST(could(Action::Read, "a"));
    BOOST_TEST(could(Action::Read, "a/b"));
    BOOST_TEST(could(Action::Read, "b/c"));
    BOOST_TEST(!could(Action::Read, "b"));
    BOOST_TEST(!could(Action::Read, "ab"));
    BOOST_TEST(!could(Action::Write, "a"));
}

BOOST_DATA_TEST_CASE(a_namespace_of_another_form_is_no_limit,
                     data::make(Strings{"", "**", "a/*", "a/", "/a", "a/../b", "a b", "a*"}),
                     text) {
    BOOST_TEST(!AgentLimits::parse(Strings{text}, Strings{"secrets:read:*"}).has_value());
}

BOOST_AUTO_TEST_CASE(an_agent_has_1_to_32_namespaces) {
    const Strings scopes{"secrets:read:*"};

    BOOST_TEST(!AgentLimits::parse(Strings{}, scopes).has_value());
    BOOST_TEST(AgentLimits::parse(numbered("n", 32), scopes).has_value());
    BOOST_TEST(!AgentLimits::parse(numbered("n", 33), scopes).has_value());
}

BOOST_AUTO_TEST_CASE(omitted_scopes_are_reading_in_each_namespace) {
    const Views namespaces{"production/gemini", "*"};

    const auto agent = AgentLimits::from_request(&namespaces, nullptr);

    BOOST_REQUIRE(agent.has_value());
    const Strings expected{"secrets:read:production/gemini/*", "secrets:read:*"};
    BOOST_TEST(agent->scopes().texts() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(omitted_namespaces_are_those_that_the_scopes_name) {
    const Views scopes{
        "secrets:read:a/b/*", "secrets:write:a/b/K", "secrets:read:c/d*", "namespaces:read"};

    const auto agent = AgentLimits::from_request(nullptr, &scopes);

    BOOST_REQUIRE(agent.has_value());
    const Strings expected{"a/b", "c"};
    BOOST_TEST(agent->namespaces() == expected, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(
    a_scope_without_a_whole_segment_names_every_namespace,
    data::make(Strings{"secrets:read:*", "secrets:read:a*", "secrets:read:*/K", "namespaces:read"}),
    text) {
    const Views scopes{text};

    const auto agent = AgentLimits::from_request(nullptr, &scopes);

    BOOST_REQUIRE(agent.has_value());
    BOOST_TEST(agent->namespaces() == Strings{"*"}, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(derived_limits_grant_the_scopes_that_they_come_from,
                     data::make(Strings{"secrets:read:a/b/*",
                                        "secrets:*:a/b/K",
                                        "secrets:read:*",
                                        "secrets:write:a*/K",
                                        "secrets:delete:a/b*c*"}),
                     text) {
    const Views scopes{text};

    const auto agent = AgentLimits::from_request(nullptr, &scopes);

    BOOST_REQUIRE(agent.has_value());
    BOOST_TEST(agent->grants(Scope::parse(text).value()));
}

BOOST_AUTO_TEST_CASE(an_agent_without_any_limit_is_refused) {
    const auto agent = AgentLimits::from_request(nullptr, nullptr);

    BOOST_REQUIRE(!agent.has_value());
    BOOST_CHECK(agent.error().code == ErrorCode::InvalidRequest);
    BOOST_TEST(agent.error().public_message.find("allowed_namespaces") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(empty_lists_are_not_omitted_ones) {
    const Views none;
    const Views scopes{"secrets:read:*"};
    const Views namespaces{"*"};

    BOOST_TEST(!AgentLimits::from_request(&none, nullptr).has_value());
    BOOST_TEST(!AgentLimits::from_request(nullptr, &none).has_value());
    BOOST_TEST(!AgentLimits::from_request(&none, &scopes).has_value());
    BOOST_TEST(!AgentLimits::from_request(&namespaces, &none).has_value());
}

BOOST_AUTO_TEST_CASE(read_secrets_stands_for_reading_in_the_namespaces) {
    const auto agent = limits({"a", "b/c"}, {"secrets:read:*"});

    const Strings expected{"secrets:read:a/*", "secrets:read:b/c/*"};
    BOOST_TEST(expanded(agent, {"read:secrets"}) == expected, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(write_and_import_stand_for_writing,
                     data::make(Strings{"write:secrets", "import:secrets"}),
                     text) {
    const auto agent = limits({"a", "*"}, {"secrets:read:*"});

    const Strings expected{"secrets:write:a/*", "secrets:write:*"};
    BOOST_TEST(expanded(agent, {text}) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_short_form_gives_no_more_than_the_agent_may_have) {
    const auto agent = limits({"a"}, {"secrets:read:a/*"});

    const auto requested = agent.expand_request(Views{"write:secrets"});

    BOOST_REQUIRE(requested.has_value());
    BOOST_TEST(agent.first_not_granted(*requested) != nullptr);
}

BOOST_AUTO_TEST_CASE(the_same_scope_twice_is_one) {
    const auto agent = limits({"a"}, {"secrets:read:a/*"});

    const Strings expected{"secrets:read:a/*", "secrets:read:a/K"};
    BOOST_TEST(
        expanded(agent,
                 {"secrets:read:a/*", "read:secrets", "secrets:read:a/K", "secrets:read:a/*"}) ==
            expected,
        boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(what_people_do_is_refused_and_says_so,
                     data::make(Strings{"rotate:secrets", "manage:agents"}),
                     text) {
    const auto agent = limits({"*"}, {"secrets:*:*"});

    const auto requested = agent.expand_request(Views{text});

    BOOST_REQUIRE(!requested.has_value());
    BOOST_CHECK(requested.error().code == ErrorCode::InvalidRequest);
    BOOST_TEST(requested.error().public_message.find("people") != std::string::npos);
}

BOOST_DATA_TEST_CASE(a_text_that_only_resembles_a_short_form_is_refused,
                     data::make(Strings{"Read:secrets",
                                        "read:secrets ",
                                        "read:secret",
                                        "delete:secrets",
                                        "read:secrets:a",
                                        "secrets:read"}),
                     text) {
    const auto agent = limits({"*"}, {"secrets:*:*"});

    BOOST_TEST(!agent.expand_request(Views{text}).has_value());
}

BOOST_AUTO_TEST_CASE(a_request_for_nothing_is_refused) {
    BOOST_TEST(!limits({"*"}, {"secrets:*:*"}).expand_request(Views{}).has_value());
}

BOOST_AUTO_TEST_CASE(short_forms_that_stand_for_too_many_scopes_are_refused) {
    const auto agent = limits(numbered("n", 20), {"secrets:*:*"});

    BOOST_TEST(agent.expand_request(Views{"read:secrets"}).has_value());
    BOOST_TEST(!agent.expand_request(Views{"read:secrets", "write:secrets"}).has_value());
}

BOOST_AUTO_TEST_CASE(thirty_three_texts_are_refused_even_where_they_are_the_same) {
    const Strings texts(33, "secrets:read:a/K");

    BOOST_TEST(!limits({"*"}, {"secrets:*:*"}).expand_request(views_of(texts)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
