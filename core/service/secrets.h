// Secrets as they are read and listed. What changes them: secret_changes.h.
// Thread-compatible: one object per request thread (it caches opened KEKs).
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/principal.h"
#include "core/scope/access_tier.h"
#include "core/scope/secret_path.h"
#include "core/service/kek_cache.h"
#include "core/service/page.h"
#include "core/store/secret_store.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace core::store {
struct ReadQuery;
struct ReadRow;
class Transaction;
}  // namespace core::store

namespace core::service {

struct Runtime;

// What the API shows of a secret without its value.
struct SecretInfo {
    SecretId id;
    scope::SecretPath path;
    std::int64_t version = 0;
    std::string type;  // api_key, oauth_token, db_credential, ssh_key, certificate, custom
    scope::AccessTier tier = scope::AccessTier::Standard;
    std::optional<std::string> metadata;  // JSON text of an object
    Timestamp created_at;
    Timestamp updated_at;
    std::optional<Timestamp> expires_at;
    bool expired = false;
};

struct SecretWithValue {
    SecretInfo info;
    Plaintext value;
};

struct NamespaceListing {
    scope::Namespace name_space;
    Page<SecretInfo> page;
    // Is there a secret of the namespace's own name? (GET /secrets/a/b means that one, then.)
    bool path_is_a_secret = false;
};

struct NamespacePage {
    std::vector<std::string> names;  // in order
    std::int64_t total = 0;
};

// One version of a secret, without its value.
struct SecretVersionInfo {
    std::int64_t version = 0;
    scope::AccessTier tier = scope::AccessTier::Standard;
    std::optional<Timestamp> expires_at;
    Timestamp created_at;
    std::string created_by_type;  // agent, user
    std::optional<std::string> created_by;
    bool is_current = false;
};
using VersionPage = Page<SecretVersionInfo>;

// The caller has this version already: recorded as any read, and nothing was decrypted.
struct NotModified {
    std::int64_t version = 0;
};

// GET /secrets/a/b: the secret, or the listing of namespace a/b (contract.md §3).
using ReadAnswer = std::variant<SecretWithValue, NotModified, NamespaceListing>;

struct ReadRequest {
    scope::SecretPath path;
    std::optional<std::int64_t> version;  // nothing: the newest
    PageRequest page;                     // where the answer is a listing
    // Has the caller a version already (If-None-Match)? May be empty.
    std::function<bool(std::int64_t version)> has_already;
};

class Secrets {
  public:
    // `runtime` must outlive this object.
    explicit Secrets(const Runtime& runtime);

    // A scoped token's read rides in a batch (architecture.md §2). A person's is refused unless the
    // operator allows it. Errors: ScopeDenied, SecretNotFound, SecretExpired, Unauthorized (token
    // revoked, expired, used up, agent inactive), StoreUnavailable, IntegrityFailure.
    Result<ReadAnswer> read(const identity::Principal& principal,
                            const identity::Origin& origin,
                            const ReadRequest& request);

    // What the caller may read in exactly this namespace, or also in all below it; by namespace and
    // key.
    // Errors: ScopeDenied where that is nothing at all by its scopes; Unauthorized;
    // StoreUnavailable.
    Result<NamespaceListing> list(const identity::Principal& principal,
                                  const identity::Origin& origin,
                                  const scope::Namespace& name_space,
                                  store::Depth depth,
                                  const PageRequest& page);

    // The namespaces in which the caller may read something; with the scope namespaces:read, in
    // which the agent may. Errors: as list().
    Result<NamespacePage> namespaces(const identity::Principal& principal,
                                     const identity::Origin& origin,
                                     const PageRequest& page);

    // Newest first, for people. Errors: SecretNotFound, StoreUnavailable.
    Result<VersionPage> versions(const TenantId& tenant,
                                 const scope::SecretPath& path,
                                 const PageRequest& page);

  private:
    Result<ReadAnswer> read_as_agent(const identity::TokenPrincipal& token,
                                     const identity::Origin& origin,
                                     const ReadRequest& request);
    Result<ReadAnswer> read_as_user(const identity::UserPrincipal& user,
                                    const identity::Origin& origin,
                                    const ReadRequest& request);
    Result<store::ReadRow> decide_for_user(const identity::UserPrincipal& user,
                                           const identity::Origin& origin,
                                           const ReadRequest& request);
    // Decides and records one read; a batch or, for a token whose uses count, a transaction.
    Result<store::ReadRow> decide(const identity::TokenPrincipal& token,
                                  const identity::Origin& origin,
                                  store::ReadQuery& query);
    Result<store::ReadRow> decide_counted(const identity::Origin& origin, store::ReadQuery& query);
    // The agent's limits are not those that the token was issued under: judges by the present ones.
    Result<void> judge_by_present_limits(const identity::TokenPrincipal& token,
                                         const identity::Origin& origin,
                                         const scope::SecretPath& path,
                                         store::ReadQuery& query);
    Result<ReadAnswer> list_or_refuse(const identity::TokenPrincipal& token,
                                      const identity::Origin& origin,
                                      const ReadRequest& request,
                                      Error otherwise,
                                      std::string_view reason);
    // May this token list there, and what of it? Sends the transaction's first statements.
    struct ListingPlace {
        const scope::Namespace* name_space = nullptr;  // nullptr: the names of all
        store::Depth depth = store::Depth::Exact;
    };
    struct ListingAdmission {
        std::string_view reason;
        std::optional<Error> refusal;
        store::ListFilter filter;
    };
    Result<ListingAdmission> admit_listing(const identity::TokenPrincipal& token,
                                           const identity::Origin& origin,
                                           const ListingPlace& place,
                                           store::Transaction& transaction);
    Result<ReadAnswer> open(const TenantId& tenant,
                            const ReadRequest& request,
                            const store::ReadRow& row);

    const Runtime& m_runtime;
    KekCache m_keks;
};

}  // namespace core::service
