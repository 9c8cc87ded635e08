#include "core/ctl/postgres_host.h"

#include "core/ctl/subprocess.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBegin = "# BEGIN secretstore: written by 'secretstorectl init'\n";
constexpr std::string_view kEnd = "# END secretstore\n";

constexpr std::string_view kHostRules =
    "local secretstore secretstore_migrator,secretstore_maint,secretstore_app,"
    "secretstore_reader,secretstore_egress,secretstore_billing,secretstore_backup "
    "peer map=secretstore\n";
// Workers, egress and billing are each their own roles and no other; root, who could become any of
// them, is the operator.
constexpr std::string_view kUserMap =
    "secretstore root                  secretstore_migrator\n"
    "secretstore root                  secretstore_maint\n"
    "secretstore root                  secretstore_app\n"
    "secretstore root                  secretstore_egress\n"
    "secretstore root                  secretstore_backup\n"
    "secretstore root                  secretstore_billing\n"
    "secretstore secretstore           secretstore_app\n"
    "secretstore secretstore           secretstore_reader\n"
    "secretstore \"secretstore-egress\"  secretstore_egress\n"
    "secretstore \"secretstore-billing\" secretstore_billing\n";

// Replaces a file as its owner would: a copy of the first state stays, readers see the old or the
// new one. $1 is the file, stdin its new text.
constexpr const char* kReplaceFile = R"sh(
set -eu
umask 077
[ -e "$1.before-secretstore" ] || cp -p -- "$1" "$1.before-secretstore"
cat >"$1.secretstore-new"
chmod --reference="$1" -- "$1.secretstore-new"
mv -- "$1.secretstore-new" "$1"
)sh";

std::vector<std::string> as_postgres(std::vector<std::string> arguments) {
    std::vector<std::string> all{"runuser", "-u", "postgres", "--"};
    std::move(arguments.begin(), arguments.end(), std::back_inserter(all));
    return all;
}

// SQL as the superuser of the cluster.
class Superuser {
  public:
    // `config` must outlive this object.
    explicit Superuser(const config::Config& config) : m_config(config) {}

    // A single value.
    [[nodiscard]] Result<std::string> ask(const std::string& sql) const {
        return psql({"-c", sql}, {});
    }
    [[nodiscard]] Result<std::string> run(const std::string& script) const {
        return psql({"-f", "-"}, script);
    }

  private:
    [[nodiscard]] Result<std::string> psql(const std::vector<std::string>& what,
                                           const std::string& input) const {
        std::vector<std::string> arguments{"psql",
                                           "--no-psqlrc",
                                           "--quiet",
                                           "--no-align",
                                           "--tuples-only",
                                           "--set=ON_ERROR_STOP=1",
                                           "--host=" + m_config.database.hosts.front(),
                                           "--port=" + std::to_string(m_config.database.port),
                                           "--dbname=postgres"};
        arguments.insert(arguments.end(), what.begin(), what.end());
        return output_of("PostgreSQL", as_postgres(std::move(arguments)), input);
    }

    const config::Config& m_config;
};

