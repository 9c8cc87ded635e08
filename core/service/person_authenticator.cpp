#include "core/service/person_authenticator.h"

#include "core/identity/api_key.h"
#include "core/identity/jose.h"
#include "core/identity/scoped_token.h"
#include "core/service/membership.h"
#include "core/service/runtime.h"

#include <cstdlib>
#include <string>
#include <utility>

namespace core::service {
namespace {

using identity::AuthKind;
using identity::Principal;
using identity::unauthorized;

Failure wrong_kind(std::string_view given) {
    return failure(ErrorCode::ScopeDenied,
                   "This endpoint takes " + std::string(name_of_kind(AuthKind::SignedInUser)) +
                       ", not " + std::string(given));
}

// A key of ours by its form: prefix, length and checksum.
template <class Key>
Failure refuse_key(std::string_view credential, std::string_view name) {
    if (!Key::parse(as_bytes(credential))) return unauthorized(std::string(name) + " is malformed");
    return wrong_kind(name);
}

}  // namespace

PersonAuthenticator::PersonAuthenticator(const KeylessRuntime& runtime)
    : m_runtime(runtime), m_issuers(runtime) {}

Result<Principal> PersonAuthenticator::identify(const identity::Access& wanted,
                                                const Credentials& credentials,
                                                const identity::Origin& origin) {
    if (wanted.kind != AuthKind::SignedInUser) std::abort();
    if (!credentials.authorization) return unauthorized("no Authorization header");
    const auto credential = bearer_of(*credentials.authorization);
    if (!credential) return unauthorized("the Authorization header is no bearer credential");
    if (credential->starts_with(identity::kAgentKeyPrefix))
        return refuse_key<identity::AgentKey>(*credential, "an agent key");
    if (credential->starts_with(identity::kUserKeyPrefix))
        return refuse_key<identity::UserKey>(*credential, "a personal token");
    const auto jws = identity::parse_jws(*credential);
    if (!jws) return failure(jws);
    if (jws->typ == identity::kScopedTokenType) return wrong_kind("a scoped token");
    const auto claims = m_issuers.verify(*jws);
    if (!claims) return failure(claims);
    auto user = find_member(m_runtime, *claims, credentials.tenant, origin);
    if (!user) return failure(std::move(user));
    if (!*user) return ask_for_invitation("who is not known can't sign up here");
    return Principal(**user);
}

}  // namespace core::service
