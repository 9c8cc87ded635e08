// What the database itself holds of plans: their versions, and how long audit events are kept.
#include "core/store/audit_store.h"
#include "core/store/tenant_store.h"
#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

BOOST_AUTO_TEST_SUITE(plans)

namespace {

namespace data = boost::unit_test::data;
using core::Plan;
using core::store::Connection;
using core::store::Role;
using store_test::Psql;
using store_test::Rows;

constexpr const char* kInsufficientPrivilege = "42501";
constexpr const char* kCheckViolation = "23514";
constexpr const char* kRaised = "P0001";
constexpr std::chrono::hours kDay{24};

std::string of(const Rows& rows) {
    return " where tenant_id = '" + rows.tenant.text() + "'";
}

std::string version_of(const Rows& rows) {
    return Psql().value("select plan_version from store.tenants" + of(rows));
}

// An event of this tenant, `age` old.
void add_event(const Rows& rows, const std::string& age) {
    Psql().query(
        "insert into store.audit_events (tenant_id, event_id, event_type, actor_type, "
        "resource_type, created_at) values ('" +
        rows.tenant.text() +
        "', gen_random_uuid(), 'secret.read', 'agent', 'secret', now() - "
        "interval '" +
        age + "')");
}

std::string counted(const Rows& rows) {
    return Psql().value("select coalesce(sum(events), 0) from store.audit_counts" + of(rows));
}

Connection maintenance() {
    auto connection = Connection::open(store_test::endpoint(), Role::Maint);
    BOOST_REQUIRE_MESSAGE(connection.has_value(), (connection ? "" : connection.error().detail));
    return std::move(*connection);
}

// Everything that is old enough, counted.
void seal(Connection& connection, const Rows& rows) {
    BOOST_REQUIRE(
        core::store::seal_audit_counts(connection, rows.tenant, std::chrono::seconds(60)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_change_of_a_plan_gives_it_a_new_version) {
    const Rows rows;
    Psql psql;

    psql.query("update store.tenants set plan = 'free'" + of(rows));
    const auto after_one = version_of(rows);
    psql.query("update store.tenants set plan = 'enterprise', requests_per_minute = 5" + of(rows));
    const auto after_two = version_of(rows);
    psql.query("update store.tenants set name = 'other', plan = 'enterprise'" + of(rows));

    BOOST_TEST(after_one == "2");
    BOOST_TEST(after_two == "3");
    BOOST_TEST(version_of(rows) == "3");
}

BOOST_AUTO_TEST_CASE(only_enterprise_has_a_number_of_its_own) {
    const Rows rows;

    BOOST_TEST(Psql().sqlstate_of("update store.tenants set plan = 'pro', requests_per_minute = 5" +
                                  of(rows)) == kCheckViolation);
}

BOOST_AUTO_TEST_CASE(whoever_serves_requests_does_not_change_a_plan) {
    const Rows rows;
    Psql psql("secretstore_app");
    psql.query("select set_config('secretstore.tenant', '" + rows.tenant.text() + "', false)");

    BOOST_TEST(psql.sqlstate_of("update store.tenants set plan = 'enterprise'") ==
               kInsufficientPrivilege);
    BOOST_TEST(psql.sqlstate_of("update store.tenants set requests_per_minute = 0") ==
               kInsufficientPrivilege);
    BOOST_TEST(psql.sqlstate_of("update store.tenants set plan_version = 1") ==
               kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(a_plan_is_found_as_it_was_changed) {
    const Rows rows;
    auto app = Connection::open(store_test::endpoint(), Role::App);
    BOOST_REQUIRE(app.has_value());
    auto maint = maintenance();
    core::store::Transaction transaction(maint);
    core::store::add_change_plan(transaction, rows.tenant, Plan::Enterprise, 40);
    BOOST_REQUIRE(transaction.commit().has_value());

    const auto found = core::store::find_tenant_plan(*app, rows.tenant);
    const auto nobody =
        core::store::find_tenant_plan(*app, core::TenantId(store_test::fresh_uuid()));

    BOOST_REQUIRE(found && *found && nobody);
    BOOST_CHECK((*found)->plan == Plan::Enterprise);
    BOOST_TEST((*found)->version == 2);
    BOOST_TEST((*found)->requests_per_minute.value() == 40);
    BOOST_TEST(!nobody->has_value());
}

BOOST_DATA_TEST_CASE(nobody_who_logs_in_deletes_an_audit_event_by_himself,
                     data::make({"secretstore_app",
                                 "secretstore_reader",
                                 "secretstore_egress",
                                 "secretstore_maint",
                                 "secretstore_readonly"}),
                     role) {
    BOOST_TEST(Psql(role).sqlstate_of("delete from store.audit_events") == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(only_maintenance_may_ask_for_events_to_go,
                     data::make({"secretstore_app", "secretstore_reader", "secretstore_egress"}),
                     role) {
    BOOST_TEST(Psql(role).sqlstate_of(
                   "select store.remove_audit_events(gen_random_uuid(), now() - interval '9 d', "
                   "1)") == kInsufficientPrivilege);
    BOOST_TEST(
        Psql(role).sqlstate_of("select store.drop_audit_partitions(now() - interval '9 d')") ==
        kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(maintenance_itself_removes_nothing_of_the_last_day) {
    Psql psql("secretstore_maint");

    BOOST_TEST(psql.sqlstate_of("select store.remove_audit_events(gen_random_uuid(), now() - "
                                "interval '23 h', 1)") == kRaised);
    BOOST_TEST(psql.sqlstate_of("select store.drop_audit_partitions(now() - interval '23 h')") ==
               kRaised);
}

BOOST_AUTO_TEST_CASE(events_go_oldest_first_and_the_counts_with_them) {
    const Rows rows;
    const Rows others;
    for (const auto* age : {"10 d", "9 d", "8 d", "1 h"})
        add_event(rows, age);
    add_event(others, "10 d");
    auto maint = maintenance();
    seal(maint, rows);
    seal(maint, others);

    const auto first = core::store::remove_audit_events(maint, rows.tenant, 5 * kDay, 2);
    const auto oldest =
        Psql().value("select min(now() - created_at) < '9 d' from store.audit_events" + of(rows));
    const auto rest = core::store::remove_audit_events(maint, rows.tenant, 5 * kDay, 100);

    BOOST_REQUIRE(first && rest);
    BOOST_TEST(*first == 2);
    BOOST_TEST(oldest == "t");
    BOOST_TEST(*rest == 1);
    BOOST_TEST(rows.audit_count("secret.read") == 1);
    BOOST_TEST(counted(rows) == "1");
    BOOST_TEST(others.audit_count("secret.read") == 1);
    BOOST_TEST(counted(others) == "1");
}

BOOST_AUTO_TEST_CASE(what_is_not_counted_yet_stays) {
    const Rows rows;
    add_event(rows, "10 d");
    auto maint = maintenance();

    const auto removed = core::store::remove_audit_events(maint, rows.tenant, 5 * kDay, 100);

    BOOST_REQUIRE(removed.has_value());
    BOOST_TEST(*removed == 0);
    BOOST_TEST(rows.audit_count("secret.read") == 1);
}

BOOST_AUTO_TEST_CASE(whole_months_that_nobody_keeps_are_dropped_with_their_counts) {
    const Rows rows;
    Psql psql;
    psql.query(
        "select store.create_audit_partitions((current_date - interval '6 months')::date, "
        "current_date)");
    add_event(rows, "150 d");
    add_event(rows, "1 h");
    auto maint = maintenance();
    seal(maint, rows);

    const auto dropped = core::store::drop_audit_partitions(maint, 100 * kDay);
    const auto again = core::store::drop_audit_partitions(maint, 100 * kDay);

    BOOST_REQUIRE(dropped && again);
    BOOST_TEST(*dropped >= 1);
    BOOST_TEST(*again == 0);
    BOOST_TEST(rows.audit_count("secret.read") == 1);
    BOOST_TEST(counted(rows) == "1");
    BOOST_TEST(psql.value("select to_regclass('store.audit_events_' || to_char(current_date - "
                          "interval '1 month', 'YYYY_MM')) is not null") == "t");
}

BOOST_AUTO_TEST_CASE(what_is_missing_of_what_was_counted_shows) {
    const Rows rows;
    auto connection = maintenance();
    for (int i = 0; i < 3; ++i)
        add_event(rows, "2 hours");
    seal(connection, rows);
    add_event(rows, "0 hours");
    const auto difference = [&] {
        const auto counts = core::store::compare_audit_counts(connection, rows.tenant).value();
        std::int64_t missing = 0;
        for (const auto& count : counts)
            missing += count.counted - count.found;
        return missing;
    };
    const auto before = difference();

    Psql().query(
        "delete from store.audit_events where event_id = (select event_id from "
        "store.audit_events" +
        of(rows) + " order by seq limit 1)");

    BOOST_TEST(before == 0);
    BOOST_TEST(difference() == 1);
    BOOST_TEST(counted(rows) == "3");
}

BOOST_AUTO_TEST_SUITE_END()
