// Backups: see commands.h. The database alone; the root key is exported by itself and kept
// elsewhere, so that neither of the two says anything without the other.
#include "core/base/descriptor.h"
#include "core/config/wiring.h"
#include "core/crypto/mac.h"
#include "core/crypto/tenant_keys.h"
#include "core/ctl/backup_manifest.h"
#include "core/ctl/commands.h"
#include "core/ctl/credentials.h"
#include "core/ctl/file_failure.h"
#include "core/ctl/scratch_cluster.h"
#include "core/ctl/session.h"
#include "core/ctl/subprocess.h"
#include "core/store/backup_store.h"
#include "core/store/connect.h"
#include "core/store/connection.h"
#include "core/store/schema_version.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// A statement that counts or copies a big table takes its time.
constexpr std::chrono::hours kPatience{12};
constexpr std::int64_t kTenantsAtOnce = 100;
constexpr std::int64_t kValuesOfEachTenant = 5;
constexpr const char* kScratchPlace = "/var/tmp";

store::Endpoint patient(store::Endpoint endpoint) {
    endpoint.response_timeout = kPatience;
    return endpoint;
}

std::vector<std::string> postgres_program(const std::string& name,
                                          const store::Endpoint& endpoint,
                                          std::string_view user) {
    return {name, "--no-password", "--dbname=" + store::conninfo(endpoint, user)};
}

Result<std::string> sha256_of_file(const fs::path& file) {
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (!descriptor.is_open() || ::fstat(descriptor.get(), &status) != 0)
        return file_failure(file, {errno, std::generic_category()});
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return failure(ErrorCode::ConfigInvalid, file.string() + ": is empty");
    void* content = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
    if (content == MAP_FAILED)  // NOLINT: a macro of the system's
        return file_failure(file, {errno, std::generic_category()});
    const auto digest = crypto::sha256({static_cast<const std::uint8_t*>(content), size});
    ::munmap(content, size);
    return to_hex(digest);
}

Result<void> make_durable(const fs::path& path) {
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptor.is_open() || ::fsync(descriptor.get()) != 0)
        return file_failure(path, {errno, std::generic_category()});
    return {};
}

double seconds_since(steady_clock::time_point begin) {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

std::string in_seconds(steady_clock::time_point begin) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.1f s", seconds_since(begin));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string size_text(std::int64_t bytes) {
    constexpr std::int64_t kMib = 1 << 20;
    return bytes < kMib ? std::to_string(bytes) + " bytes" : std::to_string(bytes / kMib) + " MiB";
}

std::int64_t rows_of(const BackupManifest& manifest, std::string_view table) {
    for (const auto& one : manifest.tables)
        if (one.table == table) return one.rows;
    return 0;
}

// A connection that sees one moment, and what is to be seen of it.
Result<BackupManifest> describe(store::Connection& connection, const store::Snapshot& snapshot) {
    BackupManifest manifest;
    manifest.product_version = SECRETSTORE_VERSION;
    manifest.server_version = snapshot.server_version;
    manifest.taken_at = snapshot.taken_at;
    const auto schema = store::find_newest_migration(connection);
    if (!schema) return failure(schema);
    manifest.schema = *schema;
    auto keys = store::list_root_keys(connection);
    if (!keys) return failure(keys);
    manifest.root_keys = *std::move(keys);
    const auto revivable = store::count_revivable(connection);
    if (!revivable) return failure(revivable);
    manifest.revivable = *revivable;
    auto tables = store::count_rows(connection);
    if (!tables) return failure(tables);
    manifest.tables = *std::move(tables);
    return manifest;
}

// On a terminal, how far a file has grown, as long as this lives; nothing into files and pipes.
class GrowthDisplay {
  public:
    explicit GrowthDisplay(const fs::path& file) {
        if (::isatty(STDERR_FILENO) == 0) return;
        m_thread = std::jthread([file](const std::stop_token& stop) {
            std::mutex mutex;
            std::condition_variable_any look;
            std::unique_lock lock(mutex);
            do {
                show(file);
                look.wait_for(lock, stop, kLook, [] { return false; });
            } while (!stop.stop_requested());
            [[maybe_unused]] const int cleared = std::fputs("\r\033[K", stderr);
        });
    }

