#include "core/store/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

namespace core::store {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

struct FinishConnection {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
using PgConnection = std::unique_ptr<PGconn, FinishConnection>;

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

// PQfinish on a connection with a query under way closes the socket; the server notices and rolls
// back.
StoreFailure lost(std::string message) {
    return StoreFailure{{}, std::move(message), {}, true, false};
}

StoreFailure failure_of(const PGresult* result) {
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char* constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    // The primary message only: DETAIL and CONTEXT can quote values.
    return StoreFailure{code != nullptr ? code : "",
                        message != nullptr ? message : "no message",
                        constraint != nullptr ? constraint : "",
                        false,
                        false};
}

// The one write of a batch of reads is its audit records.
bool writes_audit(Statement statement) {
    return statement == Statement::InsertAuditEvent || statement == Statement::ReadSecrets;
}

StoreFailure failure_of(const PGresult* result, Statement statement) {
    StoreFailure failed = failure_of(result);
    failed.of_audit = writes_audit(statement) && is_write_refused(failed.sqlstate);
    return failed;
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

// Waits until the socket can be read (or written, when asked), or the deadline passes.
enum class Wait { Ready, TimedOut, Failed };
Wait wait_for(PGconn* connection, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return Wait::TimedOut;
        pollfd descriptor{PQsocket(connection), events, 0};
        const int ready = ::poll(&descriptor, 1, static_cast<int>(left.count()) + 1);
        if (ready > 0) return Wait::Ready;
        if (ready < 0 && errno != EINTR) return Wait::Failed;
    }
}

}  // namespace

struct Connection::Impl {
    PgConnection pg;
    Role role = Role::App;
    Milliseconds response_timeout{3000};
    bool broken = false;

    StoreFailure break_off(std::string message) {
        broken = true;
        return lost(std::move(message));
    }

    // The next result, nullptr where the current command has no more.
    StoreResult<PgResult> next_result(Clock::time_point deadline) {
        for (;;) {
            const int unsent = PQflush(pg.get());
            if (unsent < 0) return tl::unexpected(break_off("the connection broke while sending"));
            if (PQisBusy(pg.get()) == 0) return PgResult(PQgetResult(pg.get()));
            const auto events = static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0));
            const Wait wait = wait_for(pg.get(), events, deadline);
            if (wait == Wait::TimedOut)
                return tl::unexpected(break_off("no answer within the response timeout"));
            if (wait == Wait::Failed || PQconsumeInput(pg.get()) == 0)
                return tl::unexpected(break_off("the connection broke while waiting"));
        }
    }

    // The result of one pipelined step, with the end of its results passed over.
    StoreResult<PgResult> step_result(Clock::time_point deadline) {
        auto result = next_result(deadline);
        if (!result) return result;
        if (!*result) return tl::unexpected(break_off("a result is missing"));
        auto end = next_result(deadline);
        if (!end) return end;
        return result;
    }

    bool send(std::span<const Step> steps) {
        if (PQenterPipelineMode(pg.get()) == 0) return false;
        for (const auto& step : steps) {
            const auto wire = step.parameters.wire();
            if (PQsendQueryPrepared(pg.get(),
                                    statement_text(step.statement).name,
                                    static_cast<int>(step.parameters.count()),
                                    wire.values.data(),
                                    wire.lengths.data(),
                                    wire.formats.data(),
                                    1) == 0)
                return false;
        }
        return PQpipelineSync(pg.get()) != 0;
    }

    // Passes the synchronisation point. What fails only there is the COMMIT of an implicit
    // transaction: nothing is done before that point is seen.
    StoreResult<void> await_sync(Clock::time_point deadline, std::optional<StoreFailure>& failed) {
        // A failure at that point is one more result, with an end of its own.
        for (int ends = 0; ends < 3;) {
            auto result = next_result(deadline);
            if (!result) return tl::unexpected(result.error());
            if (!*result) {
                ++ends;
                continue;
            }
            if (PQresultStatus(result->get()) != PGRES_PIPELINE_SYNC) {
                if (!failed) failed = failure_of(result->get());
                continue;
            }
            if (PQstatus(pg.get()) == CONNECTION_OK && PQexitPipelineMode(pg.get()) != 0) return {};
            break;
        }
        return tl::unexpected(break_off("the connection broke at the end of a pipeline"));
    }

    // Reads all results up to the synchronisation point; the first failure wins.
    StoreResult<std::vector<ResultSet>> receive(std::span<const Step> steps) {
        const auto deadline = Clock::now() + response_timeout;
        std::vector<ResultSet> results;
        results.reserve(steps.size());
        std::optional<StoreFailure> failed;
        for (const auto& step : steps) {
            auto result = step_result(deadline);
            if (!result) return tl::unexpected(failed.value_or(result.error()));
            const auto status = PQresultStatus(result->get());
            if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
                results.emplace_back(result->release());
            else if (status != PGRES_PIPELINE_ABORTED && !failed)
                failed = failure_of(result->get(), step.statement);
        }
        const auto synced = await_sync(deadline, failed);
        if (failed) return tl::unexpected(*failed);
        if (!synced) return tl::unexpected(synced.error());
        return results;
    }
};

