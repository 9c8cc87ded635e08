// secretstore-worker: serves the API over FastCGI. README.md here says how it is started.
//
// Exit codes: 0 asked to leave, 78 (EX_CONFIG) where only the operator can help, so that systemd
// does not try again, 1 for everything else.

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/config/config.h"
#include "core/config/wiring.h"
#include "core/crypto/root_key_ring.h"
#include "core/crypto/sealed_box.h"
#include "core/daemon/process.h"
#include "core/daemon/signals.h"
#include "core/service/held_keys.h"
#include "core/service/keyring.h"
#include "core/service/rate_counters.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/read_batcher.h"
#include "core/store/schema_version.h"
#include "fcgi/accept_loop.h"
#include "fcgi/dispatch.h"
#include "fcgi/openapi.h"
#include "fcgi/router.h"

#include <CLI/CLI.hpp>
#include <sysexits.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using core::ErrorCode;
using core::failure;
using core::Result;
using core::config::Config;

constexpr std::string_view kProgram = "secretstore-worker";

struct Options {
    std::string config_file;
    bool check_config = false;
    bool print_openapi = false;
};

// Nothing when the program has done what was asked (--help) or can't: `exit_code` says which.
std::optional<Options> parse_command_line(int argc, char** argv, int& exit_code) {
    Options options;
    CLI::App app{"Agent Secret Store: the worker behind nginx", std::string(kProgram)};
    app.set_version_flag("--version", SECRETSTORE_VERSION);
    app.add_option("--config", options.config_file, "The configuration file");
    app.add_flag("--check-config", options.check_config, "Read the configuration and end");
    app.add_flag("--print-openapi", options.print_openapi, "Print the OpenAPI document and end");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        exit_code = app.exit(asked);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        core::daemon::complain(kProgram, error.what());
        exit_code = EX_CONFIG;
        return std::nullopt;
    }
    if (options.config_file.empty() && !options.print_openapi) {
        core::daemon::complain(kProgram, "--config FILE is missing");
        exit_code = EX_CONFIG;
        return std::nullopt;
    }
    return options;
}

core::service::SignUpPolicy sign_up_policy_of(const Config& config) {
    using Allowed = Config::SignUp::Policy;
    using core::service::SignUpRule;
    core::service::SignUpPolicy policy;
    if (config.sign_up.policy == Allowed::Everybody) policy.rule = SignUpRule::Everybody;
    if (config.sign_up.policy == Allowed::Domains) policy.rule = SignUpRule::Domains;
    policy.domains = config.sign_up.domains;
    policy.most_per_hour = config.sign_up.most_per_hour;
    return policy;
}

core::service::Policy policy_of(const Config& config) {
    return {.token_issuer = config.tokens.issuer,
            .default_token_ttl = config.tokens.default_ttl,
            .max_token_ttl = config.tokens.max_ttl,
            .approval_ttl = config.approvals.pending_ttl,
            .invitation_ttl = config.members.invitation_ttl,
            .user_reads = config.policy.user_reads,
            .local_issuer = config.local_issuer.enabled ? config.local_issuer.issuer : "",
            .sign_up = sign_up_policy_of(config),
            .webhook_destination = core::config::webhook_destination_of(config),
            .plans = config.plans,
            .failed_authentications = config.rate_limit.failed_authentications};
}

Result<core::service::Keyring> load_keyring(core::store::ConnectionPool& connections,
                                            const core::crypto::KeyProvider& root_key) {
    {
        auto connection = connections.borrow();
        if (!connection) return failure(connection);
        if (auto usable = core::store::check_schema_version(**connection); !usable)
            return failure(std::move(usable));
    }
    return core::service::Keyring::load(connections, root_key);
}

// A database that is away may come: waits for it, until the worker is asked to leave (nothing).
Result<std::optional<core::service::Keyring>> await_keyring(
    const core::daemon::Descriptor& signals,
    const core::store::Endpoint& endpoint,
    const core::crypto::KeyProvider& root_key) {
    core::store::ConnectionPool connections(endpoint, core::store::Role::App, 1);
    core::daemon::DatabaseWait wait(signals);
    for (;;) {
        auto keyring = load_keyring(connections, root_key);
        if (keyring) return *std::move(keyring);
        if (keyring.error().code != ErrorCode::StoreUnavailable) return failure(keyring);
        if (!wait.pause(keyring.error())) return std::nullopt;
    }
}