  private:
    static constexpr std::chrono::seconds kLook{1};

    static void show(const fs::path& file) {
        std::error_code error;
        const auto size = fs::file_size(file, error);
        const auto written = size_text(error ? 0 : static_cast<std::int64_t>(size));
        [[maybe_unused]] const int shown = std::fprintf(stderr, "\r%s written ", written.c_str());
        [[maybe_unused]] const int flushed = std::fflush(stderr);
    }

    std::jthread m_thread;
};

Result<void> dump(const store::Endpoint& endpoint,
                  const store::Snapshot& snapshot,
                  const fs::path& file) {
    auto words = postgres_program("pg_dump", endpoint, store::name_of(store::Role::Backup));
    for (const auto& word : {std::string("--schema=store"),
                             std::string("--format=custom"),
                             // Most of it is sealed, and so incompressible.
                             std::string("--compress=1"),
                             "--snapshot=" + snapshot.id,
                             "--file=" + file.string()})
        words.push_back(word);
    const GrowthDisplay display(file);
    const auto done = output_of("pg_dump", words);
    if (!done) return failure(done);
    return {};
}

// Removes what is half done, unless it was finished.
class UnfinishedFolder {
  public:
    static Result<UnfinishedFolder> create(const fs::path& target) {
        const fs::path path = target.string() + ".unfinished";
        std::error_code error;
        if (fs::exists(target, error))
            return failure(ErrorCode::InvalidRequest,
                           target.string() + ": is there already; a backup is never overwritten");
        if (::mkdir(path.c_str(), S_IRWXU) != 0) {
            if (errno == EEXIST)
                return failure(ErrorCode::InvalidRequest,
                               path.string() +
                                   ": another backup is being written there, or was interrupted: "
                                   "remove it");
            return file_failure(path, {errno, std::generic_category()});
        }
        return UnfinishedFolder(path, target);
    }

    UnfinishedFolder(UnfinishedFolder&& other) noexcept
        : m_path(std::exchange(other.m_path, {})), m_target(std::move(other.m_target)) {}
    UnfinishedFolder& operator=(UnfinishedFolder&&) = delete;
    UnfinishedFolder(const UnfinishedFolder&) = delete;
    UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;
    ~UnfinishedFolder() {
        std::error_code ignored;
        if (!m_path.empty()) fs::remove_all(m_path, ignored);
    }

    [[nodiscard]] const fs::path& path() const { return m_path; }

    // Durable, and under its name only when everything in it is.
    Result<void> finish() {
        for (const auto* name : {kDumpFile, kManifestFile})
            if (auto done = make_durable(m_path / name); !done) return done;
        if (auto done = make_durable(m_path); !done) return done;
        std::error_code error;
        fs::rename(m_path, m_target, error);
        if (error) return file_failure(m_target, error);
        m_path.clear();
        return make_durable(m_target.has_parent_path() ? m_target.parent_path() : ".");
    }

  private:
    UnfinishedFolder(fs::path path, fs::path target)
        : m_path(std::move(path)), m_target(std::move(target)) {}
    fs::path m_path;
    fs::path m_target;
};

Result<void> check_files(const fs::path& folder, const BackupManifest& manifest) {
    const auto digest = sha256_of_file(folder / kDumpFile);
    if (!digest) return failure(digest);
    if (*digest == manifest.dump_sha256) return {};
    return failure(ErrorCode::IntegrityFailure,
                   (folder / kDumpFile).string() +
                       ": is not what was written: its SHA-256 differs from the manifest's; take "
                       "another copy of this backup");
}

