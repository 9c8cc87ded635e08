#include "core/service/approvals.h"

#include "core/service/services.h"
#include "core/store/approval_store.h"
#include "core/store/connection_pool.h"

#include <utility>

namespace core::service {
namespace {

Approval approval_of(store::ApprovalRow&& row) {
    Approval out;
    out.id = row.approval;
    out.agent = row.agent;
    out.agent_name = std::move(row.agent_name);
    out.agent_description = std::move(row.agent_description);
    out.status = std::move(row.status);
    out.scopes = std::move(row.scopes);
    out.ttl_seconds = row.ttl_seconds;
    out.max_uses = row.max_uses;
    out.ip_allowlist = std::move(row.ip_allowlist);
    out.reason = std::move(row.reason);
    out.tier = scope::access_tier_from(row.tier).value_or(scope::AccessTier::Critical);
    out.ip_address = std::move(row.ip_address);
    out.user_agent = std::move(row.user_agent);
    out.created_at = row.created_at;
    out.expires_at = row.expires_at;
    out.decided_at = row.decided_at;
    out.matched_total = row.matched_total;
    out.matched_paths = std::move(row.matched_paths);
    return out;
}

}  // namespace

Result<Approval> Approvals::find_for_agent(const identity::AgentPrincipal& agent,
                                           const ApprovalId& id) {
    return find_of(agent.tenant, id, agent.agent);
}

Result<Approval> Approvals::find(const TenantId& tenant, const ApprovalId& id) {
    return find_of(tenant, id, std::nullopt);
}

Result<Approval> Approvals::find_of(const TenantId& tenant,
                                    const ApprovalId& id,
                                    const std::optional<AgentId>& agent) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto row = store::find_approval(**connection, tenant, id, agent);
    if (!row) return failure(row);
    if (!*row) return failure(ErrorCode::NotFound, "There is no such approval");
    return approval_of(std::move(**row));
}

Result<Page<Approval>> Approvals::list(const TenantId& tenant,
                                       const std::optional<std::string>& status,
                                       const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_approvals(**connection, tenant, status, page.limit, page.offset());
    if (!rows) return failure(rows);
    Page<Approval> out;
    out.total = rows->total;
    for (auto& row : rows->rows)
        out.items.push_back(approval_of(std::move(row)));
    return out;
}

}  // namespace core::service
