// `secretstorectl init` and what it is made of: from an installed package to a running store. Each
// step looks first at what is there, so that the command can be repeated. See commands.h.
#include "core/base/descriptor.h"
#include "core/config/wiring.h"
#include "core/ctl/commands.h"
#include "core/ctl/credentials.h"
#include "core/ctl/postgres_host.h"
#include "core/ctl/session.h"
#include "core/ctl/units.h"
#include "core/service/keyring.h"
#include "core/store/key_store.h"
#include "core/store/schema_version.h"
#include "core/store/sqlstate.h"
#include "core/store/tenant_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;

constexpr int kFewestWorkers = 2;
constexpr int kMostWorkersByDefault = 8;
// A worker's one reader, and whoever else is at the database.
constexpr std::int64_t kReaders = 1;
constexpr std::int64_t kOtherConnections = 20;
constexpr const char* kWorkerTemplate = "secretstore-worker@.service";

void say(const std::string& step, const std::string& text) {
    std::string line = step;
    line.resize(std::max<std::size_t>(step.size() + 1, 12), ' ');
    print_line(line + text);
    [[maybe_unused]] const int flushed = std::fflush(stdout);
}

// PostgreSQL reads its rules when it gets round to it.
Result<void> await_access(const config::Config& config) {
    constexpr int kTries = 100;
    for (int left = kTries;; --left) {
        const auto opened =
            store::Connection::open(config::endpoint_of(config), store::Role::Migrator);
        if (opened) return {};
        if (left == 0) return failure(opened);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

Result<void> make_database(const config::Config& config) {
    if (!store::is_socket_folder(config.database.hosts.front())) {
        say("database", "on another host: roles and rules are that host's (README.Debian)");
        return {};
    }
    const auto prepared = prepare_database(config);
    if (!prepared) return failure(prepared);
    if (prepared->changed_files.empty()) say("database", "roles and rules are there");
    for (const auto& file : prepared->changed_files)
        say("database",
            "lines added to " + file.string() + "; what it was: " + file.string() +
                ".before-secretstore");
    const auto each = kReaders + config.worker.write_connections;
    const auto most = (prepared->max_connections - kOtherConnections) / each;
    say("",
        "max_connections = " + std::to_string(prepared->max_connections) + ": enough for " +
            std::to_string(std::max<std::int64_t>(most, 0)) + " workers");
    return await_access(config);
}

bool has_root_key(const config::Config& config) {
    std::error_code error;
    if (const auto configured = config::root_key_file(config))
        return fs::exists(*configured, error);
    return find_credential(kRootKeyCredential).has_value();
}

// A store that a newer release made stays as it is. Gives the connection that looked; none where
// there is no store yet, or this host can't look into it yet.
Result<std::optional<store::Connection>> refuse_newer_store(const config::Config& config) {
    auto connection =
        store::Connection::open_unprepared(config::endpoint_of(config), store::Role::Maint);
    if (!connection && connection.error().code == ErrorCode::StoreUninitialised)
        return std::nullopt;
    if (!connection) return failure(connection);
    for (const auto statement : {store::Statement::FindSchemaVersion,
                                 store::Statement::CountRootKeys,
                                 store::Statement::FindRootKey}) {
        const auto prepared = connection->prepare(statement);
        if (prepared) continue;
        if (!store::is_undefined(prepared.error().sqlstate))
            return tl::unexpected(to_error(prepared.error()));
        return std::nullopt;
    }
    const auto known = store::refuse_newer_schema(*connection, store::kNewestKnownSchema);
    if (!known) return failure(known);
    return *std::move(connection);
}

// Nor is a store of another root key touched.
Result<void> refuse_other_store(const config::Config& config) {
    auto looked = refuse_newer_store(config);
    if (!looked) return failure(looked);
    if (!*looked) return {};
    store::Connection& connection = **looked;
    const auto count = store::count_root_keys(connection);
    if (!count) return failure(count);
    if (*count == 0) return {};
    if (!has_root_key(config))
        return failure(ErrorCode::ConfigInvalid,
                       "this database is sealed under a root key that this host has not: bring it "
                       "with 'secretstorectl root-key import FILE', then run this again");
    const auto key = open_root_keys(config);
    if (!key) return failure(key);
    return service::check_root_key(connection, **key);
}

// A unit takes the encrypted credential unless a drop-in says otherwise.
Result<void> point_unit_to(const std::string& unit, const Credential& credential) {
    const fs::path file = fs::path("/etc/systemd/system") / (unit + ".d") / "plain-key.conf";
    const bool wanted = credential.form == CredentialForm::Plain;
    std::error_code error;
    if (fs::exists(file, error) == wanted) return {};
    if (wanted) {
        fs::create_directories(file.parent_path(), error);
        std::ofstream stream(file);
        stream << "# Written by 'secretstorectl': this host keeps the key in a plain file.\n"
                  "[Service]\nLoadCredential="
               << credential.name << ':' << credential.file().string() << '\n';
        stream.close();
        if (!stream) error = std::make_error_code(std::errc::io_error);
    } else {
        fs::remove(file, error);
    }
    if (error) return failure(ErrorCode::ConfigInvalid, file.string() + ": can't be changed");
    return has_systemd() ? reload_units() : Result<void>{};
}

// Lets a unit have a key, and says where it is.
Result<void> adopt_key(const std::string& unit,
                       const Credential& credential,
                       const fs::path& plain) {
    if (auto stored = store_credential(credential, plain); !stored) return stored;
    if (auto pointed = point_unit_to(unit, credential); !pointed) return pointed;
    const bool encrypted = credential.form == CredentialForm::Encrypted;
    say("key",
        (encrypted ? "encrypted for this host: " : "in a plain file: ") +
            credential.file().string());
    return {};
}

// The text of a key file, to stdout, through memory that is wiped.
Result<void> print_key_file(const fs::path& file) {
    constexpr std::size_t kLongest = 1024;
    SecureBuffer text(kLongest);
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const auto size = descriptor < 0 ? -1 : ::read(descriptor, text.data(), text.size());
    if (descriptor >= 0) ::close(descriptor);
    if (size <= 0) return failure(ErrorCode::ConfigInvalid, file.string() + ": can't be read");
    print(as_text({text.data(), static_cast<std::size_t>(size)}));
    return {};
}

// Where the root key is new, the folder that holds it plain, for showing it at the end.
Result<std::optional<TransientFolder>> make_root_key(const config::Config& config,
                                                     CredentialForm form) {
    if (const auto configured = config::root_key_file(config)) {
        std::error_code error;
        if (!fs::exists(*configured, error)) {
            const auto made = crypto::generate_root_key_file(*configured);
            if (!made) return failure(made);
        }
        say("key", configured->string() + ": keep a copy away from this host");
        return std::optional<TransientFolder>();
    }
    if (const auto there = find_credential(kRootKeyCredential)) {
        if (const auto pointed = point_unit_to(kWorkerTemplate, *there); !pointed)
            return failure(pointed);
        say("key", there->file().string());
        return std::optional<TransientFolder>();
    }
    auto folder = TransientFolder::create();
    if (!folder) return failure(folder);
    const fs::path plain = folder->path() / "new";
    const auto made = crypto::generate_root_key_file(plain);
    if (!made) return failure(made);
    const auto adopted = adopt_key(kWorkerTemplate, {kRootKeyCredential, form}, plain);
    if (!adopted) return failure(adopted);
    return std::optional<TransientFolder>(*std::move(folder));
}

Result<void> make_keys(const config::Config& config) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_root_key(config); !opened) return failure(opened);
    std::optional<identity::TrustedIssuer> issuer;
    if (config.local_issuer.enabled) issuer = session.issuer();
    const auto done = service::initialise_keys(
        session.connections(), session.root_key(), issuer, session.clock());
    if (!done) return failure(done);
    say("keys", "ready under root key " + session.root_key().id().text());
    return {};
}

