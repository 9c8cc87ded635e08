// secretstore-worker: serves the API over FastCGI. README.md here says how it is started. With
// `--pool billing` it serves billing alone: it then has the network and Stripe's key, and neither
// looks for the root key nor for anything that is sealed under it.
//
// Exit codes: 0 asked to leave, 78 (EX_CONFIG) where only the operator can help, so that systemd
// does not try again, 1 for everything else.

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/config/config.h"
#include "core/config/wiring.h"
#include "core/crypto/key_file.h"
#include "core/crypto/root_key_ring.h"
#include "core/crypto/sealed_box.h"
#include "core/daemon/command_line.h"
#include "core/daemon/process.h"
#include "core/daemon/signals.h"
#include "core/http/https_url.h"
#include "core/service/billing.h"
#include "core/service/held_keys.h"
#include "core/service/keyring.h"
#include "core/service/metrics.h"
#include "core/service/rate_counters.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/read_batcher.h"
#include "core/store/schema_version.h"
#include "core/stripe/client.h"
#include "core/stripe/signature.h"
#include "fcgi/accept_loop.h"
#include "fcgi/admin_routes.h"
#include "fcgi/billing_backend.h"
#include "fcgi/dispatch.h"
#include "fcgi/openapi.h"
#include "fcgi/request_metrics.h"
#include "fcgi/router.h"
#include "fcgi/services_backend.h"

#include <sysexits.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
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
constexpr const char* kStorePool = "store";
constexpr const char* kBillingPool = "billing";

struct Options {
    std::string config_file;
    std::string pool = kStorePool;
    bool check_config = false;
    bool print_openapi = false;
};

// Nothing when the program has done what was asked (--help) or can't: `exit_code` says which.
std::optional<Options> parse_command_line(int argc, char** argv, int& exit_code) {
    Options options;
    core::daemon::CommandLine line(kProgram, "Agent Secret Store: the worker behind nginx");
    line.add_option("--config", options.config_file, "The configuration file");
    line.add_option("--pool",
                    options.pool,
                    "What it serves: store (the default), or billing",
                    {kStorePool, kBillingPool});
    line.add_flag("--check-config", options.check_config, "Read the configuration and end");
    line.add_flag("--print-openapi", options.print_openapi, "Print the OpenAPI document and end");
    if (const auto ended = line.parse(argc, argv)) {
        exit_code = *ended;
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
            .failed_authentications = config.rate_limit.failed_authentications,
            .billing = config.billing.enabled};
}

// What `load` gives. A database that is away may come: waits for it, until the worker is asked to
// leave (nothing).
template <class Load>
auto await_database(const core::daemon::Descriptor& signals, const Load& load)
    -> Result<std::optional<typename decltype(load())::value_type>> {
    core::daemon::DatabaseWait wait(signals);
    for (;;) {
        auto loaded = load();
        if (loaded) return *std::move(loaded);
        if (!core::is_store_away(loaded.error().code)) return failure(std::move(loaded));
        if (!wait.pause(loaded.error())) return std::nullopt;
    }
}

Result<void> check_schema(core::store::ConnectionPool& connections) {
    auto connection = connections.borrow();
    if (!connection) return failure(connection);
    return core::store::check_schema_version(**connection);
}

Result<core::service::Keyring> load_keyring(core::store::ConnectionPool& connections,
                                            const core::crypto::KeyProvider& root_key) {
    if (auto usable = check_schema(connections); !usable) return failure(std::move(usable));
    return core::service::Keyring::load(connections, root_key);
}

class StoreHandler final : public fcgi::RequestHandler {
  public:
    // Both must outlive this object.
    StoreHandler(const fcgi::Routers& routers, const core::service::Runtime& runtime)
        : m_services(runtime), m_backend(m_services), m_dispatcher(routers, m_backend) {}

    fcgi::HttpResponse handle(const fcgi::IncomingRequest& incoming,
                              fcgi::BodySource& body) override {
        return m_dispatcher.dispatch(incoming, body);
    }
    [[nodiscard]] bool is_doubtful() const override { return m_dispatcher.is_doubtful(); }

  private:
    core::service::Services m_services;
    fcgi::ServicesBackend m_backend;
    fcgi::Dispatcher m_dispatcher;
};

// What the threads of billing share.
struct BillingParts {
    const core::service::KeylessRuntime& runtime;
    core::service::BillingTerms terms;
    core::stripe::WebhookSecret webhook_secret;
    core::stripe::ApiKey key;
    core::stripe::CallSlots& slots;
};

