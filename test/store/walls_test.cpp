// What each database role can't do, asked of the database itself: grants, row-level security,
// composite keys.
#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(walls)

namespace {

namespace data = boost::unit_test::data;
using store_test::Psql;
using store_test::Rows;

constexpr const char* kInsufficientPrivilege = "42501";
constexpr const char* kForeignKeyViolation = "23503";

std::string set_tenant(const core::TenantId& tenant) {
    return "select set_config('secretstore.tenant', '" + tenant.text() + "', false)";
}

const std::string kTenantTables[] = {"tenants",
                                     "members",
                                     "invitations",
                                     "personal_tokens",
                                     "tenant_keys",
                                     "agents",
                                     "tokens",
                                     "approvals",
                                     "approval_decisions",
                                     "approval_policies",
                                     "secrets",
                                     "secret_versions",
                                     "audit_events",
                                     "webhooks",
                                     "deliveries",
                                     "host_checks"};
// Of these the app sees nothing at all.
const std::string kTablesBehindTheApp[] = {"expiry_notices",
                                           "key_set_notices",
                                           "refusal_notices",
                                           "stripe_customers",
                                           "stripe_subscriptions",
                                           "stripe_events"};

}  // namespace

BOOST_DATA_TEST_CASE(nobody_who_serves_requests_changes_the_audit_log,
                     data::make({"secretstore_app", "secretstore_reader"}) *
                         data::make({"update store.audit_events set reason = 'x'",
                                     "delete from store.audit_events",
                                     "truncate store.audit_events"}),
                     role,
                     statement) {
    Psql psql(role);
    psql.query(set_tenant(Rows().tenant));

    BOOST_TEST(psql.sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(no_role_that_logs_in_truncates_a_table,
                     data::make(kTenantTables) + data::make(kTablesBehindTheApp),
                     table) {
    for (const auto* role : {"secretstore_app",
                             "secretstore_reader",
                             "secretstore_egress",
                             "secretstore_billing",
                             "secretstore_maint",
                             "secretstore_readonly",
                             "secretstore_migrator"})
        BOOST_TEST(Psql().value("select has_table_privilege('" + std::string(role) + "', 'store." +
                                table + "', 'truncate')") == "f");
}

BOOST_DATA_TEST_CASE(the_app_sees_no_row_of_another_tenant, data::make(kTenantTables), table) {
    const Rows mine;
    const Rows theirs;
    Psql psql("secretstore_app");
    psql.query(set_tenant(mine.tenant));

    BOOST_TEST(psql.value("select count(*) from store." + table + " where tenant_id = '" +
                          theirs.tenant.text() + "'") == "0");
}

BOOST_DATA_TEST_CASE(row_level_security_is_forced,
                     data::make(kTenantTables) + data::make(kTablesBehindTheApp),
                     table) {
    BOOST_TEST(Psql().value("select relrowsecurity and relforcerowsecurity from pg_class where "
                            "oid = 'store." +
                            table + "'::regclass") == "t");
}

BOOST_AUTO_TEST_CASE(the_outbox_has_its_wall_too) {
    BOOST_TEST(Psql().value("select relrowsecurity and relforcerowsecurity from pg_class where "
                            "oid = 'store.outbox'::regclass") == "t");
}

BOOST_AUTO_TEST_CASE(the_app_puts_messages_out_and_reads_none) {
    Psql psql("secretstore_app");
    psql.query(set_tenant(Rows().tenant));

    BOOST_TEST(psql.sqlstate_of("select message_id from store.outbox") == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(egress_sees_nothing_that_is_sealed_for_workers,
                     data::make({"select from store.secret_versions",
                                 "select from store.tenant_keys",
                                 "select box from store.service_keys",
                                 "select from store.root_keys",
                                 "select from store.secrets",
                                 "select from store.tokens",
                                 "select key_mac from store.agents",
                                 "select details from store.audit_events",
                                 "select from store.processed_requests"}),
                     statement) {
    BOOST_TEST(Psql("secretstore_egress").sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(egress_sees_no_key_of_the_service_but_its_own) {
    const Rows rows;

    BOOST_TEST(Psql("secretstore_egress")
                   .value("select count(*) from store.service_keys where purpose <> 'egress'") ==
               "0");
}

BOOST_DATA_TEST_CASE(egress_changes_no_more_than_it_must,
                     data::make({"update store.webhooks set url = 'https://example.com/'",
                                 "update store.webhooks set secret_box = ''",
                                 "insert into store.webhooks select * from store.webhooks",
                                 "delete from store.webhooks",
                                 "delete from store.deliveries",
                                 "delete from store.outbox",
                                 "update store.outbox set payload = '{}'",
                                 "insert into store.members select * from store.members",
                                 "update store.tenants set name = 'x'",
                                 "insert into store.audit_events (tenant_id) values (null)"}),
                     statement) {
    BOOST_TEST(Psql("secretstore_egress").sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(workers_only_ask_for_key_sets,
                     data::make({"update store.key_sets set key_set = '{}'",
                                 "insert into store.key_sets (issuer, key_set) values ('x', '{}')",
                                 "delete from store.key_sets",
                                 "insert into store.key_set_fetches (issuer) values ('x')",
                                 "update store.key_set_fetches set next_fetch_at = now()",
                                 "delete from store.key_set_fetches"}),
                     statement) {
    BOOST_TEST(Psql("secretstore_app").sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(egress_can_t_touch_the_keys_of_the_built_in_issuer) {
    Psql().query(
        "insert into store.key_sets (issuer, key_set) values ('urn:walls', '{}') "
        "on conflict do nothing");
    Psql egress("secretstore_egress");

    BOOST_TEST(egress.value("select count(*) from store.key_sets where issuer = 'urn:walls'") ==
               "0");
    BOOST_TEST(
        egress.sqlstate_of("insert into store.key_sets (issuer, key_set, source) "
                           "values ('urn:walls', '{\"keys\":[]}', 'fetched') "
                           "on conflict (issuer) do update set key_set = excluded.key_set") ==
        kInsufficientPrivilege);
    BOOST_TEST(egress.sqlstate_of("insert into store.key_sets (issuer, key_set, source) "
                                  "values ('urn:walls:new', '{}', 'local')") ==
               kInsufficientPrivilege);
    BOOST_TEST(Psql().value("select key_set from store.key_sets where issuer = 'urn:walls'") ==
               "{}");
}

BOOST_AUTO_TEST_CASE(the_app_can_t_write_a_row_of_another_tenant) {
    const Rows mine;
    const Rows theirs;
    Psql psql("secretstore_app");
    psql.query(set_tenant(mine.tenant));

    BOOST_TEST(psql.sqlstate_of(
                   "insert into store.audit_events (tenant_id, event_id, event_type, actor_type, "
                   "resource_type) values ('" +
                   theirs.tenant.text() + "', gen_random_uuid(), 'x', 'user', 'x')") ==
               kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(without_a_tenant_the_app_sees_an_error_and_not_everything) {
    BOOST_TEST(Psql("secretstore_app").sqlstate_of("select count(*) from store.secrets") != "");
}

BOOST_AUTO_TEST_CASE(a_row_can_t_refer_to_one_of_another_tenant) {
    const Rows mine;
    const Rows theirs;

    BOOST_TEST(Psql().sqlstate_of(
                   "insert into store.secret_versions (tenant_id, secret_id, version, kek_id, "
                   "access_tier, dek_box, value_box, created_by_type) values ('" +
                   mine.tenant.text() + "', '" + theirs.secret.text() + "', 2, '" +
                   mine.kek.text() + "', 0, '', '', 'user')") == kForeignKeyViolation);
}

BOOST_DATA_TEST_CASE(the_reader_sees_only_the_columns_that_the_read_needs,
                     data::make({"select key_mac from store.agents",
                                 "select name from store.agents",
                                 "select scopes from store.tokens",
                                 "select reason from store.audit_events",
                                 "select box from store.tenant_keys",
                                 "select box from store.service_keys",
                                 "select email from store.users",
                                 "select name from store.tenants"}),
                     statement) {
    BOOST_TEST(Psql("secretstore_reader").sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(who_only_looks_sees_no_sealed_box_and_no_mac,
                     data::make({"select box from store.tenant_keys",
                                 "select box from store.service_keys",
                                 "select key_mac from store.agents",
                                 "select key_mac from store.personal_tokens",
                                 "select token_digest from store.invitations",
                                 "select value_box from store.secret_versions",
                                 "select dek_box from store.secret_versions",
                                 "select secret_box from store.webhooks",
                                 "select mail_box from store.outbox"}),
                     statement) {
    BOOST_TEST(Psql("secretstore_readonly").sqlstate_of(statement) == kInsufficientPrivilege);
}

// What a sign-up and an invitation write, for the tenant of the transaction and for another.
BOOST_DATA_TEST_CASE(
    the_app_writes_people_into_no_other_tenant,
    data::make(
        {"insert into store.members (tenant_id, user_id, role) values ('%', '%', 'owner')",
         "insert into store.tenant_keys (tenant_id, kek_id, generation, state, box) values ('%', "
         "gen_random_uuid(), 1, 'active', '')",
         "insert into store.tenants (tenant_id, name, plan, rate_limit_key) values ('%', 'x', "
         "'free', '012345678901234567890123')",
         "insert into store.invitations (tenant_id, invitation_id, email, role, token_digest, "
         "expires_at) values ('%', gen_random_uuid(), 'a@b', 'owner', sha256('x'), now() + '1 "
         "day')",
         "insert into store.personal_tokens (tenant_id, personal_token_id, user_id, name, role, "
         "key_public_id, key_pepper_id, key_mac, expires_at) values ('%', gen_random_uuid(), '%', "
         "'x', 'owner', 'x', '%', sha256('x'), now() + '1 day')"}),
    statement) {
    const Rows mine;
    const Rows theirs;
    Psql psql("secretstore_app");
    psql.query(set_tenant(mine.tenant));
    std::string sql = statement;
    for (auto at = sql.find('%'); at != std::string::npos; at = sql.find('%'))
        sql.replace(at, 1, theirs.tenant.text());

    BOOST_TEST(psql.sqlstate_of(sql) == kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(whoever_signs_up_begins_on_the_free_plan) {
    const core::TenantId newcomer(store_test::fresh_uuid());
    Psql psql("secretstore_app");
    psql.query(set_tenant(newcomer));
    const auto insert = [&](const std::string& plan) {
        return psql.sqlstate_of(
            "insert into store.tenants (tenant_id, name, plan, rate_limit_key) values ('" +
            newcomer.text() + "', 'x', '" + plan + "', '" +
            core::to_hex(newcomer.bytes()).substr(8) + "')");
    };

    BOOST_TEST(insert("enterprise") == kInsufficientPrivilege);
    BOOST_TEST(insert("free") == "");
}

constexpr const char* kAddUser =
    "insert into store.users (user_id, issuer, subject, email) values "
    "(gen_random_uuid(), 'i', 's', 'e')";
BOOST_DATA_TEST_CASE(the_app_changes_of_people_what_it_must_and_no_more,
                     data::make({kAddUser,
                                 "update store.users set subject = 'x'",
                                 "delete from store.users",
                                 "update store.members set user_id = gen_random_uuid()",
                                 "update store.tenants set plan = 'enterprise'",
                                 "delete from store.tenants",
                                 "update store.personal_tokens set key_public_id = 'x'",
                                 "update store.personal_tokens set expires_at = now()",
                                 "update store.personal_tokens set role = 'owner'",
                                 "delete from store.personal_tokens",
                                 "update store.tenant_keys set box = ''",
                                 "delete from store.tenant_keys"}),
                     statement) {
    Psql psql("secretstore_app");
    psql.query(set_tenant(Rows().tenant));

    BOOST_TEST(psql.sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_DATA_TEST_CASE(what_looks_past_the_walls_is_the_app_s_alone,
                     data::make({"find_person(text,text)",
                                 "add_person(uuid,text,text,text)",
                                 "find_tenants_of(uuid)",
                                 "find_personal_token(text)",
                                 "find_invitation(bytea)",
                                 "count_recent_tenants()"}),
                     function) {
    for (const auto* role : {"secretstore_reader",
                             "secretstore_egress",
                             "secretstore_maint",
                             "secretstore_readonly",
                             "public"})
        BOOST_TEST(Psql().value("select has_function_privilege('" + std::string(role) +
                                "', 'store." + function + "', 'execute')") == "f");
}

BOOST_DATA_TEST_CASE(maintenance_removes_no_secret_that_lives_or_was_deleted_within_a_day,
                     data::make({"null", "now() - interval '23 hours'"}) *
                         data::make({"secrets", "secret_versions"}),
                     deleted_at,
                     table) {
    const Rows rows;
    const std::string mine = " where tenant_id = '" + rows.tenant.text() + "'";
    Psql().query("update store.secrets set deleted_at = " + std::string(deleted_at) + mine);

    const auto gone =
        Psql("secretstore_maint")
            .query("delete from store." + std::string(table) + mine + " returning tenant_id");

    BOOST_TEST(gone.empty());
    BOOST_TEST(Psql().value("select count(*) from store." + std::string(table) + mine) == "1");
}

BOOST_DATA_TEST_CASE(maintenance_changes_of_secrets_only_what_opens_them,
                     data::make({"update store.secrets set deleted_at = now() - interval '1 year'",
                                 "update store.secrets set current_version = 1",
                                 "insert into store.secrets (tenant_id) values (gen_random_uuid())",
                                 "update store.secret_versions set secret_id = gen_random_uuid()",
                                 "update store.secret_versions set access_tier = 0",
                                 "update store.secret_versions set value_box = ''",
                                 "insert into store.secret_versions table store.secret_versions"}),
                     statement) {
    BOOST_TEST(Psql("secretstore_maint").sqlstate_of(statement) == kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(a_partition_can_t_be_reached_past_its_parent) {
    const auto partition = Psql().value(
        "select inhrelid::regclass::text from pg_inherits where inhparent = "
        "'store.audit_events'::regclass limit 1");

    BOOST_TEST(Psql("secretstore_app").sqlstate_of("select 1 from " + partition) ==
               kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(the_app_makes_no_tables) {
    BOOST_TEST(Psql("secretstore_app").sqlstate_of("create table store.x (n int)") ==
               kInsufficientPrivilege);
}

BOOST_AUTO_TEST_CASE(the_next_audit_partitions_are_made_once) {
    Psql psql;
    const std::string call =
        "select store.create_audit_partitions('2031-01-15'::date, '2031-03-01'::date)";

    BOOST_TEST(psql.value(call) == "3");
    BOOST_TEST(psql.value(call) == "0");
}

BOOST_AUTO_TEST_SUITE_END()
