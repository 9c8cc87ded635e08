// What the pool of billing can see and do in the database, and what it can't: it has the network.
#include "core/store/audit_store.h"
#include "core/store/billing_store.h"
#include "core/store/tenant_store.h"
#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

BOOST_AUTO_TEST_SUITE(billing)

namespace {

namespace data = boost::unit_test::data;
using core::Plan;
using core::TenantId;
using core::store::Connection;
using core::store::Role;
using core::store::SubscriptionRow;
using core::store::Transaction;
using store_test::Psql;
using store_test::Rows;

constexpr const char* kInsufficientPrivilege = "42501";

std::string of(const Rows& rows) {
    return " where tenant_id = '" + rows.tenant.text() + "'";
}

// An id that no other test uses.
std::string fresh(const std::string& prefix) {
    static std::atomic<int> number{0};
    return prefix + "_" + std::to_string(++number);
}

Connection open(Role role) {
    auto connection = Connection::open(store_test::endpoint(), role);
    BOOST_REQUIRE_MESSAGE(connection.has_value(), (connection ? "" : connection.error().detail));
    return std::move(*connection);
}

// Queues by `add`, commits; did it work, and with rows in the first result?
struct Outcome {
    bool committed = false;
    bool has_rows = false;
};
template <class Add>
Outcome commit(const TenantId& tenant, const Add& add) {
    auto connection = open(Role::Billing);
    Transaction transaction(connection, tenant);
    add(transaction);
    const auto results = transaction.commit();
    return {results.has_value(),
            results && !results->empty() && core::store::parse_is_first(results->front())};
}

bool add_customer(const Rows& rows, const std::string& customer) {
    return commit(rows.tenant,
                  [&](Transaction& transaction) {
                      core::store::add_customer(transaction, rows.tenant, customer);
                  })
        .committed;
}

SubscriptionRow subscription(const std::string& status, Plan plan = Plan::Pro) {
    SubscriptionRow row;
    row.subscription = fresh("sub");
    row.plan = plan;
    row.status = status;
    row.told_at = core::from_unix_seconds(1764158400);
    row.told_rank = 7;
    return row;
}

bool add_subscription(const Rows& rows, const std::string& customer, const SubscriptionRow& row) {
    return commit(rows.tenant,
                  [&](Transaction& transaction) {
                      core::store::add_subscription(transaction, rows.tenant, customer, row);
                  })
        .committed;
}

std::string customer_of(const Rows& rows) {
    auto connection = open(Role::Billing);
    Transaction transaction(connection, rows.tenant);
    core::store::add_find_customer(transaction, rows.tenant);
    const auto found = transaction.commit();
    BOOST_REQUIRE(found.has_value());
    return core::store::parse_customer(found->front()).value_or("");
}

std::optional<TenantId> tenant_of(const std::string& customer) {
    auto connection = open(Role::Billing);
    const auto found = core::store::find_tenant_of_customer(connection, customer);
    BOOST_REQUIRE(found.has_value());
    return *found;
}

// An audit event of that type.
Outcome write_event(const Rows& rows, std::string_view type) {
    return commit(rows.tenant, [&](Transaction& transaction) {
        core::store::AuditOrigin origin;
        origin.actor_type = "operator";
        core::store::AuditRecord record;
        record.event = core::AuditEventId(store_test::fresh_uuid());
        record.type = type;
        record.resource_type = "tenant";
        core::store::add_audit_record(transaction, rows.tenant, origin, record);
    });
}

bool change_standing(const Rows& rows, const std::optional<Plan>& plan, std::string_view status) {
    return commit(rows.tenant,
                  [&](Transaction& transaction) {
                      core::store::add_change_standing(transaction, rows.tenant, plan, status);
                  })
        .committed;
}

}  // namespace

