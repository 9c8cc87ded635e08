// secretstore-egress: what the service does on the network, so that the workers need none: it
// fetches the key sets of identity providers and tells people and their programs what happens. It
// has no root key, and its database role sees nothing that is sealed for the workers.
// core/README.md, "Egress".

#include "core/base/log.h"
#include "core/config/config.h"
#include "core/config/wiring.h"
#include "core/crypto/egress_key.h"
#include "core/crypto/key_file.h"
#include "core/crypto/sealed_box.h"
#include "core/daemon/command_line.h"
#include "core/daemon/process.h"
#include "core/daemon/signals.h"
#include "core/egress/host_check_job.h"
#include "core/egress/job.h"
#include "core/egress/job_runner.h"
#include "core/egress/key_set_job.h"
#include "core/egress/key_set_source.h"
#include "core/egress/mail_job.h"
#include "core/egress/outbox_job.h"
#include "core/egress/webhook_job.h"
#include "core/http/https_client.h"
#include "core/store/connection.h"
#include "core/store/connection_pool.h"
#include "core/store/delivery_store.h"
#include "core/store/schema_version.h"

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
// A receiver that hangs keeps one for ten seconds, and then rests.
constexpr int kWebhookThreads = 16;
// Lent for moments: nobody holds one while it waits for the network.
constexpr std::size_t kConnections = 4;

struct Options {
    std::string config_file;
    bool check_config = false;
};

// Nothing when the program has done what was asked (--help) or can't: `exit_code` says which.
std::optional<Options> parse_command_line(int argc, char** argv, int& exit_code) {
    Options options;
    core::daemon::CommandLine line(kProgram, "Agent Secret Store: what it does on the network");
    line.add_option("--config", options.config_file, "The configuration file");
    line.add_flag("--check-config", options.check_config, "Read the configuration and end");
    if (const auto ended = line.parse(argc, argv)) {
        exit_code = *ended;
        return std::nullopt;
    }
    if (options.config_file.empty()) {
        core::daemon::complain(kProgram, "--config FILE is missing");
        exit_code = EX_CONFIG;
        return std::nullopt;
    }
    return options;
}

// Is it the key that workers seal under? Errors: ConfigInvalid.
Result<void> check_key(core::store::Connection& connection, const core::KeyId& key) {
    const auto expected = core::store::find_egress_key_id(connection);
    if (!expected) return failure(expected);
    if (*expected == key) return {};
    return failure(ErrorCode::ConfigInvalid,
                   "the egress key is not the one of this database: make its file anew with "
                   "'secretstorectl egress-key export'");
}

Result<void> check_database(const core::store::Endpoint& endpoint, const core::KeyId& key) {
    auto connection = core::store::Connection::open(endpoint, core::store::Role::Egress);
    if (!connection) return failure(connection);
    if (auto usable = core::store::check_schema_version(*connection); !usable) return usable;
    return check_key(*connection, key);
}

enum class Startup { Ready, Leave };

// A database that is away may come: waits for it, until the program is asked to leave.
Result<Startup> await_database(const core::daemon::Descriptor& signals,
                               const core::store::Endpoint& endpoint,
                               const core::KeyId& key) {
    core::daemon::DatabaseWait wait(signals);
    for (;;) {
        const auto usable = check_database(endpoint, key);
        if (usable) return Startup::Ready;
        if (!core::is_store_away(usable.error().code)) return failure(usable);
        if (!wait.pause(usable.error())) return Startup::Leave;
    }
}

// What the jobs share; it outlives them.
struct Shared {
    explicit Shared(const Config& config, core::crypto::EgressKey egress_key)
        : connections(core::config::endpoint_of(config), core::store::Role::Egress, kConnections),
          key(std::move(egress_key)),
          webhooks{.clock = clock, .connections = connections, .key = key} {}

    core::SystemClock clock;
    core::store::ConnectionPool connections;
    core::crypto::EgressKey key;
    core::egress::WebhookJob::Shared webhooks;
};

