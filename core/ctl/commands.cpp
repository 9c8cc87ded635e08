#include "core/ctl/commands.h"

#include "core/config/wiring.h"
#include "core/crypto/key_provider.h"
#include "core/ctl/session.h"
#include "core/store/migrations.h"
#include "core/store/statements.h"

#include <optional>
#include <utility>

namespace core::ctl {

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
        config::endpoint_of(config), *migrations, [&count](const store::Migration& migration) {
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
    const auto status = store::migration_status(config::endpoint_of(config), *migrations);
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

}  // namespace core::ctl
