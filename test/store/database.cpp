#include "test/store/database.h"

#include "core/crypto/random.h"
#include "core/store/migrations.h"

#include <boost/test/unit_test.hpp>
#include <libpq-fe.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace store_test {
namespace {

std::string host() {
    const char* host = std::getenv("SECRETSTORE_TEST_PGHOST");
    if (host == nullptr)
        throw std::runtime_error("no cluster: run scripts/with-postgres build/bin/store_tests");
    return host;
}

// Once per process, before the first test that touches the database.
void migrate_once() {
    static const bool done = [] {
        core::store::Endpoint where;
        where.hosts = {host()};
        const auto migrations = core::store::load_migrations(migrations_directory());
        if (!migrations) throw std::runtime_error(migrations.error().public_message);
        const auto applied = core::store::apply_migrations(where, *migrations, [](const auto&) {});
        if (!applied) throw std::runtime_error(applied.error().public_message);
        return true;
    }();
    static_cast<void>(done);
}

std::string quoted(const core::UuidBytes& id) {
    return "'" + core::uuid_to_text(id) + "'";
}

}  // namespace

std::filesystem::path migrations_directory() {
    return SECRETSTORE_TEST_MIGRATIONS;
}

struct Psql::Impl {
    PGconn* pg = nullptr;
};

Psql::Psql(const std::string& user, const std::string& database) : m_impl(new Impl) {
    if (database == "secretstore") migrate_once();
    const std::string conninfo = "host=" + host() + " user=" + user + " dbname=" + database;
    m_impl->pg = PQconnectdb(conninfo.c_str());
    if (PQstatus(m_impl->pg) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(m_impl->pg));
}

Psql::~Psql() {
    PQfinish(m_impl->pg);
}

std::vector<std::string> Psql::query(const std::string& sql) {
    PGresult* result = PQexec(m_impl->pg, sql.c_str());
    const auto status = PQresultStatus(result);
    const std::string message = PQresultErrorMessage(result);
    std::vector<std::string> cells;
    for (int row = 0; row < PQntuples(result); ++row)
        for (int column = 0; column < PQnfields(result); ++column)
            cells.emplace_back(PQgetvalue(result, row, column));
    PQclear(result);
    BOOST_REQUIRE_MESSAGE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK,
                          sql << ": " << message);
    return cells;
}

std::string Psql::sqlstate_of(const std::string& sql) {
    PGresult* result = PQexec(m_impl->pg, sql.c_str());
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    std::string state = code == nullptr ? "" : code;
    PQclear(result);
    return state;
}

core::store::Endpoint endpoint(const std::string& database) {
    if (database == "secretstore") migrate_once();
    core::store::Endpoint where;
    where.hosts = {host()};
    where.database = database;
    return where;
}

std::string create_empty_database() {
    static std::atomic<int> number{0};
    std::string name = "empty_" + std::to_string(++number);
    Psql("postgres", "postgres")
        .query("create database " + name + " owner secretstore_owner template template0");
    return name;
}

core::UuidBytes fresh_uuid() {
    return core::crypto::uuid_v7(core::SystemClock{}.now());
}

Rows::Rows()
    : tenant(fresh_uuid()),
      agent(fresh_uuid()),
      token(fresh_uuid()),
      secret(fresh_uuid()),
      kek(fresh_uuid()) {
    const std::string t = quoted(tenant.bytes());
    const std::string a = quoted(agent.bytes());
    const core::UuidBytes service_key = fresh_uuid();
    const std::string k = quoted(service_key);
    // Not active: of those there is one per purpose, and every test makes its own.
    static std::atomic<int> generation{0};
    const std::string g = std::to_string(++generation);
    const std::string unique = core::to_hex(tenant.bytes()).substr(14);
    Psql psql;
    psql.query("insert into store.tenants (tenant_id, name, plan, rate_limit_key) values (" + t +
               ", 'test', 'enterprise', '" + unique + "000000')");
    psql.query("insert into store.service_keys (key_id, purpose, generation, state, box) values (" +
               k + ", 'token-signing', " + g + ", 'verify_only', '\\x00')");
    psql.query(
        "insert into store.tenant_keys (tenant_id, kek_id, generation, state, box) values (" + t +
        ", " + quoted(kek.bytes()) + ", 1, 'active', '\\x00')");
    psql.query(
        "insert into store.agents (tenant_id, agent_id, name, key_public_id, key_pepper_id, "
        "key_mac, allowed_namespaces, allowed_scopes) values (" +
        t + ", " + a + ", 'agent', '" + unique.substr(0, 18) + "', " + k +
        ", decode(repeat('00', 32), 'hex'), '{*}', '{secrets:*:*}')");
    psql.query(
        "insert into store.tokens (tenant_id, token_id, agent_id, signing_key_id, plan_hint, "
        "token_epoch, agent_limits_version, scopes, issued_at, expires_at) values (" +
        t + ", " + quoted(token.bytes()) + ", " + a + ", " + k +
        ", 'ent', 1, 1, '{secrets:read:*}', now(), now() + interval '1 hour')");
    psql.query(
        "insert into store.secrets (tenant_id, secret_id, namespace, key, secret_type, "
        "access_tier, current_version) values (" +
        t + ", " + quoted(secret.bytes()) + ", 'app', 'KEY', 'custom', 0, 1)");
    psql.query(
        "insert into store.secret_versions (tenant_id, secret_id, version, kek_id, access_tier, "
        "dek_box, value_box, created_by_type) values (" +
        t + ", " + quoted(secret.bytes()) + ", 1, " + quoted(kek.bytes()) +
        ", 0, '\\x01', '\\x02', 'user')");
}

core::store::ReadQuery Rows::query() const {
    core::store::ReadQuery query;
    query.tenant = tenant;
    query.token = token;
    query.agent = agent;
    query.name_space = "app";
    query.key = "KEY";
    query.agent_limits = 1;
    query.event = core::AuditEventId(fresh_uuid());
    query.ip_address = "192.0.2.1";
    query.user_agent = "store-test";
    query.request_id = "0123456789abcdef";
    return query;
}

long Rows::audit_count(const std::string& event_type) const {
    return std::stol(Psql().value("select count(*) from store.audit_events where tenant_id = '" +
                                  tenant.text() + "' and event_type = '" + event_type + "'"));
}

}  // namespace store_test
