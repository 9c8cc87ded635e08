// `secretstorectl doctor`: reads what findings.h judges. See commands.h.
#include "core/ctl/commands.h"
#include "core/ctl/credentials.h"
#include "core/ctl/database_state.h"
#include "core/ctl/findings.h"
#include "core/ctl/nginx_site.h"
#include "core/ctl/postgres_host.h"
#include "core/ctl/session.h"
#include "core/ctl/subprocess.h"
#include "core/ctl/units.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace core::ctl {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigFolder = "/etc/secretstore";
constexpr const char* kWorkerSocket = "/run/secretstore/worker.sock";
constexpr std::uintmax_t kTailOfLog = 1U << 18U;

Finding skipped(const std::string& check, const std::string& why) {
    return {check, Health::Skipped, why, {}};
}

std::string read_text(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// The last part of a file that grows.
std::string read_tail(const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    std::ifstream stream(file, std::ios::binary);
    if (!error && size > kTailOfLog) stream.seekg(static_cast<std::streamoff>(size - kTailOfLog));
    return {std::istreambuf_iterator<char>(stream), {}};
}

bool is_root() {
    return ::geteuid() == 0;
}

std::string name_of_user(uid_t id) {
    const auto* user = ::getpwuid(id);
    return user == nullptr ? std::to_string(id) : user->pw_name;
}

std::string name_of_group(gid_t id) {
    const auto* group = ::getgrgid(id);
    return group == nullptr ? std::to_string(id) : group->gr_name;
}

// All that is found, in the order in which it is looked for.
class Examination {
  public:
    // `config` must outlive this object.
    explicit Examination(const config::Config& config) : m_config(config) {}

    void run() {
        look_at_schema();
        look_at_key();
        look_at_billing();
        look_at_server_setup();
        look_at_access();
        look_at_nginx();
        look_at_kernel();
    }

    [[nodiscard]] const std::vector<Finding>& findings() const { return m_findings; }
    [[nodiscard]] Health worst() const {
        Health worst = Health::Fine;
        for (const auto& finding : m_findings)
            worst = std::max(worst, finding.health);
        return worst;
    }

  private:
    void add(Finding finding) { m_findings.push_back(std::move(finding)); }

    void look_at_schema() {
        DatabaseState state;
        if (const auto seen = look_at_database(m_config, state); !seen) {
            add({"schema",
                 Health::Wrong,
                 message_of(seen.error()),
                 "systemctl status postgresql; secretstorectl db status; secretstorectl init"});
            return;
        }
        if (state.pending_migrations > 0)
            add({"schema",
                 Health::Warning,
                 std::to_string(state.pending_migrations) + " migrations are missing",
                 "back up the database, then: secretstorectl db migrate"});
        else
            add({"schema", Health::Fine, "up to date", {}});
        add(judge_partitions(state.partitions_ahead));
        timex clock{};
        const bool synchronised =
            ::adjtimex(&clock) != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
        add(judge_clock(synchronised, state.ahead_of_this_host));
    }

    // Whether what this host has opens what the database has.
    void look_at_key() {
        Session session(m_config, store::Role::App);
        if (const auto opened = session.open_keys(m_config); !opened) {
            if (opened.error().code == ErrorCode::Unauthorized)
                add(skipped("key", message_of(opened.error())));
            else
                add({"key",
                     Health::Wrong,
                     message_of(opened.error()),
                     "bring the root key of this database: secretstorectl root-key import FILE"});
            return;
        }
        add({"key",
             Health::Fine,
             "root key " + session.root_key().id().text() + " opens this database",
             {}});
        const bool has_egress_key =
            config::egress_key_file(m_config) || find_credential(kEgressKeyCredential);
        if (!has_egress_key)
            add({"key",
                 Health::Wrong,
                 "secretstore-egress has no key on this host",
                 "secretstorectl init"});
    }

    // Not what is in it: the pool that has it says so when it starts.
    void look_at_billing() {
        const auto& billing = m_config.billing;
        if (!billing.enabled) return;
        const auto missing = [](const fs::path& file, const char* credential) {
            std::error_code error;
            return file.empty() ? !find_credential(credential) : !fs::exists(file, error);
        };
        if (!missing(billing.key_file, kStripeKeyCredential) &&
            !missing(billing.webhook_secret_file, kStripeWebhookCredential))
            return add({"billing", Health::Fine, "Stripe's key and secret are there", {}});
        add({"billing",
             Health::Wrong,
             "plans are sold, and the key or the webhook secret of Stripe is missing",
             "README.Debian, \"Selling plans\""});
    }

    void look_at_server_setup() {
        if (!has_own_server()) {
            add(skipped("hba", "the database is on another host"));
            look_at_database_certificates();
            return;
        }
        if (!is_root()) {
            add(skipped("hba", "only root can look: use sudo"));
            return;
        }
        const auto setup = look_at_server(m_config);
        if (!setup) {
            add({"hba", Health::Wrong, message_of(setup.error()), "systemctl status postgresql"});
            return;
        }
        for (const auto& rule : setup->bad_rules)
            add({"hba",
                 Health::Wrong,
                 "pg_hba.conf, " + rule,
                 "take the line out, then: systemctl reload postgresql"});
        if (setup->bad_rules.empty())
            add({"hba", Health::Fine, "nobody comes in without proof", {}});
        for (const auto& setting : setup->unsafe_settings)
            add({"durability",
                 Health::Wrong,
                 "PostgreSQL runs with " + setting + ": what was acknowledged can be lost",
                 "set it on in postgresql.conf, then: systemctl restart postgresql"});
        look_at_space(setup->data_directory);
    }

    [[nodiscard]] bool has_own_server() const {
        return store::is_socket_folder(m_config.database.hosts.front());
    }

    void look_at_database_certificates() {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(m_config.database.certificates, error))
            if (entry.path().extension() == ".crt")
                look_at_certificate(entry.path(), "secretstorectl restart");
        if (error)
            add({"certificate",
                 Health::Wrong,
                 m_config.database.certificates.string() + ": " + error.message(),
                 "README.Debian, \"The database on another host\", says what belongs there"});
    }

    void look_at_space(const fs::path& folder) {
        std::error_code error;
        const auto space = fs::space(folder, error);
        if (error) return add(skipped("disk", folder.string() + ": " + error.message()));
        add(judge_space(folder, {space.available, space.capacity}));
    }

    // Of one file; a missing one is somebody else's finding.
    void look_at_file(const fs::path& file, const WantedAccess& wanted) {
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0) return;
        const FileAccess access{file,
                                static_cast<unsigned>(status.st_mode) & 07777U,
                                name_of_user(status.st_uid),
                                name_of_group(status.st_gid)};
        ++m_files;
        if (const auto command = mend_access(access, wanted))
            add({"permissions",
                 Health::Wrong,
                 file.string() + " is open to more than it should be, or not its owner's",
                 *command});
    }

    void look_at_access() {
        if (!is_root()) {
            add(skipped("permissions", "only root can look: use sudo"));
            return;
        }
        const auto before = m_findings.size();
        std::error_code error;
        for (const auto& entry : fs::recursive_directory_iterator(kConfigFolder, error))
            if (entry.path().extension() == ".yaml")
                look_at_file(entry.path(), {0640, "root", "secretstore"});
        for (const char* name : {kRootKeyCredential,
                                 kEgressKeyCredential,
                                 kStripeKeyCredential,
                                 kStripeWebhookCredential})
            if (const auto credential = find_credential(name)) {
                look_at_file(credential->file(), {0400, "root", {}});
                look_at_file(credential->file().parent_path(), {0700, "root", {}});
            }
        // Its successor, while it is being replaced.
        if (const auto credential = find_credential(kNextRootKeyCredential))
            look_at_file(credential->file(), {0400, "root", {}});
        look_at_file("/var/lib/systemd/credential.secret", {0400, "root", {}});
        if (!m_config.root_key.file.empty())
            look_at_file(m_config.root_key.file, {0400, name_of_owner(m_config.root_key.file), {}});
        if (!has_own_server())
            for (const auto& entry : fs::directory_iterator(m_config.database.certificates, error))
                if (entry.path().extension() == ".key")
                    look_at_file(entry.path(), {0400, entry.path().stem().string(), {}});
        look_at_file(kWorkerSocket, {0660, "root", "www-data"});
        look_at_file(m_config.rate_limit.file, {0660, "secretstore", "secretstore"});
        look_at_file(m_config.metrics.file, {0660, "secretstore", "secretstore"});
        if (m_findings.size() == before)
            add({"permissions",
                 Health::Fine,
                 std::to_string(m_files) + " files are open to nobody else",
                 {}});
    }

    static std::string name_of_owner(const fs::path& file) {
        struct stat status {};
        return ::stat(file.c_str(), &status) == 0 ? name_of_user(status.st_uid) : "root";
    }

    void look_at_nginx() {
        if (!is_root()) {
            add(skipped("certificate", "only root can look: use sudo"));
            return;
        }
        const auto printed = run_program({"nginx", "-T"});
        if (!printed) {
            add(skipped("certificate", "no nginx on this host"));
            return;
        }
        if (!printed->succeeded()) {
            add({"nginx",
                 Health::Wrong,
                 "nginx would not start again: " + last_line(printed->complaint),
                 "nginx -t"});
            return;
        }
        const auto site = parse_site(printed->output);
        if (!site.is_there()) {
            add({"nginx",
                 Health::Warning,
                 "the site is not enabled",
                 "ln -s ../sites-available/secretstore /etc/nginx/sites-enabled/ && nginx -t && "
                 "systemctl reload nginx"});
            return;
        }
        for (const auto& file : unique(site.certificates))
            look_at_certificate(file, "systemctl reload nginx");
        for (const auto& file : unique(site.certificate_keys))
            look_at_file(file, {0640, "root", {}});
        add(judge_real_ip(site.trusted_proxies, count_clients(read_tail(site.access_log))));
        if (!site.access_log.empty()) look_at_space(site.access_log.parent_path());
    }

    static std::string last_line(const std::string& text) {
        const auto end = text.rfind('\n');
        return end == std::string::npos ? text : text.substr(end + 1);
    }

    static std::vector<fs::path> unique(std::vector<fs::path> files) {
        std::sort(files.begin(), files.end());
        files.erase(std::unique(files.begin(), files.end()), files.end());
        return files;
    }

    void look_at_certificate(const fs::path& file, const std::string& reload) {
        const auto dates =
            run_program({"openssl", "x509", "-noout", "-dates", "-in", file.string()});
        const auto validity = dates ? parse_validity(dates->output) : std::nullopt;
        if (!validity) {
            add(skipped("certificate", file.string() + ": openssl does not say how long it holds"));
            return;
        }
        add(judge_certificate(
            file.string(),
            *validity,
            std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()),
            reload));
    }

    void look_at_kernel() {
        std::int64_t granted = 0;
        std::ifstream("/proc/sys/net/core/somaxconn") >> granted;
        add(judge_backlog(granted));
        std::vector<std::string> plain;
        for (const auto& device : swap_devices(read_text("/proc/swaps")))
            if (!is_encrypted(device)) plain.push_back(device);
        add(judge_swap(plain, may_swap("nginx.service")));
    }

    static bool is_encrypted(const fs::path& device) {
        std::error_code error;
        const auto real = fs::canonical(device, error);
        if (error) return false;
        return read_text("/sys/class/block" / real.filename() / "dm/uuid").starts_with("CRYPT-");
    }

    static bool may_swap(const std::string& unit) {
        const auto shown =
            run_program({"systemctl", "show", "--value", "--property=MemorySwapMax", unit});
        return !shown || shown->output != "0";
    }

    const config::Config& m_config;
    std::vector<Finding> m_findings;
    std::size_t m_files = 0;
};