Result<core::Credential> read_mail_password(const Config& config) {
    if (config.mail.smtp_user.empty()) return core::Credential{};
    const auto file = core::config::mail_password_file(config);
    if (!file) return failure(file);
    auto text = core::crypto::read_closed_file(*file, "mail password");
    if (!text) return failure(std::move(text));
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r'))
        text->pop_back();
    return core::Credential(std::move(*text));
}

Result<std::unique_ptr<core::egress::MailTransport>> make_transport(const Config& config) {
    if (!config.mail.sendmail.empty())
        return std::make_unique<core::egress::SendmailTransport>(config.mail.sendmail);
    auto password = read_mail_password(config);
    if (!password) return failure(std::move(password));
    const auto url = core::http::SmtpUrl::parse(config.mail.smtp_url);
    if (!url) return failure(ErrorCode::ConfigInvalid, "'mail.smtp_url' can't be used");
    auto client = core::http::SmtpClient::create({.url = *url,
                                                  .ca_file = config.egress.ca_file,
                                                  .user = config.mail.smtp_user,
                                                  .password = std::move(*password)});
    if (!client) return failure(std::move(client));
    return std::make_unique<core::egress::SmtpTransport>(std::move(*client));
}

using Jobs = std::vector<std::unique_ptr<Job>>;

Result<void> add_mail_job(const Config& config, Shared& shared, Jobs& jobs) {
    auto transport = make_transport(config);
    if (!transport) return failure(std::move(transport));
    jobs.push_back(std::make_unique<core::egress::MailJob>(
        shared.clock,
        shared.connections,
        shared.key,
        core::egress::MailSettings{config.mail.from, config.mail.public_url},
        std::move(*transport)));
    return {};
}

Result<void> add_webhook_jobs(const Config& config, Shared& shared, Jobs& jobs) {
    for (int i = 0; i < kWebhookThreads; ++i) {
        auto client = core::http::HttpsClient::create(core::egress::webhook_client_options(
            config.egress.ca_file, core::config::webhook_destination_of(config)));
        if (!client) return failure(std::move(client));
        jobs.push_back(
            std::make_unique<core::egress::WebhookJob>(shared.webhooks, std::move(*client)));
    }
    return {};
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

Result<void> add_key_set_jobs(const Config& config, Jobs& jobs) {
    std::set<std::string> seen;
    for (const auto& entry : config.issuers) {
        // One issuer may be believed for several audiences.
        if (!seen.insert(core::config::issuer_of(entry)).second) continue;
        auto job = key_set_job(config, entry);
        if (!job) return failure(std::move(job));
        jobs.push_back(*std::move(job));
    }
    return {};
}

// Everything that this program does. Each entry is a thread.
Result<Jobs> make_jobs(const Config& config, Shared& shared) {
    using core::egress::Mail;
    Jobs jobs;
    if (const auto added = add_key_set_jobs(config, jobs); !added) return failure(added);
    const auto mail = config.mail.from.empty() ? Mail::Off : Mail::On;
    jobs.push_back(std::make_unique<core::egress::OutboxJob>(shared.connections, mail));
    jobs.push_back(std::make_unique<core::egress::HostCheckJob>(shared.connections));
    jobs.push_back(std::make_unique<core::egress::RefusalJob>(shared.connections));
    jobs.push_back(std::make_unique<core::egress::KeySetTroubleJob>(shared.connections));
    if (const auto added = add_webhook_jobs(config, shared, jobs); !added) return failure(added);
    if (mail == Mail::On)
        if (const auto added = add_mail_job(config, shared, jobs); !added) return failure(added);
    return jobs;
}

Result<core::crypto::EgressKey> load_key(const Config& config) {
    const auto file = core::config::egress_key_file(config);
    if (!file) return failure(file);
    return core::crypto::EgressKey::load(*file);
}

Result<void> serve(const Options& options, const Config& config) {
    const auto signals = core::daemon::take_signals();
    if (!signals) return failure(signals);
    if (auto sound = core::crypto::self_test(); !sound) return sound;
    auto key = load_key(config);
    if (!key) return failure(std::move(key));
    Shared shared(config, std::move(*key));
    auto jobs = make_jobs(config, shared);
    if (!jobs) return failure(std::move(jobs));
    const auto startup =
        await_database(*signals, core::config::endpoint_of(config), shared.key.id());
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
