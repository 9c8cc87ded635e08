#include "core/store/read_batcher.h"

#include "core/base/log.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace core::store {
namespace {

constexpr std::size_t kLargestBatch = 64;
constexpr std::chrono::milliseconds kRetryAfter{100};

// What one thread sleeps on. A condition variable of one's own: waking one thread must not wake
// all. Not std::atomic::wait: libstdc++ yields the processor several times before it sleeps, which
// costs a busy machine more than the sleep.
class Bell {
  public:
    void ring() {
        {
            const std::lock_guard lock(m_mutex);
            m_rung = true;
        }
        // Not under the lock, on which the other thread would wake only to wait again.
        m_condition.notify_one();
    }
    void await() {
        std::unique_lock lock(m_mutex);
        m_condition.wait(lock, [this] { return m_rung; });
        m_rung = false;
    }

  private:
    std::mutex m_mutex;
    std::condition_variable m_condition;
    bool m_rung = false;
};

// A query in the queue, on the stack of the thread that waits for it.
struct Waiting {
    Waiting(const ReadQuery& asked, std::shared_ptr<Bell> of_thread)
        : query(asked), bell(std::move(of_thread)) {}

    const ReadQuery& query;
    Result<ReadRow> result = failure(
        ErrorCode::Internal, "Internal error; try again later", "a read was left without a result");
    // Shared: the thread may have woken and ended before ring() returns.
    std::shared_ptr<Bell> bell;

    void finish(Result<ReadRow>&& outcome) {
        // Once it has rung this object may be gone.
        const std::shared_ptr<Bell> of_thread = bell;
        result = std::move(outcome);
        of_thread->ring();
    }
};

ReadRow parse_row(Row row) {
    ReadRow out;
    out.outcome = static_cast<ReadOutcome>(row.integer());
    if (out.outcome != ReadOutcome::Ok) return out;
    out.secret = row.id<SecretId>();
    out.type = row.text();
    out.tier = row.integer();
    out.metadata = row.maybe_text();
    out.current_version = row.integer();
    out.created_at = row.time();
    out.updated_at = row.time();
    out.version = row.integer();
    out.kek = row.id<KeyId>();
    out.version_tier = row.integer();
    out.expires_at = row.maybe_time();
    const ByteView dek_box = row.bytes();
    out.dek_box.assign(dek_box.begin(), dek_box.end());
    const ByteView value_box = row.bytes();
    out.value_box.assign(value_box.begin(), value_box.end());
    return out;
}

}  // namespace

std::string_view reason_of(ReadOutcome outcome) {
    switch (outcome) {
        case ReadOutcome::TokenRevoked:
            return "token_revoked";
        case ReadOutcome::TokenExpired:
            return "token_expired";
        case ReadOutcome::AgentInactive:
            return "agent_inactive";
        case ReadOutcome::AddressNotAllowed:
            return "address_not_allowed";
        case ReadOutcome::NotFound:
            return "secret_not_found";
        case ReadOutcome::ApprovalNeeded:
            return "approval_needed";
        case ReadOutcome::VersionNotFound:
            return "version_not_found";
        case ReadOutcome::Expired:
            return "secret_expired";
        case ReadOutcome::Ok:
        case ReadOutcome::Refused:
        case ReadOutcome::LimitsChanged:
        case ReadOutcome::MayList:
        case ReadOutcome::PlanChanged:
            break;
    }
    return "refused";
}

Parameters read_parameters(std::span<const ReadQuery* const> queries) {
    const std::size_t size = queries.size();
    std::vector<UuidBytes> tenants(size);
    std::vector<UuidBytes> tokens(size);
    std::vector<UuidBytes> agents(size);
    std::vector<UuidBytes> events(size);
    std::vector<std::string> name_spaces(size);
    std::vector<std::string> keys(size);
    std::vector<std::string> addresses(size);
    std::vector<std::string> user_agents(size);
    std::vector<std::string> request_ids(size);
    std::vector<std::optional<std::int64_t>> versions(size);
    std::vector<std::optional<std::int64_t>> plan_versions(size);
    std::vector<std::optional<std::string>> refusals(size);
    std::vector<std::int64_t> tiers(size);
    std::vector<std::int64_t> limits(size);
    std::vector<bool> may_list(size);
    for (std::size_t i = 0; i < size; ++i) {
        const ReadQuery& query = *queries[i];
        tenants[i] = query.tenant.bytes();
        tokens[i] = query.token.bytes();
        agents[i] = query.agent.bytes();
        events[i] = query.event.bytes();
        name_spaces[i] = query.name_space;
        keys[i] = query.key;
        addresses[i] = query.ip_address;
        user_agents[i] = query.user_agent;
        request_ids[i] = query.request_id;
        versions[i] = query.version;
        plan_versions[i] = query.plan_version;
        refusals[i] = query.refusal;
        tiers[i] = query.max_tier;
        limits[i] = query.agent_limits;
        may_list[i] = query.may_list;
    }
    Parameters parameters;
    parameters.ids(tenants).ids(tokens).ids(agents).texts(name_spaces).texts(keys);
    parameters.nullable_bigints(versions).bigints(tiers).bigints(limits).nullable_texts(refusals);
    parameters.booleans(may_list).ids(events).texts(addresses).texts(user_agents);
    parameters.texts(request_ids).nullable_bigints(plan_versions);
    return parameters;
}

