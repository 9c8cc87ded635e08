#include "core/egress/key_set_job.h"

#include "core/egress/key_set_schedule.h"
#include "core/store/key_set_store.h"

#include <utility>

namespace core::egress {
namespace {

constexpr std::chrono::seconds kLook{1};
constexpr std::int64_t kNoSet = -1;

}  // namespace

KeySetJob::KeySetJob(store::Endpoint endpoint, KeySetSource source)
    : m_connections(std::move(endpoint), store::Role::Egress, 1), m_source(std::move(source)) {}

std::chrono::milliseconds KeySetJob::run(const std::stop_token& stop) {
    const auto done = fetch_when_due(stop);
    // One line when the database goes: it may be away for long.
    if (!done && !m_is_failing)
        log::warning("job_waits_for_database",
                     {{"job", name()},
                      {"error", done.error().code},
                      {"detail", log::quoted(done.error().detail)}});
    m_is_failing = !done;
    return kLook;
}

Result<void> KeySetJob::fetch_when_due(const std::stop_token& stop) {
    const auto claimed = claim();
    if (!claimed) return failure(claimed);
    if (!*claimed) return {};
    const auto fetched = m_source.fetch(stop);
    if (fetched) return store(*fetched);
    if (fetched.error().trouble == KeySetTrouble::Stopped) return {};
    return record(fetched.error(), **claimed + 1);
}

Result<std::optional<std::int64_t>> KeySetJob::claim() {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    if (!m_is_scheduled) {
        const auto scheduled = store::schedule_key_set_fetch(**connection, m_source.issuer());
        if (!scheduled) return failure(scheduled);
        m_is_scheduled = true;
    }
    return store::claim_key_set_fetch(**connection, m_source.issuer());
}

Result<void> KeySetJob::store(const FetchedKeySet& fetched) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto next = next_fetch_after(fetched.max_age);
    auto stored = store::store_fetched_key_set(**connection, m_source.issuer(), fetched.json, next);
    if (!stored) return stored;
    log::info("key_set_fetched",
              {{"issuer", log::quoted(m_source.issuer())},
               {"bytes", fetched.json.size()},
               {"next_seconds", next.count()}});
    return {};
}

Result<void> KeySetJob::record(const FetchFailure& failed, std::int64_t failures) {
    const auto word = word_of(failed.trouble);
    const auto next = retry_after(failures);
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto age =
        store::record_failed_fetch(**connection, m_source.issuer(), failures, word.text(), next);
    if (!age) return failure(age);
    log::error("key_set_trouble",
               {{"issuer", log::quoted(m_source.issuer())},
                {"reason", word},
                {"failures", failures},
                {"set_age_seconds", age->value_or(kNoSet)},
                {"next_seconds", next.count()},
                {"detail", log::quoted(failed.detail)}});
    return {};
}

}  // namespace core::egress