class BillingHandler final : public fcgi::RequestHandler {
  public:
    // The first two must outlive this object.
    BillingHandler(const fcgi::Routers& routers,
                   const BillingParts& parts,
                   core::stripe::Client client)
        : m_backend(parts.runtime, parts.terms, parts.webhook_secret, std::move(client)),
          m_dispatcher(routers, m_backend) {}

    fcgi::HttpResponse handle(const fcgi::IncomingRequest& incoming,
                              fcgi::BodySource& body) override {
        return m_dispatcher.dispatch(incoming, body);
    }
    [[nodiscard]] bool is_doubtful() const override { return m_dispatcher.is_doubtful(); }

  private:
    fcgi::BillingBackend m_backend;
    fcgi::Dispatcher m_dispatcher;
};

using Handlers = std::vector<std::unique_ptr<fcgi::RequestHandler>>;

Result<void> run_loop(const Options& options,
                      const core::daemon::Descriptor& signals,
                      int listening,
                      Handlers handlers) {
    fcgi::AcceptLoop loop(listening, std::move(handlers));
    return loop.run(signals, [&options] {
        core::daemon::reload_log_level(
            [&options] { return core::config::load_log_level(options.config_file); });
    });
}

Result<void> serve_store(const Options& options, const Config& config) {
    const auto signals = core::daemon::take_signals();
    if (!signals) return failure(signals);
    if (auto sound = core::crypto::self_test(); !sound) return sound;
    const auto root_key_file = core::config::root_key_file(config);
    if (!root_key_file) return failure(root_key_file);
    const auto root_key = core::crypto::load_root_key_ring(*root_key_file);
    if (!root_key) return failure(root_key);
    auto counters = core::service::RateCounters::open(config.rate_limit.file);
    if (!counters) return failure(std::move(counters));
    auto metrics = core::service::Metrics::open(config.metrics.file, fcgi::metric_series());
    if (!metrics) return failure(std::move(metrics));
    const auto listening = fcgi::listening_socket();
    if (!listening) return failure(listening);

    const core::SystemClock clock;
    const auto policy = policy_of(config);
    const auto issuers = core::config::trusted_issuers_of(config);
    auto endpoint = core::config::endpoint_of(config);
    const auto keyring = await_database(*signals, [&] {
        core::store::ConnectionPool first(endpoint, core::store::Role::App, 1);
        return load_keyring(first, **root_key);
    });
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

    const core::service::Runtime runtime{{.clock = clock,
                                          .policy = policy,
                                          .issuers = issuers,
                                          .connections = connections,
                                          .counters = &*counters,
                                          .metrics = &*metrics},
                                         **root_key,
                                         **keyring,
                                         &reads};
    metrics->join(static_cast<std::uint32_t>(config.worker.threads));
    const fcgi::Routers routers{fcgi::Router(fcgi::routes()), fcgi::Router(fcgi::admin_routes())};
    Handlers handlers;
    for (std::int64_t i = 0; i < config.worker.threads; ++i)
        handlers.push_back(std::make_unique<StoreHandler>(routers, runtime));
    return run_loop(options, *signals, *listening, std::move(handlers));
}

// ---- the pool of billing -----------------------------------------------------------------------

// The one line of a file that is closed to others.
template <class Secret>
Result<Secret> read_secret(const Result<std::filesystem::path>& file, std::string_view name) {
    if (!file) return failure(file);
    auto text = core::crypto::read_closed_file(*file, name);
    if (!text) return failure(std::move(text));
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r'))
        text->pop_back();
    const auto is_visible = [](std::uint8_t byte) { return byte > 0x20 && byte < 0x7f; };
    if (text->empty() || !std::all_of(text->begin(), text->end(), is_visible))
        return failure(ErrorCode::ConfigInvalid,
                       "The " + std::string(name) + " in " + file->string() +
                           " is not one line of visible ASCII");
    return Secret(std::move(*text));
}

