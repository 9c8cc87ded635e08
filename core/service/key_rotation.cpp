#include "core/service/key_rotation.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/crypto/service_keys.h"
#include "core/service/audit_trail.h"
#include "core/service/held_keys.h"
#include "core/store/connection_pool.h"
#include "core/store/key_rotation_store.h"
#include "core/store/key_store.h"
#include "core/store/transaction.h"

#include <algorithm>
#include <utility>

namespace core::service {
namespace {

// Rows that one transaction changes: short enough that nobody waits for its locks.
constexpr std::int64_t kBatch = 500;
// Longer than any transaction lasts that may have begun under the KEK before it was replaced.
constexpr std::chrono::hours kDestroyedAfter{1};
constexpr std::string_view kPending = "pending";
constexpr std::string_view kActive = "active";
constexpr std::string_view kVerifyOnly = "verify_only";
constexpr std::string_view kRetired = "retired";
constexpr std::size_t kServiceKeySize = 32;

Failure out_of_turn(std::string message) {
    return failure(ErrorCode::FailedPrecondition, std::move(message));
}

// The command that does a step.
std::string step_of(ServiceKeyRotation::Kind kind, std::string_view step) {
    const std::string group =
        kind == ServiceKeyRotation::Kind::SigningKey ? "signing-key" : "pepper";
    return "secretstorectl " + group + " rotate " + std::string(step);
}

Result<void> commit(store::Transaction& transaction) {
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return {};
}

// `from` opens, `to` seals.
Result<std::vector<store::TenantKeyOfRoot>> rewrapped(
    const crypto::KeyProvider& from,
    const crypto::KeyProvider& to,
    const std::vector<store::TenantKeyOfRoot>& keys) {
    std::vector<store::TenantKeyOfRoot> out;
    out.reserve(keys.size());
    for (const auto& [tenant, stored] : keys) {
        const auto kek = crypto::unwrap_kek(
            from, tenant, stored.id, static_cast<std::uint64_t>(stored.generation), stored.box);
        if (!kek)
            return failure(ErrorCode::IntegrityFailure,
                           "the KEK " + stored.id.text() + " of tenant " + tenant.text() +
                               " does not open; restore its row from a backup",
                           kek.error().detail);
        out.push_back({tenant, {stored.id, stored.generation, crypto::seal_kek(to, *kek)}});
    }
    return out;
}

Result<std::int64_t> move_service_keys(store::Connection& connection,
                                       const crypto::KeyProvider& from,
                                       const crypto::KeyProvider& to) {
    auto keys = store::list_service_keys_under_root(connection, from.id());
    if (!keys) return failure(keys);
    for (auto& key : *keys) {
        const crypto::ServiceKeyRow row{
            key.id, key.purpose, static_cast<std::uint64_t>(key.generation)};
        const auto opened = crypto::open_service_key(from, row, key.box);
        if (!opened)
            return failure(ErrorCode::IntegrityFailure,
                           "the service key " + key.id.text() +
                               " does not open; restore its row from a backup",
                           opened.error().detail);
        key.box = crypto::seal_service_key(to, row, *opened);
    }
    store::Transaction transaction(connection);
    store::add_rewrap_service_keys(transaction, *keys);
    if (const auto done = commit(transaction); !done) return failure(done);
    return static_cast<std::int64_t>(keys->size());
}

crypto::SecretRow row_of(const TenantId& tenant, const store::VersionUnderKek& version) {
    return {.tenant = tenant,
            .secret = version.secret,
            .name_space = version.name_space,
            .key = version.key,
            .version = static_cast<std::uint64_t>(version.version),
            .tier = static_cast<std::uint8_t>(version.tier),
            .expires_at = version.expires_at};
}

const store::ServiceKeyStored* find_state(const std::vector<store::ServiceKeyStored>& keys,
                                          std::string_view state) {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.state == state; });
    return found == keys.end() ? nullptr : &*found;
}

Failure no_rotation() {
    return failure(ErrorCode::FailedPrecondition,
                   "no other root key follows the present one: run 'secretstorectl root-key rotate "
                   "begin' first");
}

}  // namespace

// ---- the root key ---------------------------------------------------------------------------

