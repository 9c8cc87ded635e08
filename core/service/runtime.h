// What services are given: the operator's decisions, the database, and, where they may open things,
// the keys. Immutable, or it locks for itself.
#pragma once

#include "core/base/clock.h"
#include "core/base/plan.h"
#include "core/http/https_client.h"
#include "core/identity/id_token.h"
#include "core/service/sign_up.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core::crypto {
class KeyProvider;
}  // namespace core::crypto
namespace core::store {
class ConnectionPool;
class ReadBatcher;
}  // namespace core::store

namespace core::service {

class Keyring;
class Metrics;
class RateCounters;

// What the operator decides.
struct Policy {
    std::string token_issuer = "secretstore";
    std::chrono::seconds default_token_ttl{3600};
    std::chrono::seconds max_token_ttl{86400};
    std::chrono::seconds approval_ttl{86400};
    std::chrono::seconds invitation_ttl{7 * 86400};
    bool user_reads = false;
    // Empty where there is none. Its people are made by the operator alone.
    std::string local_issuer;
    SignUpPolicy sign_up;
    // Where webhooks may point.
    http::Destination webhook_destination = http::Destination::PublicOnly;
    Plans plans;
    // A minute and client address; nothing: no limit.
    std::optional<std::int64_t> failed_authentications;
    // Are plans sold, by the pool that has the network?
    bool billing = false;
};

// What services of the store share that know people and write the audit log, and open nothing: no
// key is in it. All that a pool has which is to have no more (billing.h).
struct KeylessRuntime {
    const Clock& clock;
    const Policy& policy;
    // Whose user tokens are believed. Empty in secretstorectl, which takes none.
    const std::vector<identity::TrustedIssuer>& issuers;
    store::ConnectionPool& connections;
    RateCounters* counters;  // nullptr in secretstorectl: the operator is not limited
    Metrics* metrics;        // and not counted
};

// Shared by all threads; everything in it is immutable or locks for itself, and outlives them.
struct Runtime : KeylessRuntime {
    const crypto::KeyProvider& root_key;
    const Keyring& keyring;
    store::ReadBatcher* reads;  // nullptr in secretstorectl, which reads no values
};

}  // namespace core::service