// Of the keys that are in the database: where it was lost here, it is simply written again.
Result<void> make_egress_key(const config::Config& config, CredentialForm form) {
    if (const auto configured = config::egress_key_file(config)) {
        say("egress", configured->string());
        return {};
    }
    if (const auto there = find_credential(kEgressKeyCredential)) {
        if (auto pointed = point_unit_to(kEgress, *there); !pointed) return pointed;
        say("egress", there->file().string());
        return {};
    }
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto folder = TransientFolder::create();
    if (!folder) return failure(folder);
    const fs::path plain = folder->path() / "new";
    const auto written = session.runtime().keyring.egress_key().export_to(plain);
    if (!written) return failure(written);
    return adopt_key(kEgress, {kEgressKeyCredential, form}, plain);
}

std::string ask(const std::string& question) {
    print(question);
    [[maybe_unused]] const int flushed = std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    return answer;
}

Result<void> make_tenant(const config::Config& config, NewTenant tenant) {
    std::int64_t count = 0;
    {
        auto connection = open_database(config::endpoint_of(config), store::Role::Maint);
        if (!connection) return failure(connection);
        const auto tenants = store::list_tenants(*connection);
        if (!tenants) return failure(tenants);
        count = static_cast<std::int64_t>(tenants->size());
    }
    if (count > 0) {
        say("tenants", std::to_string(count));
        return {};
    }
    const bool can_ask = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
    if (tenant.name.empty() && can_ask) tenant.name = ask("Name of the first tenant: ");
    if (tenant.owner_email.empty() && can_ask) tenant.owner_email = ask("Its owner's e-mail: ");
    if (tenant.name.empty() || tenant.owner_email.empty()) {
        say("tenant", "none yet: secretstorectl tenant create NAME --owner EMAIL");
        return {};
    }
    return tenant_create(config, tenant, Output::Text);
}

