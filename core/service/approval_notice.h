// What people are told of an approval: in sentences, and in messages for those who are elsewhere.
// Ids, names and times; never a value, a token or a key. Functions without state; thread-safe.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/service/approval_judge.h"
#include "core/store/approval_store.h"
#include "core/store/audit_store.h"
#include "core/store/outbox_store.h"
#include "core/store/transaction.h"

#include <span>
#include <string>
#include <string_view>

namespace core::service {

// Who wants what, in one sentence: "deploy asks to read production/db/PASSWORD (critical) for 1h".
std::string summary_of(const store::ApprovalRow& approval);
// What comes of it if somebody approves now.
std::string outlook_of(const store::ApprovalRow& approval, const ApprovalStanding& standing);

// approval.requested. By `owner_only` in it a mail finds who may decide.
store::OutboxMessage request_message(const Clock& clock,
                                     const store::ApprovalRow& approval,
                                     const ApprovalRule& rule);
// approval.decided: `approval` as it was before, `status` what it has become by these decisions.
store::OutboxMessage decision_message(const Clock& clock,
                                      const store::ApprovalRow& approval,
                                      std::string_view status,
                                      std::span<const store::ApprovalDecisionRow> decisions);

store::ExpiredApproval expired_approval(const TenantId& tenant, const store::ApprovalState& state);
// Queued: the record and the message (approval.expired) of one that has expired.
void add_expiry_notice(store::Transaction& transaction,
                       const Clock& clock,
                       const store::ExpiredApproval& approval,
                       const store::AuditOrigin& from);
// Marks it as expired, and the same.
void add_expiry(store::Transaction& transaction,
                const Clock& clock,
                const store::ExpiredApproval& approval,
                const store::AuditOrigin& from);

}  // namespace core::service
