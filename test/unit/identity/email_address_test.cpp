// E-mail addresses as invitations compare them.
#include "core/identity/email_address.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(email_address)

namespace data = boost::unit_test::data;
using core::identity::EmailAddress;

namespace {

// An address of `size` characters.
std::string address_of(std::size_t size) {
    const std::string domain = "@example.com";
    std::string text(size - domain.size(), 'a');
    text.append(domain);
    return text;
}

const std::vector<std::string> kNone{"",
                                     "@",
                                     "a@",
                                     "@example.com",
                                     "example.com",
                                     "a@b@example.com",
                                     "a b@example.com",
                                     "a@exam ple.com",
                                     "a@example.com ",
                                     "a@.example.com",
                                     "a@example.com.",
                                     "a@example..com",
                                     "a@exa_mple.com",
                                     "a@[192.0.2.1]",
                                     "a\n@example.com",
                                     "\xc3\xa4@example.com",
                                     "a@ex\xc3\xa4mple.com",
                                     std::string("a\0@example.com", 14),
                                     address_of(255)};

}  // namespace

BOOST_DATA_TEST_CASE(a_text_of_another_form_is_no_address, data::make(kNone), text) {
    BOOST_TEST(!EmailAddress::parse(text).has_value());
}

BOOST_AUTO_TEST_CASE(an_address_has_254_characters_at_most) {
    BOOST_TEST(EmailAddress::parse(address_of(254)).has_value());
}

BOOST_AUTO_TEST_CASE(the_case_of_a_domain_does_not_matter) {
    BOOST_CHECK(*EmailAddress::parse("Ann@Example.COM") == *EmailAddress::parse("Ann@example.com"));
}

BOOST_AUTO_TEST_CASE(the_case_of_what_stands_before_it_does) {
    BOOST_CHECK(
        !(*EmailAddress::parse("Ann@example.com") == *EmailAddress::parse("ann@example.com")));
}

BOOST_AUTO_TEST_CASE(the_domain_is_what_follows_the_sign) {
    BOOST_TEST(EmailAddress::parse("ann+x@Mail.Example.com")->domain() == "mail.example.com");
}

BOOST_AUTO_TEST_SUITE_END()
