// What a webhook may name, judged without a network.
#include "core/service/webhooks.h"

#include "core/service/host_check.h"
#include "core/service/notifications.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(webhooks)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::service::check_events;
using core::service::is_private_host;
using Strings = std::vector<std::string>;

namespace {

const Strings kPrivate{"localhost",
                       "LocalHost",
                       "localhost.",
                       "a.localhost",
                       "localhost.localdomain",
                       "printer.local",
                       "vault.internal",
                       "vault.INTERNAL.",
                       "router.lan",
                       "nas.home.arpa",
                       "www.intranet",
                       "x.test",
                       "x.invalid",
                       "x.onion",
                       "intranet",
                       "db",
                       "",
                       ".",
                       "127.0.0.1",
                       "10.1.2.3",
                       "169.254.169.254",
                       "::1",
                       "::ffff:10.0.0.1",
                       "fe80::1",
                       "fd00::1"};
// Not by itself: what they resolve to is for egress.
const Strings kNotPrivate{"example.com",
                          "hooks.example.com.",
                          "localhost.example.com",
                          "mylocalhost.com",
                          "local.example.com",
                          "internal.example.com",
                          "93.184.216.34",
                          "2606:2800:220:1:248:1893:25c8:1946"};

const std::vector<Strings> kGoodEvents{
    {"*"}, {"agent.created"}, {"approval.requested", "approval.decided"}, {"*", "agent.created"}};
const std::vector<Strings> kBadEvents{{},
                                      {""},
                                      {"agent.made"},
                                      {"agent.created", "agent.created"},
                                      {"Agent.created"},
                                      {"webhook.test"},
                                      {"mail.test"},
                                      {"agent.*"}};

}  // namespace

BOOST_DATA_TEST_CASE(a_host_that_says_that_it_is_private_is_found_out, data::make(kPrivate), host) {
    BOOST_TEST(is_private_host(host));
}

BOOST_DATA_TEST_CASE(any_other_host_must_be_resolved_to_know, data::make(kNotPrivate), host) {
    BOOST_TEST(!is_private_host(host));
}

BOOST_DATA_TEST_CASE(known_events_can_be_asked_for, data::xrange(kGoodEvents.size()), index) {
    BOOST_TEST(check_events(kGoodEvents[index]).has_value());
}

BOOST_DATA_TEST_CASE(no_others_can, data::xrange(kBadEvents.size()), index) {
    const auto checked = check_events(kBadEvents[index]);

    BOOST_REQUIRE(!checked.has_value());
    BOOST_TEST((checked.error().code == ErrorCode::InvalidRequest));
    BOOST_TEST(checked.error().public_message.find("agent.created") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(each_event_is_listed_once) {
    std::set<std::string_view> types;
    for (const auto& kind : core::service::kEventKinds)
        types.insert(kind.type);

    BOOST_TEST(types.size() == core::service::kEventKinds.size());
}

BOOST_AUTO_TEST_CASE(labels_of_what_is_sealed_differ_by_row_and_generation) {
    const auto webhook = *core::WebhookId::parse("01900000-0000-7000-8000-000000000001");
    const auto message = *core::MessageId::parse("01900000-0000-7000-8000-000000000001");

    const std::set<std::string> labels{core::service::secret_label(webhook, 1),
                                       core::service::secret_label(webhook, 11),
                                       core::service::mail_label(message)};

    BOOST_TEST(labels.size() == 3U);
    BOOST_TEST(*labels.begin() == "mail/01900000-0000-7000-8000-000000000001");
}

BOOST_AUTO_TEST_SUITE_END()
