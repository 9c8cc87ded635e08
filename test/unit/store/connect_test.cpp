// What PostgreSQL's own programs are told: over a network never without proof of who is there.
#include "core/store/connect.h"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(connect)

using core::store::conninfo;
using core::store::Endpoint;

namespace {

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_socket_of_this_host_needs_no_certificate) {
    Endpoint endpoint;
    endpoint.hosts = {"/run/postgresql"};

    BOOST_TEST(conninfo(endpoint, "secretstore_app") ==
               "host='/run/postgresql' port='5432' dbname='secretstore' user='secretstore_app' "
               "target_session_attrs='read-write'");
}

BOOST_AUTO_TEST_CASE(hosts_of_a_network_are_all_named_and_have_to_prove_who_they_are) {
    Endpoint endpoint;
    endpoint.hosts = {"a.example", "192.0.2.1"};
    endpoint.certificates = "/certificates";

    const auto text = conninfo(endpoint, "secretstore_app");

    BOOST_TEST(text.starts_with("host='a.example,192.0.2.1' "));
    BOOST_TEST(contains(text, " sslmode='verify-full' "));
    BOOST_TEST(contains(text, " ssl_min_protocol_version='TLSv1.3' "));
    BOOST_TEST(contains(text, " sslrootcert='/certificates/ca.crt' "));
    BOOST_TEST(contains(text, " gssencmode='disable' "));
}

BOOST_AUTO_TEST_CASE(one_host_of_a_network_among_sockets_is_enough_for_that) {
    Endpoint endpoint;
    endpoint.hosts = {"/run/postgresql", "a.example"};

    BOOST_TEST(contains(conninfo(endpoint, "secretstore_app"), " sslmode='verify-full' "));
}

BOOST_AUTO_TEST_CASE(a_value_can_not_add_words_of_its_own) {
    Endpoint endpoint;
    endpoint.hosts = {"/run/postgresql"};
    endpoint.database = R"(x' sslmode='disable' \)";

    BOOST_TEST(
        contains(conninfo(endpoint, "u"), R"(dbname='x\' sslmode=\'disable\' \\' user='u')"));
}

BOOST_AUTO_TEST_SUITE_END()
