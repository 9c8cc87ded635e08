#include "core/store/key_set_store.h"

#include <array>

namespace core::store {

Result<std::vector<KeySetStored>> find_key_sets(Connection& connection,
                                                std::span<const std::string> issuers) {
    const auto results = connection.run(Statement::FindKeySets, Parameters{}.texts(issuers));
    if (!results) return tl::unexpected(to_error(results.error()));
    std::vector<KeySetStored> found;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        KeySetStored key_set;
        key_set.issuer = row.text();
        key_set.key_set = row.text();
        key_set.is_stale = row.boolean();
        found.push_back(std::move(key_set));
    }
    return found;
}

Result<void> request_key_set_fetches(Connection& connection, std::span<const std::string> issuers) {
    const auto done = connection.run(Statement::RequestKeySetFetches, Parameters{}.texts(issuers));
    if (!done) return tl::unexpected(to_error(done.error()));
    return {};
}

void add_local_key_set(Transaction& transaction,
                       std::string_view issuer,
                       std::string_view key_set) {
    transaction.add(Statement::UpsertLocalKeySet, Parameters{}.text(issuer).text(key_set));
}

Result<void> schedule_key_set_fetch(Connection& connection, std::string_view issuer) {
    const auto done = connection.run(Statement::ScheduleKeySetFetch, Parameters{}.text(issuer));
    if (!done) return tl::unexpected(to_error(done.error()));
    return {};
}

Result<std::optional<std::int64_t>> claim_key_set_fetch(Connection& connection,
                                                        std::string_view issuer) {
    const auto claimed = connection.run(Statement::ClaimKeySetFetch, Parameters{}.text(issuer));
    if (!claimed) return tl::unexpected(to_error(claimed.error()));
    if (claimed->empty()) return std::nullopt;
    return claimed->row(0).integer();
}

Result<void> store_fetched_key_set(Connection& connection,
                                   std::string_view issuer,
                                   std::string_view key_set,
                                   std::chrono::seconds next_fetch) {
    const std::array<Step, 2> steps{
        Step{Statement::UpsertFetchedKeySet, Parameters{}.text(issuer).text(key_set)},
        Step{Statement::RecordKeySetFetch,
             Parameters{}.text(issuer).bigint(next_fetch.count()).bigint(std::int64_t{0}).null()}};
    const auto done = connection.run(steps);
    if (!done) return tl::unexpected(to_error(done.error()));
    return {};
}

Result<std::optional<std::int64_t>> record_failed_fetch(Connection& connection,
                                                        std::string_view issuer,
                                                        std::int64_t failures,
                                                        std::string_view trouble,
                                                        std::chrono::seconds next_fetch) {
    const auto recorded = connection.run(
        Statement::RecordKeySetFetch,
        Parameters{}.text(issuer).bigint(next_fetch.count()).bigint(failures).text(trouble));
    if (!recorded) return tl::unexpected(to_error(recorded.error()));
    if (recorded->empty()) return std::nullopt;
    return recorded->row(0).maybe_integer();
}

Result<std::int64_t> tell_key_set_trouble(Connection& connection,
                                          std::int64_t failures,
                                          std::int64_t limit) {
    const auto told =
        connection.run(Statement::TellKeySetTrouble, Parameters{}.bigint(failures).bigint(limit));
    if (!told) return tl::unexpected(to_error(told.error()));
    return told->row(0).integer();
}

}  // namespace core::store