// The root key that this backup was sealed under. Errors: ConfigInvalid.
Result<void> check_root_key(const BackupManifest& manifest, const crypto::KeyProvider& root_key) {
    const auto check_value = root_key.check_value();
    for (const auto& known : manifest.root_keys)
        if (known.id == root_key.id() && constant_time_equal(known.check_value, check_value))
            return {};
    std::string ids;
    for (const auto& known : manifest.root_keys)
        ids += (ids.empty() ? "" : " or ") + known.id.text();
    return failure(ErrorCode::ConfigInvalid,
                   "this backup opens with the root key " + ids + "; here is " +
                       root_key.id().text() +
                       ": bring the one of then with 'secretstorectl root-key import'");
}

struct OpenedBackup {
    BackupManifest manifest;
    std::unique_ptr<crypto::RootKeyRing> root_key;
};

// A backup that is as it was written, and the root key that opens it. Errors: ConfigInvalid,
// IntegrityFailure.
Result<OpenedBackup> open_backup(const config::Config& config, const fs::path& folder) {
    auto manifest = read_manifest(folder);
    if (!manifest) return failure(manifest);
    if (manifest->schema > store::kNewestKnownSchema)
        return failure(ErrorCode::ConfigInvalid,
                       "this backup is of a store of schema " + std::to_string(manifest->schema) +
                           ", this program knows none above " +
                           std::to_string(store::kNewestKnownSchema) +
                           ": install the package that made it, or a newer one");
    if (const auto fine = check_files(folder, *manifest); !fine) return failure(fine);
    auto root_key = open_root_keys(config);
    if (!root_key) return failure(root_key);
    if (const auto right = check_root_key(*manifest, **root_key); !right) return failure(right);
    return OpenedBackup{*std::move(manifest), *std::move(root_key)};
}

Result<void> load_dump(const store::Endpoint& endpoint,
                       const std::string& user,
                       const fs::path& file,
                       const std::vector<std::string>& options) {
    auto words = postgres_program("pg_restore", endpoint, user);
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(file.string());
    const auto done = output_of("pg_restore", words);
    if (!done) return failure(done);
    return {};
}

// What differs, a line each; nothing where all is as it was.
std::vector<std::string> differences(const std::vector<store::TableRows>& wanted,
                                     const std::vector<store::TableRows>& found) {
    std::vector<std::string> out;
    for (const auto& table : wanted) {
        const auto same = std::find_if(
            found.begin(), found.end(), [&](const auto& one) { return one.table == table.table; });
        const auto rows = same == found.end() ? std::string("none") : std::to_string(same->rows);
        if (same == found.end() || same->rows != table.rows)
            out.push_back(table.table + ": " + std::to_string(table.rows) +
                          " rows in the backup, " + rows + " restored");
    }
    return out;
}

struct Opened {
    std::int64_t values = 0;
    std::int64_t tenants = 0;
    std::vector<std::string> failures;  // a line each: ids, never a value
};

Result<void> open_value(const crypto::KeyProvider& root_key, const store::SampledValue& value) {
    const auto kek = crypto::unwrap_kek(root_key,
                                        value.tenant,
                                        value.kek,
                                        static_cast<std::uint64_t>(value.kek_generation),
                                        value.kek_box);
    if (!kek) return failure(kek);
    const auto opened = crypto::open_value(*kek,
                                           {.tenant = value.tenant,
                                            .secret = value.secret,
                                            .name_space = value.name_space,
                                            .key = value.key,
                                            .version = static_cast<std::uint64_t>(value.version),
                                            .tier = static_cast<std::uint8_t>(value.tier),
                                            .expires_at = value.expires_at},
                                           value.dek_box,
                                           value.value_box);
    if (!opened) return failure(opened);
    return {};
}