int default_workers() {
    const auto cores = static_cast<int>(std::thread::hardware_concurrency());
    return std::clamp(cores, kFewestWorkers, kMostWorkersByDefault);
}

Result<void> start_units(int workers) {
    if (!has_systemd()) {
        say("units", "no systemd here: nothing was started");
        return {};
    }
    if (workers == 0) {
        const auto known = list_workers();
        if (!known) return failure(known);
        workers = known->empty() ? default_workers() : static_cast<int>(known->size());
    }
    std::vector<std::string> units{kTarget, kSocket, kEgress, kMaintainTimer};
    for (int number = 1; number <= workers; ++number)
        units.push_back(worker_unit(number));
    if (auto enabled = enable_units(units); !enabled) return enabled;
    say("units", std::to_string(workers) + " workers, egress and maintenance run, now and at boot");
    return {};
}

Result<void> show_root_key(const TransientFolder& folder) {
    print_line(
        "\nThis is the root key. Without it nothing in this database can ever be read again; "
        "whoever\n"
        "has it and the database reads everything. What lies on this host opens on this host "
        "only,\n"
        "so keep these lines on paper or in a safe, never beside a backup of the database.\n"
        "'secretstorectl root-key import' takes them on another host:\n");
    return print_key_file(folder.path() / "new");
}

Result<void> be_root() {
    if (::geteuid() == 0) return {};
    return failure(ErrorCode::Unauthorized, "only root can do this: use sudo");
}

// All that stands on the root key.
Result<void> make_the_rest(const config::Config& config, const InitRequest& request) {
    if (auto done = make_keys(config); !done) return done;
    if (auto done = make_egress_key(config, request.form); !done) return done;
    if (auto done = make_tenant(config, request.tenant); !done) return done;
    return request.start ? start_units(request.workers) : Result<void>{};
}

}  // namespace

Result<void> db_init(const config::Config& config) {
    if (auto root = be_root(); !root) return root;
    if (const auto known = refuse_newer_store(config); !known) return failure(known);
    return make_database(config);
}

