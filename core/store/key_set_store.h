// Public key sets of issuers, and when each is fetched next. secretstore-egress fetches, workers
// read and ask for a fetch; what they ask and answer each other stands in these rows.
#pragma once

#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// ---- workers -----------------------------------------------------------------------------------

struct KeySetStored {
    std::string issuer;
    std::string key_set;
    // Fetched more than 24 h ago: nobody knows whether these keys still hold.
    bool is_stale = false;
};
// Of those issuers that have one.
Result<std::vector<KeySetStored>> find_key_sets(Connection& connection,
                                                std::span<const std::string> issuers);

// Asks for a fetch of each, unless one was asked for within the last minute.
Result<void> request_key_set_fetches(Connection& connection, std::span<const std::string> issuers);

// ---- the operator's command --------------------------------------------------------------------

// Of the built-in issuer.
void add_local_key_set(Transaction& transaction, std::string_view issuer, std::string_view key_set);

// ---- egress ------------------------------------------------------------------------------------

// Makes the next fetch due now.
Result<void> schedule_key_set_fetch(Connection& connection, std::string_view issuer);

// Where a fetch is due or wanted: takes it for the caller for a minute, and gives the number of
// attempts that have failed before. Nothing where none is due, or another egress has taken it.
Result<std::optional<std::int64_t>> claim_key_set_fetch(Connection& connection,
                                                        std::string_view issuer);

// A good set, in place of the one before.
Result<void> store_fetched_key_set(Connection& connection,
                                   std::string_view issuer,
                                   std::string_view key_set,
                                   std::chrono::seconds next_fetch);

// `trouble` is a word of [a-z_]. Gives the age of the set that still serves, in seconds; nothing
// where there is none.
Result<std::optional<std::int64_t>> record_failed_fetch(Connection& connection,
                                                        std::string_view issuer,
                                                        std::int64_t failures,
                                                        std::string_view trouble,
                                                        std::chrono::seconds next_fetch);

// Writes a message for each tenant with a member of an issuer whose last `failures` fetches or more
// gave no good set, once a day; at most `limit` of them. How many. Errors: StoreUnavailable.
Result<std::int64_t> tell_key_set_trouble(Connection& connection,
                                          std::int64_t failures,
                                          std::int64_t limit);

}  // namespace core::store
