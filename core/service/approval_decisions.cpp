// Approvals::approve() and deny(): one decision, in the transaction that holds the request's row.
#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/service/approval_notice.h"
#include "core/service/approvals.h"
#include "core/service/audit_trail.h"
#include "core/service/secret_access.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/service/token_terms.h"

#include <algorithm>
#include <span>
#include <utility>

namespace core::service {
namespace {

using identity::Origin;

// A list that a person wrote: each scope once.
std::vector<std::string> distinct(const std::vector<std::string>& scopes) {
    std::vector<std::string> out;
    for (const auto& scope : scopes)
        if (std::find(out.begin(), out.end(), scope) == out.end()) out.push_back(scope);
    return out;
}

// What is left of `state` by `request`. Errors: InvalidRequest.
Result<store::TokenTerms> granted_terms(const store::ApprovalState& state,
                                        const ApproveRequest& request) {
    store::TokenTerms granted = state.granted;
    if (request.scopes) granted.scopes = distinct(*request.scopes);
    if (request.ttl) granted.ttl_seconds = request.ttl->count();
    if (request.max_uses) granted.max_uses = request.max_uses;
    if (const auto within = check_within(granted, state.granted); !within) return failure(within);
    return granted;
}

bool is_narrower(const ApproveRequest& request) {
    return request.scopes || request.ttl || request.max_uses;
}

// One decision, and what its steps share.
class Deciding {
  public:
    Deciding(const Runtime& runtime,
             ApprovedTokens& approved,
             const Decider& decider,
             const ApprovalId& id,
             Change& change)
        : m_runtime(runtime),
          m_approved(approved),
          m_decider(decider),
          m_tenant(decider.actor.tenant),
          m_id(id),
          m_change(change),
          m_approver(approver_of(decider, change.now())) {}

    Result<Approval> approve(const ApproveRequest& request) {
        if (const auto open = open_request(); !open) return failure(open);
        if (const auto same = check_request(request); !same) return failure(same);
        const auto granted = granted_terms(m_state, request);
        if (!granted) return failure(granted);
        m_state.granted = *granted;
        if (is_narrower(request))
            store::add_narrow_approval(m_change.transaction(), m_tenant, m_id, *granted);
        if (const auto looked = look(); !looked) return failure(looked);
        if (const auto counts = check_approver(); !counts) return failure(counts);

        const auto token = m_approved.draft(m_tenant, m_state, m_standing.rule.tier);
        if (!token && token.error().code == ErrorCode::ScopeDenied)
            return refuse("agent_limits_narrowed", token.error());
        if (!token) return failure(token);

        add_decision("approved", request.reason);
        m_standing.approvers.push_back(m_approver);
        if (!m_standing.is_complete(m_change.now())) {
            record_approval(std::nullopt);
            return finish("pending");
        }
        store::add_approve(m_change.transaction(), m_tenant, m_id, *token);
        add_message("approved");
        record_approval(token->token);
        return finish("approved");
    }

    Result<Approval> deny(const std::optional<std::string>& reason) {
        if (const auto open = open_request(); !open) return failure(open);
        if (const auto looked = look(); !looked) return failure(looked);
        add_decision("denied", reason);
        store::add_deny_approval(m_change.transaction(), m_tenant, m_id);
        add_message("denied");
        JsonWriter details;
        details.begin_object().member("agent_id", m_state.agent.text());
        details.member("scopes", m_state.asked.scopes).end_object();
        record("approval.denied", std::move(details));
        return finish("denied");
    }

  private:
    // Is it there to be decided?
    Result<void> open_request() {
        auto state = store::parse_approval_state(m_change.found(store::kApprovalStateResult));
        if (!state) return tl::unexpected(no_such_approval());
        m_state = std::move(*state);
        if (m_state.is_past_its_time || m_state.status != "pending") return refuse_state();
        return {};
    }

    Failure refuse_state() {
        if (m_state.is_past_its_time || m_state.status == "expired")
            return refuse("approval_expired",
                          {ErrorCode::ApprovalExpired,
                           "This request expired undecided at " +
                               format_rfc3339(m_state.expires_at) + "; the agent can ask again",
                           {}});
        return refuse("approval_not_pending",
                      {ErrorCode::ApprovalNotPending,
                       "This request is decided already: it was " + m_state.status,
                       {}});
    }

    // Is it what the agent asked for, what the approver saw, and is there an agent to ask?
    Result<void> check_request(const ApproveRequest& request) {
        if (const auto same = check_unchanged(m_state); !same)
            return refuse(kRequestChanged, same.error());
        if (request.request_digest && *request.request_digest != m_state.request_digest)
            return refuse("request_digest_differs",
                          {ErrorCode::VersionConflict,
                           "This is not the request that has the given request_digest; look at it "
                           "again",
                           {}});
        if (!m_state.asking.active)
            return refuse("agent_inactive",
                          {ErrorCode::ApprovalNotPending,
                           "The agent that asked is not active any more; deny the request",
                           {}});
        return {};
    }

    // At what it covers, and at the rules, as they are now.
    Result<void> look() {
        auto& transaction = m_change.transaction();
        store::add_find_approval(transaction, m_tenant, m_id);
        ApprovalJudge::add_look(transaction, m_tenant, std::span(&m_id, 1));
        const auto found = transaction.flush();
        if (!found) return tl::unexpected(store::to_error(found.error()));
        return take_look(*found);
    }

