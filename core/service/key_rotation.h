// Replacing keys while workers serve. No value is ever sealed again: a KEK moves to another root
// key, a DEK to another KEK, each in its own small box. Everything goes in batches, each its own
// transaction, so that whatever is interrupted goes on when it is called again. For the operator's
// command; thread-compatible.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/crypto/root_key_ring.h"
#include "core/crypto/tenant_keys.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {
class Connection;
class ConnectionPool;
struct ServiceKeyStored;
struct TenantKeyStored;
}  // namespace core::store

namespace core::service {

// How far a long work is.
using Progress = std::function<void(std::int64_t done)>;

class RootKeyRotation {
  public:
    // `roots` holds the present key and its successor; both and `connections` (role
    // secretstore_maint) must outlive this object.
    RootKeyRotation(const crypto::RootKeyRing& roots, store::ConnectionPool& connections)
        : m_roots(roots), m_connections(connections) {}

    // Makes the successor known to the database, so that boxes under it are accepted. Harmless when
    // repeated. Errors: FailedPrecondition where there is no successor; StoreUnavailable.
    Result<void> announce();

    // Connections of workers that were started before the successor was there, and so could not
    // open what is moved to it. Errors: StoreUnavailable.
    Result<std::int64_t> workers_without_successor();

    // Every KEK and service key from the present root key to its successor (or back): how many.
    // Errors: IntegrityFailure, naming none but the row; StoreUnavailable.
    Result<std::int64_t> move_to_successor(const Progress& progress);
    Result<std::int64_t> move_back(const Progress& progress);

    // Forgets the present key (or the successor), so that nothing under it is accepted any more.
    // Errors: FailedPrecondition where something is still sealed under it; StoreUnavailable.
    Result<void> forget_present();
    Result<void> forget_successor();

    // What is sealed under a key. Errors: StoreUnavailable.
    Result<std::int64_t> count_under(const KeyId& root_key);

  private:
    Result<std::int64_t> move(const crypto::KeyProvider& from,
                              const crypto::KeyProvider& to,
                              const Progress& progress);
    Result<void> forget(const KeyId& root_key);

    const crypto::RootKeyRing& m_roots;
    store::ConnectionPool& m_connections;
};

class KekRotation {
  public:
    // `root_key` and `connections` (role secretstore_maint) must outlive this object.
    KekRotation(const crypto::KeyProvider& root_key,
                store::ConnectionPool& connections,
                const Clock& clock)
        : m_root_key(root_key), m_connections(connections), m_clock(clock) {}

    struct Outcome {
        std::int64_t generation = 0;  // of the active KEK
        std::int64_t versions = 0;    // DEKs that were moved
        std::int64_t answers = 0;     // kept answers that were sealed again
        bool was_resumed = false;     // an earlier rotation was finished, and no new KEK made
    };
    // A new KEK for the tenant, and everything moved to it; the old one is destroyed later
    // (destroy_replaced()). Where an earlier rotation was interrupted, that one is finished
    // instead. Errors: NotFound, IntegrityFailure, StoreUnavailable.
    Result<Outcome> rotate(const TenantId& tenant, const Progress& progress);

    // Destroys what was replaced long enough ago and seals nothing: how many. Role
    // secretstore_maint; needs no key. Errors: StoreUnavailable.
    static Result<std::int64_t> destroy_replaced(store::Connection& connection);

  private:
    struct Keks {
        crypto::TenantKek active;
        std::vector<crypto::TenantKek> replaced;
        bool is_fresh = false;
    };
    Result<Keks> prepare(const TenantId& tenant);
    Result<crypto::TenantKek> open(const TenantId& tenant, const store::TenantKeyStored& stored);
    Result<std::int64_t> move_versions(const crypto::TenantKek& from,
                                       const crypto::TenantKek& to,
                                       const Progress& progress);
    Result<std::int64_t> move_answers(const crypto::TenantKek& from, const crypto::TenantKek& to);

    const crypto::KeyProvider& m_root_key;
    store::ConnectionPool& m_connections;
    const Clock& m_clock;
};

// The key that signs scoped tokens, or the pepper of agent keys and personal tokens, is replaced in
// three steps, behind each of which the workers are restarted one after another: pending (they
// verify with it), active (they sign, or MAC new keys, with it; its predecessor only verifies), and
// the predecessor retired once nothing needs it any more. An old token dies in the end; a key that
// people keep comes under the new pepper when it is used next.
class ServiceKeyRotation {
  public:
    enum class Kind { SigningKey, Pepper };

    // `root_key` and `connections` (role secretstore_maint) must outlive this object.
    ServiceKeyRotation(Kind kind,
                       const crypto::KeyProvider& root_key,
                       store::ConnectionPool& connections,
                       const Clock& clock)
        : m_kind(kind), m_root_key(root_key), m_connections(connections), m_clock(clock) {}

    // Errors: FailedPrecondition where a step is out of turn, or a worker was not restarted since
    // the step before, saying what to do; StoreUnavailable.
    Result<KeyId> begin();
    Result<KeyId> activate();
    // How many keys were retired. FailedPrecondition, too, where one is still needed.
    Result<std::int64_t> retire();

    struct Key {
        KeyId id;
        std::string state;
        std::int64_t generation = 0;
        std::int64_t needed_by = 0;  // live tokens; agents and personal tokens
    };
    Result<std::vector<Key>> list();

  private:
    [[nodiscard]] std::string_view purpose() const;
    Result<std::vector<store::ServiceKeyStored>> list_stored(store::Connection& connection) const;
    Result<std::int64_t> count_needs(store::Connection& connection, const KeyId& key) const;
    [[nodiscard]] Result<void> check_workers(
        store::Connection& connection, const std::vector<store::ServiceKeyStored>& keys) const;

    const Kind m_kind;
    const crypto::KeyProvider& m_root_key;
    store::ConnectionPool& m_connections;
    const Clock& m_clock;
};

}  // namespace core::service
