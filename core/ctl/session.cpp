#include "core/ctl/session.h"

#include "core/config/wiring.h"
#include "core/ctl/credentials.h"
#include "core/store/schema_version.h"

#include <cstdio>
#include <iostream>
#include <optional>
#include <utility>
#include <vector>

namespace core::ctl {

namespace {

// Of a process that runs one verb. Nothing: what is told is printed at once.
std::optional<std::vector<std::string>> kept_messages;

void write_out(std::string_view text) {
    [[maybe_unused]] const auto written = std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

void print(std::string_view text) {
    const auto told = std::exchange(kept_messages, std::nullopt);
    for (const auto& message : told.value_or(std::vector<std::string>{}))
        write_out(message + "\n");
    write_out(text);
}

void print_line(std::string text) {
    if (kept_messages)
        kept_messages->push_back(std::move(text));
    else
        write_out(text += '\n');
}

void keep_messages() {
    kept_messages.emplace();
}

void print_kept_messages() {
    const auto told = std::exchange(kept_messages, std::nullopt);
    if (!told) return;
    JsonWriter json;
    json.begin_object().key("messages").begin_array();
    for (const auto& message : *told)
        json.value(message);
    json.end_array().end_object();
    print_json(std::move(json));
}

void print_json(JsonWriter&& json) {
    const Body body = std::move(json).take();
    print(as_text(body.expose()));
    print("\n");
}

void complain(std::string_view text) {
    std::cerr << "secretstorectl: " << text << '\n';
}

std::string message_of(const Error& error) {
    // PostgreSQL says the same of a role that was never made and of a user who may not be it.
    if (error.code == ErrorCode::StoreUninitialised)
        return "PostgreSQL is not set up for this store and this user: run 'secretstorectl init' "
               "as "
               "root";
    return error.public_message.empty() ? error.detail : error.public_message;
}

Result<TenantId> parse_tenant(const std::string& text) {
    const auto id = TenantId::parse(text);
    if (!id)
        return failure(ErrorCode::InvalidRequest,
                       "'" + text + "' is no tenant id; 'secretstorectl tenant list' shows them");
    return *id;
}

service::Actor operator_of(const TenantId& tenant) {
    return {tenant, "operator", std::nullopt};
}

Result<store::Connection> open_database(const store::Endpoint& endpoint, store::Role role) {
    auto connection = store::Connection::open(endpoint, role);
    if (!connection) return connection;
    if (const auto fine = store::check_schema_version(*connection); !fine) return failure(fine);
    return connection;
}

Session::Session(const config::Config& config, store::Role role)
    : m_connections(config::endpoint_of(config), role, 2, store::check_schema_version),
      m_issuer(config::local_issuer_of(config)) {
    m_policy.token_issuer = config.tokens.issuer;
    m_policy.invitation_ttl = config.members.invitation_ttl;
    m_policy.webhook_destination = config::webhook_destination_of(config);
    m_policy.plans = config.plans;
}

Result<void> Session::open_root_key(const config::Config& config) {
    auto keys = ctl::open_root_keys(config);
    if (!keys) return failure(keys);
    m_root_keys = std::move(*keys);
    return {};
}

Result<void> Session::open_keys(const config::Config& config) {
    if (const auto opened = open_root_key(config); !opened) return failure(opened);
    auto keyring = service::Keyring::load(m_connections, *m_root_keys);
    if (!keyring) return failure(keyring);
    m_keyring = std::move(*keyring);
    return {};
}

service::Runtime Session::runtime() {
    return {{m_clock, m_policy, m_no_issuers, m_connections, nullptr, nullptr},
            *m_root_keys,
            m_keyring,
            nullptr};
}

}  // namespace core::ctl
