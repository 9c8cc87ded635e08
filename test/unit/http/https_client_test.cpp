// The client as far as no server is needed: whom it refuses to talk to, and how it gives up.
// test/functional/issuers.test.mjs lets servers lie to it.
#include "core/http/https_client.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace core::http {
// For Boost's messages.
static std::ostream& operator<<(std::ostream& out, Fault fault) {
    return out << static_cast<int>(fault);
}
}  // namespace core::http

BOOST_AUTO_TEST_SUITE(https_client)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::http::Destination;
using core::http::Fault;
using core::http::HttpsClient;
using core::http::HttpsUrl;
using Strings = std::vector<std::string>;

namespace {

// On port 1 nobody listens.
const Strings kOwnMachine{"https://127.0.0.1:1/",
                          "https://localhost:1/",
                          "https://2130706433:1/",
                          "https://0x7f.1:1/",
                          "https://[::1]:1/",
                          "https://[::ffff:127.0.0.1]:1/",
                          "https://[::ffff:7f00:1]:1/"};
const Strings kPrivateNetworks{"https://10.0.0.1:1/",
                               "https://172.16.0.1:1/",
                               "https://192.168.0.1:1/",
                               "https://169.254.169.254:1/latest/meta-data/",
                               "https://100.64.0.1:1/",
                               "https://[fd00::1]:1/",
                               "https://[fe80::1]:1/",
                               "https://[64:ff9b::7f00:1]:1/"};

Fault fault_of(Destination destination, const std::string& url, const std::stop_token& stop = {}) {
    auto client = HttpsClient::create({.destination = destination});
    BOOST_REQUIRE(client.has_value());
    const auto answer = client->get(HttpsUrl::parse(url).value(), {}, stop);
    BOOST_REQUIRE(!answer.has_value());
    return answer.error().fault;
}

}  // namespace

BOOST_DATA_TEST_CASE(the_own_machine_is_refused_where_only_the_internet_may_be_reached,
                     data::make(kOwnMachine),
                     url) {
    BOOST_TEST(fault_of(Destination::PublicOnly, url) == Fault::AddressRefused);
}

BOOST_DATA_TEST_CASE(private_networks_are_refused_where_only_the_internet_may_be_reached,
                     data::make(kPrivateNetworks),
                     url) {
    BOOST_TEST(fault_of(Destination::PublicOnly, url) == Fault::AddressRefused);
}

BOOST_AUTO_TEST_CASE(a_body_is_sent_to_no_refused_address_either) {
    auto client = HttpsClient::create({.destination = Destination::PublicOnly});
    BOOST_REQUIRE(client.has_value());

    const auto answer = client->post(
        HttpsUrl::parse("https://127.0.0.1:1/").value(), {{"X-Test", "1"}}, "body", {});

    BOOST_REQUIRE(!answer.has_value());
    BOOST_TEST(answer.error().fault == Fault::AddressRefused);
}

BOOST_AUTO_TEST_CASE(elsewhere_the_own_machine_may_be_asked) {
    BOOST_TEST(fault_of(Destination::Any, "https://127.0.0.1:1/") == Fault::Unreachable);
}

BOOST_AUTO_TEST_CASE(nothing_is_asked_after_a_stop) {
    std::stop_source source;
    source.request_stop();

    BOOST_TEST(fault_of(Destination::Any, "https://127.0.0.1:1/", source.get_token()) ==
               Fault::Stopped);
}

BOOST_AUTO_TEST_CASE(a_ca_file_that_is_not_there_is_the_operators_to_mend) {
    const auto client = HttpsClient::create({.ca_file = "/nonexistent/ca.pem"});

    BOOST_REQUIRE(!client.has_value());
    BOOST_CHECK(client.error().code == ErrorCode::ConfigInvalid);
    BOOST_TEST(client.error().public_message.find("/nonexistent/ca.pem") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
