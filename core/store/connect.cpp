#include "core/store/connect.h"

#include "core/store/sqlstate.h"

#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <utility>
#include <vector>

namespace core::store {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
// A host that says nothing while it is asked for a connection is given up after this, and one that
// stops acknowledging what was sent to it.
constexpr Milliseconds kSilence{1000};
// A host that refused while others are still silent is asked again: a standby may have been
// promoted.
constexpr Milliseconds kAskAgainAfter{100};

// libpq's words for a connection, with their values.
using Keywords = std::vector<std::pair<std::string, std::string>>;

Milliseconds left_until(Clock::time_point deadline) {
    return std::chrono::duration_cast<Milliseconds>(deadline - Clock::now());
}

std::string options_of(const Endpoint& endpoint, Role role) {
    // A migration may scan a big table; its own file limits how long it waits for locks.
    if (role == Role::Migrator) return "-c client_min_messages=warning";
    // Its one transaction waits, doing nothing, for pg_dump to copy everything.
    if (role == Role::Backup)
        return "-c client_min_messages=warning -c idle_in_transaction_session_timeout=0 -c jit=off";
    return "-c statement_timeout=" + std::to_string(endpoint.statement_timeout.count()) +
           " -c lock_timeout=" + std::to_string(endpoint.lock_timeout.count()) +
           " -c idle_in_transaction_session_timeout=10000" +
           // Plans are made once: a custom plan per call costs more than the statement itself.
           " -c plan_cache_mode=force_generic_plan" +
           // A generic plan does not know its parameters: where a bound may cut off nearly all of a
           // table (the audit log's last minutes) it would still read the whole of it.
           " -c enable_seqscan=off" +
           // A generic plan guesses how many rows an array has; compiling for it never pays.
           " -c jit=off -c client_min_messages=warning";
}

std::string name_of_this_user() {
    constexpr std::size_t kEnough = 16384;
    std::vector<char> buffer(kEnough);
    passwd entry{};
    passwd* found = nullptr;
    const int status = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
    return status == 0 && found != nullptr ? entry.pw_name : std::to_string(::geteuid());
}

bool is_local(const Endpoint& endpoint) {
    return std::all_of(endpoint.hosts.begin(), endpoint.hosts.end(), is_socket_folder);
}

// A kernel that has room answers at once, a server on this host when it gets round to it.
Milliseconds patience_of(const Endpoint& endpoint) {
    return is_local(endpoint) ? endpoint.response_timeout
                              : std::min(endpoint.response_timeout, kSilence);
}

// Proof of who each side is, and what notices that a host or a cable is gone.
void add_network(const Endpoint& endpoint, Keywords& keywords) {
    if (is_local(endpoint)) return;
    const auto own = endpoint.certificates / name_of_this_user();
    keywords.insert(keywords.end(),
                    {{"sslmode", "verify-full"},
                     {"ssl_min_protocol_version", "TLSv1.3"},
                     {"sslrootcert", (endpoint.certificates / "ca.crt").string()},
                     {"sslcert", own.string() + ".crt"},
                     {"sslkey", own.string() + ".key"},
                     // Else a ticket of Kerberos could bring a connection without TLS.
                     {"gssencmode", "disable"},
                     {"tcp_user_timeout", std::to_string(kSilence.count())},
                     {"keepalives_idle", "1"},
                     {"keepalives_interval", "1"}});
}

Keywords keywords_of(const Endpoint& endpoint, std::string_view user) {
    Keywords keywords{{"port", std::to_string(endpoint.port)},
                      {"dbname", endpoint.database},
                      {"user", std::string(user)},
                      // A standby, or a server that was told to stop writing, is no use.
                      {"target_session_attrs", "read-write"}};
    // libpq passes over what is about networks where the host is a folder.
    add_network(endpoint, keywords);
    return keywords;
}

PgConnection start(const Endpoint& endpoint, const std::string& host, Role role) {
    auto keywords = keywords_of(endpoint, name_of(role));
    keywords.insert(keywords.end(),
                    {{"host", host},
                     {"options", options_of(endpoint, role)},
                     {"application_name", endpoint.application_name},
                     {"client_encoding", "UTF8"}});
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : keywords) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    PgConnection pg(PQconnectStartParams(names.data(), values.data(), 0));
    if (!pg) return pg;
    // libpq would print the server's notices to stderr, which is our log; they may quote values.
    PQsetNoticeProcessor(
        pg.get(), [](void*, const char*) {}, nullptr);
    // Why a server refuses a connection has no accessor: only so its text has the code.
    PQsetErrorVerbosity(pg.get(), PQERRORS_VERBOSE);
    return pg;
}

// Of "FATAL:  3D000: database … does not exist", in whatever language. Empty where there is none.
std::string sqlstate_in(std::string_view text) {
    constexpr std::string_view kBefore = ":  ";
    constexpr std::size_t kSize = 5;
    const auto at = text.find(kBefore);
    if (at == std::string_view::npos) return {};
    const auto code = text.substr(at + kBefore.size(), kSize);
    const auto behind = text.substr(std::min(at + kBefore.size() + kSize, text.size()));
    return std::string(behind.starts_with(": ") ? code : std::string_view{});
}

// One host that is asked.
class Attempt {
  public:
    explicit Attempt(PgConnection pg) { ask(std::move(pg)); }

