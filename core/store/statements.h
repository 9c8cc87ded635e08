// ALL the SQL, except migrations. Every statement is prepared when a connection of its role opens;
// a store test prepares them against a freshly migrated database, so text and schema can't drift
// apart. Names are qualified, columns explicit, lists are arrays; nothing is assembled from
// strings.
#pragma once

#include "core/store/endpoint.h"

#include <span>

namespace core::store {

enum class Statement {
    Begin,
    Commit,
    Rollback,
    SetTenant,
    Ping,
    // tenants, people
    FindProfile,
    UpdateProfile,
    InsertTenant,
    UpsertUser,
    InsertMember,
    ListTenants,
    FindTenantsOf,
    FindPerson,
    AddPerson,
    CountRecentTenants,
    LockMembers,
    ListMembers,
    CountMembers,
    FindMember,
    CountOwners,
    UpdateMemberRole,
    DeleteMember,
    UpsertInvitation,
    FindPendingInvitations,
    UpdateInvitationRole,
    DeleteInvitation,
    AcceptInvitation,
    FindInvitation,
    BelongsToTenant,
    SweepInvitations,
    // personal tokens
    FindPersonalToken,
    TouchPersonalToken,
    LockMember,
    InsertPersonalToken,
    ListPersonalTokens,
    CountPersonalTokens,
    RevokePersonalToken,
    SweepPersonalTokens,
    // keys
    FindRootKey,
    CountRootKeys,
    InsertRootKey,
    ListServiceKeys,
    InsertServiceKey,
    UpsertLocalKeySet,
    FindKeySets,
    RequestKeySetFetches,
    ScheduleKeySetFetch,
    ClaimKeySetFetch,
    UpsertFetchedKeySet,
    RecordKeySetFetch,
    InsertTenantKey,
    FindActiveTenantKey,
    FindTenantKey,
    // agents
    FindAgentKey,
    InsertAgent,
    ListAgents,
    LockAgent,
    UpdateAgent,
    DeactivateAgent,
    ReplaceAgentKey,
    CountAgents,
    TouchAgent,
    // tokens
    IssueToken,
    FindTokenState,
    CountTokenUse,
    LockTokenRequest,
    ListTokens,
    CountTokens,
    RevokeToken,
    RevokeReaders,
    SweepTokens,
    // requests that changed something
    BeginChange,
    ForgetExpiredRequest,
    InsertProcessedRequest,
    SweepProcessedRequests,
    // approvals
    RequestApproval,
    LockApproval,
    LockNewestApproval,
    FindApprovalState,
    FindNewestApprovalState,
    ExpireApproval,
    DenyApproval,
    NarrowApproval,
    ApproveApproval,
    MarkApprovalCollected,
    InsertApprovalDecision,
    ListApprovalDecisions,
    CountApprovers,
    FindApproval,
    ListApprovals,
    CountApprovals,
    ExpireApprovals,
    // what tenants ask for beyond their tiers
    ListApprovalPolicies,
    FindPoliciesVersion,
    LockPoliciesVersion,
    SetPoliciesVersion,
    DeleteApprovalPolicies,
    InsertApprovalPolicy,
    // secrets
    ReadSecrets,
    ReadSecretForUser,
    LockSecret,
    InsertSecret,
    UpdateSecret,
    InsertSecretVersion,
    FindRecentVersion,
    FindVersion,
    DeleteSecret,
    ListVersions,
    CountVersions,
    ListNamespaces,
    ListSecrets,
    CountSecrets,
    SecretExists,
    // audit
    InsertAuditEvent,
    ListAuditEvents,
    ListAuditEventsOfPath,
    ListAuditEventsOfType,
    ListAuditEventsOfNamespace,
    CountAuditEvents,
    CountAuditEventsOfPath,
    CountAuditEventsOfType,
    CountAuditEventsOfNamespace,
    CountAllAuditEvents,
    FindAuditPosition,
    SealAuditCounts,
    LockMaintenance,
    CreateAuditPartitions,
    // webhooks
    LockTenant,
    CountWebhooks,
    InsertWebhook,
    ListWebhooks,
    FindWebhook,
    LockWebhook,
    UpdateWebhook,
    ReplaceWebhookSecret,
    WakeWebhook,
    DeleteWebhook,
    AskAboutHost,
    TakeHostVerdict,
    ForgetHostCheck,
    SweepHostChecks,
    // what people are told
    InsertOutboxMessage,
    InsertExpandedMessage,
    InsertDelivery,
    EndDeliveriesOfWebhook,
    ListDeliveries,
    ListDeliveriesOfWebhook,
    CountDeliveries,
    CountDeliveriesOfWebhook,
    FindDelivery,
    LockDelivery,
    ResendDelivery,
    ExpandOutbox,
    ClaimWebhookDelivery,
    ClaimMailDeliveries,
    ReportDelivery,
    ReportWebhook,
    ListHostChecks,
    AnswerHostCheck,
    TellRepeatedRefusals,
    TellExpiringSecrets,
    SweepDeliveries,
    SweepOutbox,
    SweepExpiryNotices,
    FindEgressKeyId,
    // schema
    FindSchemaVersion,
    FindMigration,
    InsertMigration,
};

struct StatementText {
    Statement id;
    const char* name;
    const char* sql;
    unsigned roles;  // bits of Role
    [[nodiscard]] constexpr bool is_for(Role role) const {
        return ((roles >> static_cast<unsigned>(role)) & 1U) != 0;
    }
};

const StatementText& statement_text(Statement statement);
std::span<const StatementText> all_statements();

}  // namespace core::store
