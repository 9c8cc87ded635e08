// From the Authorization header to a person, for a pool that has none of the store's keys.
// Thread-compatible: one object per request thread.
//
// ID tokens are verified by the public keys in the database: that takes no key of ours. Personal
// tokens, keys of agents and scoped tokens are MACs under keys that are sealed under the root key,
// so nothing here can tell whether they hold. They are told apart by their form alone and refused
// as of the wrong kind, which says no more than whoever sends them knows: who they are of is not
// looked at, and so nothing is on record.
#pragma once

#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/service/access.h"
#include "core/service/known_issuers.h"

#include <string_view>

namespace core::service {

struct KeylessRuntime;

class PersonAuthenticator {
  public:
    // `runtime` must outlive this object.
    explicit PersonAuthenticator(const KeylessRuntime& runtime);

    // Precondition: `wanted` is AuthKind::SignedInUser. Errors: Unauthorized, the same for every
    // credential that does not hold; ScopeDenied for those of another kind, and for who is no
    // member (nobody gets a tenant here by signing in: that takes a key); InvalidRequest where
    // X-Tenant-Id is no id; IssuerUnavailable; StoreUnavailable.
    Result<identity::Principal> identify(const identity::Access& wanted,
                                         const Credentials& credentials,
                                         const identity::Origin& origin);

  private:
    const KeylessRuntime& m_runtime;
    KnownIssuers m_issuers;
};

}  // namespace core::service
