// What the services of one request thread share, and the set of them.
#pragma once

#include "core/base/clock.h"
#include "core/base/plan.h"
#include "core/crypto/key_provider.h"
#include "core/http/https_client.h"
#include "core/service/agents.h"
#include "core/service/approval_policies.h"
#include "core/service/approvals.h"
#include "core/service/audit.h"
#include "core/service/authenticator.h"
#include "core/service/deliveries.h"
#include "core/service/keyring.h"
#include "core/service/members.h"
#include "core/service/personal_tokens.h"
#include "core/service/profile.h"
#include "core/service/rate_limits.h"
#include "core/service/secret_changes.h"
#include "core/service/secrets.h"
#include "core/service/sign_up.h"
#include "core/service/tenants.h"
#include "core/service/tokens.h"
#include "core/service/webhooks.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core::store {
class ConnectionPool;
class ReadBatcher;
}  // namespace core::store

namespace core::service {

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
};

// Shared by all threads; everything in it is immutable or locks for itself, and outlives them.
struct Runtime {
    const Clock& clock;
    const Policy& policy;
    const crypto::KeyProvider& root_key;
    const Keyring& keyring;
    // Whose user tokens are believed. Empty in secretstorectl, which takes none.
    const std::vector<identity::TrustedIssuer>& issuers;
    store::ConnectionPool& connections;
    store::ReadBatcher* reads;  // nullptr in secretstorectl, which reads no values
    RateCounters* counters;     // nullptr there too: the operator is not limited
};

// One per request thread.
struct Services {
    explicit Services(const Runtime& shared);

    // Is the database there, within a second? Errors: StoreUnavailable.
    Result<void> check_health();

    const Runtime& runtime;
    Authenticator authenticator;
    RateLimits rate_limits;
    Agents agents;
    Tokens tokens;
    Approvals approvals;
    ApprovalPolicies approval_policies;
    Secrets secrets;
    SecretChanges secret_changes;
    Audit audit;
    Profile profile;
    Members members;
    PersonalTokens personal_tokens;
    Webhooks webhooks;
    Deliveries deliveries;
};

}  // namespace core::service
