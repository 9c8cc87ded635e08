#include "core/store/approval_store.h"

#include "core/store/transaction.h"

namespace core::store {

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

}  // namespace core::store
