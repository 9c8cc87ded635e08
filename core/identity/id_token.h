// ID tokens (OpenID Connect Core §2): how people prove who they are. The built-in local issuer,
// Firebase and any OIDC issuer go through this one verification. security.md §2.
#pragma once

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/crypto/rsa.h"
#include "core/identity/jose.h"
#include "core/identity/key_set.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::identity {

// Whom we believe.
struct TrustedIssuer {
    std::string issuer;    // exact text of iss
    std::string audience;  // exact text of aud
    // Firebase's rules ask for auth_time; others may leave it out.
    bool requires_auth_time = false;
};

struct IdTokenClaims {
    std::string issuer;
    std::string subject;  // 1 to 128 bytes
    std::string email;    // as the issuer has it. Empty where absent.
    // The issuer has proved that the address is the person's. An address that is not verified
    // is for display only: it never decides anything.
    bool email_verified = false;
    Timestamp expires_at;
    // auth_time. Nothing where the issuer does not say: iat is no sign-in, a refreshed token has a
    // new one.
    std::optional<Timestamp> authenticated_at;
};

// A trusted issuer with the keys that it has now.
struct IssuerKeys {
    TrustedIssuer issuer;
    KeySet keys;
};

// The key is looked up by kid among all issuers; the token's iss must then be that issuer's.
// RS256 only. exp, iat and auth_time with 30 s of skew. Errors: Unauthorized.
Result<IdTokenClaims> verify_id_token(const Jws& jws,
                                      const std::vector<IssuerKeys>& issuers,
                                      Timestamp now);

// What the local issuer signs.
struct LocalIdToken {
    std::string issuer;
    std::string audience;
    std::string subject;
    std::string email;
    Timestamp issued_at;
    Timestamp expires_at;
};
Credential sign_id_token(const LocalIdToken& token,
                         std::string_view kid,
                         const crypto::RsaPrivateKey& key);

}  // namespace core::identity
