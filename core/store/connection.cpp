#include "core/store/connection.h"

#include "core/store/connect.h"

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

struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

// PQfinish on a connection with a query under way closes the socket; the server notices and rolls
// back.
StoreFailure lost(std::string message) {
    return StoreFailure{{}, std::move(message), {}, true, false};
}

std::string_view sqlstate_of(const PGresult* result) {
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return code != nullptr ? code : "";
}

StoreFailure failure_of(const PGresult* result) {
    const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char* constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    // The primary message only: DETAIL and CONTEXT can quote values.
    return StoreFailure{std::string(sqlstate_of(result)),
                        message != nullptr ? message : "no message",
                        constraint != nullptr ? constraint : "",
                        false,
                        false};
}

// A warning with this code, which COMMIT gives where it was told to wait no longer for a standby:
// what it did is safe on one server only, and it succeeds (PostgreSQL 15, syncrep.c). No word of it
// is compared: they are translated.
constexpr std::string_view kWarning = "01000";

// The one write of a batch of reads is its audit records.
bool writes_audit(Statement statement) {
    return statement == Statement::InsertAuditEvent || statement == Statement::ReadSecrets;
}

StoreFailure failure_of(const PGresult* result, Statement statement) {
    StoreFailure failed = failure_of(result);
    failed.of_audit = writes_audit(statement) && is_write_refused(failed.sqlstate);
    return failed;
}

// Waits until the socket is ready for `events`, or the deadline passes.
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
    bool was_warned = false;  // since the last run

    static void hear(void* self, const PGresult* notice) {
        if (sqlstate_of(notice) == kWarning) static_cast<Impl*>(self)->was_warned = true;
    }

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
        // It has become a standby, or was told to stop writing: the next connection finds the
        // server that took its place.
        if (failed && failed->sqlstate == sqlstate::kReadOnlyTransaction) broken = true;
        if (failed) return tl::unexpected(*failed);
        if (!synced) return tl::unexpected(synced.error());
        if (was_warned) return tl::unexpected(break_off("COMMIT did not wait for the standby"));
        return results;
    }
};

Connection::Connection(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

namespace {

StoreResult<void> prepare_on(PGconn* pg, const StatementText& text) {
    const PgResult result(PQprepare(pg, text.name, text.sql, 0, nullptr));
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return {};
    return tl::unexpected(failure_of(result.get()));
}

// Where nothing is missing, the database is away.
Error unprepared(const StatementText& text, const StoreFailure& failed) {
    const std::string detail =
        "preparing " + std::string(text.name) + ": " + failed.sqlstate + " " + failed.message;
    if (!is_undefined(failed.sqlstate)) return unavailable(detail);
    return {ErrorCode::FailedPrecondition,
            "the database's schema does not fit this program (" + failed.message +
                "): run 'secretstorectl db migrate'",
            detail};
}

}  // namespace

Result<Connection> Connection::open(const Endpoint& endpoint, Role role) {
    auto connection = open_unprepared(endpoint, role);
    if (!connection) return connection;
    for (const auto& text : all_statements()) {
        if (!text.is_for(role)) continue;
        if (const auto prepared = connection->prepare(text.id); !prepared)
            return tl::unexpected(unprepared(text, prepared.error()));
    }
    return connection;
}

Result<Connection> Connection::open_unprepared(const Endpoint& endpoint, Role role) {
    auto pg = connect(endpoint, role);
    if (!pg) return failure(pg);
    PQsetnonblocking(pg->get(), 1);
    auto impl = std::make_unique<Impl>();
    impl->pg = std::move(*pg);
    PQsetNoticeReceiver(impl->pg.get(), Impl::hear, impl.get());
    impl->role = role;
    impl->response_timeout = endpoint.response_timeout;
    return Connection(std::move(impl));
}

StoreResult<std::vector<ResultSet>> Connection::run(std::span<const Step> steps) {
    m_impl->was_warned = false;
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
