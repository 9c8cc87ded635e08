#include "core/ctl/commands.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/crypto/key_provider.h"
#include "core/service/services.h"
#include "core/store/audit_store.h"
#include "core/store/connection_pool.h"
#include "core/store/migrations.h"
#include "core/store/statements.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

namespace core::ctl {
namespace {

// A year of audit partitions is always there: whoever forgets the timer has time to notice.
constexpr std::int64_t kPartitionMonths = 12;
// A token of the local issuer can't be revoked: it must not live for ever.
constexpr std::chrono::hours kLongestUserToken{24 * 90};

void print(std::string_view text) {
    // A closed stdout is the caller's business; main checks it once at the end.
    [[maybe_unused]] const auto written = std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_line(std::string text) {
    print(text += '\n');
}

void print_json(JsonWriter&& json) {
    const Body body = std::move(json).take();
    print(as_text(body.expose()));
    print("\n");
}

store::Endpoint endpoint_of(const config::Config& config) {
    store::Endpoint endpoint;
    endpoint.host = config.database.host;
    endpoint.port = static_cast<int>(config.database.port);
    endpoint.database = config.database.name;
    endpoint.statement_timeout = config.database.statement_timeout;
    endpoint.lock_timeout = config.database.lock_timeout;
    endpoint.response_timeout = config.database.response_timeout;
    return endpoint;
}

identity::TrustedIssuer local_issuer_of(const config::Config& config) {
    return {config.local_issuer.issuer, config.local_issuer.audience, false};
}

Result<std::unique_ptr<crypto::KeyProvider>> root_key_of(const config::Config& config) {
    const auto file = config::root_key_file(config);
    if (!file) return failure(file);
    return crypto::load_root_key_file(*file);
}

Result<TenantId> parse_tenant(const std::string& text) {
    const auto id = TenantId::parse(text);
    if (!id)
        return failure(ErrorCode::InvalidRequest,
                       "'" + text + "' is no tenant id; 'secretstorectl tenant list' shows them");
    return *id;
}

// What the services need, opened for one command. Not movable: its parts refer to each other.
class Session {
  public:
    Session(const config::Config& config, store::Role role)
        : m_connections(endpoint_of(config), role, 2), m_issuer(local_issuer_of(config)) {
        m_policy.token_issuer = config.tokens.issuer;
    }

    Result<void> open_root_key(const config::Config& config) {
        auto key = root_key_of(config);
        if (!key) return failure(key);
        m_root_key = std::move(*key);
        return {};
    }

    Result<void> open_keys(const config::Config& config) {
        if (const auto opened = open_root_key(config); !opened) return failure(opened);
        auto keyring = service::Keyring::load(m_connections, *m_root_key, {});
        if (!keyring) return failure(keyring);
        m_keyring = std::move(*keyring);
        return {};
    }

    // Precondition: open_keys().
    service::Runtime runtime() {
        return {m_clock, m_policy, *m_root_key, m_keyring, m_connections, nullptr};
    }

    store::ConnectionPool& connections() { return m_connections; }
    const crypto::KeyProvider& root_key() { return *m_root_key; }
    const identity::TrustedIssuer& issuer() { return m_issuer; }
    const Clock& clock() { return m_clock; }

  private:
    SystemClock m_clock;
    service::Policy m_policy;
    store::ConnectionPool m_connections;
    identity::TrustedIssuer m_issuer;
    std::unique_ptr<crypto::KeyProvider> m_root_key;
    service::Keyring m_keyring;
};

void write_agent(JsonWriter& json, const service::Agent& agent) {
    json.member("id", agent.id.text()).member("tenant_id", agent.tenant.text());
    json.member("name", agent.name).member("api_key_prefix", agent.api_key_prefix);
    json.member("allowed_namespaces", agent.allowed_namespaces);
    json.member("allowed_scopes", agent.allowed_scopes).member("active", agent.active);
    json.member("created_at", format_rfc3339(agent.created_at));
}

// Page by page, as the service gives them.
Result<std::vector<service::Agent>> all_agents(service::Agents agents, const TenantId& tenant) {
    std::vector<service::Agent> out;
    for (service::PageRequest page{1, 200};; ++page.page) {
        auto listed = agents.list(tenant, page);
        if (!listed) return failure(listed);
        for (auto& agent : listed->items)
            out.push_back(std::move(agent));
        if (page.offset() + page.limit >= listed->total) return out;
    }
}

std::vector<std::string_view> views_of(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

}  // namespace

ExitCode exit_code_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::ConfigInvalid:
            return ExitCode::Configuration;
        case ErrorCode::InvalidRequest:
            return ExitCode::Usage;
        case ErrorCode::NotFound:
        case ErrorCode::SecretNotFound:
            return ExitCode::NotFound;
        case ErrorCode::Unauthorized:
        case ErrorCode::ScopeDenied:
        case ErrorCode::PlanLimitReached:
            return ExitCode::Denied;
        default:
            return ExitCode::Failure;
    }
}

Result<void> config_check(const config::Config& config) {
    if (const auto file = config::root_key_file(config); !file) return failure(file);
    print_line("configuration is fine");
    return {};
}

Result<void> config_dump(const config::Config& config) {
    print_line(config::dump(config));
    return {};
}

Result<void> db_migrate(const config::Config& config) {
    const auto migrations = store::load_migrations(config.database.migrations);
    if (!migrations) return failure(migrations);
    std::size_t count = 0;
    const auto applied = store::apply_migrations(
        endpoint_of(config), *migrations, [&count](const store::Migration& migration) {
            ++count;
            print_line("applied " + migration.name);
        });
    if (!applied) return failure(applied);
    if (count == 0) print_line("the schema is up to date");
    return {};
}

Result<ExitCode> db_status(const config::Config& config, Output output) {
    const auto migrations = store::load_migrations(config.database.migrations);
    if (!migrations) return failure(migrations);
    const auto status = store::migration_status(endpoint_of(config), *migrations);
    if (!status) return failure(status);
    bool pending = false;
    JsonWriter json;
    json.begin_object().key("migrations").begin_array();
    for (const auto& [migration, applied] : *status) {
        pending = pending || !applied;
        json.begin_object().member("name", migration.name).member("applied", applied).end_object();
        if (output == Output::Text)
            print_line((applied ? "applied  " : "pending  ") + migration.name);
    }
    json.end_array().member("pending", pending).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return pending ? ExitCode::Pending : ExitCode::Ok;
}

Result<void> db_print_read_statement() {
    print_line(store::statement_text(store::Statement::ReadSecrets).sql);
    return {};
}

Result<void> root_key_generate(const config::Config& config) {
    const auto file = config::root_key_file(config);
    if (!file) return failure(file);
    const auto id = crypto::generate_root_key_file(*file);
    if (!id) return failure(id);
    print_line("root key " + id->text() + " written to " + file->string());
    print_line("Keep a copy of this file away from this host: without it no secret can be read.");
    return {};
}

Result<void> init(const config::Config& config) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_root_key(config); !opened) return failure(opened);
    std::optional<identity::TrustedIssuer> issuer;
    if (config.local_issuer.enabled) issuer = session.issuer();
    const auto done = service::initialise_keys(
        session.connections(), session.root_key(), issuer, session.clock());
    if (!done) return failure(done);
    print_line("keys are ready under root key " + session.root_key().id().text());
    return {};
}

