// Messages, who is told of them, and who delivers what: asked of the database by the role that
// secretstore-egress has.
#include "core/store/delivery_store.h"
#include "core/store/key_set_store.h"
#include "core/store/webhook_store.h"
#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace deliveries_test {

using core::store::ClaimedWebhook;
using core::store::Connection;
using core::store::MailRule;
using core::store::Role;
using std::chrono::seconds;
using store_test::Psql;

namespace {

constexpr std::int64_t kMany = 1000;
constexpr seconds kClaim{30};

const std::vector<MailRule> kRules{{"approval.requested", "deciders", "approval_requests"},
                                   {"agent.created", "admins", "security_alerts"},
                                   {"member.invited", "invitee", ""}};

// A tenant with a member of each role and a way to be told.
struct Told {
    Told() {
        for (const auto* role : {"owner", "admin", "approver", "viewer"})
            add_member(role);
        auto opened = Connection::open(store_test::endpoint(), Role::Egress);
        BOOST_REQUIRE(opened.has_value());
        egress.emplace(std::move(*opened));
        // What other cases left is nobody's business here.
        psql.query("delete from store.deliveries");
        psql.query("delete from store.outbox");
    }

    [[nodiscard]] std::string tenant() const { return rows.tenant.text(); }

    void add_member(const std::string& role) {
        const std::string user = core::UserId(store_test::fresh_uuid()).text();
        psql.query("insert into store.users (user_id, issuer, subject, email) values ('" + user +
                   "', 'urn:test', '" + user + "', '" + role + "@" + tenant() + "')");
        psql.query("insert into store.members (tenant_id, user_id, role) values ('" + tenant() +
                   "', '" + user + "', '" + role + "')");
    }

    std::string webhook(const std::string& events, bool active = true) {
        std::string id = core::WebhookId(store_test::fresh_uuid()).text();
        psql.query(
            "insert into store.webhooks (tenant_id, webhook_id, url, events, active, "
            "secret_box) values ('" +
            tenant() + "', '" + id + "', 'https://hooks.example.com/', '" + events + "', " +
            (active ? "true" : "false") + ", '\\x01')");
        return id;
    }

    std::string message(const std::string& type, const std::string& payload = "{}") {
        std::string id = core::MessageId(store_test::fresh_uuid()).text();
        psql.query(
            "insert into store.outbox (tenant_id, message_id, event_type, payload) values ('" +
            tenant() + "', '" + id + "', '" + type + "', '" + payload + "')");
        return id;
    }

    std::int64_t expand(const std::vector<MailRule>& rules = kRules) {
        const auto count = core::store::expand_outbox(*egress, rules, kMany);
        BOOST_REQUIRE(count.has_value());
        return *count;
    }

    // Of this tenant: the roles of those who get a mail of this message, or their addresses.
    std::set<std::string> mailed(const std::string& message) {
        std::set<std::string> out;
        for (auto& address :
             psql.query("select recipient from store.deliveries where message_id = '" + message +
                        "' and recipient is not null")) {
            const auto at = address.find("@" + tenant());
            out.insert(address.substr(0, at));
        }
        return out;
    }

    std::set<std::string> posted(const std::string& message) {
        const auto ids = psql.query("select webhook_id from store.deliveries where message_id = '" +
                                    message + "' and webhook_id is not null");
        return {ids.begin(), ids.end()};
    }

    std::optional<ClaimedWebhook> claim() {
        auto claimed = core::store::claim_webhook_delivery(*egress, kClaim);
        BOOST_REQUIRE(claimed.has_value());
        return std::move(*claimed);
    }

    void report(const ClaimedWebhook& claimed,
                const core::store::AttemptReport& report,
                seconds rest = seconds(0)) {
        BOOST_REQUIRE(core::store::report_webhook(*egress, claimed, report, rest).has_value());
    }

    store_test::Rows rows;
    Psql psql;
    std::optional<Connection> egress;
};

using Roles = std::set<std::string>;

const core::store::AttemptReport kDelivered{200, std::nullopt, std::nullopt};
const core::store::AttemptReport kFailed{500, "http_status", seconds(0)};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deliveries, Told)

// ---- who is told ----

BOOST_AUTO_TEST_CASE(a_message_goes_to_the_webhooks_that_asked_for_it) {
    const auto all = webhook("{*}");
    const auto some = webhook("{agent.created,secret.expiring}");
    webhook("{secret.expiring}");
    webhook("{*}", false);

    const auto id = message("agent.created");
    BOOST_TEST(expand() == 1);

    BOOST_TEST((posted(id) == Roles{all, some}));
}

