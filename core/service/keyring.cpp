#include "core/service/keyring.h"

#include "core/crypto/random.h"
#include "core/crypto/rsa.h"
#include "core/identity/key_set.h"
#include "core/store/connection_pool.h"
#include "core/store/key_set_store.h"
#include "core/store/key_store.h"
#include "core/store/transaction.h"

#include <algorithm>
#include <string_view>

namespace core::service {
namespace {

namespace purpose = crypto::service_key_purpose;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kLocalIssuerBits = 2048;

Failure not_initialised() {
    return failure(ErrorCode::FailedPrecondition,
                   "this database has no keys yet: run 'secretstorectl init'");
}

Result<crypto::ServiceKeyBytes> open_key(const crypto::KeyProvider& root_key,
                                         const store::ServiceKeyStored& stored) {
    return crypto::open_service_key(
        root_key,
        {stored.id, stored.purpose, static_cast<std::uint64_t>(stored.generation)},
        stored.box);
}

void note_generation(Generations& generations, const store::ServiceKeyStored& row) {
    generations.newest = std::max(generations.newest, row.generation);
    if (row.state == "active") generations.active = row.generation;
}

}  // namespace

Result<void> check_root_key(store::Connection& connection, const crypto::KeyProvider& root_key) {
    const auto stored = store::find_root_key(connection, root_key.id());
    if (!stored) return failure(stored);
    const auto expected = root_key.check_value();
    if (*stored && constant_time_equal(**stored, expected)) return {};
    const auto count = store::count_root_keys(connection);
    if (!count) return failure(count);
    if (*count == 0) return not_initialised();
    return failure(ErrorCode::ConfigInvalid,
                   "the root key " + root_key.id().text() +
                       " is not the one that sealed this database: restore the right root key");
}

Result<Keyring> Keyring::load(store::ConnectionPool& connections,
                              const crypto::KeyProvider& root_key) {
    auto connection = connections.borrow();
    if (!connection) return failure(connection);
    if (const auto right = check_root_key(**connection, root_key); !right) return failure(right);
    const auto stored = store::list_service_keys(**connection);
    if (!stored) return failure(stored);

    Keyring keyring;
    for (const auto& row : *stored)
        if (const auto taken = keyring.take(row, root_key); !taken) return failure(taken);
    if (keyring.m_token_keys.empty() || keyring.m_peppers.empty()) return not_initialised();
    if (!keyring.m_egress_key)
        return failure(ErrorCode::FailedPrecondition,
                       "this database has no egress key yet: run 'secretstorectl init' again");
    return keyring;
}

Result<void> Keyring::take(const store::ServiceKeyStored& row,
                           const crypto::KeyProvider& root_key) {
    const bool signs_tokens = row.purpose == purpose::kTokenSigning;
    const bool is_pepper = row.purpose == purpose::kAgentKeyPepper;
    const bool is_egress_key = row.purpose == purpose::kEgress && row.state == "active";
    // The local issuer's private key is opened by the operator's command alone.
    if (!signs_tokens && !is_pepper && !is_egress_key) return {};
    auto key = open_key(root_key, row);
    if (!key) return failure(key);
    if (is_pepper) {
        note_generation(m_pepper_generations, row);
        m_peppers.emplace_back(row.id, std::move(*key));
        return {};
    }
    if (is_egress_key) {
        m_egress_key.emplace(row.id, std::move(*key));
        return {};
    }
    // The active one comes first: it signs.
    note_generation(m_token_key_generations, row);
    if (m_token_keys.empty()) m_signing_key_id = row.id;
    m_token_keys.emplace_back(kid_of(row.id), std::move(*key));
    return {};
}

std::string Keyring::kid_of(const KeyId& id) {
    return to_hex(id.bytes());
}

identity::ScopedTokenKeys Keyring::token_keys() const {
    identity::ScopedTokenKeys keys;
    for (const auto& [kid, key] : m_token_keys)
        keys.add(kid, key.expose());
    return keys;
}

std::vector<std::pair<KeyId, crypto::HmacKey>> Keyring::peppers() const {
    std::vector<std::pair<KeyId, crypto::HmacKey>> peppers;
    for (const auto& [id, key] : m_peppers)
        peppers.emplace_back(id, crypto::HmacKey(key.expose()));
    return peppers;
}

const Generations& Keyring::generations(std::string_view purpose) const {
    return purpose == purpose::kTokenSigning ? m_token_key_generations : m_pepper_generations;
}

namespace {

// Makes the service keys that are missing, in one transaction.
class KeyMaker {
  public:
    KeyMaker(store::Connection& connection,
             const crypto::KeyProvider& root_key,
             const std::vector<store::ServiceKeyStored>& existing,
             const Clock& clock)
        : m_transaction(connection), m_root_key(root_key), m_existing(existing), m_clock(clock) {}

