// What is asked for and what is granted: the digest that an approval is of, and "no more than".
#include "core/service/token_terms.h"

#include "core/base/bytes.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(token_terms)

namespace data = boost::unit_test::data;
using core::service::check_within;
using core::service::request_digest;
using core::store::TokenTerms;
using Strings = std::vector<std::string>;

namespace {

TokenTerms asked() {
    TokenTerms terms;
    terms.scopes = {"secrets:read:prod/*", "namespaces:read"};
    terms.ttl_seconds = 3600;
    terms.max_uses = 5;
    terms.ip_allowlist = Strings{"10.0.0.0/8", "2001:db8::1"};
    return terms;
}

struct Change {
    std::string what;
    std::function<void(TokenTerms&)> make;
};
std::ostream& operator<<(std::ostream& out, const Change& change) {
    return out << change.what;
}

TokenTerms with(const Change& change) {
    auto terms = asked();
    change.make(terms);
    return terms;
}

const std::vector<Change> kSame{
    {"the same", [](TokenTerms&) {}},
    {"scopes in another order",
     [](TokenTerms& t) {
         t.scopes = {"namespaces:read", "secrets:read:prod/*"};
     }},
    {"a scope twice", [](TokenTerms& t) { t.scopes.push_back("namespaces:read"); }},
    {"an address as the database may write it",
     [](TokenTerms& t) {
         t.ip_allowlist = Strings{"10.0.0.0/8", "2001:db8:0::1"};
     }},
};

const std::vector<Change> kOther{
    {"another scope", [](TokenTerms& t) { t.scopes[0] = "secrets:read:*"; }},
    {"a scope more", [](TokenTerms& t) { t.scopes.push_back("secrets:read:a"); }},
    {"a scope less", [](TokenTerms& t) { t.scopes.pop_back(); }},
    {"two scopes that look like one",
     [](TokenTerms& t) { t.scopes = {"secrets:read:prod/*\",\"namespaces:read"}; }},
    {"another lifetime", [](TokenTerms& t) { t.ttl_seconds = 3601; }},
    {"more uses", [](TokenTerms& t) { t.max_uses = 6; }},
    {"any number of uses", [](TokenTerms& t) { t.max_uses.reset(); }},
    {"other addresses", [](TokenTerms& t) { t.ip_allowlist = Strings{"10.0.0.0/7"}; }},
    {"any address", [](TokenTerms& t) { t.ip_allowlist.reset(); }},
};

const std::vector<Change> kWithin{
    {"all of it", [](TokenTerms&) {}},
    {"a scope less", [](TokenTerms& t) { t.scopes.pop_back(); }},
    {"a narrower scope", [](TokenTerms& t) { t.scopes[0] = "secrets:read:prod/db/*"; }},
    {"two narrower scopes",
     [](TokenTerms& t) {
         t.scopes = {"secrets:read:prod/a", "secrets:read:prod/b"};
     }},
    {"a shorter lifetime", [](TokenTerms& t) { t.ttl_seconds = 1; }},
    {"fewer uses", [](TokenTerms& t) { t.max_uses = 1; }},
};

struct Beyond {
    std::string what;
    std::function<void(TokenTerms&)> make;
    std::string named;
};
std::ostream& operator<<(std::ostream& out, const Beyond& beyond) {
    return out << beyond.what;
}

const std::vector<Beyond> kBeyond{
    {"a wider scope", [](TokenTerms& t) { t.scopes[0] = "secrets:read:*"; }, "secrets:read:*"},
    {"a scope beside", [](TokenTerms& t) { t.scopes[0] = "secrets:read:p/K"; }, "secrets:read:p/K"},
    {"another action",
     [](TokenTerms& t) { t.scopes[0] = "secrets:write:prod/*"; },
     "secrets:write:prod/*"},
    {"every action", [](TokenTerms& t) { t.scopes[0] = "secrets:*:prod/*"; }, "secrets:*:prod/*"},
    {"no scope at all", [](TokenTerms& t) { t.scopes.clear(); }, "1 to 32"},
    {"no scope that is one", [](TokenTerms& t) { t.scopes = {"read"}; }, "read"},
    {"a longer lifetime", [](TokenTerms& t) { t.ttl_seconds = 3601; }, "'ttl'"},
    {"more uses", [](TokenTerms& t) { t.max_uses = 6; }, "'max_uses'"},
    {"any number of uses", [](TokenTerms& t) { t.max_uses.reset(); }, "'max_uses'"},
    {"any address", [](TokenTerms& t) { t.ip_allowlist.reset(); }, "addresses"},
    {"other addresses", [](TokenTerms& t) { t.ip_allowlist = Strings{"0.0.0.0/0"}; }, "addresses"},
};

}  // namespace

// Pinned: pending requests bear these digests through an upgrade.
BOOST_AUTO_TEST_CASE(the_digest_is_that_of_the_sorted_json) {
    // {"scopes":["namespaces:read","secrets:read:prod/*"],"ttl":3600,"max_uses":5,
    //  "ips":["10.0.0.0/8","2001:db8::1"]}
    BOOST_TEST(core::to_hex(request_digest(asked())) ==
               "a1fb0dd3faa71e77185488d14bef1215ffb8f2c81ed49eddc05de519a5241eae");
}

BOOST_DATA_TEST_CASE(the_same_request_has_the_same_digest, data::make(kSame), change) {
    BOOST_TEST(core::to_hex(request_digest(with(change))) == core::to_hex(request_digest(asked())));
}

BOOST_DATA_TEST_CASE(another_request_has_another_digest, data::make(kOther), change) {
    BOOST_TEST(core::to_hex(request_digest(with(change))) != core::to_hex(request_digest(asked())));
}

BOOST_DATA_TEST_CASE(no_more_than_was_asked_for_is_within, data::make(kWithin), change) {
    const auto within = check_within(with(change), asked());

    BOOST_TEST(within.has_value(), (within ? "" : within.error().public_message));
}

BOOST_DATA_TEST_CASE(what_goes_beyond_is_named, data::make(kBeyond), beyond) {
    auto granted = asked();
    beyond.make(granted);

    const auto within = check_within(granted, asked());

    BOOST_REQUIRE(!within.has_value());
    BOOST_CHECK(within.error().code == core::ErrorCode::InvalidRequest);
    BOOST_TEST(within.error().public_message.find(beyond.named) != std::string::npos,
               within.error().public_message);
}

BOOST_AUTO_TEST_CASE(any_number_of_uses_may_become_one) {
    auto unlimited = asked();
    unlimited.max_uses.reset();
    auto granted = unlimited;
    granted.max_uses = 1000000;

    BOOST_TEST(check_within(granted, unlimited).has_value());
    BOOST_TEST(check_within(unlimited, unlimited).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
