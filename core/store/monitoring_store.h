// How the service stands, in numbers: of all tenants together, and of no one of them.
#pragma once

#include "core/base/result.h"
#include "core/store/connection.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace core::store {

struct Stock {
    // Counts end at 100,000.
    std::int64_t approvals_pending = 0;
    std::int64_t outbox_waiting = 0;    // messages that egress has not looked at
    std::chrono::seconds outbox_lag{};  // how long the oldest of them waits
    std::int64_t mails_open = 0;        // to be sent, or to be sent again
    std::int64_t mails_dead = 0;        // given up, within the last month
    std::int64_t webhook_deliveries_open = 0;
    std::int64_t webhook_deliveries_dead = 0;
    std::int64_t audit_partitions_left = 0;  // months after the present one that have theirs
    std::int64_t schema_version = 0;
};
Result<Stock> take_stock(Connection& connection);

struct KeySetAge {
    std::string issuer;
    std::optional<std::chrono::seconds> age;  // nothing: not fetched yet
    std::int64_t failures = 0;                // attempts in a row that gave no good set
};
// Of those issuers whose keys are fetched; the built-in one's are not.
Result<std::vector<KeySetAge>> find_key_set_ages(Connection& connection,
                                                 std::span<const std::string> issuers);

}  // namespace core::store