std::vector<ReadRow> read_rows(const ResultSet& results) {
    std::vector<ReadRow> rows;
    rows.reserve(results.size());
    for (std::size_t i = 0; i < results.size(); ++i)
        rows.push_back(parse_row(results.row(i)));
    return rows;
}

struct ReadBatcher::Impl {
    Impl(Endpoint where, std::size_t batch)
        : endpoint(std::move(where)), max_batch(std::min(batch, kLargestBatch)) {}

    const Endpoint endpoint;
    const std::size_t max_batch;

    std::mutex mutex;
    std::condition_variable queued;
    std::deque<Waiting*> queue;
    bool stopping = false;

    // Of the database thread alone.
    std::optional<Connection> connection;
    std::chrono::steady_clock::time_point retry_at{};
    std::thread thread;

    void loop() {
        for (;;) {
            std::vector<Waiting*> batch;
            {
                std::unique_lock lock(mutex);
                queued.wait(lock, [this] { return stopping || !queue.empty(); });
                if (queue.empty()) return;
                const std::size_t size = std::min(queue.size(), max_batch);
                batch.assign(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(size));
                queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(size));
            }
            run(batch);
        }
    }

    Result<void> ensure_connection() {
        if (connection && connection->is_alive()) return {};
        connection.reset();
        const auto now = std::chrono::steady_clock::now();
        // A refusal at once, instead of every read waiting for an attempt of its own.
        if (now < retry_at)
            return tl::unexpected(unavailable("the database was away a moment ago"));
        auto opened = Connection::open(endpoint, Role::Reader);
        if (!opened) {
            retry_at = std::chrono::steady_clock::now() + kRetryAfter;
            return failure(opened);
        }
        connection.emplace(std::move(*opened));
        return {};
    }

    void run(const std::vector<Waiting*>& batch) {
        const auto connected = ensure_connection();
        if (!connected) {
            for (auto* waiting : batch)
                waiting->finish(failure(connected));
            return;
        }
        std::vector<const ReadQuery*> queries;
        queries.reserve(batch.size());
        for (const auto* waiting : batch)
            queries.push_back(&waiting->query);
        auto results = connection->run(Statement::ReadSecrets, read_parameters(queries));
        if (!results) {
            run_after_failure(batch, results.error());
            return;
        }
        auto rows = read_rows(*results);
        if (rows.size() != batch.size()) {
            log::error("read_batch_is_short", {{"wanted", batch.size()}, {"rows", rows.size()}});
            for (auto* waiting : batch)
                waiting->finish(failure(ErrorCode::Internal,
                                        "Internal error; try again later",
                                        "a read batch returned another number of rows"));
            return;
        }
        for (std::size_t i = 0; i < batch.size(); ++i)
            batch[i]->finish(std::move(rows[i]));
    }

    // Nothing of the batch was done, unless the connection was lost. One bad element fails a whole
    // statement: its neighbours are run one by one. A database that is away, or a batch that took
    // too long, would only be made to wait again.
    void run_after_failure(const std::vector<Waiting*>& batch, const StoreFailure& failed) {
        const Error error = to_error(failed);
        log::warning(
            "read_batch_failed",
            {{"size", batch.size()}, {"error", error.code}, {"detail", log::quoted(error.detail)}});
        // Only of rows that were judged (class 23) may the next one be another's fault.
        const bool hopeless =
            is_store_away(error.code) ||
            (error.code == ErrorCode::AuditUnavailable && !failed.sqlstate.starts_with("23"));
        if (batch.size() == 1 || hopeless) {
            for (auto* waiting : batch)
                waiting->finish(tl::unexpected(error));
            return;
        }
        for (auto* waiting : batch)
            run({waiting});
    }
};

ReadBatcher::ReadBatcher(Endpoint endpoint, std::size_t max_batch)
    : m_impl(std::make_unique<Impl>(std::move(endpoint), max_batch)) {
    m_impl->thread = std::thread([impl = m_impl.get()] { impl->loop(); });
}

ReadBatcher::~ReadBatcher() {
    {
        const std::lock_guard lock(m_impl->mutex);
        m_impl->stopping = true;
    }
    m_impl->queued.notify_one();
    m_impl->thread.join();
}

Result<ReadRow> ReadBatcher::read(const ReadQuery& query) {
    thread_local const auto bell = std::make_shared<Bell>();
    Waiting waiting(query, bell);
    {
        const std::lock_guard lock(m_impl->mutex);
        if (m_impl->stopping) return tl::unexpected(unavailable("the worker is leaving"));
        m_impl->queue.push_back(&waiting);
    }
    m_impl->queued.notify_one();
    bell->await();
    return std::move(waiting.result);
}

}  // namespace core::store