Result<void> RootKeyRotation::announce() {
    const auto* next = m_roots.next();
    if (next == nullptr) return no_rotation();
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto known = store::find_root_key(**connection, next->id());
    if (!known) return failure(known);
    if (*known) return {};
    store::Transaction transaction(**connection);
    store::add_root_key(transaction, next->id(), next->check_value());
    return commit(transaction);
}

Result<std::int64_t> RootKeyRotation::workers_without_successor() {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto* next = m_roots.next();
    return store::count_workers_without_key(
        **connection, word_of_root_key(next == nullptr ? m_roots.current().id() : next->id()));
}

Result<std::int64_t> RootKeyRotation::move_to_successor(const Progress& progress) {
    if (m_roots.next() == nullptr) return no_rotation();
    return move(m_roots.current(), *m_roots.next(), progress);
}

Result<std::int64_t> RootKeyRotation::move_back(const Progress& progress) {
    if (m_roots.next() == nullptr) return no_rotation();
    return move(*m_roots.next(), m_roots.current(), progress);
}

Result<std::int64_t> RootKeyRotation::move(const crypto::KeyProvider& from,
                                           const crypto::KeyProvider& to,
                                           const Progress& progress) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    auto moved = move_service_keys(**connection, from, to);
    if (!moved) return moved;
    for (;;) {
        const auto keys = store::list_tenant_keys_under_root(**connection, from.id(), kBatch);
        if (!keys) return failure(keys);
        if (keys->empty()) return moved;
        const auto fresh = rewrapped(from, to, *keys);
        if (!fresh) return failure(fresh);
        store::Transaction transaction(**connection);
        store::add_rewrap_tenant_keys(transaction, *fresh);
        if (const auto done = commit(transaction); !done) return failure(done);
        *moved += static_cast<std::int64_t>(fresh->size());
        progress(*moved);
    }
}

Result<void> RootKeyRotation::forget_present() {
    return forget(m_roots.current().id());
}

Result<void> RootKeyRotation::forget_successor() {
    if (m_roots.next() == nullptr) return {};
    return forget(m_roots.next()->id());
}

Result<void> RootKeyRotation::forget(const KeyId& root_key) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto forgotten = store::forget_root_key(**connection, root_key);
    if (!forgotten) return failure(forgotten);
    if (!*forgotten)
        return out_of_turn("keys are still sealed under the root key " + root_key.text() +
                           "; run 'secretstorectl root-key rotate run' again");
    return {};
}

Result<std::int64_t> RootKeyRotation::count_under(const KeyId& root_key) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    return store::count_keys_under_root(**connection, root_key);
}

// ---- KEKs -----------------------------------------------------------------------------------

Result<KekRotation::Outcome> KekRotation::rotate(const TenantId& tenant, const Progress& progress) {
    const auto keks = prepare(tenant);
    if (!keks) return failure(keks);
    Outcome outcome;
    outcome.generation = static_cast<std::int64_t>(keks->active.generation);
    outcome.was_resumed = !keks->is_fresh;
    for (const auto& replaced : keks->replaced) {
        const auto versions = move_versions(replaced, keks->active, progress);
        if (!versions) return failure(versions);
        const auto answers = move_answers(replaced, keks->active);
        if (!answers) return failure(answers);
        outcome.versions += *versions;
        outcome.answers += *answers;
    }
    return outcome;
}

Result<crypto::TenantKek> KekRotation::open(const TenantId& tenant,
                                            const store::TenantKeyStored& stored) {
    return crypto::unwrap_kek(
        m_root_key, tenant, stored.id, static_cast<std::uint64_t>(stored.generation), stored.box);
}

