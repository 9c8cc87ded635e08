// Keeps the key set of one issuer in the database up to date: security.md §2, rule 7. One a thread,
// so that an issuer that hangs delays no other.
//
// It looks once a second whether a fetch is due, or a worker wants one. LISTEN and NOTIFY would
// tell it some 500 ms earlier on average, and every connection to the database would have to take
// in what it did not ask for; the look is one update of one row by its key, which changes nothing.
#pragma once

#include "core/egress/job.h"
#include "core/egress/key_set_source.h"
#include "core/store/connection_pool.h"
#include "core/store/endpoint.h"

#include <cstdint>

namespace core::egress {

class KeySetJob final : public Job {
  public:
    KeySetJob(store::Endpoint endpoint, KeySetSource source);

    [[nodiscard]] log::Literal name() const override { return "key_set"; }
    std::chrono::milliseconds run(const std::stop_token& stop) override;

  private:
    Result<void> fetch_when_due(const std::stop_token& stop);
    Result<std::optional<std::int64_t>> claim();
    Result<void> store(const FetchedKeySet& fetched);
    Result<void> record(const FetchFailure& failed, std::int64_t failures);

    store::ConnectionPool m_connections;  // of one: opened when needed, and again when it broke
    KeySetSource m_source;
    bool m_is_scheduled = false;  // the fetch at start
    bool m_is_failing = false;
};

}  // namespace core::egress
