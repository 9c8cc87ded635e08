#include "core/ctl/nginx_site.h"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(nginx_site)

using core::ctl::parse_site;

BOOST_AUTO_TEST_CASE(the_site_is_found_among_others) {
    const auto site = parse_site(
        "# configuration file /etc/nginx/nginx.conf:\n"
        "user www-data;\n"
        "# configuration file /etc/nginx/sites-enabled/blog:\n"
        "server { ssl_certificate /etc/ssl/blog.pem; access_log /var/log/nginx/blog.log; }\n"
        "# configuration file /etc/nginx/sites-enabled/secretstore:\n"
        "server {\n"
        "    ssl_certificate     /etc/ssl/certs/secretstore.pem;\n"
        "    ssl_certificate_key /etc/ssl/private/secretstore.key;\n"
        "    access_log /var/log/nginx/secretstore.log secretstore;\n"
        "}\n");

    BOOST_TEST(site.is_there());
    BOOST_REQUIRE(site.certificates.size() == 1U);
    BOOST_TEST(site.certificates.front() == "/etc/ssl/certs/secretstore.pem");
    BOOST_TEST(site.certificate_keys.front() == "/etc/ssl/private/secretstore.key");
    BOOST_TEST(site.access_log == "/var/log/nginx/secretstore.log");
}

BOOST_AUTO_TEST_CASE(a_site_under_another_name_is_known_by_its_snippets) {
    const auto site = parse_site(
        "# configuration file /etc/nginx/sites-enabled/vault:\n"
        "include /etc/nginx/snippets/secretstore-tls.conf;\n"
        "ssl_certificate /etc/ssl/vault.pem;\n");

    BOOST_TEST(site.is_there());
}

BOOST_AUTO_TEST_CASE(what_a_comment_says_is_not_so) {
    const auto site = parse_site(
        "# configuration file /etc/nginx/sites-enabled/secretstore:\n"
        "# ssl_certificate /etc/ssl/old.pem;\n"
        "access_log off; # ssl_certificate /etc/ssl/older.pem;\n");

    BOOST_TEST(!site.is_there());
    BOOST_TEST(site.access_log.empty());
}

BOOST_AUTO_TEST_CASE(trusted_proxies_are_found_wherever_they_stand) {
    const auto site = parse_site(
        "# configuration file /etc/nginx/nginx.conf:\n"
        "http { set_real_ip_from 10.0.0.0/8; }\n"
        "# configuration file /etc/nginx/snippets/secretstore-local-realip.conf:\n"
        "set_real_ip_from 192.0.2.1; real_ip_header X-Forwarded-For;\n");

    BOOST_REQUIRE(site.trusted_proxies.size() == 2U);
    BOOST_TEST(site.trusted_proxies.front() == "10.0.0.0/8");
    BOOST_TEST(site.trusted_proxies.back() == "192.0.2.1");
}

BOOST_AUTO_TEST_SUITE_END()