// The KEKs as they are to be: a new active one, unless an earlier rotation left something behind.
Result<KekRotation::Keks> KekRotation::prepare(const TenantId& tenant) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection);
    store::add_lock_tenant_keys(transaction, tenant);
    store::add_count_rows_under_replaced_keks(transaction, tenant);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    const auto stored = store::parse_tenant_keys(found->at(0));
    if (stored.empty() || stored.front().state != kActive)
        return failure(ErrorCode::NotFound, "there is no such tenant, or it has no key");

    Keks keks;
    keks.is_fresh = found->at(1).row(0).integer() == 0;
    for (const auto& [key, state] : stored) {
        auto kek = open(tenant, key);
        if (!kek) return failure(kek);
        if (state == kActive && !keks.is_fresh)
            keks.active = std::move(*kek);
        else
            keks.replaced.push_back(std::move(*kek));
    }
    if (!keks.is_fresh) return keks;
    auto fresh = crypto::create_kek(
        m_root_key, tenant, crypto::new_id<KeyId>(m_clock), keks.replaced.front().generation + 1);
    store::add_replace_tenant_key(transaction, tenant);
    store::add_tenant_key(
        transaction,
        tenant,
        {fresh.kek.id, static_cast<std::int64_t>(fresh.kek.generation), std::move(fresh.box)});
    JsonWriter details;
    details.begin_object();
    details.member("kek_generation", static_cast<std::int64_t>(fresh.kek.generation)).end_object();
    add_act_of_operator(
        transaction,
        tenant,
        tenant_record(m_clock, tenant, "tenant.profile_updated", std::move(details)));
    if (const auto done = commit(transaction); !done) return failure(done);
    keks.active = std::move(fresh.kek);
    return keks;
}

Result<std::int64_t> KekRotation::move_versions(const crypto::TenantKek& from,
                                                const crypto::TenantKek& to,
                                                const Progress& progress) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    store::VersionPlace place;
    for (std::int64_t moved = 0;;) {
        auto versions =
            store::list_versions_under_kek(**connection, from.tenant, from.id, place, kBatch);
        if (!versions) return failure(versions);
        if (versions->empty()) return moved;
        for (auto& version : *versions) {
            auto box = crypto::rewrap_dek(from, to, row_of(from.tenant, version), version.dek_box);
            if (!box)
                return failure(ErrorCode::IntegrityFailure,
                               "version " + std::to_string(version.version) + " of secret " +
                                   version.secret.text() +
                                   " does not open; restore its row from a backup",
                               box.error().detail);
            version.dek_box = std::move(*box);
        }
        const auto changed =
            store::rewrap_versions(**connection, from.tenant, from.id, to.id, *versions);
        if (!changed) return failure(changed);
        place = {versions->back().secret, versions->back().version};
        moved += *changed;
        progress(moved);
    }
}

Result<std::int64_t> KekRotation::move_answers(const crypto::TenantKek& from,
                                               const crypto::TenantKek& to) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    Bytes place;
    for (std::int64_t moved = 0;;) {
        auto answers =
            store::list_answers_under_kek(**connection, from.tenant, from.id, place, kBatch);
        if (!answers) return failure(answers);
        if (answers->empty()) return moved;
        for (auto& answer : *answers) {
            const auto opened = crypto::open_answer(from, answer.request_key, answer.answer_box);
            if (!opened) return failure(opened);
            answer.answer_box =
                crypto::seal_answer(to, answer.request_key, {opened->data(), opened->size()});
        }
        const auto changed =
            store::reseal_answers(**connection, from.tenant, from.id, to.id, *answers);
        if (!changed) return failure(changed);
        place = answers->back().request_key;
        moved += *changed;
    }
}

Result<std::int64_t> KekRotation::destroy_replaced(store::Connection& connection) {
    return store::destroy_replaced_keks(connection, kDestroyedAfter);
}

// ---- signing key and pepper -----------------------------------------------------------------

std::string_view ServiceKeyRotation::purpose() const {
    return m_kind == Kind::SigningKey ? crypto::service_key_purpose::kTokenSigning
                                      : crypto::service_key_purpose::kAgentKeyPepper;
}

Result<std::vector<store::ServiceKeyStored>> ServiceKeyRotation::list_stored(
    store::Connection& connection) const {
    auto keys = store::list_service_keys(connection);
    if (!keys) return failure(keys);
    std::erase_if(*keys, [&](const auto& key) { return key.purpose != purpose(); });
    return keys;
}

Result<std::int64_t> ServiceKeyRotation::count_needs(store::Connection& connection,
                                                     const KeyId& key) const {
    return m_kind == Kind::SigningKey ? store::count_tokens_of_key(connection, key)
                                      : store::count_keys_of_pepper(connection, key);
}

