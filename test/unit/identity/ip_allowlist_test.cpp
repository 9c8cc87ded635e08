// Addresses and ranges: contract.md §6.
#include "core/identity/ip_allowlist.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(ip_allowlist)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::identity::IpAddress;
using core::identity::IpAllowlist;
using Strings = std::vector<std::string>;

namespace {

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}
IpAllowlist list(const Strings& entries) {
    return IpAllowlist::parse(entries).value();
}

struct Spelling {
    std::string written;
    std::string canonical;
};

std::ostream& operator<<(std::ostream& out, const Spelling& s) {
    return out << s.written;
}

const std::vector<Spelling> kAddresses{
    {"203.0.113.7", "203.0.113.7"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"::", "::"},
    {"::1", "::1"},
    {"2001:DB8::1", "2001:db8::1"},
    {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"::ffff:203.0.113.7", "203.0.113.7"},
    {"::FFFF:cb00:7107", "203.0.113.7"},
    {"0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7"},
    {"::ffff:0:203.0.113.7", "::ffff:0:cb00:7107"},
    {"64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"},
};

const std::vector<Spelling> kEntries{
    {"203.0.113.7", "203.0.113.7"},
    {"203.0.113.7/32", "203.0.113.7/32"},
    {"203.0.113.0/24", "203.0.113.0/24"},
    {"0.0.0.0/0", "0.0.0.0/0"},
    {"::/0", "::/0"},
    {"2001:DB8::/32", "2001:db8::/32"},
    {"2001:db8::1/128", "2001:db8::1/128"},
    {"::ffff:203.0.113.0/120", "203.0.113.0/24"},
    {"::ffff:0:0/96", "0.0.0.0/0"},
};

const Strings kBadAddresses{"",
                            " ",
                            "localhost",
                            "203.0.113",
                            "203.0.113.7.1",
                            "203.0.113.256",
                            "203.0.113.-1",
                            "203.0.113.07",
                            "0x7f.0.0.1",
                            "0177.0.0.1",
                            "2130706433",
                            "203.0.113.7:443",
                            " 203.0.113.7",
                            "203.0.113.7 ",
                            "203.0.113.7\n",
                            std::string("203.0.113.7\0", 12),
                            std::string("203.0.113.7\0x", 13),
                            "203.0.113.7/32",
                            ":",
                            ":::",
                            "1::2::3",
                            "fe80::1%eth0",
                            "[::1]",
                            "::1 ",
                            "12345::",
                            "g::",
                            "1:2:3:4:5:6:7",
                            "1:2:3:4:5:6:7:8:9",
                            "::ffff:203.0.113",
                            "::ffff:203.0.113.256",
                            "unix:",
                            "203.0.113.7,10.0.0.1",
                            std::string(4000, '1'),
                            "\xd9\xa1.0.0.1"};

const Strings kBadEntries{"203.0.113.7/",
                          "203.0.113.7/33",
                          "203.0.113.7/-1",
                          "203.0.113.7/+8",
                          "203.0.113.0/024",
                          "203.0.113.0/24 ",
                          "203.0.113.0 /24",
                          "203.0.113.0/24/24",
                          "203.0.113.0/255.255.255.0",
                          "203.0.113.0/2x",
                          "203.0.113.0/x",
                          "203.0.113.0/1e1",
                          "203.0.113.0/999999999999",
                          "203.0.113.0/ 24",
                          "/24",
                          "/",
                          "::/129",
                          "::/0128",
                          "*",
                          "203.0.113.*",
                          "any",
                          std::string("203.0.113.0/24\0", 15)};

const Strings kHostBits{"203.0.113.7/24",
                        "203.0.113.1/31",
                        "128.0.0.0/0",
                        "2001:db8::1/64",
                        "2001:db8::1/0",
                        "8000::/0",
                        "::ffff:0:0/95",
                        "::ffff:0:0/0",
                        "::ffff:203.0.113.7/120"};

struct Case {
    std::string entry;
    std::string client;
    bool contained;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.client << " in " << c.entry;
}