// A sample of every tenant's values, opened and forgotten.
Result<Opened> open_sample(store::Connection& connection, const crypto::KeyProvider& root_key) {
    Opened opened;
    TenantId after;
    TenantId previous;
    for (;;) {
        const auto sample =
            store::sample_values(connection, after, kTenantsAtOnce, kValuesOfEachTenant);
        if (!sample) return failure(sample);
        for (const auto& value : sample->values) {
            if (value.tenant != previous) ++opened.tenants;
            previous = value.tenant;
            ++opened.values;
            if (const auto done = open_value(root_key, value); !done)
                opened.failures.push_back("tenant " + value.tenant.text() + ", secret " +
                                          value.secret.text() + ", version " +
                                          std::to_string(value.version) + ": does not open");
        }
        if (!sample->last) return opened;
        after = *sample->last;
    }
}

// A database that was restored, against what its backup says and under the root key. Prints what it
// found; whether all is well.
Result<bool> judge(const store::Endpoint& endpoint,
                   const BackupManifest& manifest,
                   const crypto::KeyProvider& root_key) {
    auto connection = store::Connection::open(patient(endpoint), store::Role::Backup);
    if (!connection) return failure(connection);
    const auto rows = store::count_rows(*connection);
    if (!rows) return failure(rows);
    const auto wrong = differences(manifest.tables, *rows);
    std::int64_t count = 0;
    for (const auto& table : *rows)
        count += table.rows;
    print_line("rows        " + std::to_string(count) + " in " + std::to_string(rows->size()) +
               " tables" + (wrong.empty() ? ", as in the backup" : ""));
    for (const auto& line : wrong)
        print_line("            " + line);
    const auto opened = open_sample(*connection, root_key);
    if (!opened) return failure(opened);
    print_line("values      " + std::to_string(opened->values) + " of " +
               std::to_string(opened->tenants) + " tenants opened" +
               (opened->failures.empty() ? "" : ", but for:"));
    for (const auto& line : opened->failures)
        print_line("            " + line);
    return wrong.empty() && opened->failures.empty();
}

std::string counted(std::int64_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void say_what_returns(const BackupManifest& manifest) {
    const auto& count = manifest.revivable;
    print_line("\nThis is the store of " + format_rfc3339(manifest.taken_at) +
               ". What was done since then is undone:\n"
               "secrets have the values of then, and whatever was taken away since works again:\n");
    print_line("  " + counted(count.agents, "active agent") + " with the keys of then");
    print_line("  " + counted(count.members, "member") + " with the roles of then");
    print_line("  " + counted(count.personal_tokens, "personal token"));
    print_line("  " + counted(count.webhooks, "webhook"));
    print_line("  " + counted(count.invitations, "open invitation"));
    print_line("  " + counted(count.approvals, "request") + " that waits for a decision");
    print_line(
        "\nEvery scoped token is dead, old ones and those of today: the token epoch is raised.\n");
}

Failure unacknowledged() {
    return failure(ErrorCode::InvalidRequest,
                   "nothing was done: look at this, then say --acknowledge to restore");
}

Result<void> refuse_used_database(const store::Endpoint& endpoint) {
    auto connection = store::Connection::open(endpoint, store::Role::Migrator);
    if (!connection) return failure(connection);
    const auto used = store::has_schema(*connection);
    if (!used) return failure(used);
    if (!*used) return {};
    return failure(ErrorCode::InvalidRequest,
                   "the database '" + endpoint.database +
                       "' has a store in it already. A restore goes into an empty one: stop the "
                       "workers, rename the old database (alter database … rename to …), run "
                       "roles.sql again, then this");
}

}  // namespace