    // The last results of `found`.
    Result<void> take_look(std::span<const store::ResultSet> found) {
        const auto looked = found.last(1 + ApprovalJudge::kResults);
        auto rows = store::parse_approvals(looked.front());
        if (rows.empty()) return failure(ErrorCode::Internal, {}, "a locked approval is gone");
        auto judge = ApprovalJudge::create(looked.subspan(1));
        if (!judge) return failure(std::move(judge));
        m_row = std::move(rows.front());
        m_judge.emplace(std::move(*judge));
        m_standing = m_judge->standing_of(m_row);
        return {};
    }

    Result<void> check_approver() {
        if (m_standing.has_approved(m_approver))
            return refuse("approved_twice",
                          {ErrorCode::ApprovalNotPending,
                           "You have approved this request already; it takes somebody else",
                           {}});
        const auto objection = objection_to(m_approver, m_standing.rule, m_standing.parties);
        if (objection == Objection::None) return {};
        return refuse(reason_of(objection), error_of(objection));
    }

    void add_decision(std::string_view decision, const std::optional<std::string>& reason) {
        m_decision.approval = m_id;
        m_decision.event = crypto::new_id<AuditEventId>(m_runtime.clock);
        m_decision.decision = std::string(decision);
        m_decision.decided_by_type = std::string(m_decider.actor.type);
        m_decision.decided_by = m_decider.actor.user;
        m_decision.role = std::string(identity::to_string(m_decider.role));
        m_decision.signed_in_freshly = m_approver.signed_in_freshly;
        m_decision.reason = reason;
        store::add_approval_decision(m_change.transaction(), m_tenant, m_decision);
    }

    void add_message(std::string_view status) {
        auto decisions = m_judge->decisions_of(m_id);
        decisions.push_back(m_decision);
        store::add_outbox_message(m_change.transaction(),
                                  m_tenant,
                                  decision_message(m_runtime.clock, m_row, status, decisions));
    }

    void record_approval(const std::optional<TokenId>& token) {
        JsonWriter details;
        details.begin_object().member("agent_id", m_state.agent.text());
        details.member("access_tier", scope::to_string(m_standing.rule.tier));
        details.member("scopes", m_state.granted.scopes);
        details.member("ttl", m_state.granted.ttl_seconds);
        details.member("max_uses", m_state.granted.max_uses);
        details.member("approvals", m_standing.approved());
        details.member("required", m_standing.rule.approvals);
        if (m_standing.rule.delay.count() > 0)
            details.member("not_before", format_rfc3339(m_standing.not_before));
        details.member("complete", token.has_value()).end_object();
        record("approval.granted", std::move(details), token);
    }

    void record(std::string_view type,
                JsonWriter&& details,
                const std::optional<TokenId>& token = std::nullopt) {
        store::AuditRecord record;
        record.event = m_decision.event;
        record.type = type;
        record.resource_type = "approval";
        record.resource = m_id.bytes();
        record.token = token;
        record.details = std::move(details).take_text();
        m_change.record(record);
    }

    Failure refuse(std::string_view reason, Error error) {
        store::AuditRecord record;
        record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
        record.type = "approval.decision.denied";
        record.resource_type = "approval";
        record.resource = m_id.bytes();
        record.reason = std::string(reason);
        return m_change.refuse(std::move(record), std::move(error));
    }

    // What it has become: nothing, where the guard of a statement has held.
    Result<Approval> finish(std::string_view wanted) {
        if (const auto looked = look(); !looked) return failure(looked);
        if (m_row.status != wanted) return refuse_state();
        return view_of(std::move(m_row), *m_judge, m_decider, m_change.now());
    }

    const Runtime& m_runtime;
    ApprovedTokens& m_approved;
    const Decider& m_decider;
    const TenantId& m_tenant;
    const ApprovalId& m_id;
    Change& m_change;
    const Approver m_approver;
    store::ApprovalState m_state;
    store::ApprovalRow m_row;
    std::optional<ApprovalJudge> m_judge;
    ApprovalStanding m_standing;
    store::ApprovalDecisionRow m_decision;
};

}  // namespace

Result<Body> Approvals::approve(const Decider& decider,
                                const Origin& origin,
                                const ApprovalId& id,
                                const ApproveRequest& request,
                                const Rendering<Approval>& render) {
    if (const auto fine = check_reason(request.reason); !fine) return failure(fine);
    return m_once.run(
        decider.actor.tenant,
        audit_origin(decider.actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_approval(transaction, decider.actor.tenant, id, std::nullopt);
        },
        [&](Change& change) -> Result<Body> {
            const auto approval =
                Deciding(m_runtime, m_approved, decider, id, change).approve(request);
            if (!approval) return failure(approval);
            return render(*approval);
        });
}

Result<Body> Approvals::deny(const Decider& decider,
                             const Origin& origin,
                             const ApprovalId& id,
                             const std::optional<std::string>& reason,
                             const Rendering<Approval>& render) {
    if (const auto fine = check_reason(reason); !fine) return failure(fine);
    return m_once.run(
        decider.actor.tenant,
        audit_origin(decider.actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_approval(transaction, decider.actor.tenant, id, std::nullopt);
        },
        [&](Change& change) -> Result<Body> {
            const auto approval = Deciding(m_runtime, m_approved, decider, id, change).deny(reason);
            if (!approval) return failure(approval);
            return render(*approval);
        });
}

}  // namespace core::service
