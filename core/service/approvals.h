// Requests of agents that people must decide, as they are looked at. Thread-compatible.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/scope/access_tier.h"
#include "core/service/page.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core::service {

struct Runtime;

struct Approval {
    ApprovalId id;
    AgentId agent;
    std::string agent_name;
    std::optional<std::string> agent_description;
    std::string status;  // pending, approved, denied, expired
    std::vector<std::string> scopes;
    std::int64_t ttl_seconds = 0;
    std::optional<std::int64_t> max_uses;
    std::optional<std::vector<std::string>> ip_allowlist;
    std::optional<std::string> reason;
    scope::AccessTier tier = scope::AccessTier::Sensitive;
    std::string ip_address;
    std::optional<std::string> user_agent;
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Timestamp> decided_at;
    // Secrets that it covers and that need it, as they are now: how many, and at most 100 names.
    std::int64_t matched_total = 0;
    std::vector<std::string> matched_paths;
};

class Approvals {
  public:
    // `runtime` must outlive this object.
    explicit Approvals(const Runtime& runtime) : m_runtime(runtime) {}

    // Only for the agent that asked; any other gets what it would get where there is none.
    // Errors: NotFound, StoreUnavailable.
    Result<Approval> find_for_agent(const identity::AgentPrincipal& agent, const ApprovalId& id);
    // For people of the tenant. Errors: NotFound, StoreUnavailable.
    Result<Approval> find(const TenantId& tenant, const ApprovalId& id);
    // Newest first; of one status, or all. Errors: StoreUnavailable.
    Result<Page<Approval>> list(const TenantId& tenant,
                                const std::optional<std::string>& status,
                                const PageRequest& page);

  private:
    Result<Approval> find_of(const TenantId& tenant,
                             const ApprovalId& id,
                             const std::optional<AgentId>& agent);

    const Runtime& m_runtime;
};

}  // namespace core::service
