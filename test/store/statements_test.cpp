// Text and schema can't drift apart: every statement is prepared against the migrated database by
// the role that runs it.
#include "core/store/connection.h"
#include "core/store/migrations.h"
#include "core/store/schema_version.h"
#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace core::store {
// For Boost's data cases.
static std::ostream& operator<<(std::ostream& out, Role role) {
    return out << static_cast<int>(role);
}
}  // namespace core::store

BOOST_AUTO_TEST_SUITE(statements)

using core::store::Connection;
using core::store::Role;

BOOST_DATA_TEST_CASE(all_statements_of_a_role_prepare,
                     boost::unit_test::data::make(
                         {Role::App, Role::Reader, Role::Egress, Role::Billing, Role::Maint}),
                     role) {
    const auto connection = Connection::open(store_test::endpoint(), role);

    BOOST_TEST(connection.has_value(), (connection ? "" : connection.error().detail));
}

BOOST_AUTO_TEST_CASE(a_database_that_is_not_there_has_to_be_set_up) {
    const auto connection = Connection::open(store_test::endpoint("no_such_database"), Role::App);

    BOOST_REQUIRE(!connection.has_value());
    BOOST_CHECK(connection.error().code == core::ErrorCode::StoreUninitialised);
    BOOST_TEST(connection.error().detail.find("no_such_database") != std::string::npos);
    BOOST_TEST(connection.error().detail.find("LOCATION") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_database_without_tables_is_the_operators_to_mend) {
    const auto database = store_test::create_empty_database();
    store_test::Psql("postgres", database).query("create schema store");

    const auto connection = Connection::open(store_test::endpoint(database), Role::App);

    BOOST_REQUIRE(!connection.has_value());
    BOOST_CHECK(connection.error().code == core::ErrorCode::FailedPrecondition);
    BOOST_TEST(connection.error().public_message.find("secretstorectl db migrate") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_newest_schema_is_the_one_this_program_knows) {
    auto connection = Connection::open(store_test::endpoint(), Role::App);
    BOOST_REQUIRE(connection.has_value());

    BOOST_TEST(core::store::check_schema_version(*connection).has_value());
    BOOST_TEST(store_test::Psql().value("select max(number) from store.schema_migrations") ==
               std::to_string(core::store::kNewestKnownSchema));
}

BOOST_AUTO_TEST_CASE(the_batched_read_reaches_every_row_by_its_whole_key_without_statistics) {
    store_test::Psql psql;
    psql.query("set plan_cache_mode = force_generic_plan");
    psql.query("prepare read_secrets as " +
               std::string(core::store::statement_text(core::store::Statement::ReadSecrets).sql));
    std::string nulls;
    for (int i = 0; i < 15; ++i)
        nulls += i == 0 ? "null" : ", null";

    std::string plan;
    for (const auto& line : psql.query("explain execute read_secrets (" + nulls + ")"))
        plan += line + "\n";

    for (const auto* condition :
         {"Index Cond: ((tenant_id = q.tenant_id) AND (token_id = q.token_id))",
          "Index Cond: ((tenant_id = q.tenant_id) AND (agent_id = q.agent_id))",
          "Index Cond: (tenant_id = q.tenant_id)",
          "Index Cond: ((tenant_id = q.tenant_id) AND (namespace = q.namespace) AND (key = q.key))",
          "Index Cond: ((tenant_id = q.tenant_id) AND (secret_id = s.secret_id) AND (version = "})
        BOOST_TEST(plan.find(condition) != std::string::npos, condition << " is not in\n" << plan);
    for (const auto* slow : {"Seq Scan", "Hash Join", "Merge Join"})
        BOOST_TEST(plan.find(slow) == std::string::npos, plan);
}

// How `statement` is carried out for a role.
static std::string plan_of(core::store::Statement statement,
                           const std::string& parameters,
                           const std::string& database = "secretstore",
                           const std::string& role = "secretstore_app") {
    store_test::Psql psql("postgres", database);
    psql.query("set role " + role);
    psql.query("set secretstore.tenant = '00000000-0000-4000-8000-000000000001'");
    psql.query("set plan_cache_mode = force_generic_plan");
    psql.query("set enable_seqscan = off");
    psql.query("prepare wanted as " + std::string(core::store::statement_text(statement).sql));
    std::string plan;
    for (const auto& line : psql.query("explain execute wanted (" + parameters + ")"))
        plan += line + "\n";
    return plan;
}

BOOST_AUTO_TEST_CASE(a_version_is_found_by_whole_keys_where_the_tables_were_known_to_be_empty) {
    const auto database = store_test::create_empty_database();
    const auto migrations = core::store::load_migrations(store_test::migrations_directory());
    BOOST_REQUIRE(migrations.has_value());
    BOOST_REQUIRE(core::store::apply_migrations(
        store_test::endpoint(database), *migrations, [](const auto&) {}));
    {
        store_test::Psql psql("postgres", database);
        for (const auto* table : {"secrets", "secret_versions", "tenant_keys"})
            psql.query(std::string("vacuum analyze store.") + table);
    }

    const auto plan =
        plan_of(core::store::Statement::FindVersion, "gen_random_uuid(), 'a', 'b', 1", database);

    for (const auto* condition :
         {"Index Cond: ((tenant_id = $1) AND (namespace = $2) AND (key = $3))",
          "Index Cond: ((tenant_id = s.tenant_id) AND (secret_id = s.secret_id)"})
        BOOST_TEST(plan.find(condition) != std::string::npos, condition << " is not in\n" << plan);
}

BOOST_AUTO_TEST_CASE(what_is_purged_is_found_from_one_deleted_secret_to_the_next) {
    using core::store::Statement;
    const std::string database = "secretstore";
    const std::string role = "secretstore_maint";

    const auto versions = plan_of(Statement::PurgeDeletedVersions, "86400, 1000", database, role);
    const auto secrets = plan_of(Statement::PurgeDeletedSecrets, "86400, 1000", database, role);

    BOOST_TEST(versions.find("Tid Scan on secret_versions") != std::string::npos, versions);
    for (const auto& plan : {versions, secrets}) {
        for (const auto* part : {"using secrets_deleted_by_time on secrets",
                                 "using secret_versions_pkey on secret_versions"})
            BOOST_TEST(plan.find(part) != std::string::npos, part << " is not in\n" << plan);
        for (const auto* slow : {"Hash", "Merge Join", "Seq Scan"})
            BOOST_TEST(plan.find(slow) == std::string::npos, plan);
    }
}

BOOST_AUTO_TEST_CASE(a_namespace_of_the_audit_log_is_found_by_its_index_without_statistics) {
    const std::string filter =
        "gen_random_uuid(), null, null, null, null, null, 'app', "
        "now() - interval '1 hour', now() + interval '1 hour', null";

    const auto page =
        plan_of(core::store::Statement::ListAuditEventsOfNamespace, filter + ", now(), 1, 100, 0");
    const auto count = plan_of(core::store::Statement::CountAuditEventsOfNamespace, filter);

    BOOST_TEST(count.find("Index Only Scan using audit_events_") != std::string::npos, count);
    for (const auto& plan : {page, count})
        BOOST_TEST(
            plan.find("Index Cond: ((tenant_id = $1) AND (namespace = $7)") != std::string::npos,
            plan);
}

BOOST_AUTO_TEST_SUITE_END()
