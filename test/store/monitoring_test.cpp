// What monitoring is shown of all tenants together: numbers, through one function.
#include "core/store/audit_store.h"
#include "core/store/monitoring_store.h"
#include "core/store/schema_version.h"
#include "core/store/transaction.h"
#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(monitoring_store)

namespace {

namespace data = boost::unit_test::data;
using core::store::Connection;
using core::store::Role;
using core::store::Stock;
using store_test::Psql;
using store_test::Rows;

constexpr const char* kInsufficientPrivilege = "42501";

Connection app() {
    auto connection = Connection::open(store_test::endpoint(), Role::App);
    BOOST_REQUIRE_MESSAGE(connection.has_value(), (connection ? "" : connection.error().detail));
    return std::move(*connection);
}

Stock stock() {
    auto connection = app();
    const auto found = core::store::take_stock(connection);
    BOOST_REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().detail));
    return *found;
}

void add_approval(const Rows& rows, const std::string& status, const std::string& expires) {
    Psql().query(
        "insert into store.approvals (tenant_id, approval_id, agent_id, request_digest, status, "
        "requested_scopes, ttl_seconds, access_tier, ip_address, expires_at) values ('" +
        rows.tenant.text() + "', gen_random_uuid(), '" + rows.agent.text() +
        "', sha256(gen_random_uuid()::text::bytea), '" + status +
        "', '{secrets:read:app/KEY}', 60, 1, '192.0.2.1', now() + interval '" + expires + "')");
}

std::string add_message(const Rows& rows, const std::string& age, const std::string& expanded) {
    return Psql().value(
        "insert into store.outbox (tenant_id, message_id, event_type, payload, created_at, "
        "expanded_at) values ('" +
        rows.tenant.text() + "', gen_random_uuid(), 'test.told', '{}', now() - interval '" + age +
        "', " + expanded + ") returning message_id");
}

void add_mail(const Rows& rows, const std::string& message, const std::string& status) {
    const bool open = status == "pending" || status == "failed";
    Psql().query(
        "insert into store.deliveries (tenant_id, delivery_id, message_id, event_type, recipient, "
        "status, next_attempt_at, finished_at) values ('" +
        rows.tenant.text() + "', gen_random_uuid(), '" + message +
        "', 'test.told', 'person@example.com', '" + status + "', " +
        (open ? "now(), null)" : "null, now())"));
}

}  // namespace

BOOST_AUTO_TEST_CASE(pending_approvals_of_all_tenants_are_counted) {
    const auto before = stock().approvals_pending;
    add_approval(Rows(), "pending", "1 hour");
    add_approval(Rows(), "pending", "1 hour");
    add_approval(Rows(), "denied", "1 hour");
    add_approval(Rows(), "pending", "-1 second");

    BOOST_TEST(stock().approvals_pending == before + 2);
}

BOOST_AUTO_TEST_CASE(the_outbox_lags_by_the_age_of_what_egress_has_not_looked_at) {
    const Rows rows;
    const auto before = stock();
    const auto waiting = add_message(rows, "30 days", "null");
    add_message(rows, "60 days", "now()");

    const auto during = stock();
    Psql().query("update store.outbox set expanded_at = now() where message_id = '" + waiting +
                 "'");

    BOOST_TEST(during.outbox_waiting == before.outbox_waiting + 1);
    BOOST_CHECK(during.outbox_lag >= std::chrono::hours(24 * 30));
    BOOST_CHECK(during.outbox_lag < std::chrono::hours(24 * 31));
    BOOST_CHECK(stock().outbox_lag < std::chrono::hours(24 * 30));
}

BOOST_AUTO_TEST_CASE(deliveries_are_counted_while_they_are_open_and_when_they_are_dead) {
    const Rows rows;
    const auto message = add_message(rows, "0 s", "now()");
    const auto before = stock();

    add_mail(rows, message, "pending");
    add_mail(rows, message, "failed");
    add_mail(rows, message, "dead");
    add_mail(rows, message, "delivered");

    const auto after = stock();
    BOOST_TEST(after.mails_open == before.mails_open + 2);
    BOOST_TEST(after.mails_dead == before.mails_dead + 1);
    BOOST_TEST(after.webhook_deliveries_open == before.webhook_deliveries_open);
    BOOST_TEST(after.webhook_deliveries_dead == before.webhook_deliveries_dead);
}