BOOST_AUTO_TEST_CASE(a_message_is_expanded_once) {
    const auto hook = webhook("{*}");
    const auto id = message("agent.created");

    BOOST_TEST(expand() == 1);
    BOOST_TEST(expand() == 0);

    BOOST_TEST((posted(id) == Roles{hook}));
}

BOOST_AUTO_TEST_CASE(another_tenants_webhooks_are_not_told) {
    Told other;
    const auto theirs = other.webhook("{*}");

    const auto id = message("agent.created");
    expand();

    BOOST_TEST(posted(id).empty());
    BOOST_TEST(theirs != "");
}

BOOST_AUTO_TEST_CASE(a_request_is_mailed_to_all_who_may_decide_it) {
    const auto id = message("approval.requested", R"({"access_tier":"sensitive"})");
    expand();

    BOOST_TEST((mailed(id) == Roles{"owner", "admin", "approver"}));
}

BOOST_AUTO_TEST_CASE(a_critical_request_is_mailed_to_owners_alone) {
    const auto id = message("approval.requested", R"({"access_tier":"critical"})");
    expand();

    BOOST_TEST((mailed(id) == Roles{"owner"}));
}

BOOST_AUTO_TEST_CASE(a_request_that_owners_decide_by_policy_is_mailed_to_them_alone) {
    const auto id =
        message("approval.requested", R"({"access_tier":"sensitive","owner_only":true})");
    expand();

    BOOST_TEST((mailed(id) == Roles{"owner"}));
}

BOOST_AUTO_TEST_CASE(an_alert_is_mailed_to_admins_and_owners) {
    const auto id = message("agent.created");
    expand();

    BOOST_TEST((mailed(id) == Roles{"owner", "admin"}));
}

BOOST_AUTO_TEST_CASE(an_invitation_is_mailed_to_who_is_invited) {
    const auto id = message("member.invited", R"({"email":"new@example.com"})");
    expand();

    BOOST_TEST((mailed(id) == Roles{"new@example.com"}));
}

BOOST_AUTO_TEST_CASE(a_message_that_lacks_what_it_should_say_holds_up_no_other) {
    const auto nobody = message("member.invited");
    const auto id = message("agent.created");
    BOOST_TEST(expand() == 2);

    BOOST_TEST(mailed(nobody).empty());
    BOOST_TEST((mailed(id) == Roles{"owner", "admin"}));
}

BOOST_AUTO_TEST_CASE(a_preference_turns_its_mails_off_and_no_others) {
    psql.query("update store.tenants set notify_security_alerts = false where tenant_id = '" +
               tenant() + "'");
    const auto alert = message("agent.created");
    const auto request = message("approval.requested", R"({"access_tier":"critical"})");
    const auto invitation = message("member.invited", R"({"email":"new@example.com"})");
    expand();

    BOOST_TEST(mailed(alert).empty());
    BOOST_TEST((mailed(request) == Roles{"owner"}));
    BOOST_TEST((mailed(invitation) == Roles{"new@example.com"}));
}

BOOST_AUTO_TEST_CASE(without_mail_nobody_gets_one) {
    const auto id = message("agent.created");
    expand({});

    BOOST_TEST(mailed(id).empty());
}

BOOST_AUTO_TEST_CASE(nobody_gets_a_mail_about_the_day_before_yesterday) {
    const auto hook = webhook("{*}");
    const auto id = message("agent.created");
    psql.query("update store.outbox set created_at = now() - interval '25 hours'");
    expand();

    BOOST_TEST(mailed(id).empty());
    BOOST_TEST((posted(id) == Roles{hook}));
}

// ---- who delivers what ----

BOOST_AUTO_TEST_CASE(a_claimed_delivery_is_nobody_elses) {
    webhook("{*}");
    message("agent.created");
    expand();

    BOOST_TEST(claim().has_value());
    BOOST_TEST(!claim().has_value());
}

BOOST_AUTO_TEST_CASE(a_webhook_has_one_delivery_at_a_time) {
    webhook("{*}");
    message("agent.created");
    message("agent.created");
    expand();

    const auto first = claim();
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(!claim().has_value());
    report(*first, kDelivered);

    BOOST_TEST(claim().has_value());
}

BOOST_AUTO_TEST_CASE(webhooks_do_not_wait_for_each_other) {
    webhook("{*}");
    webhook("{*}");
    for (int i = 0; i < 10; ++i)
        message("agent.created");
    expand();

    const auto first = claim();
    const auto second = claim();

    BOOST_REQUIRE((first.has_value() && second.has_value()));
    BOOST_TEST((first->webhook != second->webhook));
    BOOST_TEST(!claim().has_value());
}

