// Signs a scoped token from its row. The same row always gives the same bytes, so tokens are stored
// nowhere. Thread-compatible: one object per request thread.
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/scoped_token.h"
#include "core/store/token_store.h"

#include <string_view>

namespace core::service {

struct Runtime;

class TokenSigner {
  public:
    // `runtime` must outlive this object.
    explicit TokenSigner(const Runtime& runtime);

    // `rate_limit_key` is the tenant's. Errors: InvalidRequest where the token would be too long;
    // IntegrityFailure where the row holds what no token can; Internal where its key is not loaded.
    Result<Credential> sign(const TenantId& tenant,
                            std::string_view rate_limit_key,
                            const store::SignedToken& row);

    // Would it still be accepted: is its key known here, and its epoch the present one?
    [[nodiscard]] bool is_current(const store::SignedToken& row) const;

    // What the workers of this configuration sign new tokens with, written into `row`.
    void stamp(store::NewTokenRow& row, Plan plan) const;

  private:
    const Runtime& m_runtime;
    identity::ScopedTokenKeys m_keys;
};

// The row that `token` becomes, as it is signed.
store::SignedToken signed_token(const store::NewTokenRow& token,
                                Timestamp issued_at,
                                Timestamp expires_at);

}  // namespace core::service