// The migration makes a year ahead; other tests here make more.
BOOST_AUTO_TEST_CASE(months_of_the_audit_log_are_counted_from_the_next_one) {
    const auto later = Psql().value(
        "select count(*) from pg_class where relkind = 'r' and relname ~ "
        "'^audit_events_\\d{4}_\\d{2}$' "
        "and relname > to_char(current_date, '\"audit_events_\"YYYY_MM')");

    BOOST_TEST(std::to_string(stock().audit_partitions_left) == later);
    BOOST_TEST(stock().audit_partitions_left >= 12);
}

BOOST_AUTO_TEST_CASE(the_newest_migration_is_the_schema_s_version) {
    BOOST_TEST(stock().schema_version == core::store::kNewestKnownSchema);
}

BOOST_AUTO_TEST_CASE(key_sets_have_an_age_unless_they_are_local_or_were_never_fetched) {
    Psql().query(
        "insert into store.key_sets (issuer, key_set, source, fetched_at) values "
        "('urn:test:local', '{}', 'local', now()), "
        "('urn:test:fetched', '{}', 'fetched', now() - interval '2 hours')");
    Psql().query(
        "insert into store.key_set_fetches (issuer, failures) values ('urn:test:fetched', 3)");
    auto connection = app();

    const std::vector<std::string> issuers{
        "urn:test:fetched", "urn:test:local", "urn:test:unknown"};
    const auto found = core::store::find_key_set_ages(connection, issuers);

    BOOST_REQUIRE(found.has_value());
    BOOST_REQUIRE(found->size() == 2);
    BOOST_TEST(found->at(0).issuer == "urn:test:fetched");
    BOOST_TEST(found->at(0).failures == 3);
    BOOST_REQUIRE(found->at(0).age.has_value());
    BOOST_CHECK(*found->at(0).age >= std::chrono::hours(2));
    BOOST_CHECK(*found->at(0).age < std::chrono::hours(3));
    BOOST_TEST(found->at(1).issuer == "urn:test:unknown");
    BOOST_TEST(!found->at(1).age.has_value());
}

BOOST_DATA_TEST_CASE(
    only_workers_and_the_operator_may_look,
    data::make({"secretstore_reader", "secretstore_egress", "secretstore_readonly"}),
    role) {
    BOOST_TEST(Psql(role).sqlstate_of("select * from store.take_stock()") ==
               kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(the_operator_may_look) {
    BOOST_TEST(Psql("secretstore_maint").sqlstate_of("select * from store.take_stock()").empty());
}

// A row of another tenant, or a text of one, can't come out of it.
BOOST_AUTO_TEST_CASE(it_gives_one_row_of_numbers_and_nothing_else) {
    BOOST_TEST(Psql().value("select count(*) from store.take_stock()") == "1");
    BOOST_TEST(Psql().value("select proargmodes::text ~ '^.t(,t)*.$' and 'bigint'::regtype = all "
                            "(proallargtypes) from pg_proc where oid = "
                            "'store.take_stock'::regproc") == "t");
}

// What tells a refused audit record from a database that is away.
BOOST_DATA_TEST_CASE(a_server_that_stores_no_row_refuses_a_write,
                     data::make({"23514", "25006", "42501", "53100", "54000", "58030"}),
                     sqlstate) {
    core::store::StoreFailure failed{sqlstate, "refused", "", false, true};
    BOOST_TEST(core::store::is_write_refused(sqlstate));
    BOOST_CHECK(core::store::to_error(failed).code == core::ErrorCode::AuditUnavailable);
}

BOOST_DATA_TEST_CASE(a_server_that_goes_away_or_is_busy_refuses_none,
                     data::make({"57P01", "57014", "55P03", "40P01", "40001", "08006", ""}),
                     sqlstate) {
    BOOST_TEST(!core::store::is_write_refused(sqlstate));
}

BOOST_AUTO_TEST_CASE(an_audit_record_without_a_partition_is_known_by_its_statement) {
    const Rows rows;
    auto connection = app();
    core::store::Transaction transaction(connection, rows.tenant);
    core::store::AuditRecord record;
    record.event = core::AuditEventId(store_test::fresh_uuid());
    record.type = "secret.read";
    record.resource_type = "secret";
    // What no constraint of the table allows stands for what no partition takes.
    core::store::AuditOrigin origin;
    origin.actor_type = "nobody";
    core::store::add_audit_record(transaction, rows.tenant, origin, record);

    const auto refused = transaction.commit();

    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().sqlstate == "23514");
    BOOST_TEST(refused.error().of_audit);
    BOOST_TEST(!refused.error().connection_lost);
}

BOOST_AUTO_TEST_SUITE_END()
