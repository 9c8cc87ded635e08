// secretstore-worker: serves the API over FastCGI. README.md here says how it is started.
//
// Exit codes: 0 asked to leave, 78 (EX_CONFIG) where only the operator can help, so that systemd
// does not try again, 1 for everything else.

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/config/config.h"
#include "core/crypto/key_provider.h"
#include "core/crypto/sealed_box.h"
#include "core/service/keyring.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/read_batcher.h"
#include "core/store/schema_version.h"
#include "fcgi/accept_loop.h"
#include "fcgi/dispatch.h"
#include "fcgi/openapi.h"
#include "fcgi/router.h"

#include <CLI/CLI.hpp>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
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

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Deep enough for any request, and small enough that 32 threads do not count. Sanitizers keep what
// they know of a thread there as well: below about a megabyte it would not start.
constexpr std::size_t kThreadStackBytes = (kSanitized ? 4096UL : 512UL) * 1024UL;
// By default every thread gets an arena of its own, and none gives memory back to another.
constexpr int kMallocArenas = 4;
constexpr int kDatabaseRetryMilliseconds = 250;

// The one line that an operator gets.
void complain(std::string_view text) {
    std::cerr << "secretstore-worker: " << text << '\n';
}

struct Options {
    std::string config_file;
    bool check_config = false;
    bool print_openapi = false;
};

// Nothing when the program has done what was asked (--help) or can't: `exit_code` says which.
std::optional<Options> parse_command_line(int argc, char** argv, int& exit_code) {
    Options options;
    CLI::App app{"Agent Secret Store: the worker behind nginx", "secretstore-worker"};
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
        complain(error.what());
        exit_code = EX_CONFIG;
        return std::nullopt;
    }
    if (options.config_file.empty() && !options.print_openapi) {
        complain("--config FILE is missing");
        exit_code = EX_CONFIG;
        return std::nullopt;
    }
    return options;
}

// Secrets are in this memory: no core file, and no other process of the same user may look.
void harden_process() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    // The leak checker of a sanitizer build looks at its own process from outside.
    if (!kSanitized) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::mallopt(M_ARENA_MAX, kMallocArenas);
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) return;
    if (::pthread_attr_setstacksize(&attributes, kThreadStackBytes) == 0)
        ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
}

core::store::Endpoint endpoint_of(const Config& config) {
    return {.host = config.database.host,
            .port = static_cast<int>(config.database.port),
            .database = config.database.name,
            .statement_timeout = config.database.statement_timeout,
            .lock_timeout = config.database.lock_timeout,
            .response_timeout = config.database.response_timeout};
}

core::service::Policy policy_of(const Config& config) {
    return {.token_issuer = config.tokens.issuer,
            .default_token_ttl = config.tokens.default_ttl,
            .max_token_ttl = config.tokens.max_ttl,
            .approval_ttl = config.approvals.pending_ttl,
            .user_reads = config.policy.user_reads};
}

std::vector<core::identity::TrustedIssuer> issuers_of(const Config& config) {
    if (!config.local_issuer.enabled) return {};
    return {{.issuer = config.local_issuer.issuer,
             .audience = config.local_issuer.audience,
             .requires_auth_time = false}};
}

Result<core::service::Keyring> load_keyring(
    core::store::ConnectionPool& connections,
    const core::crypto::KeyProvider& root_key,
    const std::vector<core::identity::TrustedIssuer>& issuers) {
    {
        auto connection = connections.borrow();
        if (!connection) return failure(connection);
        if (auto usable = core::store::check_schema_version(**connection); !usable)
            return failure(std::move(usable));
    }
    return core::service::Keyring::load(connections, root_key, issuers);
}

// A database that is away may come: waits for it, until the worker is asked to leave (nothing).
Result<std::optional<core::service::Keyring>> await_keyring(
    const fcgi::Descriptor& signals,
    core::store::ConnectionPool& connections,
    const core::crypto::KeyProvider& root_key,
    const std::vector<core::identity::TrustedIssuer>& issuers) {
    std::optional<std::chrono::steady_clock::time_point> last_line;
    for (;;) {
        auto keyring = load_keyring(connections, root_key, issuers);
        if (keyring) return *std::move(keyring);
        if (keyring.error().code != ErrorCode::StoreUnavailable) return failure(keyring);
        const auto now = std::chrono::steady_clock::now();
        if (!last_line || now - *last_line >= std::chrono::seconds(1)) {
            core::log::warning("waiting_for_database",
                               {{"detail", core::log::quoted(keyring.error().detail)}});
            last_line = now;
        }
        sd_notify(0, "STATUS=Waiting for the database\nEXTEND_TIMEOUT_USEC=10000000");
        if (fcgi::wait_for_signal(signals, kDatabaseRetryMilliseconds) == fcgi::Signal::Leave)
            return std::nullopt;
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

void reload_log_level(const std::filesystem::path& file) {
    const auto config = core::config::load(file);
    if (!config) {
        core::log::error("reload_failed",
                         {{"detail", core::log::quoted(config.error().public_message)}});
        return;
    }
    core::log::set_level(config->log.level);
    core::log::info("reloaded");
}

Result<void> serve(const Options& options, const Config& config) {
    const auto signals = fcgi::take_signals();
    if (!signals) return failure(signals);
    if (auto sound = core::crypto::self_test(); !sound) return sound;
    const auto root_key_file = core::config::root_key_file(config);
    if (!root_key_file) return failure(root_key_file);
    const auto root_key = core::crypto::load_root_key_file(*root_key_file);
    if (!root_key) return failure(root_key);
    const auto listening = fcgi::listening_socket();
    if (!listening) return failure(listening);

    const core::SystemClock clock;
    const auto policy = policy_of(config);
    core::store::ConnectionPool connections(
        endpoint_of(config),
        core::store::Role::App,
        static_cast<std::size_t>(config.worker.write_connections));
    const auto keyring = await_keyring(*signals, connections, **root_key, issuers_of(config));
    if (!keyring) return failure(keyring);
    if (!*keyring) return {};
    core::store::ReadBatcher reads(endpoint_of(config),
                                   static_cast<std::size_t>(config.worker.read_batch));

    const core::service::Runtime runtime{.clock = clock,
                                         .policy = policy,
                                         .root_key = **root_key,
                                         .keyring = **keyring,
                                         .connections = connections,
                                         .reads = &reads};
    const fcgi::Router router(fcgi::routes());
    std::vector<std::unique_ptr<fcgi::RequestHandler>> handlers;
    for (std::int64_t i = 0; i < config.worker.threads; ++i)
        handlers.push_back(std::make_unique<ServicesHandler>(router, runtime));
    fcgi::AcceptLoop loop(*listening, std::move(handlers));
    return loop.run(*signals, [&options] { reload_log_level(options.config_file); });
}

int report(const core::Error& error) {
    const bool configuration = error.code == ErrorCode::ConfigInvalid;
    const std::string& text = error.public_message.empty() ? error.detail : error.public_message;
    complain(text);
    return configuration ? EX_CONFIG : EXIT_FAILURE;
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
    if (!config) return report(config.error());
    core::log::set_level(config->log.level);
    if (options->check_config) return EXIT_SUCCESS;
    const auto served = serve(*options, *config);
    return served ? EXIT_SUCCESS : report(served.error());
}

}  // namespace

int main(int argc, char** argv) {
    harden_process();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        complain(error.what());
        return EXIT_FAILURE;
    }
}