Result<std::string> read_text(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    if (!stream) return failure(ErrorCode::ConfigInvalid, file.string() + ": can't be read");
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

Result<void> create_roles(const config::Config& config, const Superuser& superuser) {
    const auto script = read_text(config.database.migrations.parent_path() / "roles.sql");
    if (!script) return failure(script);
    const auto done = superuser.run(*script);
    if (!done) return failure(done);
    return {};
}

Result<void> replace_file(const std::string& file, const std::string& text) {
    const auto done = output_of(file, as_postgres({"sh", "-c", kReplaceFile, "sh", file}), text);
    if (!done) return failure(done);
    return {};
}

// `text` with our lines in place of those that it had, or at its beginning.
std::string with_block(const std::string& text, const std::string& lines) {
    std::string block(kBegin);
    block.append(lines).append(kEnd);
    const auto begin = text.find(kBegin);
    const auto end = begin == std::string::npos ? begin : text.find(kEnd, begin);
    if (end == std::string::npos) return block + text;
    return text.substr(0, begin) + block + text.substr(end + kEnd.size());
}

// One of PostgreSQL's two files of rules, and what it was.
class RulesFile {
  public:
    // `setting` names it for PostgreSQL, `errors` counts what is wrong with it.
    static Result<RulesFile> open(const Superuser& superuser,
                                  const std::string& setting,
                                  std::string errors) {
        const auto path = superuser.ask("show " + setting);
        if (!path) return failure(path);
        auto text = output_of(*path, as_postgres({"cat", "--", *path}));
        if (!text) return failure(text);
        return RulesFile(*path, *std::move(text) + "\n", std::move(errors));
    }

    // Whether anything had to be changed.
    Result<bool> put(const Superuser& superuser, std::string_view lines) {
        const std::string wanted = with_block(m_text, std::string(lines));
        if (wanted == m_text) return false;
        if (const auto done = replace_file(m_path, wanted); !done) return failure(done);
        const auto wrong = superuser.ask(m_errors);
        if (!wrong) return failure(wrong);
        if (wrong->empty()) return true;
        if (const auto back = replace_file(m_path, m_text); !back) return failure(back);
        return failure(ErrorCode::ConfigInvalid,
                       m_path + ": PostgreSQL refuses it, and it is as it was: " + *wrong);
    }

    [[nodiscard]] const std::string& path() const { return m_path; }

  private:
    RulesFile(std::string path, std::string text, std::string errors)
        : m_path(std::move(path)), m_text(std::move(text)), m_errors(std::move(errors)) {}

    std::string m_path;
    std::string m_text;
    std::string m_errors;
};

constexpr const char* kHostErrors =
    "select 'line ' || line_number || ': ' || error from pg_hba_file_rules"
    " where error is not null limit 1";
constexpr const char* kMapErrors =
    "select 'line ' || line_number || ': ' || error from pg_ident_file_mappings"
    " where error is not null limit 1";

constexpr const char* kBadRules =
    "select 'line ' || line_number || ': ' ||"
    " coalesce(error, 'lets in everybody who can connect (trust)') from pg_hba_file_rules"
    " where error is not null"
    " or auth_method = 'trust' and database && '{secretstore,all}'::text[] order by line_number";
// synchronous_commit is not among them: those roles that matter set it themselves (roles.sql).
constexpr const char* kUnsafeSettings =
    "select name || ' = ' || setting from pg_settings"
    " where name in ('fsync', 'full_page_writes') and setting = 'off'";

Result<std::vector<fs::path>> let_users_in(const Superuser& superuser) {
    std::vector<fs::path> changed;
    // The map first: a rule that names a map which is not there lets nobody in.
    auto map = RulesFile::open(superuser, "ident_file", kMapErrors);
    if (!map) return failure(map);
    auto rules = RulesFile::open(superuser, "hba_file", kHostErrors);
    if (!rules) return failure(rules);
    const auto map_changed = map->put(superuser, kUserMap);
    if (!map_changed) return failure(map_changed);
    const auto rules_changed = rules->put(superuser, kHostRules);
    if (!rules_changed) return failure(rules_changed);
    if (*map_changed) changed.emplace_back(map->path());
    if (*rules_changed) changed.emplace_back(rules->path());
    if (!changed.empty())
        if (const auto told = superuser.ask("select pg_reload_conf()"); !told) return failure(told);
    return changed;
}

}  // namespace

Result<ServerSetup> look_at_server(const config::Config& config) {
    const Superuser superuser(config);
    const auto folder = superuser.ask("show data_directory");
    if (!folder) return failure(folder);
    const auto rules = superuser.ask(kBadRules);
    if (!rules) return failure(rules);
    const auto settings = superuser.ask(kUnsafeSettings);
    if (!settings) return failure(settings);
    return ServerSetup{*folder, lines_of(*rules), lines_of(*settings)};
}

Result<PreparedDatabase> prepare_database(const config::Config& config) {
    if (config.database.name != "secretstore")
        return failure(ErrorCode::ConfigInvalid,
                       "init makes the database 'secretstore'; 'database.name' is '" +
                           config.database.name +
                           "': prepare that one by hand, and run "
                           "'secretstorectl db migrate' and 'secretstorectl init --keys-only'");
    const Superuser superuser(config);
    if (const auto done = create_roles(config, superuser); !done) return failure(done);
    auto changed = let_users_in(superuser);
    if (!changed) return failure(changed);
    const auto connections = superuser.ask("show max_connections");
    if (!connections) return failure(connections);
    PreparedDatabase prepared{*std::move(changed), 0};
    std::from_chars(
        connections->data(), connections->data() + connections->size(), prepared.max_connections);
    return prepared;
}

}  // namespace core::ctl