    [[nodiscard]] bool has(std::string_view wanted) const {
        return std::any_of(m_existing.begin(), m_existing.end(), [&](const auto& key) {
            return key.purpose == wanted && key.state == "active";
        });
    }

    void add_symmetric(std::string_view wanted) {
        if (has(wanted)) return;
        add(wanted, crypto::ServiceKeyBytes(crypto::random_secret(kKeyBytes)));
    }

    void add_local_issuer(const identity::TrustedIssuer& issuer) {
        if (has(purpose::kLocalIssuer)) return;
        const auto key = crypto::RsaPrivateKey::generate(kLocalIssuerBits);
        const KeyId id = add(purpose::kLocalIssuer, key.encode());
        store::add_local_key_set(
            m_transaction,
            issuer.issuer,
            identity::key_set_json(Keyring::kid_of(id), key.modulus(), key.exponent()));
    }

    void add_root_key() {
        store::add_root_key(m_transaction, m_root_key.id(), m_root_key.check_value());
    }

    Result<void> commit() {
        const auto committed = m_transaction.commit();
        if (!committed) return tl::unexpected(store::to_error(committed.error()));
        return {};
    }

  private:
    KeyId add(std::string_view wanted, const crypto::ServiceKeyBytes& key) {
        const auto id = crypto::new_id<KeyId>(m_clock);
        const Bytes box = crypto::seal_service_key(m_root_key, {id, wanted, 1}, key);
        store::add_service_key(m_transaction, {id, std::string(wanted), 1, "active", box});
        return id;
    }

    store::Transaction m_transaction;
    const crypto::KeyProvider& m_root_key;
    const std::vector<store::ServiceKeyStored>& m_existing;
    const Clock& m_clock;
};

}  // namespace

Result<void> initialise_keys(store::ConnectionPool& connections,
                             const crypto::KeyProvider& root_key,
                             const std::optional<identity::TrustedIssuer>& local_issuer,
                             const Clock& clock) {
    auto connection = connections.borrow();
    if (!connection) return failure(connection);
    const auto count = store::count_root_keys(**connection);
    if (!count) return failure(count);
    const bool is_new = *count == 0;
    if (!is_new)
        if (const auto right = check_root_key(**connection, root_key); !right)
            return failure(right);
    const auto existing = store::list_service_keys(**connection);
    if (!existing) return failure(existing);

    KeyMaker maker(**connection, root_key, *existing, clock);
    if (is_new) maker.add_root_key();
    maker.add_symmetric(purpose::kTokenSigning);
    maker.add_symmetric(purpose::kAgentKeyPepper);
    maker.add_symmetric(purpose::kEgress);
    if (local_issuer) maker.add_local_issuer(*local_issuer);
    return maker.commit();
}

Result<LocalIssuerKey> open_local_issuer_key(store::Connection& connection,
                                             const crypto::KeyProvider& root_key) {
    const auto stored = store::list_service_keys(connection);
    if (!stored) return failure(stored);
    for (const auto& row : *stored) {
        if (row.purpose != purpose::kLocalIssuer || row.state != "active") continue;
        const auto pkcs8 = open_key(root_key, row);
        if (!pkcs8) return failure(pkcs8);
        auto key = crypto::RsaPrivateKey::decode(*pkcs8);
        if (!key) return failure(key);
        return LocalIssuerKey{Keyring::kid_of(row.id), std::move(*key)};
    }
    return failure(ErrorCode::ConfigInvalid,
                   "there is no local issuer: enable local_issuer and run 'secretstorectl init'");
}

}  // namespace core::service