// A worker that was started before the last step holds other keys than the database has now.
Result<void> ServiceKeyRotation::check_workers(
    store::Connection& connection, const std::vector<store::ServiceKeyStored>& keys) const {
    Generations now;
    for (const auto& key : keys) {
        now.newest = std::max(now.newest, key.generation);
        if (key.state == kActive) now.active = key.generation;
    }
    const auto behind =
        store::count_workers_without_key(connection, word_of_service_keys(purpose(), now));
    if (!behind) return failure(behind);
    if (*behind == 0) return {};
    return out_of_turn(std::to_string(*behind) +
                       " connections belong to workers that were not restarted since the last "
                       "step: run 'secretstorectl restart' on their hosts first");
}

Result<KeyId> ServiceKeyRotation::begin() {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto keys = list_stored(**connection);
    if (!keys) return failure(keys);
    if (const auto* pending = find_state(*keys, kPending))
        return out_of_turn("the key " + pending->id.text() +
                           " is pending already: run 'secretstorectl restart', then '" +
                           step_of(m_kind, "activate") + "'");
    std::int64_t newest = 0;
    for (const auto& key : *keys)
        newest = std::max(newest, key.generation);

    store::ServiceKeyStored fresh;
    fresh.id = crypto::new_id<KeyId>(m_clock);
    fresh.purpose = purpose();
    fresh.generation = newest + 1;
    fresh.state = kPending;
    const crypto::ServiceKeyBytes key(crypto::random_secret(kServiceKeySize));
    fresh.box = crypto::seal_service_key(
        m_root_key, {fresh.id, fresh.purpose, static_cast<std::uint64_t>(fresh.generation)}, key);
    store::Transaction transaction(**connection);
    store::add_service_key(transaction, fresh);
    if (const auto done = commit(transaction); !done) return failure(done);
    return fresh.id;
}

Result<KeyId> ServiceKeyRotation::activate() {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto keys = list_stored(**connection);
    if (!keys) return failure(keys);
    const auto* pending = find_state(*keys, kPending);
    const auto* active = find_state(*keys, kActive);
    if (pending == nullptr)
        return out_of_turn("no key is pending: run '" + step_of(m_kind, "begin") + "' first");
    if (const auto fine = check_workers(**connection, *keys); !fine) return failure(fine);
    store::Transaction transaction(**connection);
    // In this order: one key is active at a time.
    if (active != nullptr) store::add_set_service_key_state(transaction, active->id, kVerifyOnly);
    store::add_set_service_key_state(transaction, pending->id, kActive);
    if (const auto done = commit(transaction); !done) return failure(done);
    return pending->id;
}

Result<std::int64_t> ServiceKeyRotation::retire() {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto keys = list_stored(**connection);
    if (!keys) return failure(keys);
    if (const auto fine = check_workers(**connection, *keys); !fine) return failure(fine);
    store::Transaction transaction(**connection);
    std::int64_t retired = 0;
    for (const auto& key : *keys) {
        if (key.state != kVerifyOnly) continue;
        const auto needs = count_needs(**connection, key.id);
        if (!needs) return failure(needs);
        if (*needs > 0 && m_kind == Kind::SigningKey)
            return out_of_turn(std::to_string(*needs) + " live tokens were signed by the key " +
                               key.id.text() + "; wait until they have expired");
        if (*needs > 0)
            return out_of_turn(std::to_string(*needs) +
                               " agents and personal tokens have not been used since; wait until "
                               "they are, or revoke them or give them new keys");
        store::add_set_service_key_state(transaction, key.id, kRetired);
        ++retired;
    }
    if (retired == 0) return 0;
    if (const auto done = commit(transaction); !done) return failure(done);
    return retired;
}

Result<std::vector<ServiceKeyRotation::Key>> ServiceKeyRotation::list() {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    const auto keys = list_stored(**connection);
    if (!keys) return failure(keys);
    std::vector<Key> out;
    for (const auto& key : *keys) {
        const auto needs = count_needs(**connection, key.id);
        if (!needs) return failure(needs);
        out.push_back({key.id, key.state, key.generation, *needs});
    }
    return out;
}

}  // namespace core::service