class ServicesHandler final : public fcgi::RequestHandler {
  public:
    // Both must outlive this object.
    ServicesHandler(const fcgi::Router& router, const core::service::Runtime& runtime)
        : m_services(runtime), m_dispatcher(router, m_services) {}

    fcgi::HttpResponse handle(const fcgi::IncomingRequest& incoming,
                              fcgi::BodySource& body) override {
        return m_dispatcher.dispatch(incoming, body);
    }
    [[nodiscard]] bool is_doubtful() const override { return m_dispatcher.is_doubtful(); }

  private:
    core::service::Services m_services;
    fcgi::Dispatcher m_dispatcher;
};

Result<void> serve(const Options& options, const Config& config) {
    const auto signals = core::daemon::take_signals();
    if (!signals) return failure(signals);
    if (auto sound = core::crypto::self_test(); !sound) return sound;
    const auto root_key_file = core::config::root_key_file(config);
    if (!root_key_file) return failure(root_key_file);
    const auto root_key = core::crypto::load_root_key_ring(*root_key_file);
    if (!root_key) return failure(root_key);
    auto counters = core::service::RateCounters::open(config.rate_limit.file);
    if (!counters) return failure(std::move(counters));
    const auto listening = fcgi::listening_socket();
    if (!listening) return failure(listening);

    const core::SystemClock clock;
    const auto policy = policy_of(config);
    const auto issuers = core::config::trusted_issuers_of(config);
    auto endpoint = core::config::endpoint_of(config);
    const auto keyring = await_keyring(*signals, endpoint, **root_key);
    if (!keyring) return failure(keyring);
    if (!*keyring) return {};
    endpoint.application_name = core::service::connection_name(**root_key, **keyring);
    core::store::ConnectionPool connections(
        endpoint,
        core::store::Role::App,
        static_cast<std::size_t>(config.worker.write_connections));
    // A rotation sees workers by their connections, so it has one from the start.
    static_cast<void>(connections.borrow());
    core::store::ReadBatcher reads(endpoint, static_cast<std::size_t>(config.worker.read_batch));

    const core::service::Runtime runtime{.clock = clock,
                                         .policy = policy,
                                         .root_key = **root_key,
                                         .keyring = **keyring,
                                         .issuers = issuers,
                                         .connections = connections,
                                         .reads = &reads,
                                         .counters = &*counters};
    const fcgi::Router router(fcgi::routes());
    std::vector<std::unique_ptr<fcgi::RequestHandler>> handlers;
    for (std::int64_t i = 0; i < config.worker.threads; ++i)
        handlers.push_back(std::make_unique<ServicesHandler>(router, runtime));
    fcgi::AcceptLoop loop(*listening, std::move(handlers));
    return loop.run(*signals, [&options] {
        core::daemon::reload_log_level(
            [&options] { return core::config::load_log_level(options.config_file); });
    });
}

int run(int argc, char** argv) {
    int exit_code = EXIT_SUCCESS;
    const auto options = parse_command_line(argc, argv, exit_code);
    if (!options) return exit_code;
    if (options->print_openapi) {
        std::cout << fcgi::openapi_document() << '\n';
        return EXIT_SUCCESS;
    }
    const auto config = core::config::load(options->config_file);
    if (!config) return core::daemon::report(kProgram, config.error());
    core::log::set_level(config->log.level);
    if (options->check_config) return EXIT_SUCCESS;
    const auto served = serve(*options, *config);
    return served ? EXIT_SUCCESS : core::daemon::report(kProgram, served.error());
}

}  // namespace

int main(int argc, char** argv) {
    core::daemon::harden_process();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        core::daemon::complain(kProgram, error.what());
        return EXIT_FAILURE;
    }
}