BOOST_AUTO_TEST_CASE(two_that_claim_at_once_get_two_webhooks) {
    webhook("{*}");
    webhook("{*}");
    message("agent.created");
    expand();
    auto other = Connection::open(store_test::endpoint(), Role::Egress);
    BOOST_REQUIRE(other.has_value());
    // The first claim, not committed yet.
    psql.query("begin");
    psql.query("select from store.webhooks where tenant_id = '" + tenant() +
               "' order by webhook_id limit 1 for no key update");

    const auto claimed = core::store::claim_webhook_delivery(*other, kClaim);
    psql.query("rollback");

    BOOST_REQUIRE(claimed.has_value());
    BOOST_TEST(claimed->has_value());
}

BOOST_AUTO_TEST_CASE(a_claim_ends_where_nobody_reports) {
    webhook("{*}");
    message("agent.created");
    expand();
    const auto lost = claim();
    BOOST_REQUIRE(lost.has_value());
    psql.query("update store.webhooks set rests_until = now()");
    psql.query("update store.deliveries set next_attempt_at = now()");

    const auto again = claim();

    BOOST_REQUIRE(again.has_value());
    BOOST_TEST((again->delivery.delivery == lost->delivery.delivery));
    BOOST_TEST(again->delivery.attempt == 2);
}

BOOST_AUTO_TEST_CASE(a_report_that_comes_too_late_changes_nothing) {
    webhook("{*}");
    message("agent.created");
    expand();
    const auto late = claim();
    BOOST_REQUIRE(late.has_value());
    psql.query("update store.webhooks set rests_until = now()");
    psql.query("update store.deliveries set next_attempt_at = now()");
    BOOST_REQUIRE(claim().has_value());

    report(*late, kDelivered);

    BOOST_TEST(psql.value("select status from store.deliveries") == "pending");
}

BOOST_AUTO_TEST_CASE(a_webhook_that_failed_rests) {
    webhook("{*}");
    message("agent.created");
    message("agent.created");
    expand();
    const auto claimed = claim();
    BOOST_REQUIRE(claimed.has_value());

    report(*claimed, kFailed, seconds(60));

    BOOST_TEST(!claim().has_value());
    BOOST_TEST(psql.value("select failures from store.webhooks where tenant_id = '" + tenant() +
                          "'") == "1");
}

BOOST_AUTO_TEST_CASE(a_success_forgives_failures) {
    webhook("{*}");
    message("agent.created");
    expand();
    psql.query("update store.webhooks set failures = 7");
    const auto claimed = claim();
    BOOST_REQUIRE(claimed.has_value());
    BOOST_TEST(claimed->failures == 7);

    report(*claimed, kDelivered);

    BOOST_TEST(psql.value("select failures, verified_at is not null from store.webhooks where "
                          "tenant_id = '" +
                          tenant() + "'") == "0");
}

BOOST_AUTO_TEST_CASE(an_attempt_ends_as_delivered_failed_or_dead) {
    const std::map<std::string, core::store::AttemptReport> ends{
        {"delivered", kDelivered},
        {"failed", kFailed},
        {"dead", {500, "http_status", std::nullopt}}};
    for (const auto& [status, told] : ends) {
        webhook("{*}");
        message("agent.created");
        expand();
        const auto claimed = claim();
        BOOST_REQUIRE(claimed.has_value());

        report(*claimed, told, seconds(600));

        BOOST_TEST(psql.value("select status from store.deliveries where delivery_id = '" +
                              claimed->delivery.delivery.text() + "'") == status);
        psql.query("delete from store.deliveries");
        psql.query("delete from store.webhooks where tenant_id = '" + tenant() + "'");
    }
}

BOOST_AUTO_TEST_CASE(the_secret_before_is_given_while_it_still_signs) {
    const auto hook = webhook("{*}");
    message("agent.created");
    expand();
    psql.query(
        "update store.webhooks set secret_generation = 2, previous_secret_box = '\\x02', "
        "previous_secret_until = now() + interval '1 hour' where webhook_id = '" +
        hook + "'");
    const auto both = claim();
    BOOST_REQUIRE(both.has_value());
    BOOST_TEST(both->previous_secret_box.has_value());
    report(*both, kFailed);

    psql.query("update store.webhooks set previous_secret_until = now() where webhook_id = '" +
               hook + "'");
    const auto one = claim();

    BOOST_REQUIRE(one.has_value());
    BOOST_TEST(!one->previous_secret_box.has_value());
}

BOOST_AUTO_TEST_CASE(a_mail_is_claimed_once) {
    message("member.invited", R"({"email":"new@example.com"})");
    expand();

    const auto first = core::store::claim_mail_deliveries(*egress, kClaim, kMany);
    const auto second = core::store::claim_mail_deliveries(*egress, kClaim, kMany);

    BOOST_REQUIRE((first.has_value() && second.has_value()));
    BOOST_REQUIRE(first->size() == 1U);
    BOOST_TEST(first->front().recipient == "new@example.com");
    BOOST_TEST(second->empty());
}

