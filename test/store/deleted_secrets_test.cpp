// Deleted secrets in the database: what goes for good in time, and what never does.
#include "core/store/connection.h"
#include "core/store/key_rotation_store.h"
#include "core/store/secret_store.h"
#include "test/store/database.h"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(deleted_secrets)

using core::store::Connection;
using core::store::purge_deleted_secrets;
using core::store::PurgedRows;
using core::store::Role;
using store_test::Psql;
using store_test::Rows;

namespace {

constexpr std::chrono::hours kKept{30 * 24};

Connection open_maint() {
    return std::move(Connection::open(store_test::endpoint(), Role::Maint).value());
}

// Calls with `at_once` until there is nothing more; all that is gone.
PurgedRows purge(Connection& connection, std::int64_t at_once = 1000) {
    PurgedRows total;
    for (;;) {
        const auto gone = purge_deleted_secrets(connection, kKept, at_once);
        BOOST_REQUIRE(gone.has_value());
        BOOST_TEST(gone->secrets <= at_once);
        BOOST_TEST(gone->versions <= at_once);
        total.secrets += gone->secrets;
        total.versions += gone->versions;
        if (gone->secrets < at_once && gone->versions < at_once) return total;
    }
}

std::string where(const Rows& rows) {
    return " where tenant_id = '" + rows.tenant.text() + "' and secret_id = '" +
           rows.secret.text() + "'";
}

void delete_ago(const Rows& rows, const std::string& age) {
    Psql().query("update store.secrets set deleted_at = now() - interval '" + age + "'" +
                 where(rows));
}

void add_versions(const Rows& rows, int last) {
    Psql().query(
        "insert into store.secret_versions (tenant_id, secret_id, version, kek_id, access_tier, "
        "dek_box, value_box, created_by_type) select '" +
        rows.tenant.text() + "', '" + rows.secret.text() + "', n, '" + rows.kek.text() +
        "', 0, '\\x01', '\\x02', 'user' from generate_series(2, " + std::to_string(last) + ") n");
}

// Heads, versions and notices that are left of the secret.
std::vector<std::string> left_of(const Rows& rows) {
    return Psql().query("select (select count(*) from store.secrets" + where(rows) +
                        "), (select count(*) from store.secret_versions" + where(rows) +
                        "), (select count(*) from store.expiry_notices" + where(rows) + ")");
}

using Left = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(one_that_was_deleted_long_ago_goes_with_all_that_belongs_to_it) {
    const Rows rows;
    add_versions(rows, 3);
    Psql().query(
        "insert into store.expiry_notices (tenant_id, secret_id, version, days) values ('" +
        rows.tenant.text() + "', '" + rows.secret.text() + "', 1, 7)");
    delete_ago(rows, "31 days");
    auto connection = open_maint();

    const auto gone = purge(connection);

    BOOST_TEST(gone.secrets == 1);
    BOOST_TEST(gone.versions == 3);
    BOOST_TEST(left_of(rows) == Left({"0", "0", "0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_that_was_deleted_lately_stays_and_one_that_lives) {
    const Rows lately;
    const Rows living;
    delete_ago(lately, "29 days");
    auto connection = open_maint();

    const auto gone = purge(connection);

    BOOST_TEST(gone.secrets == 0);
    BOOST_TEST(gone.versions == 0);
    for (const auto* rows : {&lately, &living})
        BOOST_TEST(left_of(*rows) == Left({"1", "1", "0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(its_name_may_be_another_s_by_now) {
    const Rows rows;
    delete_ago(rows, "31 days");
    const std::string id = core::uuid_to_text(store_test::fresh_uuid());
    Psql psql;
    psql.query(
        "insert into store.secrets (tenant_id, secret_id, namespace, key, secret_type, "
        "access_tier, current_version) values ('" +
        rows.tenant.text() + "', '" + id + "', 'app', 'KEY', 'custom', 0, 1)");
    psql.query(
        "insert into store.secret_versions (tenant_id, secret_id, version, kek_id, access_tier, "
        "dek_box, value_box, created_by_type) values ('" +
        rows.tenant.text() + "', '" + id + "', 1, '" + rows.kek.text() +
        "', 0, '\\x01', '\\x02', 'user')");
    auto connection = open_maint();

    purge(connection);

    const auto left = psql.query(
        "select secret_id, version from store.secrets join store.secret_versions using "
        "(tenant_id, secret_id) where tenant_id = '" +
        rows.tenant.text() + "'");
    BOOST_TEST(left == Left({id, "1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(they_go_in_batches_whichever_of_the_two_is_more) {
    const Rows large;
    add_versions(large, 11);
    const Rows small;
    const Rows other;
    // A secret that lost its versions in an earlier batch.
    const Rows empty;
    Psql().query("delete from store.secret_versions" + where(empty));
    for (const auto* rows : {&large, &small, &other, &empty})
        delete_ago(*rows, "40 days");
    auto connection = open_maint();

    const auto gone = purge(connection, 2);

    BOOST_TEST(gone.secrets == 4);
    BOOST_TEST(gone.versions == 13);
    for (const auto* rows : {&large, &small, &other, &empty})
        BOOST_TEST(left_of(*rows) == Left({"0", "0", "0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_last_day_is_safe_whatever_is_asked_for) {
    const Rows rows;
    delete_ago(rows, "23 hours");
    auto connection = open_maint();

    const auto gone = purge_deleted_secrets(connection, std::chrono::seconds(0), 1000);

    BOOST_REQUIRE(gone.has_value());
    BOOST_TEST(left_of(rows) == Left({"1", "1", "0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_version_that_somebody_changes_is_not_waited_for) {
    const Rows rows;
    add_versions(rows, 2);
    delete_ago(rows, "31 days");
    auto connection = open_maint();
    Psql rotation("secretstore_maint");
    rotation.query("begin");
    rotation.query("select from store.secret_versions" + where(rows) +
                   " and version = 2 for update");

    purge(connection);
    const auto meanwhile = left_of(rows);
    rotation.query("commit");
    purge(connection);

    BOOST_TEST(meanwhile == Left({"1", "1", "0"}), boost::test_tools::per_element());
    BOOST_TEST(left_of(rows) == Left({"0", "0", "0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_kek_is_replaced_though_versions_go_meanwhile) {
    const Rows rows;
    add_versions(rows, 2);
    auto connection = open_maint();
    const auto listed = core::store::list_versions_under_kek(
        connection, rows.tenant, rows.kek, core::store::VersionPlace{}, 100);
    BOOST_REQUIRE(listed.has_value());
    BOOST_REQUIRE(listed->size() == 2U);
    delete_ago(rows, "31 days");
    purge(connection);

    const auto moved =
        core::store::rewrap_versions(connection, rows.tenant, rows.kek, rows.kek, *listed);

    BOOST_REQUIRE(moved.has_value());
    BOOST_TEST(*moved == 0);
}

BOOST_AUTO_TEST_CASE(what_was_recorded_of_it_stays) {
    const Rows rows;
    Psql().query(
        "insert into store.audit_events (tenant_id, event_id, event_type, actor_type, "
        "resource_type, resource_id, created_at) values ('" +
        rows.tenant.text() + "', gen_random_uuid(), 'secret.deleted', 'user', 'secret', '" +
        rows.secret.text() + "', now())");
    delete_ago(rows, "31 days");
    auto connection = open_maint();

    purge(connection);

    BOOST_TEST(rows.audit_count("secret.deleted") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
