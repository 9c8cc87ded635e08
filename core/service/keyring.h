// The keys of the service, opened once at start: signing keys and peppers.
// Immutable; thread-safe. A program restarts to see new ones.
#pragma once

#include "core/base/result.h"
#include "core/crypto/egress_key.h"
#include "core/crypto/key_provider.h"
#include "core/crypto/rsa.h"
#include "core/crypto/service_keys.h"
#include "core/identity/id_token.h"
#include "core/identity/scoped_token.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core::store {
class Connection;
class ConnectionPool;
struct ServiceKeyStored;
}  // namespace core::store

namespace core::service {

// Of the keys of one purpose: the newest one that is held, which may be pending, and the one that
// new tokens or keys are made with.
struct Generations {
    std::int64_t newest = 0;
    std::int64_t active = 0;
};

class Keyring {
  public:
    // Errors: ConfigInvalid where the root key is not the one of this database, or the database has
    // none yet (`secretstorectl init`); IntegrityFailure; StoreUnavailable.
    static Result<Keyring> load(store::ConnectionPool& connections,
                                const crypto::KeyProvider& root_key);

    // Copies of the keys for one thread.
    [[nodiscard]] identity::ScopedTokenKeys token_keys() const;
    // The one of new keys first.
    [[nodiscard]] std::vector<std::pair<KeyId, crypto::HmacKey>> peppers() const;

    // What tokens name as kid.
    static std::string kid_of(const KeyId& id);
    // Of the key that signs new tokens.
    [[nodiscard]] const KeyId& signing_key_id() const { return m_signing_key_id; }
    // Of the keys with this purpose: token-signing or agent-key-pepper.
    [[nodiscard]] const Generations& generations(std::string_view purpose) const;
    // Precondition: load().
    [[nodiscard]] const crypto::EgressKey& egress_key() const { return *m_egress_key; }

  private:
    Result<void> take(const store::ServiceKeyStored& row, const crypto::KeyProvider& root_key);

    // kid and key; the active one first.
    std::vector<std::pair<std::string, crypto::ServiceKeyBytes>> m_token_keys;
    KeyId m_signing_key_id;
    std::vector<std::pair<KeyId, crypto::ServiceKeyBytes>> m_peppers;  // the active one first
    Generations m_token_key_generations;
    Generations m_pepper_generations;
    std::optional<crypto::EgressKey> m_egress_key;
};

// Is that root key the one of this database? Errors: ConfigInvalid where it is another one, or the
// database has none yet; StoreUnavailable.
Result<void> check_root_key(store::Connection& connection, const crypto::KeyProvider& root_key);

// Makes what is missing: the root key's check value, a token signing key, the pepper, the egress
// key, and the local issuer with its key set. Harmless when repeated. Errors: ConfigInvalid where
// the database belongs to another root key; StoreUnavailable.
Result<void> initialise_keys(store::ConnectionPool& connections,
                             const crypto::KeyProvider& root_key,
                             const std::optional<identity::TrustedIssuer>& local_issuer,
                             const Clock& clock);

// The local issuer's key, for the operator's command alone. Errors: ConfigInvalid where there is
// none; IntegrityFailure; StoreUnavailable.
struct LocalIssuerKey {
    std::string kid;
    crypto::RsaPrivateKey key;
};
Result<LocalIssuerKey> open_local_issuer_key(store::Connection& connection,
                                             const crypto::KeyProvider& root_key);

}  // namespace core::service
