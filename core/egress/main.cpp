// secretstore-egress: what the service does on the network, so that the workers need none: it
// fetches the key sets of identity providers. It has no root key, and its database role sees
// nothing that is sealed. core/README.md, "Egress".

#include "core/base/log.h"
#include "core/config/config.h"
#include "core/config/wiring.h"
#include "core/daemon/process.h"
#include "core/daemon/signals.h"
#include "core/egress/job.h"
#include "core/egress/job_runner.h"
#include "core/egress/key_set_job.h"
#include "core/egress/key_set_source.h"
#include "core/http/https_client.h"
#include "core/store/connection.h"
#include "core/store/schema_version.h"

#include <CLI/CLI.hpp>
#include <sysexits.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using core::ErrorCode;
using core::failure;
using core::Result;
using core::config::Config;
using core::egress::Job;

constexpr std::string_view kProgram = "secretstore-egress";

struct Options {
    std::string config_file;
    bool check_config = false;
};

// Nothing when the program has done what was asked (--help) or can't: `exit_code` says which.
std::optional<Options> parse_command_line(int argc, char** argv, int& exit_code) {
    Options options;
    CLI::App app{"Agent Secret Store: what it does on the network", std::string(kProgram)};
    app.set_version_flag("--version", SECRETSTORE_VERSION);
    app.add_option("--config", options.config_file, "The configuration file")->required();
    app.add_flag("--check-config", options.check_config, "Read the configuration and end");
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
    return options;
}

Result<void> check_database(const core::store::Endpoint& endpoint) {
    auto connection = core::store::Connection::open(endpoint, core::store::Role::Egress);
    if (!connection) return failure(connection);
    return core::store::check_schema_version(*connection);
}

enum class Startup { Ready, Leave };

// A database that is away may come: waits for it, until the program is asked to leave.
Result<Startup> await_database(const core::daemon::Descriptor& signals,
                               const core::store::Endpoint& endpoint) {
    core::daemon::DatabaseWait wait(signals);
    for (;;) {
        const auto usable = check_database(endpoint);
        if (usable) return Startup::Ready;
        if (usable.error().code != ErrorCode::StoreUnavailable) return failure(usable);
        if (!wait.pause(usable.error())) return Startup::Leave;
    }
}

Result<std::unique_ptr<Job>> key_set_job(const Config& config,
                                         const core::config::IssuerEntry& entry) {
    auto client = core::http::HttpsClient::create({.ca_file = config.egress.ca_file});
    if (!client) return failure(std::move(client));
    return std::make_unique<core::egress::KeySetJob>(
        core::config::endpoint_of(config),
        core::egress::KeySetSource(core::config::issuer_of(entry),
                                   core::config::key_set_address_of(entry),
                                   *std::move(client)));
}

// Everything that this program does. Each entry is a thread.
Result<std::vector<std::unique_ptr<Job>>> make_jobs(const Config& config) {
    std::vector<std::unique_ptr<Job>> jobs;
    std::set<std::string> seen;
    for (const auto& entry : config.issuers) {
        // One issuer may be believed for several audiences.
        if (!seen.insert(core::config::issuer_of(entry)).second) continue;
        auto job = key_set_job(config, entry);
        if (!job) return failure(std::move(job));
        jobs.push_back(*std::move(job));
    }
    return jobs;
}

Result<void> serve(const Options& options, const Config& config) {
    const auto signals = core::daemon::take_signals();
    if (!signals) return failure(signals);
    auto jobs = make_jobs(config);
    if (!jobs) return failure(std::move(jobs));
    const auto startup = await_database(*signals, core::config::endpoint_of(config));
    if (!startup) return failure(startup);
    if (*startup == Startup::Leave) return {};
    core::egress::JobRunner runner(std::move(*jobs));
    return runner.run(*signals, [&options] {
        core::daemon::reload_log_level(
            [&options] { return core::config::load_log_level(options.config_file); });
    });
}

int run(int argc, char** argv) {
    int exit_code = EXIT_SUCCESS;
    const auto options = parse_command_line(argc, argv, exit_code);
    if (!options) return exit_code;
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