core::service::BillingTerms billing_terms_of(const Config& config) {
    using core::Plan;
    using core::service::Interval;
    const auto& billing = config.billing;
    core::service::BillingTerms terms;
    const auto add = [&terms](const std::string& id, Plan plan, std::optional<Interval> interval) {
        if (!id.empty()) terms.prices.push_back({id, plan, interval});
    };
    add(billing.prices.pro_monthly, Plan::Pro, Interval::Monthly);
    add(billing.prices.pro_annual, Plan::Pro, Interval::Annual);
    add(billing.prices.enterprise_monthly, Plan::Enterprise, Interval::Monthly);
    add(billing.prices.enterprise_annual, Plan::Enterprise, Interval::Annual);
    for (const auto& id : billing.retired_prices.pro)
        add(id, Plan::Pro, std::nullopt);
    for (const auto& id : billing.retired_prices.enterprise)
        add(id, Plan::Enterprise, std::nullopt);
    terms.success_url = billing.success_url;
    terms.cancel_url = billing.cancel_url;
    terms.return_url = billing.return_url;
    return terms;
}

// Three of four: the rest is for what Stripe tells, and for those who are refused.
std::ptrdiff_t calls_at_once(std::int64_t threads) {
    return std::max<std::ptrdiff_t>(1, threads - threads / 4);
}

Result<Handlers> billing_handlers(const Config& config,
                                  const fcgi::Routers& routers,
                                  const BillingParts& parts) {
    const auto base = core::http::HttpsUrl::parse(config.billing.api_base);
    if (!base) return failure(ErrorCode::ConfigInvalid, "'billing.api_base' can't be used");
    Handlers handlers;
    for (std::int64_t i = 0; i < config.worker.threads; ++i) {
        auto client =
            core::stripe::Client::create(*base, config.billing.ca_file, parts.key, parts.slots);
        if (!client) return failure(std::move(client));
        handlers.push_back(std::make_unique<BillingHandler>(routers, parts, std::move(*client)));
    }
    return handlers;
}

Result<void> serve_billing(const Options& options, const Config& config) {
    const auto signals = core::daemon::take_signals();
    if (!signals) return failure(signals);
    if (!config.billing.enabled)
        return failure(ErrorCode::ConfigInvalid,
                       "'billing.enabled' is false: the pool of billing has nothing to serve");
    if (auto sound = core::crypto::self_test(); !sound) return sound;
    auto key =
        read_secret<core::stripe::ApiKey>(core::config::stripe_key_file(config), "Stripe key");
    if (!key) return failure(std::move(key));
    auto webhook_secret = read_secret<core::stripe::WebhookSecret>(
        core::config::stripe_webhook_secret_file(config), "Stripe webhook secret");
    if (!webhook_secret) return failure(std::move(webhook_secret));
    auto counters = core::service::RateCounters::open(config.rate_limit.file);
    if (!counters) return failure(std::move(counters));
    // Its requests are counted with all others; it is none of the workers that /metrics counts.
    auto metrics = core::service::Metrics::open(config.metrics.file, fcgi::metric_series());
    if (!metrics) return failure(std::move(metrics));
    const auto listening = fcgi::listening_socket();
    if (!listening) return failure(listening);

    const core::SystemClock clock;
    const auto policy = policy_of(config);
    const auto issuers = core::config::trusted_issuers_of(config);
    core::store::ConnectionPool connections(
        core::config::endpoint_of(config),
        core::store::Role::Billing,
        static_cast<std::size_t>(config.worker.write_connections));
    const auto usable = await_database(*signals, [&]() -> Result<bool> {
        if (auto fine = check_schema(connections); !fine) return failure(std::move(fine));
        return true;
    });
    if (!usable) return failure(usable);
    if (!*usable) return {};

    const core::service::KeylessRuntime runtime{.clock = clock,
                                                .policy = policy,
                                                .issuers = issuers,
                                                .connections = connections,
                                                .counters = &*counters,
                                                .metrics = &*metrics};
    core::stripe::CallSlots slots(calls_at_once(config.worker.threads));
    const BillingParts parts{.runtime = runtime,
                             .terms = billing_terms_of(config),
                             .webhook_secret = std::move(*webhook_secret),
                             .key = std::move(*key),
                             .slots = slots};
    const auto table = fcgi::billing_routes();
    const fcgi::Routers routers{fcgi::Router(table), fcgi::Router(std::span<const fcgi::Route>{})};
    auto handlers = billing_handlers(config, routers, parts);
    if (!handlers) return failure(std::move(handlers));
    return run_loop(options, *signals, *listening, std::move(*handlers));
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
    const auto served = options->pool == kBillingPool ? serve_billing(*options, *config)
                                                      : serve_store(*options, *config);
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