Result<void> init(const config::Config& config, const InitRequest& request) {
    if (request.keys_only) return make_keys(config);
    if (auto root = be_root(); !root) return root;
    if (auto ours = refuse_other_store(config); !ours) return ours;
    if (auto done = make_database(config); !done) return done;
    // Perhaps it is only now that this host may look.
    if (auto ours = refuse_other_store(config); !ours) return ours;
    if (auto done = db_migrate(config); !done) return done;
    const auto fresh = make_root_key(config, request.form);
    if (!fresh) return failure(fresh);
    // Whatever fails from here on: the key is shown, for it is in use.
    auto rest = make_the_rest(config, request);
    if (*fresh)
        if (auto shown = show_root_key(**fresh); !shown) return shown;
    return rest;
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

namespace {

// The root key's plain file: the configured one, or the credential's, for as long as `folder` is.
Result<fs::path> plain_root_key(const config::Config& config,
                                std::optional<TransientFolder>& folder) {
    if (const auto configured = config::root_key_file(config)) return *configured;
    if (const auto root = be_root(); !root) return failure(root);
    const auto credential = find_credential(kRootKeyCredential);
    if (!credential) return failure(ErrorCode::NotFound, "there is no root key on this host");
    auto made = TransientFolder::create();
    if (!made) return failure(made);
    folder.emplace(*std::move(made));
    return reveal_credential(*credential, *folder);
}

Result<void> write_share(const fs::path& file, const SecureBuffer& text) {
    const Descriptor descriptor(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400));
    const auto written =
        descriptor.is_open() ? ::write(descriptor.get(), text.data(), text.size()) : -1;
    if (written == static_cast<ssize_t>(text.size()) && ::fsync(descriptor.get()) == 0) return {};
    return failure(ErrorCode::ConfigInvalid, file.string() + ": can't be written");
}

}  // namespace

Result<void> root_key_export(const config::Config& config) {
    // Nobody keeps a copy of what is no key.
    if (const auto keys = open_root_keys(config); !keys) return failure(keys);
    std::optional<TransientFolder> folder;
    const auto plain = plain_root_key(config, folder);
    if (!plain) return failure(plain);
    return print_key_file(*plain);
}

Result<void> root_key_split(const config::Config& config,
                            const fs::path& target,
                            const crypto::ShareCount& count) {
    std::optional<TransientFolder> folder;
    const auto plain = plain_root_key(config, folder);
    if (!plain) return failure(plain);
    const auto shares = crypto::split_root_key_file(*plain, count);
    if (!shares) return failure(shares);
    if (::mkdir(target.c_str(), S_IRWXU) != 0)
        return failure(ErrorCode::ConfigInvalid,
                       target.string() + ": can't be made: " +
                           std::error_code(errno, std::generic_category()).message());
    int number = 0;
    for (const auto& share : *shares) {
        const auto file = target / ("share-" + std::to_string(++number));
        if (auto written = write_share(file, share); !written) return written;
        print_line(file.string());
    }
    print_line("Any " + std::to_string(count.needed) +
               " of these give the root key back ('secretstorectl root-key join'). Give each to "
               "somebody else, and remove them from here.");
    return {};
}

Result<void> root_key_raise_epoch(const config::Config& config) {
    const auto epoch = raise_token_epoch(config);
    if (!epoch) return failure(epoch);
    print_line("the token epoch is " + std::to_string(*epoch) +
               ": restart the workers, and every scoped token of before is dead");
    return {};
}

Result<ExitCode> root_key_join(const std::vector<std::string>& shares, const fs::path& target) {
    const auto joined = crypto::join_root_key_shares({shares.begin(), shares.end()}, target);
    if (!joined) return failure(joined);
    print_line("root key " + joined->text() + " written to " + target.string());
    return ExitCode::Ok;
}

Result<ExitCode> root_key_import(const fs::path& file, CredentialForm form) {
    if (const auto root = be_root(); !root) return failure(root);
    if (const auto there = find_credential(kRootKeyCredential))
        return failure(ErrorCode::ConfigInvalid,
                       there->file().string() + " exists; a root key is never overwritten");
    // A file that others can read is refused here already.
    const auto key = crypto::load_root_key_file(file);
    if (!key) return failure(key);
    const auto adopted = adopt_key(kWorkerTemplate, {kRootKeyCredential, form}, file);
    if (!adopted) return failure(adopted);
    return ExitCode::Ok;
}

}  // namespace core::ctl