const std::vector<Case> kCases{
    {"203.0.113.7", "203.0.113.7", true},
    {"203.0.113.7", "203.0.113.8", false},
    {"203.0.113.7", "::ffff:203.0.113.7", true},
    {"::ffff:203.0.113.7", "203.0.113.7", true},
    {"203.0.113.7/32", "203.0.113.6", false},
    {"203.0.113.0/24", "203.0.113.0", true},
    {"203.0.113.0/24", "203.0.113.255", true},
    {"203.0.113.0/24", "203.0.112.255", false},
    {"203.0.113.0/24", "203.0.114.0", false},
    {"203.0.113.64/26", "203.0.113.127", true},
    {"203.0.113.64/26", "203.0.113.128", false},
    {"203.0.113.64/26", "203.0.113.63", false},
    {"203.0.113.6/31", "203.0.113.7", true},
    {"203.0.113.6/31", "203.0.113.5", false},
    {"128.0.0.0/1", "255.255.255.255", true},
    {"128.0.0.0/1", "127.255.255.255", false},
    {"0.0.0.0/0", "198.51.100.1", true},
    {"0.0.0.0/0", "::1", false},
    {"0.0.0.0/0", "::", false},
    {"::/0", "2001:db8::1", true},
    {"::/0", "198.51.100.1", false},
    {"::/0", "::ffff:198.51.100.1", false},
    {"::/64", "198.51.100.1", false},
    {"::ffff:0:0/96", "198.51.100.1", true},
    {"2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:db8::/32", "2001:db9::", false},
    {"2001:db8::/33", "2001:db8:8000::", false},
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::1", "2001:db8::1", true},
    {"2001:db8::1", "2001:db8::2", false},
    {"::cb00:7107", "203.0.113.7", false},
};

}  // namespace

BOOST_DATA_TEST_CASE(an_address_has_one_text, data::make(kAddresses), spelling) {
    BOOST_TEST(address(spelling.written).text() == spelling.canonical);
}

BOOST_DATA_TEST_CASE(a_canonical_text_stays_as_it_is, data::make(kAddresses), spelling) {
    BOOST_TEST(address(spelling.canonical).text() == spelling.canonical);
}

BOOST_DATA_TEST_CASE(anything_else_is_no_address, data::make(kBadAddresses), text) {
    BOOST_TEST(!IpAddress::parse(text).has_value());
}

BOOST_DATA_TEST_CASE(an_entry_is_kept_in_canonical_form, data::make(kEntries), spelling) {
    BOOST_TEST(list({spelling.written}).entries() == Strings{spelling.canonical},
               boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(anything_else_is_no_entry, data::make(kBadEntries), text) {
    const auto parsed = IpAllowlist::parse(Strings{text});

    BOOST_REQUIRE(!parsed.has_value());
    BOOST_CHECK(parsed.error().code == ErrorCode::InvalidRequest);
}

BOOST_DATA_TEST_CASE(a_range_with_host_bits_is_refused, data::make(kHostBits), text) {
    const auto parsed = IpAllowlist::parse(Strings{text});

    BOOST_REQUIRE(!parsed.has_value());
    BOOST_TEST(parsed.error().public_message.find("behind its prefix") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_message_names_the_entry) {
    const auto parsed = IpAllowlist::parse(Strings{"203.0.113.7", "10.0.0.300"});

    BOOST_REQUIRE(!parsed.has_value());
    BOOST_TEST(parsed.error().public_message.find("'10.0.0.300'") != std::string::npos);
}

BOOST_DATA_TEST_CASE(a_range_contains_its_addresses_and_no_other, data::make(kCases), c) {
    BOOST_TEST(list({c.entry}).contains(address(c.client)) == c.contained);
}

BOOST_AUTO_TEST_CASE(any_entry_of_the_list_suffices) {
    const auto allowed = list({"198.51.100.1", "203.0.113.0/24", "2001:db8::/32"});

    BOOST_TEST(allowed.contains(address("203.0.113.9")));
    BOOST_TEST(allowed.contains(address("2001:db8::9")));
    BOOST_TEST(!allowed.contains(address("198.51.100.2")));
}

BOOST_AUTO_TEST_CASE(no_list_contains_what_is_no_address) {
    BOOST_TEST(!list({"0.0.0.0/0", "::/0"}).contains(IpAddress{}));
}

BOOST_AUTO_TEST_CASE(a_list_has_1_to_64_entries) {
    BOOST_TEST(!IpAllowlist::parse(Strings{}).has_value());
    BOOST_TEST(IpAllowlist::parse(Strings(64, "203.0.113.7")).has_value());
    BOOST_TEST(!IpAllowlist::parse(Strings(65, "203.0.113.7")).has_value());
}

BOOST_AUTO_TEST_CASE(entries_keep_their_order) {
    const Strings entries{"203.0.113.7", "10.0.0.0/8", "::1"};

    BOOST_TEST(list(entries).entries() == entries, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