// ---- questions of hosts ----

BOOST_AUTO_TEST_CASE(a_question_is_answered_once) {
    auto app = Connection::open(store_test::endpoint(), Role::App);
    BOOST_REQUIRE(app.has_value());
    const core::HostCheckId check(store_test::fresh_uuid());
    const auto asked =
        core::store::ask_about_host(*app, rows.tenant, check, "hooks.example.com", 4);
    BOOST_REQUIRE((asked.has_value() && *asked));

    const auto questions = core::store::list_host_checks(*egress, kMany);
    BOOST_REQUIRE(questions.has_value());
    const auto mine = std::find_if(
        questions->begin(), questions->end(), [&](const auto& one) { return one.check == check; });
    BOOST_REQUIRE((mine != questions->end()));
    BOOST_REQUIRE(core::store::answer_host_check(*egress, *mine, "public").has_value());

    BOOST_TEST(*core::store::take_host_verdict(*app, rows.tenant, check).value() == "public");
    BOOST_TEST(!core::store::take_host_verdict(*app, rows.tenant, check).value().has_value());
}

BOOST_AUTO_TEST_CASE(a_tenant_asks_no_more_than_it_may_at_once) {
    auto app = Connection::open(store_test::endpoint(), Role::App);
    BOOST_REQUIRE(app.has_value());
    const auto ask = [&] {
        const core::HostCheckId check(store_test::fresh_uuid());
        return core::store::ask_about_host(*app, rows.tenant, check, "hooks.example.com", 2)
            .value();
    };

    BOOST_TEST(ask());
    BOOST_TEST(ask());
    BOOST_TEST(!ask());
}

// --- trouble with the keys of an issuer
// -----------------------------------------------------------

namespace {

constexpr std::int64_t kFetches = 5;

// An issuer of this test alone, whose fetches fail.
struct Troubled : Told {
    Troubled() { set_failures(kFetches, "now()"); }

    void set_failures(std::int64_t failures, const std::string& attempted_at) {
        psql.query(
            "insert into store.key_set_fetches (issuer, failures, trouble, attempted_at) values "
            "('" +
            issuer + "', " + std::to_string(failures) + ", 'timed_out', " + attempted_at +
            ") on conflict (issuer) do update set failures = excluded.failures, "
            "attempted_at = excluded.attempted_at");
    }

    void add_member(const core::TenantId& tenant) {
        const std::string user = core::UserId(store_test::fresh_uuid()).text();
        psql.query("insert into store.users (user_id, issuer, subject, email) values ('" + user +
                   "', '" + issuer + "', '" + user + "', 'somebody@example.com')");
        psql.query("insert into store.members (tenant_id, user_id, role) values ('" +
                   tenant.text() + "', '" + user + "', 'viewer')");
    }

    std::int64_t tell(std::int64_t limit = kMany) {
        const auto told = core::store::tell_key_set_trouble(*egress, kFetches, limit);
        BOOST_REQUIRE(told.has_value());
        return *told;
    }

    std::vector<std::string> told_of_this() {
        return psql.query(
            "select tenant_id from store.outbox where event_type = 'key_set.trouble' and payload "
            "->> "
            "'issuer' = '" +
            issuer + "'");
    }

    std::string issuer = "https://" + core::UserId(store_test::fresh_uuid()).text() + ".example";
    store_test::Rows other;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(trouble_with_keys_is_told_to_tenants_of_that_issuer_once_a_day, Troubled) {
    add_member(rows.tenant);
    add_member(rows.tenant);

    BOOST_TEST(tell() == 1);
    BOOST_TEST(tell() == 0);
    BOOST_TEST(told_of_this() == std::vector{tenant()}, boost::test_tools::per_element());

    psql.query(
        "update store.key_set_notices set told_at = now() - interval '25 hours' where issuer = '" +
        issuer + "'");
    BOOST_TEST(tell() == 1);
}

BOOST_FIXTURE_TEST_CASE(trouble_with_keys_is_told_in_bounded_batches, Troubled) {
    add_member(rows.tenant);
    add_member(other.tenant);

    BOOST_TEST(tell(1) == 1);
    BOOST_TEST(tell(1) == 1);
    BOOST_TEST(tell(1) == 0);
    BOOST_TEST(told_of_this().size() == 2);
}

BOOST_FIXTURE_TEST_CASE(what_passes_or_is_tried_no_more_is_no_trouble, Troubled) {
    add_member(rows.tenant);

    set_failures(kFetches - 1, "now()");
    BOOST_TEST(tell() == 0);
    set_failures(kFetches, "now() - interval '11 minutes'");
    BOOST_TEST(tell() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace deliveries_test
