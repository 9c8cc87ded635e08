// Requests of agents that people decide. Thread-compatible: one object per request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/scope/access_tier.h"
#include "core/service/agents.h"
#include "core/service/approval_judge.h"
#include "core/service/approved_tokens.h"
#include "core/service/exactly_once.h"
#include "core/service/page.h"
#include "core/store/approval_store.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct Runtime;

// Who looks at requests and decides them: a person, or the operator at the host, who stands for an
// owner that has just signed in.
struct Decider {
    Actor actor;
    identity::MemberRole role = identity::MemberRole::None;
    std::optional<Timestamp> signed_in_at;
};
Decider decider_of(const identity::UserPrincipal& user);
Decider decider_of_operator(const TenantId& tenant);

// An approval as it is looked at, by those who decide.
struct Approval {
    store::ApprovalRow row;
    std::vector<store::ApprovalDecisionRow> decisions;
    ApprovalStanding standing;
    std::string summary;                 // who wants what, in one sentence
    std::optional<std::string> outlook;  // what comes of one more approval; while it is pending
    // Why the one who looks may not approve it; nothing where he may.
    std::optional<std::string> objection;
};

// The same for the agent that asked.
struct AgentApproval {
    store::ApprovalState state;
    std::string status;  // pending, approved, denied, expired
    std::optional<Timestamp> decided_at;
    std::optional<ApprovedToken> token;
};

// What an approver says.
struct ApproveRequest {
    std::optional<std::string> reason;  // at most 500 characters
    // Less than was asked for, where it is to be less.
    std::optional<std::vector<std::string>> scopes;
    std::optional<std::chrono::seconds> ttl;
    std::optional<std::int64_t> max_uses;
    // Of the request that the approver saw: it must be this one.
    std::optional<Bytes> request_digest;
};

class Approvals {
  public:
    // `runtime` must outlive this object.
    explicit Approvals(const Runtime& runtime);

    // Only for the agent that asked; any other gets what it would get where there is none. Gives
    // the token as ApprovedTokens::collect() does, on record.
    // Errors: NotFound; VersionConflict where the request's row was changed; StoreUnavailable.
    Result<AgentApproval> find_for_agent(const identity::AgentPrincipal& agent,
                                         const identity::Origin& origin,
                                         const ApprovalId& id);
    // For people of the tenant. Errors: NotFound, StoreUnavailable.
    Result<Approval> find(const Decider& decider, const ApprovalId& id);
    // Newest first; of one status, or all. Errors: StoreUnavailable.
    Result<Page<Approval>> list(const Decider& decider,
                                const std::optional<std::string>& status,
                                const PageRequest& page);

    // Changes are made exactly once (exactly_once.h); what is refused is on record as
    // approval.decision.denied. The token is made by the approval that was still wanted, or later
    // when a delay has passed (ApprovedTokens).
    // Errors: NotFound; InvalidRequest where more would be granted than was asked for; ScopeDenied
    // where this person's approval does not count (approval_rules.h) or the agent may no longer
    // have what it asked for; ApprovalNotPending, also for a second approval of the same person and
    // where the agent is inactive; ApprovalExpired; VersionConflict where the request is not what
    // the approver saw or the agent asked for; StoreUnavailable.
    Result<Body> approve(const Decider& decider,
                         const identity::Origin& origin,
                         const ApprovalId& id,
                         const ApproveRequest& request,
                         const Rendering<Approval>& render);
    // By any approver, also one who had approved. Errors: NotFound, ApprovalNotPending,
    // ApprovalExpired, StoreUnavailable.
    Result<Body> deny(const Decider& decider,
                      const identity::Origin& origin,
                      const ApprovalId& id,
                      const std::optional<std::string>& reason,
                      const Rendering<Approval>& render);

  private:
    const Runtime& m_runtime;
    ApprovedTokens m_approved;
    ExactlyOnce m_once;
};

Error no_such_approval();

// The view of one approval, for whoever looks.
Approval view_of(store::ApprovalRow&& row,
                 const ApprovalJudge& judge,
                 const Decider& decider,
                 Timestamp now);
Approver approver_of(const Decider& decider, Timestamp now);

// What the timers call: at most `limit` that nobody decided in time become expired, of all tenants,
// each recorded and told of. How many. Role maint. Errors: StoreUnavailable.
Result<std::int64_t> expire_approvals(store::Connection& connection,
                                      const Clock& clock,
                                      std::int64_t limit);

}  // namespace core::service
