#include "core/store/transaction.h"

#include "core/store/connection_pool.h"
#include "core/store/secret_store.h"
#include "test/store/database.h"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(transaction)

namespace {

using core::ErrorCode;
using core::store::Connection;
using core::store::ConnectionPool;
using core::store::Parameters;
using core::store::Role;
using core::store::Statement;
using core::store::Transaction;
using store_test::Psql;
using store_test::Rows;

Connection open_app() {
    auto connection = Connection::open(store_test::endpoint(), Role::App);
    BOOST_REQUIRE(connection.has_value());
    return std::move(*connection);
}

Parameters touch(const Rows& rows) {
    return Parameters{}.id(rows.tenant).id(rows.agent);
}

std::string last_active(const Rows& rows) {
    return Psql().value("select last_active_at is not null from store.agents where agent_id = '" +
                        rows.agent.text() + "'");
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_committed_stays) {
    const Rows rows;
    auto connection = open_app();
    Transaction transaction(connection, rows.tenant);
    transaction.add(Statement::TouchAgent, touch(rows));

    BOOST_REQUIRE(transaction.commit().has_value());

    BOOST_TEST(last_active(rows) == "t");
    BOOST_TEST(!connection.in_transaction());
}

BOOST_AUTO_TEST_CASE(what_is_not_committed_is_rolled_back_at_the_end_of_its_scope) {
    const Rows rows;
    auto connection = open_app();
    {
        Transaction transaction(connection, rows.tenant);
        transaction.add(Statement::TouchAgent, touch(rows));
        BOOST_REQUIRE(transaction.flush().has_value());
    }

    BOOST_TEST(last_active(rows) == "f");
    BOOST_TEST(!connection.in_transaction());
}

BOOST_AUTO_TEST_CASE(the_tenant_ends_with_its_transaction) {
    const Rows rows;
    auto connection = open_app();
    Transaction first(connection, rows.tenant);
    first.add(Statement::CountAgents, Parameters{}.id(rows.tenant));
    BOOST_REQUIRE(first.commit().has_value());

    const auto after = connection.run(Statement::CountAgents, Parameters{}.id(rows.tenant));

    BOOST_TEST(!after.has_value());
}

BOOST_AUTO_TEST_CASE(a_step_that_fails_undoes_those_before_it) {
    const Rows rows;
    auto connection = open_app();
    Transaction transaction(connection, rows.tenant);
    transaction.add(Statement::TouchAgent, touch(rows));
    // A version of a secret that is not there.
    core::store::SecretWrite write;
    write.secret = core::SecretId(store_test::fresh_uuid());
    write.kek = rows.kek;
    write.created_by_type = "user";
    core::store::add_secret_version(transaction, rows.tenant, write);

    const auto committed = transaction.commit();

    BOOST_REQUIRE(!committed.has_value());
    BOOST_TEST(committed.error().sqlstate == core::store::sqlstate::kForeignKeyViolation);
    BOOST_TEST(last_active(rows) == "f");
    BOOST_TEST(connection.is_usable());
}

BOOST_AUTO_TEST_CASE(a_server_that_ends_the_session_is_noticed_before_the_next_request) {
    auto connection = open_app();
    const auto pid = Psql().value(
        "select pid from pg_stat_activity where usename = 'secretstore_app' order by "
        "backend_start desc limit 1");
    Psql().query("select pg_terminate_backend(" + pid + ", 5000)");

    BOOST_TEST(!connection.is_alive());
}

BOOST_AUTO_TEST_CASE(a_pool_lends_no_more_than_it_has) {
    auto where = store_test::endpoint();
    where.response_timeout = std::chrono::milliseconds(200);
    ConnectionPool pool(where, Role::App, 1);
    const auto first = pool.borrow();
    BOOST_REQUIRE(first.has_value());

    const auto second = pool.borrow();

    BOOST_REQUIRE(!second.has_value());
    BOOST_CHECK(second.error().code == ErrorCode::StoreUnavailable);
}

BOOST_AUTO_TEST_CASE(a_pool_replaces_connections_that_the_server_ended) {
    ConnectionPool pool(store_test::endpoint(), Role::App, 2);
    { BOOST_REQUIRE(pool.borrow().has_value()); }
    Psql().query(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = "
        "'secretstore_app'");

    auto lease = pool.borrow();

    BOOST_REQUIRE(lease.has_value());
    BOOST_TEST((*lease)->run(Statement::Ping, {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_database_that_is_away_is_refused_at_once) {
    auto where = store_test::endpoint();
    where.hosts = {"/nonexistent"};
    ConnectionPool pool(where, Role::App, 2);

    const auto first = pool.borrow();
    const auto second = pool.borrow();

    BOOST_REQUIRE(!first.has_value());
    BOOST_CHECK(first.error().code == ErrorCode::StoreUnavailable);
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST(second.error().detail.find("a moment ago") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
