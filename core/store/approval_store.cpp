#include "core/store/approval_store.h"

#include "core/store/transaction.h"

namespace core::store {
namespace {

ApprovalRow parse_approval(Row row) {
    ApprovalRow out;
    out.approval = row.id<ApprovalId>();
    out.agent = row.id<AgentId>();
    out.agent_name = row.text();
    out.agent_description = row.maybe_text();
    out.status = row.text();
    out.scopes = row.texts();
    out.ttl_seconds = row.integer();
    out.max_uses = row.maybe_integer();
    out.ip_allowlist = row.maybe_texts();
    out.reason = row.maybe_text();
    out.tier = row.integer();
    out.ip_address = row.text();
    out.user_agent = row.maybe_text();
    out.created_at = row.time();
    out.expires_at = row.time();
    out.decided_at = row.maybe_time();
    out.matched_total = row.integer();
    out.matched_paths = row.texts();
    return out;
}

}  // namespace

Result<ApprovalId> request_approval(Connection& connection,
                                    const TenantId& tenant,
                                    const NewApprovalRow& approval,
                                    const AuditEventId& requested,
                                    const AuditEventId& expired,
                                    const AuditOrigin& origin) {
    Parameters expire;
    expire.id(tenant).id(approval.agent).bytes(approval.request_digest).id(expired);
    expire.maybe_text(origin.ip_address).maybe_text(origin.user_agent);
    expire.maybe_text(origin.request_id);

    Parameters request;
    request.id(tenant).id(approval.approval).id(approval.agent).bytes(approval.request_digest);
    request.texts(approval.scopes).bigint(approval.ttl_seconds).bigint(approval.max_uses);
    request.maybe_texts(approval.ip_allowlist).maybe_text(approval.reason).bigint(approval.tier);
    request.maybe_text(origin.ip_address).maybe_text(origin.user_agent);
    request.bigint(approval.pending_seconds).id(requested).maybe_text(origin.request_id);

    Transaction transaction(connection, tenant);
    transaction.add(Statement::ExpireApproval, std::move(expire));
    transaction.add(Statement::RequestApproval, std::move(request));
    // Where another request inserted it at the same moment, the insert above waited for that one's
    // commit: a statement of its own sees it.
    transaction.add(Statement::FindPendingApproval,
                    Parameters{}.id(tenant).id(approval.agent).bytes(approval.request_digest));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    const ResultSet& found = results->at(2);
    if (found.empty())
        return tl::unexpected(unavailable("the approval was decided at this very moment"));
    return found.row(0).id<ApprovalId>();
}

Result<std::optional<ApprovalRow>> find_approval(Connection& connection,
                                                 const TenantId& tenant,
                                                 const ApprovalId& approval,
                                                 const std::optional<AgentId>& agent) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::FindApproval, Parameters{}.id(tenant).id(approval).id(agent));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    if (results->front().empty()) return std::nullopt;
    return parse_approval(results->front().row(0));
}

Result<ApprovalRows> list_approvals(Connection& connection,
                                    const TenantId& tenant,
                                    const std::optional<std::string>& status,
                                    std::int64_t limit,
                                    std::int64_t offset) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::ListApprovals,
                    Parameters{}.id(tenant).maybe_text(status).bigint(limit).bigint(offset));
    transaction.add(Statement::CountApprovals, Parameters{}.id(tenant).maybe_text(status));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    ApprovalRows out;
    for (std::size_t i = 0; i < results->at(0).size(); ++i)
        out.rows.push_back(parse_approval(results->at(0).row(i)));
    out.total = results->at(1).row(0).integer();
    return out;
}

}  // namespace core::store
