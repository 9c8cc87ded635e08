#include "core/service/approvals.h"

#include "core/service/approval_notice.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"

#include <span>
#include <utility>

namespace core::service {
namespace {

std::optional<std::string> objection_of(const ApprovalStanding& standing,
                                        const Approver& approver) {
    if (standing.has_approved(approver)) return "You have approved it already";
    const auto objection = objection_to(approver, standing.rule, standing.parties);
    if (objection == Objection::None) return std::nullopt;
    return error_of(objection).public_message;
}

AgentApproval agent_view(store::ApprovalState&& state, std::optional<ApprovedToken>&& token) {
    AgentApproval out;
    out.status = state.is_past_its_time ? "expired" : token ? "approved" : state.status;
    out.decided_at = token && !state.decided_at ? state.now : state.decided_at;
    out.token = std::move(token);
    out.state = std::move(state);
    return out;
}

}  // namespace

Error no_such_approval() {
    return {ErrorCode::NotFound, "There is no such approval", {}};
}

Decider decider_of(const identity::UserPrincipal& user) {
    return {actor_of(user), user.role, user.signed_in_at};
}

Decider decider_of_operator(const TenantId& tenant) {
    return {{tenant, "operator", std::nullopt}, identity::MemberRole::Owner, std::nullopt};
}

Approver approver_of(const Decider& decider, Timestamp now) {
    const bool is_operator = !decider.actor.user;
    return {decider.actor.user, decider.role, is_operator || is_fresh(decider.signed_in_at, now)};
}

Approval view_of(store::ApprovalRow&& row,
                 const ApprovalJudge& judge,
                 const Decider& decider,
                 Timestamp now) {
    Approval out;
    out.standing = judge.standing_of(row);
    out.decisions = judge.decisions_of(row.approval);
    out.summary = summary_of(row);
    if (row.status == "pending") {
        out.outlook = outlook_of(row, out.standing);
        out.objection = objection_of(out.standing, approver_of(decider, now));
    } else {
        out.objection = "It is " + row.status;
    }
    out.row = std::move(row);
    return out;
}

Approvals::Approvals(const Runtime& runtime)
    : m_runtime(runtime), m_approved(runtime), m_once(runtime) {}

Result<AgentApproval> Approvals::find_for_agent(const identity::AgentPrincipal& agent,
                                                const identity::Origin& origin,
                                                const ApprovalId& id) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, agent.tenant);
    store::add_lock_approval(transaction, agent.tenant, id, agent.agent);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    auto state = store::parse_approval_state(found->at(store::kApprovalStateResult));
    if (!state) return tl::unexpected(no_such_approval());
    const auto from = audit_origin(agent, origin);
    auto token = m_approved.collect(transaction, agent.tenant, *state, from);
    if (!token && token.error().code == ErrorCode::VersionConflict) {
        transaction.rollback();
        return refuse(**connection,
                      agent.tenant,
                      from,
                      refused_collection(m_runtime.clock, id),
                      token.error());
    }
    if (!token) return failure(std::move(token));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return agent_view(std::move(*state), std::move(*token));
}

Result<Approval> Approvals::find(const Decider& decider, const ApprovalId& id) {
    const auto& tenant = decider.actor.tenant;
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    store::add_find_approval(transaction, tenant, id);
    ApprovalJudge::add_look(transaction, tenant, std::span(&id, 1));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    auto rows = store::parse_approvals(results->front());
    if (rows.empty()) return tl::unexpected(no_such_approval());
    const auto judge = ApprovalJudge::create(std::span(*results).subspan(1));
    if (!judge) return failure(judge);
    return view_of(std::move(rows.front()), *judge, decider, m_runtime.clock.now());
}

Result<Page<Approval>> Approvals::list(const Decider& decider,
                                       const std::optional<std::string>& status,
                                       const PageRequest& page) {
    const auto& tenant = decider.actor.tenant;
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    store::add_list_approvals(transaction, tenant, status, page.limit, page.offset());
    store::add_count_approvals(transaction, tenant, status);
    const auto listed = transaction.flush();
    if (!listed) return tl::unexpected(store::to_error(listed.error()));
    auto rows = store::parse_approvals(listed->front());
    std::vector<ApprovalId> ids;
    ids.reserve(rows.size());
    for (const auto& row : rows)
        ids.push_back(row.approval);
    ApprovalJudge::add_look(transaction, tenant, ids);
    const auto looked = transaction.commit();
    if (!looked) return tl::unexpected(store::to_error(looked.error()));
    const auto judge = ApprovalJudge::create(*looked);
    if (!judge) return failure(judge);
    Page<Approval> out;
    out.total = listed->at(1).row(0).integer();
    for (auto& row : rows)
        out.items.push_back(view_of(std::move(row), *judge, decider, m_runtime.clock.now()));
    return out;
}

Result<std::int64_t> expire_approvals(store::Connection& connection,
                                      const Clock& clock,
                                      std::int64_t limit) {
    store::AuditOrigin from;
    from.actor_type = "operator";
    store::Transaction transaction(connection);
    store::add_expire_approvals(transaction, limit);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    const auto expired = store::parse_expired_approvals(found->front());
    for (const auto& approval : expired)
        add_expiry_notice(transaction, clock, approval, from);
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return static_cast<std::int64_t>(expired.size());
}

}  // namespace core::service