Result<void> backup(const config::Config& config, const fs::path& target, Output output) {
    const auto begin = steady_clock::now();
    auto folder = UnfinishedFolder::create(target);
    if (!folder) return failure(folder);
    const auto endpoint = config::endpoint_of(config);
    auto connection = open_database(patient(endpoint), store::Role::Backup);
    if (!connection) return failure(connection);
    const auto snapshot = store::begin_snapshot(*connection);
    if (!snapshot) return failure(snapshot);
    auto manifest = describe(*connection, *snapshot);
    if (!manifest) return failure(manifest);

    const fs::path file = folder->path() / kDumpFile;
    if (auto done = dump(endpoint, *snapshot, file); !done) return done;
    auto digest = sha256_of_file(file);
    if (!digest) return failure(digest);
    manifest->dump_sha256 = *std::move(digest);
    std::error_code error;
    manifest->dump_bytes = static_cast<std::int64_t>(fs::file_size(file, error));
    if (error) return file_failure(file, error);
    if (auto done = write_manifest(folder->path(), *manifest); !done) return done;
    if (auto done = folder->finish(); !done) return done;

    if (output == Output::Json) {
        JsonWriter json;
        json.begin_object().member("folder", target.string());
        json.member("taken_at", format_rfc3339(manifest->taken_at));
        json.member("bytes", manifest->dump_bytes);
        json.member("secrets", rows_of(*manifest, "secrets"));
        json.end_object();
        print_json(std::move(json));
        return {};
    }
    print_line("backup of " + format_rfc3339(manifest->taken_at) + " in " + target.string() + ": " +
               counted(rows_of(*manifest, "secrets"), "secret") + ", " +
               size_text(manifest->dump_bytes) + ", " + in_seconds(begin));
    print_line("The root key is not in it: 'secretstorectl root-key export', kept elsewhere.");
    return {};
}

Result<ExitCode> backup_verify(const config::Config& config,
                               const fs::path& folder,
                               const fs::path& place) {
    const auto begin = steady_clock::now();
    const auto opened = open_backup(config, folder);
    if (!opened) return failure(opened);
    const auto& [manifest, root_key] = *opened;
    print_line("backup      of " + format_rfc3339(manifest.taken_at) + ", " +
               size_text(manifest.dump_bytes) + ", unchanged");

    print_line("restoring   it, to open what is in it");
    const auto cluster = ScratchCluster::start(config, place.empty() ? kScratchPlace : place);
    if (!cluster) return failure(cluster);
    const auto restored = load_dump(
        cluster->endpoint(), "postgres", folder / kDumpFile, {"--exit-on-error", "--jobs=2"});
    if (!restored) return failure(restored);
    print_line("restored    into a scratch cluster, " + in_seconds(begin));
    const auto good = judge(cluster->endpoint(), manifest, *root_key);
    if (!good) return failure(good);
    print_line("verdict     " + std::string(*good ? "GOOD" : "BAD") + ", " + in_seconds(begin));
    return *good ? ExitCode::Ok : ExitCode::Failure;
}

Result<ExitCode> restore(const config::Config& config,
                         const fs::path& folder,
                         Acknowledged acknowledged) {
    const auto begin = steady_clock::now();
    const auto opened = open_backup(config, folder);
    if (!opened) return failure(opened);
    const auto& [manifest, root_key] = *opened;
    const auto endpoint = config::endpoint_of(config);
    if (const auto empty = refuse_used_database(endpoint); !empty) return failure(empty);
    say_what_returns(manifest);
    if (acknowledged == Acknowledged::No) return unacknowledged();

    // Before anything of the old database can be served.
    const auto epoch = raise_token_epoch(config);
    if (!epoch) return failure(epoch);
    print_line("epoch       " + std::to_string(*epoch) +
               ": give the root key's file to every host that runs workers");
    print_line("restoring   " + size_text(manifest.dump_bytes));
    const auto restored =
        load_dump(endpoint,
                  "secretstore_migrator",
                  folder / kDumpFile,
                  {"--exit-on-error", "--single-transaction", "--role=secretstore_owner"});
    if (!restored) return failure(restored);
    print_line("restored    " + in_seconds(begin));
    const auto good = judge(endpoint, manifest, *root_key);
    if (!good) return failure(good);
    if (!*good)
        return failure(ErrorCode::IntegrityFailure,
                       "what was restored is not what the backup says: don't serve it");
    if (manifest.schema < store::kOldestUsableSchema)
        print_line("Its schema is older than this program: run 'secretstorectl db migrate'.");
    print_line("Done in " + in_seconds(begin) + ". Restart the workers; agents get new tokens.");
    return ExitCode::Ok;
}

}  // namespace core::ctl
