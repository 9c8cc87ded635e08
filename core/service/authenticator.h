// From the Authorization header to a Principal. contract.md §2, security.md §2.
// Thread-compatible: one object per request thread.
#pragma once

#include "core/base/result.h"
#include "core/crypto/mac.h"
#include "core/identity/jose.h"
#include "core/identity/principal.h"
#include "core/identity/scoped_token.h"
#include "core/service/known_issuers.h"

#include <optional>
#include <string_view>

namespace core::service {

struct Runtime;

class Authenticator {
  public:
    // `runtime` must outlive this object.
    explicit Authenticator(const Runtime& runtime);

    // `header`: the value of the one Authorization header, nothing where there is none. The result
    // is of a kind that `wanted` allows, and a person of at least its role.
    // Errors: Unauthorized, the same for every credential that does not hold; ScopeDenied for a
    // valid one of the wrong kind or role, naming the one wanted (recorded as auth.failed);
    // StoreUnavailable.
    Result<identity::Principal> authenticate(const identity::Access& wanted,
                                             std::optional<std::string_view> header,
                                             const identity::Origin& origin);

  private:
    Result<identity::Principal> identify(std::string_view credential,
                                         const identity::Origin& origin);
    Result<identity::Principal> identify_token(const identity::Jws& jws,
                                               const identity::Origin& origin);
    Result<identity::Principal> identify_agent(std::string_view credential,
                                               const identity::Origin& origin);
    Result<identity::Principal> identify_user(const identity::Jws& jws);

    const Runtime& m_runtime;
    KnownIssuers m_issuers;
    crypto::HmacKey m_pepper;
    identity::ScopedTokenKeys m_token_keys;
};

// What a credential gets that is valid, but not from there.
Error address_denied(const identity::IpAddress& address);

}  // namespace core::service
