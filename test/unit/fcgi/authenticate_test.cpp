// What is recorded of a caller: request id, address, user agent.
#include "fcgi/authenticate.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>

BOOST_AUTO_TEST_SUITE(authenticate)

namespace data = boost::unit_test::data;
using fcgi::sanitised_user_agent;

namespace {

struct Pair {
    std::string sent;
    std::string kept;
};
std::ostream& operator<<(std::ostream& out, const Pair& pair) {
    return out << pair.kept;
}

const std::array<Pair, 16> kAgents{{
    {"", ""},
    {"agentsecretstore-sdk/1.0.0", "agentsecretstore-sdk/1.0.0"},
    {"caf\xc3\xa9/1", "caf\xc3\xa9/1"},
    {"\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91"},
    {std::string("a\0b", 3), "a?b"},
    {"a\r\nb", "a??b"},
    {"a\x1b[31mb", "a?[31mb"},
    {"a\x7f", "a?"},
    {"a\xc2\x85z", "a?z"},  // NEL, a C1 control
    {"\xff\xfe", "??"},
    {"\xc0\xaf", "??"},            // overlong '/'
    {"\xe0\x80\xaf", "???"},       // overlong '/'
    {"\xed\xa0\x80", "???"},       // a surrogate
    {"\xf5\x80\x80\x80", "????"},  // above U+10FFFF
    {"\xe2\x82", "??"},            // cut short
    {"\xc3", "?"},
}};

}  // namespace

BOOST_DATA_TEST_CASE(a_user_agent_is_kept_as_clean_utf_8, data::make(kAgents), pair) {
    BOOST_TEST(sanitised_user_agent(pair.sent) == pair.kept);
}

BOOST_AUTO_TEST_CASE(a_long_user_agent_is_cut_at_256_bytes) {
    BOOST_TEST(sanitised_user_agent(std::string(5000, 'a')).size() == 256U);
}

BOOST_AUTO_TEST_CASE(a_user_agent_is_not_cut_within_a_character) {
    std::string text(255, 'a');
    text += "\xc3\xa9";

    BOOST_TEST(sanitised_user_agent(text) == std::string(255, 'a'));
}

BOOST_AUTO_TEST_CASE(nginx_decides_the_request_id) {
    BOOST_TEST(fcgi::request_id_of("0123456789abcdef0123456789abcdef").text() ==
               "0123456789abcdef0123456789abcdef");
}

BOOST_DATA_TEST_CASE(without_a_valid_request_id_there_is_a_fresh_one,
                     data::make({"", "a b", "a\nb", "../x", "\xff"}),
                     text) {
    const auto first = fcgi::request_id_of(text).text();
    const auto second = fcgi::request_id_of(text).text();

    BOOST_TEST(first.size() == 36U);
    BOOST_TEST(first != second);
}

BOOST_DATA_TEST_CASE(without_a_client_address_nothing_is_served,
                     data::make({"", "unix:", "localhost", "1.2.3", "1.2.3.4:80"}),
                     address) {
    fcgi::IncomingRequest incoming;
    incoming.remote_address = address;

    const auto origin = fcgi::origin_of(incoming, fcgi::request_id_of("r"));

    BOOST_REQUIRE(!origin.has_value());
    BOOST_TEST((origin.error().code == core::ErrorCode::Internal));
}

BOOST_AUTO_TEST_CASE(an_origin_has_all_three) {
    fcgi::IncomingRequest incoming;
    incoming.remote_address = "::ffff:192.0.2.7";
    incoming.user_agent = "curl/8";

    const auto origin = fcgi::origin_of(incoming, fcgi::request_id_of("abc"));

    BOOST_REQUIRE(origin.has_value());
    BOOST_TEST(origin->request_id.text() == "abc");
    BOOST_TEST(origin->address.text() == "192.0.2.7");
    BOOST_TEST(origin->user_agent == "curl/8");
}

BOOST_AUTO_TEST_SUITE_END()
