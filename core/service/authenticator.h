// From the Authorization header to a Principal. contract.md §2, security.md §2.
// Thread-compatible: one object per request thread.
#pragma once

#include "core/base/result.h"
#include "core/identity/jose.h"
#include "core/identity/principal.h"
#include "core/identity/scoped_token.h"
#include "core/service/access.h"
#include "core/service/known_issuers.h"
#include "core/service/peppers.h"
#include "core/service/sign_in.h"

#include <optional>
#include <string_view>

namespace core::service {

struct Runtime;

class Authenticator {
  public:
    // `runtime` must outlive this object.
    explicit Authenticator(const Runtime& runtime);

    // Who are you? Not yet: may you call this.
    // Errors: Unauthorized, the same for every credential that does not hold; ScopeDenied for an
    // agent key that may not be used from there, and for a person who is no member; InvalidRequest
    // and RateLimited as SignIn; StoreUnavailable.
    Result<identity::Principal> identify(const identity::Access& wanted,
                                         const Credentials& credentials,
                                         const identity::Origin& origin);

    // As the function of that name.
    Result<void> check_access(const identity::Access& wanted,
                              const identity::Principal& principal,
                              const identity::Origin& origin);

  private:
    struct Asked;
    Result<identity::Principal> identify_bearer(const Asked& asked, const identity::Origin& origin);
    Result<identity::Principal> identify_token(const identity::Jws& jws,
                                               const identity::Origin& origin);
    Result<identity::Principal> identify_agent(std::string_view credential,
                                               const identity::Origin& origin);
    Result<identity::Principal> identify_person(const identity::Jws& jws,
                                                const Asked& asked,
                                                const identity::Origin& origin);

    const Runtime& m_runtime;
    KnownIssuers m_issuers;
    Peppers m_peppers;
    identity::ScopedTokenKeys m_token_keys;
    SignIn m_sign_in;
};

// What a credential gets that is valid, but not from there.
Error address_denied(const identity::IpAddress& address);

}  // namespace core::service
