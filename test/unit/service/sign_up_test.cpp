// Who may sign up, by policy and by what an ID token proves.
#include "core/service/sign_up.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(sign_up)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::identity::IdTokenClaims;
using core::service::check_sign_up;
using core::service::first_tenant_name;
using core::service::SignUpPolicy;
using core::service::SignUpRule;

namespace {

const std::string kLocal = "urn:secretstore:local";

IdTokenClaims claims(const std::string& email, bool verified) {
    IdTokenClaims out;
    out.issuer = "https://issuer.example";
    out.subject = "a-subject";
    out.email = email;
    out.email_verified = verified;
    return out;
}

SignUpPolicy policy(SignUpRule rule) {
    SignUpPolicy out;
    out.rule = rule;
    out.domains = {"a.example", "b.example"};
    return out;
}

bool may(SignUpRule rule, const IdTokenClaims& who) {
    const auto checked = check_sign_up(policy(rule), kLocal, who);
    if (!checked) BOOST_CHECK(checked.error().code == ErrorCode::ScopeDenied);
    return checked.has_value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(by_default_nobody_signs_up_without_an_invitation) {
    BOOST_CHECK(SignUpPolicy{}.rule == SignUpRule::Invited);
    BOOST_TEST(!may(SignUpRule::Invited, claims("ann@a.example", true)));
}

BOOST_AUTO_TEST_CASE(everybody_needs_no_address) {
    BOOST_TEST(may(SignUpRule::Everybody, claims("", false)));
}

BOOST_DATA_TEST_CASE(a_proven_address_of_a_listed_domain_lets_in,
                     data::make({"ann@a.example", "ann@b.example", "ann@A.Example"}),
                     email) {
    BOOST_TEST(may(SignUpRule::Domains, claims(email, true)));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_not_proven_decides_nothing) {
    BOOST_TEST(!may(SignUpRule::Domains, claims("ann@a.example", false)));
}

BOOST_DATA_TEST_CASE(an_address_of_another_domain_does_not,
                     data::make({"",
                                 "ann@c.example",
                                 "ann@sub.a.example",
                                 "ann@xa.example",
                                 "ann@a.example.c.example",
                                 "a.example",
                                 "ann@a.example@c.example",
                                 "ann@c.example, ann@a.example"}),
                     email) {
    BOOST_TEST(!may(SignUpRule::Domains, claims(email, true)));
}

BOOST_DATA_TEST_CASE(people_of_the_local_issuer_never_sign_up, data::make({0, 1, 2}), rule) {
    auto who = claims("ann@a.example", true);
    who.issuer = kLocal;

    BOOST_TEST(!may(static_cast<SignUpRule>(rule), who));
}

BOOST_AUTO_TEST_CASE(a_new_tenant_is_called_like_the_proven_domain) {
    BOOST_TEST(first_tenant_name(claims("ann@A.example", true)) == "a.example");
}

BOOST_AUTO_TEST_CASE(without_a_proven_domain_it_has_a_name_all_the_same) {
    BOOST_TEST(first_tenant_name(claims("ann@a.example", false)) == "My tenant");
    BOOST_TEST(first_tenant_name(claims("", true)) == "My tenant");
}

BOOST_AUTO_TEST_SUITE_END()
