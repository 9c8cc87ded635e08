// What a tenant asks for beyond the tiers of its secrets: one document of policies, replaced as a
// whole. Thread-compatible: one object per request thread.
#pragma once

#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/service/agents.h"
#include "core/service/approval_rules.h"
#include "core/service/exactly_once.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace core::service {

struct Runtime;

inline constexpr std::size_t kMostPolicies = 100;

struct PolicyDocument {
    std::int64_t version = 0;  // grows with every change; 0: there has been none
    std::vector<ApprovalPolicy> policies;
};

// As the API and the audit log show it.
void write_policy(JsonWriter& json, const ApprovalPolicy& policy);

class ApprovalPolicies {
  public:
    // `runtime` must outlive this object.
    explicit ApprovalPolicies(const Runtime& runtime);

    // Errors: StoreUnavailable.
    Result<PolicyDocument> find(const TenantId& tenant);

    // From now on these, and no others. Requests that wait are decided by them.
    // Errors: InvalidRequest naming the policy; VersionConflict where another version than
    // `expected_version` is there (recorded as approval.policies.denied); StoreUnavailable.
    Result<Body> replace(const Actor& actor,
                         const identity::Origin& origin,
                         const std::vector<ApprovalPolicy>& policies,
                         const std::optional<std::int64_t>& expected_version,
                         const Rendering<PolicyDocument>& render);

  private:
    const Runtime& m_runtime;
    ExactlyOnce m_once;
};

}  // namespace core::service
