// Which addresses are somebody else's machine on the internet.
#include "core/http/address.h"

#include <arpa/inet.h>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(address)

namespace data = boost::unit_test::data;
using core::http::address_of;
using core::http::is_public;
using core::http::parse_address;
using Strings = std::vector<std::string>;

namespace {

// First and last of each range, and their neighbours outside.
const Strings kPublic{
    "1.0.0.0",          "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
    "100.63.255.255",   "100.128.0.0",     "126.255.255.255", "128.0.0.0",
    "169.253.255.255",  "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
    "191.255.255.255",  "192.0.1.0",       "192.0.3.0",       "192.88.98.255",
    "192.88.100.0",     "192.167.255.255", "192.169.0.0",     "198.17.255.255",
    "198.20.0.0",       "198.51.99.255",   "198.51.101.0",    "203.0.112.255",
    "203.0.114.0",      "223.255.255.255", "2000::1",         "2001:200::1",
    "2001:db7:ffff::1", "2001:db9::1",     "2003::1",         "2606:4700:4700::1111",
    "3ffe:ffff::1",     "3fff:1000::1",    "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8"};

const Strings kNotPublic{"0.0.0.0",
                         "0.255.255.255",
                         "10.0.0.0",
                         "10.255.255.255",
                         "100.64.0.0",
                         "100.127.255.255",
                         "127.0.0.0",
                         "127.0.0.1",
                         "127.255.255.255",
                         "169.254.0.0",
                         "169.254.169.254",
                         "169.254.255.255",
                         "172.16.0.0",
                         "172.31.255.255",
                         "192.0.0.0",
                         "192.0.0.255",
                         "192.0.2.0",
                         "192.0.2.255",
                         "192.88.99.0",
                         "192.88.99.255",
                         "192.168.0.0",
                         "192.168.255.255",
                         "198.18.0.0",
                         "198.19.255.255",
                         "198.51.100.0",
                         "198.51.100.255",
                         "203.0.113.0",
                         "203.0.113.255",
                         "224.0.0.0",
                         "239.255.255.255",
                         "240.0.0.0",
                         "255.255.255.255",
                         "::",
                         "::1",
                         "::8.8.8.8",
                         "::ffff:127.0.0.1",
                         "::ffff:7f00:1",
                         "::ffff:10.0.0.1",
                         "::ffff:169.254.169.254",
                         "64:ff9b::127.0.0.1",
                         "64:ff9b::a00:1",
                         "64:ff9b:1::8.8.8.8",
                         "100::1",
                         "1fff:ffff::1",
                         "2001::1",
                         "2001:1ff:ffff::1",
                         "2001:db8::1",
                         "2001:db8:ffff::1",
                         "2002:7f00:1::1",
                         "2002:808:808::1",
                         "3fff::1",
                         "3fff:fff:ffff::1",
                         "4000::1",
                         "5f00::1",
                         "fc00::1",
                         "fd12:3456::1",
                         "fe80::1",
                         "febf::1",
                         "fec0::1",
                         "ff02::1"};

const Strings kNoAddress{"",
                         "localhost",
                         "1.2.3",
                         "1.2.3.4.5",
                         "01.2.3.4",
                         "1.2.3.4 ",
                         "1.2.3.4:80",
                         "[::1]",
                         "fe80::1%eth0",
                         "::1/128",
                         "0x7f.1",
                         "2130706433"};

}  // namespace

BOOST_DATA_TEST_CASE(an_address_of_the_internet_is_public, data::make(kPublic), text) {
    const auto address = parse_address(text);

    BOOST_REQUIRE(address.has_value());
    BOOST_TEST(is_public(*address));
}

BOOST_DATA_TEST_CASE(an_address_kept_for_something_else_is_not, data::make(kNotPublic), text) {
    const auto address = parse_address(text);

    BOOST_REQUIRE(address.has_value());
    BOOST_TEST(!is_public(*address));
}

BOOST_DATA_TEST_CASE(what_is_no_address_alone_is_none, data::make(kNoAddress), text) {
    BOOST_TEST(!parse_address(text).has_value());
}

BOOST_AUTO_TEST_CASE(text_behind_a_nul_is_seen) {
    BOOST_TEST(!parse_address(std::string("8.8.8.8\0x", 9)).has_value());
}

BOOST_AUTO_TEST_CASE(an_ipv4_address_has_one_form) {
    BOOST_CHECK(parse_address("10.1.2.3") == parse_address("::ffff:10.1.2.3"));
}

BOOST_AUTO_TEST_CASE(a_socket_address_of_ipv4_is_read) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(0x0a010203);

    BOOST_CHECK(address_of(reinterpret_cast<const sockaddr&>(v4)) == parse_address("10.1.2.3"));
}

BOOST_AUTO_TEST_CASE(a_socket_address_of_ipv6_is_read) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;

    BOOST_CHECK(address_of(reinterpret_cast<const sockaddr&>(v6)) == parse_address("::1"));
}

BOOST_AUTO_TEST_CASE(a_socket_address_of_another_family_is_none) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;

    BOOST_TEST(!address_of(reinterpret_cast<const sockaddr&>(local)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
