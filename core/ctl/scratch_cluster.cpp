#include "core/ctl/scratch_cluster.h"

#include "core/config/wiring.h"
#include "core/ctl/file_failure.h"
#include "core/ctl/subprocess.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServer = "/usr/lib/postgresql/15/bin/";
constexpr const char* kServerUser = "postgres";

using Words = std::vector<std::string>;

// As whom the server runs: nobody else where the caller is not root.
Words as_server(Words words) {
    words.front() = kServer + words.front();
    if (::geteuid() != 0) return words;
    Words all{"runuser", "-u", kServerUser, "--"};
    std::move(words.begin(), words.end(), std::back_inserter(all));
    return all;
}

Result<fs::path> make_folder(const fs::path& place) {
    std::string name = (place / "secretstore-scratch.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        return file_failure(place, {errno, std::generic_category()});
    if (::geteuid() != 0) return fs::path(name);
    const auto* user = ::getpwnam(kServerUser);  // NOLINT: one thread
    if (user == nullptr || ::chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) {
        std::error_code ignored;
        fs::remove_all(name, ignored);
        return failure(ErrorCode::ConfigInvalid,
                       "there is no system user 'postgres': install the package postgresql-15");
    }
    return fs::path(name);
}

Result<void> run(const std::string& what, const Words& words) {
    const auto done = output_of(what, words);
    if (!done) return failure(done);
    return {};
}

Result<void> create(const fs::path& folder) {
    return run("a scratch cluster",
               as_server({"initdb",
                          "--pgdata=" + (folder / "data").string(),
                          "--username=postgres",
                          "--auth=trust",
                          "--encoding=UTF8",
                          "--locale=C",
                          "--no-sync",
                          "--no-instructions"}));
}

// What is lost when the machine stops is made again.
Result<void> start_server(const fs::path& folder) {
    return run(
        "the scratch cluster",
        as_server({"pg_ctl",
                   "start",
                   "--wait",
                   "--silent",
                   "--pgdata=" + (folder / "data").string(),
                   "--log=" + (folder / "log").string(),
                   "--options=-c listen_addresses= -c unix_socket_directories=" + folder.string() +
                       " -c fsync=off -c full_page_writes=off -c autovacuum=off"
                       " -c max_wal_size=4GB -c maintenance_work_mem=256MB"}));
}

}  // namespace

Result<ScratchCluster> ScratchCluster::start(const config::Config& config, const fs::path& place) {
    const auto folder = make_folder(place);
    if (!folder) return failure(folder);
    store::Endpoint endpoint = config::endpoint_of(config);
    endpoint.hosts = {folder->string()};
    endpoint.port = 5432;
    // From here on its destructor cleans up.
    ScratchCluster cluster(*folder, std::move(endpoint));
    if (const auto done = create(*folder); !done) return failure(done);
    if (const auto done = start_server(*folder); !done) return failure(done);
    const auto roles = config.database.migrations.parent_path() / "roles.sql";
    const auto done = run("the scratch cluster",
                          {"psql",
                           "--no-psqlrc",
                           "--quiet",
                           "--set=ON_ERROR_STOP=1",
                           "--host=" + folder->string(),
                           "--port=5432",
                           "--username=postgres",
                           "--dbname=postgres",
                           "--output=/dev/null",
                           "--file=" + roles.string()});
    if (!done) return failure(done);
    return cluster;
}

ScratchCluster::ScratchCluster(ScratchCluster&& other) noexcept
    : m_folder(std::exchange(other.m_folder, {})), m_endpoint(std::move(other.m_endpoint)) {}

ScratchCluster::~ScratchCluster() {
    if (m_folder.empty()) return;
    [[maybe_unused]] const auto stopped =
        run_program(as_server({"pg_ctl",
                               "stop",
                               "--wait",
                               "--silent",
                               "--mode=immediate",
                               "--pgdata=" + (m_folder / "data").string()}));
    std::error_code ignored;
    fs::remove_all(m_folder, ignored);
}

}  // namespace core::ctl
