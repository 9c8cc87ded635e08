// The token of an approved request: made when the request is approved, and given to the agent that
// asked, as often as it asks. Thread-compatible: one object per request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/scope/access_tier.h"
#include "core/service/token_signer.h"
#include "core/store/approval_store.h"
#include "core/store/audit_store.h"
#include "core/store/transaction.h"

#include <optional>
#include <string>
#include <vector>

namespace core::service {

struct Runtime;

struct ApprovedToken {
    Credential token;
    TokenId id;
    Timestamp expires_at;
    std::vector<std::string> scopes;
};

// Is it still what was asked for: does its row, and that of its token, say what the digest was
// taken of, or less? Errors: VersionConflict, logged: somebody changed the row in the database.
Result<void> check_unchanged(const store::ApprovalState& state);
// For the audit log, of a request whose row was changed; and the record of an agent that got no
// token for it.
inline constexpr std::string_view kRequestChanged = "request_changed";
store::AuditRecord refused_collection(const Clock& clock, const ApprovalId& approval);

class ApprovedTokens {
  public:
    // `runtime` must outlive this object.
    explicit ApprovedTokens(const Runtime& runtime);

    // The token that the request would give, for all that was granted and for secrets up to `tier`.
    // Errors: ScopeDenied where its agent may no longer have a scope; InvalidRequest where the
    // token would be too long.
    Result<store::NewTokenRow> draft(const TenantId& tenant,
                                     const store::ApprovalState& state,
                                     scope::AccessTier tier);

    // The token, for the agent that asked: of an approved request while it is of use, and of one
    // that everybody has approved and that waited for its time only. Nothing where there is none.
    // Queues the record, to be committed before the token is given away.
    // Errors: VersionConflict as check_unchanged(); StoreUnavailable.
    Result<std::optional<ApprovedToken>> collect(store::Transaction& transaction,
                                                 const TenantId& tenant,
                                                 const store::ApprovalState& state,
                                                 const store::AuditOrigin& from);

  private:
    Result<std::optional<store::SignedToken>> complete(store::Transaction& transaction,
                                                       const TenantId& tenant,
                                                       const store::ApprovalState& state);
    Result<std::optional<store::SignedToken>> token_of(store::Transaction& transaction,
                                                       const TenantId& tenant,
                                                       const store::ApprovalState& state);

    const Runtime& m_runtime;
    TokenSigner m_signer;
};

}  // namespace core::service
