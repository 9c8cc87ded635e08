#include "core/ctl/commands.h"

#include "core/config/reference.h"
#include "core/config/wiring.h"
#include "core/ctl/session.h"
#include "core/store/migrations.h"
#include "core/store/statements.h"

#include <utility>

namespace core::ctl {

ExitCode exit_code_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::ConfigInvalid:
            return ExitCode::Configuration;
        case ErrorCode::FailedPrecondition:
        case ErrorCode::StoreUninitialised:
            return ExitCode::Pending;
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

Result<void> config_check(const config::Config& /*config*/) {
    print_line("configuration is fine");
    return {};
}

Result<void> config_dump(const config::Config& config) {
    print_line(config::dump(config));
    return {};
}

Result<ExitCode> config_reference(const std::string& form) {
    const auto text = form == "yaml" ? config::reference_yaml() : config::reference_manual();
    if (!text) return failure(text);
    print(*text);
    return ExitCode::Ok;
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
    if (pending) complain("migrations are pending: run 'secretstorectl db migrate'");
    return pending ? ExitCode::Pending : ExitCode::Ok;
}

Result<void> db_print_read_statement() {
    print_line(store::statement_text(store::Statement::ReadSecrets).sql);
    return {};
}

}  // namespace core::ctl