Connection::Connection(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

namespace {

Result<PgConnection> connect(const Endpoint& endpoint, Role role) {
    const std::string port = std::to_string(endpoint.port);
    const std::string user(name_of(role));
    const std::string options = options_of(endpoint, role);
    const std::array<const char*, 9> names{"host",
                                           "port",
                                           "dbname",
                                           "user",
                                           "options",
                                           "connect_timeout",
                                           "application_name",
                                           "client_encoding",
                                           nullptr};
    const std::array<const char*, 9> values{endpoint.host.c_str(),
                                            port.c_str(),
                                            endpoint.database.c_str(),
                                            user.c_str(),
                                            options.c_str(),
                                            "2",
                                            endpoint.application_name.c_str(),
                                            "UTF8",
                                            nullptr};
    PgConnection pg(PQconnectStartParams(names.data(), values.data(), 0));
    if (!pg) return tl::unexpected(unavailable("out of memory for a connection"));
    // libpq would print the server's notices to stderr, which is our log; they may quote values.
    PQsetNoticeProcessor(
        pg.get(), [](void*, const char*) {}, nullptr);

    const auto deadline = Clock::now() + endpoint.response_timeout;
    auto state = PGRES_POLLING_WRITING;
    while (PQstatus(pg.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        const auto events = static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        if (wait_for(pg.get(), events, deadline) != Wait::Ready)
            return tl::unexpected(unavailable("PostgreSQL did not accept a connection in time"));
        state = PQconnectPoll(pg.get());
        if (state == PGRES_POLLING_FAILED) break;
    }
    if (PQstatus(pg.get()) != CONNECTION_OK)
        return tl::unexpected(unavailable(PQerrorMessage(pg.get())));
    return pg;
}

StoreResult<void> prepare_on(PGconn* pg, const StatementText& text) {
    const PgResult result(PQprepare(pg, text.name, text.sql, 0, nullptr));
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return {};
    return tl::unexpected(failure_of(result.get()));
}

// Tables, columns or rights that are missing (classes 42 and 3F) are the operator's to mend, and
// waiting does not help; all else is a database that is away.
Error unprepared(const StatementText& text, const StoreFailure& failed) {
    const std::string detail =
        "preparing " + std::string(text.name) + ": " + failed.sqlstate + " " + failed.message;
    if (!failed.sqlstate.starts_with("42") && !failed.sqlstate.starts_with("3F"))
        return unavailable(detail);
    return {ErrorCode::ConfigInvalid,
            "the database's schema does not fit this program (" + failed.message +
                "): run 'secretstorectl db migrate'",
            detail};
}

Result<void> prepare_statements(PGconn* pg, Role role) {
    for (const auto& text : all_statements()) {
        if (!text.is_for(role)) continue;
        const auto prepared = prepare_on(pg, text);
        if (!prepared) return tl::unexpected(unprepared(text, prepared.error()));
    }
    return {};
}

}  // namespace

Result<Connection> Connection::open(const Endpoint& endpoint, Role role) {
    auto pg = connect(endpoint, role);
    if (!pg) return failure(pg);
    if (const auto prepared = prepare_statements(pg->get(), role); !prepared)
        return failure(prepared);
    PQsetnonblocking(pg->get(), 1);
    auto impl = std::make_unique<Impl>();
    impl->pg = std::move(*pg);
    impl->role = role;
    impl->response_timeout = endpoint.response_timeout;
    return Connection(std::move(impl));
}

StoreResult<std::vector<ResultSet>> Connection::run(std::span<const Step> steps) {
    if (!m_impl->send(steps))
        return tl::unexpected(m_impl->break_off("the statement can't be sent"));
    return m_impl->receive(steps);
}

StoreResult<ResultSet> Connection::run(Statement statement, const Parameters& parameters) {
    const std::array<Step, 1> steps{Step{statement, parameters}};
    auto results = run(steps);
    if (!results) return tl::unexpected(results.error());
    return std::move(results->front());
}

StoreResult<void> Connection::prepare(Statement statement) {
    PQsetnonblocking(m_impl->pg.get(), 0);
    auto prepared = prepare_on(m_impl->pg.get(), statement_text(statement));
    PQsetnonblocking(m_impl->pg.get(), 1);
    return prepared;
}

StoreResult<void> Connection::run_script(std::string_view sql) {
    PQsetnonblocking(m_impl->pg.get(), 0);
    const PgResult result(PQexec(m_impl->pg.get(), std::string(sql).c_str()));
    PQsetnonblocking(m_impl->pg.get(), 1);
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return {};
    if (PQstatus(m_impl->pg.get()) != CONNECTION_OK)
        return tl::unexpected(m_impl->break_off("the connection broke during a script"));
    return tl::unexpected(failure_of(result.get()));
}

bool Connection::is_usable() const {
    return !m_impl->broken && PQstatus(m_impl->pg.get()) == CONNECTION_OK;
}

bool Connection::is_alive() {
    if (!is_usable()) return false;
    // Until there is nothing to read: a server that stops says why before it closes, and only the
    // end of the stream behind those words makes libpq notice.
    for (;;) {
        pollfd descriptor{PQsocket(m_impl->pg.get()), POLLIN, 0};
        if (::poll(&descriptor, 1, 0) <= 0) break;
        if (PQconsumeInput(m_impl->pg.get()) == 0) {
            m_impl->broken = true;
            break;
        }
    }
    return is_usable();
}

bool Connection::in_transaction() const {
    const auto status = PQtransactionStatus(m_impl->pg.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

}  // namespace core::store
