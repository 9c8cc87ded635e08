// What the services of one request thread share, and the set of them.
#pragma once

#include "core/base/result.h"
#include "core/crypto/key_provider.h"
#include "core/service/agents.h"
#include "core/service/approval_policies.h"
#include "core/service/approvals.h"
#include "core/service/audit.h"
#include "core/service/authenticator.h"
#include "core/service/deliveries.h"
#include "core/service/keyring.h"
#include "core/service/members.h"
#include "core/service/monitoring.h"
#include "core/service/personal_tokens.h"
#include "core/service/profile.h"
#include "core/service/rate_limits.h"
#include "core/service/runtime.h"
#include "core/service/secret_changes.h"
#include "core/service/secrets.h"
#include "core/service/sign_up.h"
#include "core/service/tenants.h"
#include "core/service/tokens.h"
#include "core/service/webhooks.h"

namespace core::service {

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
    Monitoring monitoring;
};

}  // namespace core::service