    // Anew, whatever came of it.
    void ask(PgConnection pg) {
        m_pg = std::move(pg);
        m_state = PGRES_POLLING_WRITING;
        if (PQstatus(m_pg.get()) == CONNECTION_BAD) fail();
    }

    [[nodiscard]] bool is_under_way() const {
        return m_state == PGRES_POLLING_READING || m_state == PGRES_POLLING_WRITING;
    }
    [[nodiscard]] bool has_succeeded() const { return m_state == PGRES_POLLING_OK; }
    [[nodiscard]] bool has_failed() const { return m_state == PGRES_POLLING_FAILED; }
    [[nodiscard]] Clock::time_point failed_at() const { return m_failed_at; }

    [[nodiscard]] pollfd awaited() const {
        return {PQsocket(m_pg.get()),
                static_cast<short>(m_state == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                0};
    }
    void go_on() {
        m_state = PQconnectPoll(m_pg.get());
        if (has_failed()) fail();
    }

    [[nodiscard]] std::string complaint() const {
        if (is_under_way()) return std::string(PQhost(m_pg.get())) + ": no answer in time";
        std::string text;
        std::istringstream lines(PQerrorMessage(m_pg.get()));
        for (std::string line; std::getline(lines, line);)
            if (!line.starts_with("LOCATION:")) text.append(text.empty() ? "" : "\n").append(line);
        return text;
    }
    // The server is there, and must be set up first.
    [[nodiscard]] bool finds_nothing_set_up() const {
        if (!has_failed()) return false;
        const std::string code = sqlstate_in(PQerrorMessage(m_pg.get()));
        return code == sqlstate::kInvalidCatalogName ||
               code.starts_with(sqlstate::kInvalidAuthorizationClass);
    }

    PgConnection take() && {
        PQsetErrorVerbosity(m_pg.get(), PQERRORS_DEFAULT);
        return std::move(m_pg);
    }

  private:
    void fail() {
        m_state = PGRES_POLLING_FAILED;
        m_failed_at = Clock::now();
    }

    PgConnection m_pg;
    PostgresPollingStatusType m_state = PGRES_POLLING_WRITING;
    Clock::time_point m_failed_at{};
};

// Lets those go on whose sockets are ready, or which become so within `patience`. False where none
// is under way.
bool advance(std::vector<Attempt>& attempts, Milliseconds patience) {
    std::vector<pollfd> sockets;
    std::vector<Attempt*> waiting;
    for (auto& attempt : attempts) {
        if (!attempt.is_under_way()) continue;
        sockets.push_back(attempt.awaited());
        waiting.push_back(&attempt);
    }
    if (waiting.empty()) return false;
    const int ready =
        ::poll(sockets.data(), sockets.size(), static_cast<int>(patience.count()) + 1);
    if (ready < 0) return errno == EINTR;
    for (std::size_t i = 0; i < sockets.size(); ++i)
        if (sockets[i].revents != 0) waiting[i]->go_on();
    return true;
}

// A value of a connection string: always quoted.
std::string in_quotes(const std::string& value) {
    std::string text = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + "'";
}

// Of all of them.
Error refusal_of(const std::vector<Attempt>& attempts) {
    std::string complaints;
    for (const auto& attempt : attempts)
        complaints.append(complaints.empty() ? "" : "; ").append(attempt.complaint());
    Error error = unavailable(std::move(complaints));
    // Where one of several hosts is away, that is what is wrong.
    if (std::all_of(attempts.begin(), attempts.end(), [](const auto& attempt) {
            return attempt.finds_nothing_set_up();
        }))
        error.code = ErrorCode::StoreUninitialised;
    return error;
}

}  // namespace

void FinishConnection::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

Result<PgConnection> connect(const Endpoint& endpoint, Role role) {
    const auto deadline = Clock::now() + patience_of(endpoint);
    std::vector<Attempt> attempts;
    for (const auto& host : endpoint.hosts)
        attempts.emplace_back(start(endpoint, host, role));
    while (advance(attempts, std::min(left_until(deadline), kAskAgainAfter))) {
        const auto first = std::find_if(attempts.begin(), attempts.end(), [](const auto& attempt) {
            return attempt.has_succeeded();
        });
        if (first != attempts.end()) return std::move(*first).take();
        const auto now = Clock::now();
        if (now >= deadline) break;
        for (std::size_t i = 0; i < attempts.size(); ++i)
            if (attempts[i].has_failed() && now >= attempts[i].failed_at() + kAskAgainAfter)
                attempts[i].ask(start(endpoint, endpoint.hosts[i], role));
    }
    return tl::unexpected(refusal_of(attempts));
}

std::string_view name_of(Role role) {
    switch (role) {
        case Role::App:
            return "secretstore_app";
        case Role::Reader:
            return "secretstore_reader";
        case Role::Egress:
            return "secretstore_egress";
        case Role::Billing:
            return "secretstore_billing";
        case Role::Maint:
            return "secretstore_maint";
        case Role::Migrator:
            return "secretstore_migrator";
        case Role::Backup:
            return "secretstore_backup";
    }
    return "";
}

std::string conninfo(const Endpoint& endpoint, std::string_view user) {
    std::string hosts;
    for (const auto& host : endpoint.hosts)
        hosts.append(hosts.empty() ? "" : ",").append(host);
    std::string text = "host=" + in_quotes(hosts);
    for (const auto& [name, value] : keywords_of(endpoint, user))
        text.append(" ").append(name).append("=").append(in_quotes(value));
    return text;
}

}  // namespace core::store
