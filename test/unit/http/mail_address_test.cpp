// Mail addresses and mail servers that are taken.
#include "core/http/mail_address.h"

#include "core/http/smtp_client.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(mail_address)

namespace data = boost::unit_test::data;
using core::http::is_mail_address;
using core::http::SmtpUrl;
using Strings = std::vector<std::string>;

namespace {

const Strings kAddresses{"a@b",
                         "owner@example.com",
                         "first.last+tag@sub.example.com",
                         "o'neil@example.com",
                         "x!#$%&'*+-/=?^_`{|}~@example.com",
                         std::string(64, 'a') + "@example.com"};
const Strings kNoAddresses{"",
                           "@",
                           "a@",
                           "@b",
                           "a",
                           "a@b@c",
                           "a b@example.com",
                           "a@exam ple.com",
                           "a@example.com\r\nBcc: b@example.com",
                           "a@example.com\n",
                           "a\n@example.com",
                           "<a@example.com>",
                           "a@example.com>",
                           "a@example.com,b@example.com",
                           "a;b@example.com",
                           "\"a\"@example.com",
                           "a(comment)@example.com",
                           "a\\@example.com",
                           ".a@example.com",
                           "a.@example.com",
                           "a..b@example.com",
                           "a@.example.com",
                           "a@example..com",
                           "a@example.com.",
                           "a@-example.com",
                           "a@example-.com",
                           "a@[127.0.0.1]",
                           "a@ex_ample.com",
                           "-oQ/tmp@example.com",
                           "\xc3\xbc@example.com",
                           "a@\xc3\xbc.example",
                           std::string("a\0@example.com", 14),
                           std::string(65, 'a') + "@example.com",
                           "a@" + std::string(64, 'a') + ".com",
                           "a@" + std::string(252, 'a')};

struct Server {
    std::string text;
    std::string with_port;
    bool is_local = false;
};
const std::vector<Server> kServers{
    {"smtp://mail.example.com", "smtp://mail.example.com:587", false},
    {"smtps://mail.example.com", "smtps://mail.example.com:465", false},
    {"smtp://mail.example.com:25", "smtp://mail.example.com:25", false},
    {"smtp://localhost:2525", "smtp://localhost:2525", true},
    {"smtp://127.0.0.1:25", "smtp://127.0.0.1:25", true},
    {"smtp://localhost.example.com", "smtp://localhost.example.com:587", false}};
const Strings kNoServers{"",
                         "mail.example.com",
                         "smtp://",
                         "smtp://:25",
                         "http://mail.example.com",
                         "SMTP://mail.example.com",
                         "smtp://user@mail.example.com",
                         "smtp://user:word@mail.example.com",
                         "smtp://mail.example.com/",
                         "smtp://mail.example.com/path",
                         "smtp://mail.example.com?x",
                         "smtp://mail.example.com:",
                         "smtp://mail.example.com:0",
                         "smtp://mail.example.com:65536",
                         "smtp://mail.example.com:25x",
                         "smtp://mail.example.com:+25",
                         "smtp://mail example.com",
                         "smtp://mail.example.com\n"};

}  // namespace

BOOST_DATA_TEST_CASE(an_address_is_taken, data::make(kAddresses), text) {
    BOOST_TEST(is_mail_address(text));
}

BOOST_DATA_TEST_CASE(nothing_that_could_mean_more_is_taken, data::make(kNoAddresses), text) {
    BOOST_TEST(!is_mail_address(text));
}

BOOST_DATA_TEST_CASE(a_mail_server_has_a_port_and_a_place, data::xrange(kServers.size()), index) {
    const auto url = SmtpUrl::parse(kServers[index].text);

    BOOST_REQUIRE(url.has_value());
    BOOST_TEST(url->text() == kServers[index].with_port);
    BOOST_TEST(url->is_local() == kServers[index].is_local);
}

BOOST_DATA_TEST_CASE(what_is_no_mail_server_is_refused, data::make(kNoServers), text) {
    BOOST_TEST(!SmtpUrl::parse(text).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