BOOST_DATA_TEST_CASE(billing_sees_nothing_that_is_secret_and_nobody_who_may_read_it,
                     data::make({"select from store.secrets",
                                 "select from store.secret_versions",
                                 "select from store.tenant_keys",
                                 "select from store.service_keys",
                                 "select from store.root_keys",
                                 "select from store.agents",
                                 "select from store.tokens",
                                 "select from store.personal_tokens",
                                 "select from store.invitations",
                                 "select from store.approvals",
                                 "select from store.members",
                                 "select from store.users",
                                 "select from store.audit_events",
                                 "select from store.webhooks",
                                 "select from store.outbox",
                                 "select name from store.tenants",
                                 "select rate_limit_key from store.tenants",
                                 "select answer_box from store.processed_requests",
                                 "select from store.find_agent_key('x')",
                                 "select from store.find_personal_token('x')",
                                 "select from store.find_tenants_of(gen_random_uuid())"}),
                     statement) {
    BOOST_TEST(Psql("secretstore_billing").sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(billing_changes_no_more_than_it_must,
                     data::make({"update store.tenants set name = 'x'",
                                 "update store.tenants set plan_version = 1",
                                 "insert into store.tenants select * from store.tenants",
                                 "delete from store.tenants",
                                 "update store.stripe_customers set tenant_id = tenant_id",
                                 "delete from store.stripe_customers",
                                 "update store.stripe_subscriptions set customer_id = 'x'",
                                 "delete from store.stripe_subscriptions",
                                 "update store.stripe_events set event_id = 'x'",
                                 "delete from store.stripe_events",
                                 "delete from store.processed_requests",
                                 "update store.processed_requests set answer_box = ''",
                                 "update store.key_sets set key_set = '{}'",
                                 "update store.key_set_fetches set next_fetch_at = now()",
                                 "update store.audit_events set reason = 'x'",
                                 "delete from store.audit_events",
                                 "insert into store.members select * from store.members"}),
                     statement) {
    Psql psql("secretstore_billing");
    psql.query("select set_config('secretstore.tenant', '" + Rows().tenant.text() + "', false)");

    BOOST_TEST(psql.sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(
    nobody_else_who_serves_requests_sees_what_stripe_told,
    data::make({"stripe_customers", "stripe_subscriptions", "stripe_events"}) *
        data::make({"secretstore_app", "secretstore_reader", "secretstore_egress"}),
    table,
    role) {
    BOOST_TEST(Psql(role).sqlstate_of(std::string("select from store.") + table) ==
               kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(billing_writes_of_its_own_subjects_into_the_log,
                     data::make({"billing.plan_changed", "billing.event_denied", "auth.failed"}),
                     type) {
    const Rows rows;
    const auto outcome = write_event(rows, type);

    BOOST_TEST(outcome.committed);
    BOOST_TEST(rows.audit_count(type) == 1);
}

BOOST_DATA_TEST_CASE(billing_writes_of_nothing_else_into_the_log,
                     data::make({"secret.read", "token.revoked", "billing", "xbilling.y"}),
                     type) {
    const Rows rows;
    const auto outcome = write_event(rows, type);

    BOOST_TEST(!outcome.committed);
}

BOOST_AUTO_TEST_CASE(billing_sees_the_tenant_of_its_transaction_and_no_other) {
    const Rows mine;
    const Rows theirs;
    BOOST_REQUIRE(add_customer(theirs, fresh("cus")));
    Psql psql("secretstore_billing");
    psql.query("select set_config('secretstore.tenant', '" + mine.tenant.text() + "', false)");

    BOOST_TEST(psql.value("select count(*) from store.tenants") == "1");
    BOOST_TEST(psql.value("select count(*) from store.stripe_customers") == "0");
    psql.query("update store.tenants set plan = 'free'" + of(theirs));
    BOOST_TEST(Psql().value("select plan from store.tenants" + of(theirs)) == "enterprise");
}

BOOST_AUTO_TEST_CASE(a_customer_stays_the_one_of_whose_it_was_first) {
    const Rows first;
    const Rows second;
    const auto customer = fresh("cus");
    BOOST_REQUIRE(add_customer(first, customer));

    add_customer(second, customer);

    BOOST_CHECK(tenant_of(customer) == first.tenant);
    BOOST_TEST(customer_of(second) == "");
    BOOST_TEST(!add_subscription(second, customer, subscription("active")));
}

BOOST_AUTO_TEST_CASE(nobody_is_the_tenant_of_a_customer_that_is_unknown) {
    BOOST_CHECK(!tenant_of(fresh("cus")).has_value());
}

BOOST_AUTO_TEST_CASE(of_two_customers_the_later_one_counts) {
    const Rows rows;
    const auto older = fresh("cus");
    const auto newer = fresh("cus");
    BOOST_REQUIRE(add_customer(rows, older));
    BOOST_REQUIRE(add_customer(rows, newer));

    BOOST_TEST(customer_of(rows) == newer);
}

BOOST_AUTO_TEST_CASE(of_two_customers_the_one_that_pays_counts_more) {
    const Rows rows;
    const auto older = fresh("cus");
    BOOST_REQUIRE(add_customer(rows, older));
    BOOST_REQUIRE(add_customer(rows, fresh("cus")));
    BOOST_REQUIRE(add_subscription(rows, older, subscription("past_due")));

    BOOST_TEST(customer_of(rows) == older);
}

BOOST_AUTO_TEST_CASE(a_subscription_is_found_as_it_was_told_last) {
    const Rows rows;
    const auto customer = fresh("cus");
    BOOST_REQUIRE(add_customer(rows, customer));
    auto row = subscription("active");
    BOOST_REQUIRE(add_subscription(rows, customer, row));
    row.status = "past_due";
    row.plan = Plan::Enterprise;
    row.told_rank = 9;
    row.failed_at = row.told_at;
    BOOST_REQUIRE(add_subscription(rows, customer, row));

    auto connection = open(Role::Billing);
    Transaction transaction(connection, rows.tenant);
    core::store::add_list_subscriptions(transaction, rows.tenant);
    const auto found = transaction.commit();

    BOOST_REQUIRE(found.has_value());
    const auto all = core::store::parse_subscriptions(found->front());
    BOOST_REQUIRE(all.size() == 1U);
    BOOST_TEST(all.front().subscription == row.subscription);
    BOOST_CHECK(all.front().plan == Plan::Enterprise);
    BOOST_TEST(all.front().status == "past_due");
    BOOST_CHECK(all.front().told_at == row.told_at);
    BOOST_TEST(all.front().told_rank == 9);
    BOOST_CHECK(all.front().failed_at == row.failed_at);
}

BOOST_AUTO_TEST_CASE(an_event_is_new_once_for_each_tenant) {
    const Rows rows;
    const Rows other;
    const auto event = fresh("evt");
    const auto is_new = [&](const Rows& whose) {
        return commit(whose.tenant,
                      [&](Transaction& transaction) {
                          core::store::add_stripe_event(transaction, whose.tenant, event);
                      })
            .has_rows;
    };

    BOOST_TEST(is_new(rows));
    BOOST_TEST(!is_new(rows));
    BOOST_TEST(is_new(other));
}

BOOST_AUTO_TEST_CASE(an_event_of_a_tenant_that_is_not_there_is_not_new) {
    const TenantId nobody(store_test::fresh_uuid());

    const auto outcome = commit(nobody, [&](Transaction& transaction) {
        core::store::add_stripe_event(transaction, nobody, fresh("evt"));
    });

    BOOST_TEST(outcome.committed);
    BOOST_TEST(!outcome.has_rows);
}

BOOST_DATA_TEST_CASE(a_request_is_new_once_while_it_is_kept,
                     data::make({3600, 0}) ^ data::make({false, true}),
                     seconds,
                     is_new_again) {
    const Rows rows;
    const core::Bytes key(32, static_cast<std::uint8_t>(seconds % 251));
    const auto is_new = [&] {
        return commit(rows.tenant,
                      [&](Transaction& transaction) {
                          core::store::add_billing_request(
                              transaction, rows.tenant, key, std::chrono::seconds(seconds));
                      })
            .has_rows;
    };

    BOOST_TEST(is_new());
    BOOST_TEST(is_new() == is_new_again);
}

BOOST_AUTO_TEST_CASE(a_plan_that_is_bought_has_no_number_of_its_own) {
    const Rows rows;
    Psql().query("update store.tenants set requests_per_minute = 7" + of(rows));

    BOOST_REQUIRE(change_standing(rows, Plan::Pro, "active"));

    BOOST_TEST(Psql().value("select plan || ' ' || subscription_status || ' ' || "
                            "coalesce(requests_per_minute::text, 'none') from store.tenants" +
                            of(rows)) == "pro active none");
}

BOOST_AUTO_TEST_CASE(a_status_alone_leaves_the_plan_and_its_number) {
    const Rows rows;
    Psql().query("update store.tenants set requests_per_minute = 7" + of(rows));

    BOOST_REQUIRE(change_standing(rows, std::nullopt, "past_due"));

    BOOST_TEST(Psql().value("select plan || ' ' || subscription_status || ' ' || "
                            "requests_per_minute from store.tenants" +
                            of(rows)) == "enterprise past_due 7");
}

BOOST_AUTO_TEST_CASE(events_are_forgotten_after_90_days) {
    const Rows rows;
    const auto add = [&](const std::string& age) {
        Psql().query(
            "insert into store.stripe_events (tenant_id, event_id, received_at) values ('" +
            rows.tenant.text() + "', '" + fresh("evt") + "', now() - interval '" + age + "')");
    };
    add("91 days");
    add("89 days");
    auto connection = open(Role::Maint);

    BOOST_REQUIRE(core::store::sweep_stripe_events(connection, 1000).has_value());

    BOOST_TEST(Psql().value("select count(*) from store.stripe_events" + of(rows)) == "1");
}

BOOST_AUTO_TEST_SUITE_END()
