// The first sign-in of somebody whom nobody knows: who gets a tenant, and how. Thread-safe
// functions.
#pragma once

#include "core/base/result.h"
#include "core/identity/email_address.h"
#include "core/identity/id_token.h"
#include "core/identity/principal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct Runtime;

// Who may sign up: nobody without an invitation, whoever proves an address of a listed domain, or
// whoever a trusted issuer vouches for.
enum class SignUpRule : std::uint8_t { Invited, Domains, Everybody };

struct SignUpPolicy {
    SignUpRule rule = SignUpRule::Invited;
    std::vector<std::string> domains;  // in lower case
    // Of the whole service. What else bounds a flood is that each sign-up takes an identity of a
    // trusted issuer, and nginx's limit by address.
    std::int64_t most_per_hour = 100;
};

// The address that an ID token proves: one that its issuer has verified.
std::optional<identity::EmailAddress> proven_address(const identity::IdTokenClaims& claims);

// What everybody is told who is a member of no tenant, whatever the reason.
inline constexpr std::string_view kAskForInvitation =
    "You are a member of no tenant here: ask an owner or admin of one for an invitation";

// By the policy and what an ID token proves; of `local_issuer` people are made by the operator.
// Errors: ScopeDenied, saying to ask for an invitation.
Result<void> check_sign_up(const SignUpPolicy& policy,
                           const std::string& local_issuer,
                           const identity::IdTokenClaims& claims);

// What the new tenant is called until its owner says otherwise: the proven domain, if any.
std::string first_tenant_name(const identity::IdTokenClaims& claims);

// Makes a tenant on the free plan with a KEK of its own and this person as owner, on record. Where
// another request does the same at this moment, nothing: whichever came first has made it.
// Precondition: the person is not known. Errors: ScopeDenied, RateLimited, StoreUnavailable.
Result<void> sign_up(const Runtime& runtime,
                     const identity::IdTokenClaims& claims,
                     const identity::Origin& origin);

}  // namespace core::service
