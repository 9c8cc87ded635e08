// Requests that changed something, and what was answered to them: contract.md §7.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/store/connection.h"
#include "core/store/key_store.h"
#include "core/store/transaction.h"

#include <chrono>
#include <optional>
#include <vector>

namespace core::store {

// Violated when two workers process the same request at once; the second has changed nothing.
inline constexpr std::string_view kProcessedTwice = "processed_requests_pkey";

struct ProcessedRequest {
    Bytes key;  // SHA-256
    Bytes answer_box;
    // The KEK that sealed it; nothing where that one has been destroyed.
    std::optional<TenantKeyStored> kek;
};

// What a change begins with.
struct ChangeStart {
    Timestamp now;                  // of the transaction, the same for all of its statements
    std::int64_t plan_version = 0;  // of the tenant's plan
    std::optional<TenantKeyStored> kek;
    std::optional<ProcessedRequest> earlier;
};

// Queued; one result, for parse_change_start(). `keys` name the request; where several have been
// processed the last of them counts.
void add_begin_change(Transaction& transaction,
                      const TenantId& tenant,
                      const std::vector<Bytes>& keys);
ChangeStart parse_change_start(const ResultSet& result);

// Queued: makes a key free whose time is over.
void add_forget_expired_request(Transaction& transaction, const TenantId& tenant, ByteView key);

// Queued. Fails the transaction where the key is there already.
void add_processed_request(Transaction& transaction,
                           const TenantId& tenant,
                           ByteView key,
                           const KeyId& kek,
                           ByteView answer_box,
                           std::chrono::seconds kept);

// Deletes at most `limit` whose time is over; how many. Role maint.
Result<std::int64_t> sweep_processed_requests(Connection& connection, std::int64_t limit);

}  // namespace core::store
