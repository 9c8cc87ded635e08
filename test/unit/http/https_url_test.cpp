// Addresses that the product may talk to.
#include "core/http/https_url.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(https_url)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::http::HttpsUrl;
using core::http::kMaxUrlBytes;
using Strings = std::vector<std::string>;

namespace {

const Strings kRefused{"",
                       "https",
                       "https:",
                       "https://",
                       "https:///path",
                       "https://:443/",
                       "//example.com/",
                       "example.com",
                       "http://example.com/",
                       "HTTPS://example.com/",
                       "ftp://example.com/",
                       "file:///etc/passwd",
                       "javascript:alert(1)",
                       "https://user@example.com/",
                       "https://user:password@example.com/",
                       "https://example.com@evil.example/",
                       "https://example.com/#fragment",
                       "https://example.com/a b",
                       "https://example.com/a\tb",
                       "https://example.com/a\nb",
                       "https://example.com\\@evil.example/",
                       "https://example.com:0x50/",
                       "https://example.com:99999/",
                       "https://exam ple.com/",
                       "https://ex\xc3\xa4mple.com/",
                       "https://%31%32%37.0.0/1/",
                       "https://ex%61mple.com/",
                       "https://ex%61mple.com?a",
                       "https://[fe80::1%25eth0]/",
                       "https://[::1/",
                       "https://[::1]x/"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_url_keeps_its_text_and_tells_its_parts) {
    const auto url = HttpsUrl::parse("https://login.example.com:8443/a/b?c=d");

    BOOST_REQUIRE(url.has_value());
    BOOST_TEST(url->text() == "https://login.example.com:8443/a/b?c=d");
    BOOST_TEST(url->host() == "login.example.com");
    BOOST_TEST(url->path() == "/a/b");
    BOOST_TEST(url->query() == "c=d");
}

BOOST_AUTO_TEST_CASE(a_path_that_is_absent_is_the_root) {
    BOOST_TEST(HttpsUrl::parse("https://example.com").value().path() == "/");
}

BOOST_AUTO_TEST_CASE(a_path_stays_as_it_is) {
    BOOST_TEST(HttpsUrl::parse("https://example.com/a/../b").value().path() == "/a/../b");
}

BOOST_AUTO_TEST_CASE(an_ipv6_host_loses_its_brackets) {
    BOOST_TEST(HttpsUrl::parse("https://[::1]:8443/").value().host() == "::1");
}

BOOST_DATA_TEST_CASE(an_ipv4_host_has_one_form,
                     data::make(Strings{"127.0.0.1", "2130706433", "0x7f.1", "017700000001"}),
                     host) {
    BOOST_TEST(HttpsUrl::parse("https://" + host + "/").value().host() == "127.0.0.1");
}

BOOST_DATA_TEST_CASE(anything_else_is_refused, data::make(kRefused), text) {
    const auto url = HttpsUrl::parse(text);

    BOOST_REQUIRE(!url.has_value());
    BOOST_CHECK(url.error().code == ErrorCode::InvalidRequest);
    BOOST_TEST(url.error().public_message.starts_with("must "));
}

BOOST_AUTO_TEST_CASE(a_url_of_2048_bytes_is_the_longest) {
    const std::string base = "https://example.com/";
    const std::string longest = base + std::string(kMaxUrlBytes - base.size(), 'a');

    BOOST_TEST(HttpsUrl::parse(longest).has_value());
    BOOST_TEST(!HttpsUrl::parse(longest + "a").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