std::string padded(std::string text) {
    constexpr std::size_t kWidth = 13;
    text.resize(std::max(text.size() + 1, kWidth), ' ');
    return text;
}

void print_findings(const std::vector<Finding>& findings) {
    for (const auto& finding : findings) {
        print_line(padded(std::string(to_string(finding.health))) + padded(finding.check) +
                   finding.text);
        if (!finding.remedy.empty()) print_line(padded({}) + padded({}) + "→ " + finding.remedy);
    }
}

void print_findings_json(const Examination& examination) {
    JsonWriter json;
    json.begin_object().member("worst", to_string(examination.worst()));
    json.key("findings").begin_array();
    for (const auto& finding : examination.findings()) {
        json.begin_object().member("check", finding.check);
        json.member("health", to_string(finding.health)).member("text", finding.text);
        json.member("remedy", finding.remedy).end_object();
    }
    json.end_array().end_object();
    print_json(std::move(json));
}

}  // namespace

Result<ExitCode> doctor(const config::Config& config, Output output) {
    Examination examination(config);
    examination.run();
    if (output == Output::Json) {
        print_findings_json(examination);
    } else {
        print_findings(examination.findings());
    }
    switch (examination.worst()) {
        case Health::Fine:
        case Health::Skipped:
            return ExitCode::Ok;
        case Health::Warning:
            return ExitCode::Pending;
        case Health::Wrong:
            break;
    }
    return ExitCode::Failure;
}

}  // namespace core::ctl