Result<void> tenant_create(const config::Config& config, const NewTenant& tenant, Output output) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto created = service::Tenants(runtime, session.issuer())
                             .create(tenant.name, tenant.plan, tenant.owner_email);
    if (!created) return failure(created);
    if (output == Output::Text) {
        print_line("tenant " + created->id.text() + " created; its owner is " + tenant.owner_email);
        return {};
    }
    JsonWriter json;
    json.begin_object().member("id", created->id.text()).member("name", created->name);
    json.member("plan", created->plan).member("created_at", format_rfc3339(created->created_at));
    print_json(std::move(json.end_object()));
    return {};
}

Result<void> tenant_list(const config::Config& config, Output output) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto tenants = service::Tenants(runtime, session.issuer()).list();
    if (!tenants) return failure(tenants);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& tenant : *tenants) {
        if (output == Output::Text)
            print_line(tenant.id.text() + "  " + tenant.plan + "  " + tenant.name);
        json.begin_object().member("id", tenant.id.text()).member("name", tenant.name);
        json.member("plan", tenant.plan);
        json.member("created_at", format_rfc3339(tenant.created_at)).end_object();
    }
    json.end_array().member("total", static_cast<std::int64_t>(tenants->size())).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> user_token(const config::Config& config, const UserTokenRequest& request) {
    const auto tenant = parse_tenant(request.tenant);
    if (!tenant) return failure(tenant);
    const auto ttl = parse_duration(request.ttl);
    if (!ttl || ttl->count() < 1 || *ttl > kLongestUserToken)
        return failure(ErrorCode::InvalidRequest, "--ttl is a duration such as 1h, from 1s to 90d");
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto token =
        service::Tenants(runtime, session.issuer()).sign_user_token(*tenant, request.email, *ttl);
    if (!token) return failure(token);
    print(as_text(token->expose()));
    print("\n");
    return {};
}

Result<void> agent_create(const config::Config& config,
                          const AgentRequest& request,
                          Output output) {
    const auto tenant = parse_tenant(request.tenant);
    if (!tenant) return failure(tenant);
    const auto namespaces = views_of(request.namespaces);
    const auto scopes = views_of(request.scopes);
    auto limits = scope::AgentLimits::from_request(namespaces.empty() ? nullptr : &namespaces,
                                                   scopes.empty() ? nullptr : &scopes);
    if (!limits) return failure(limits);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    service::NewAgent agent{request.name, std::nullopt, std::move(*limits), std::nullopt};
    if (!request.description.empty()) agent.description = request.description;
    const service::Actor operator_at_host{*tenant, "operator", std::nullopt};
    const auto created = service::Agents(runtime).create(operator_at_host, {}, agent);
    if (!created) return failure(created);
    if (output == Output::Text) {
        print_line("agent " + created->agent.id.text() + "; its key, shown only now:");
        print(as_text(created->api_key.expose()));
        print("\n");
        return {};
    }
    JsonWriter json;
    json.begin_object();
    write_agent(json, created->agent);
    json.key("api_key").secret(created->api_key.expose()).end_object();
    print_json(std::move(json));
    return {};
}

Result<void> agent_list(const config::Config& config, const std::string& tenant, Output output) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto agents = all_agents(service::Agents(runtime), *id);
    if (!agents) return failure(agents);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& agent : *agents) {
        if (output == Output::Text)
            print_line(agent.id.text() + "  " + agent.api_key_prefix + "  " +
                       (agent.active ? "active  " : "revoked ") + agent.name);
        json.begin_object();
        write_agent(json, agent);
        json.end_object();
    }
    json.end_array().member("total", static_cast<std::int64_t>(agents->size())).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> maintain(const config::Config& config) {
    store::ConnectionPool connections(endpoint_of(config), store::Role::Maint, 1);
    auto connection = connections.borrow();
    if (!connection) return failure(connection);
    const auto made = store::create_audit_partitions(**connection, kPartitionMonths);
    if (!made) return failure(made);
    print_line("audit partitions made: " + std::to_string(*made));
    return {};
}

}  // namespace core::ctl
