#include "core/service/secret_changes.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/service/audit_trail.h"
#include "core/service/plan_limits.h"
#include "core/service/secret_access.h"
#include "core/service/secret_writing.h"
#include "core/service/services.h"
#include "core/store/token_store.h"

#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace core::service {
namespace {

using identity::Origin;
using identity::Principal;
using identity::TokenPrincipal;
using identity::UserPrincipal;
using scope::SecretPath;

// The official SDK, when it hears nothing, sends a PUT again at once, up to three times.
constexpr std::chrono::seconds kSentAgainWithin{120};
constexpr std::size_t kMadeValueBytes = 32;

Error version_conflict(const SecretPath& path, std::int64_t current) {
    return {ErrorCode::VersionConflict,
            current == 0
                ? "There is no secret '" + path.text() + "' yet; expected_version must be 0"
                : "The secret '" + path.text() + "' is at version " + std::to_string(current) +
                      "; read it again and retry",
            {}};
}

std::string details_of(std::string_view name, std::int64_t number) {
    JsonWriter details;
    details.begin_object().member(name, number).end_object();
    return std::move(details).take_text();
}

// Is `value` what the newest version holds, and `recent` that version, stored by who asks within
// kSentAgainWithin?
Result<bool> has_just_stored(Change& change,
                             const TenantId& tenant,
                             const SecretPath& path,
                             const store::SecretHead& head,
                             const std::optional<store::SealedVersion>& recent,
                             const Plaintext& value) {
    if (!recent || recent->version != head.current_version) return false;
    const auto newest = open_version(change, tenant, path, head.secret, *recent);
    if (!newest) return failure(newest);
    return constant_time_equal(*newest, value);
}

TierRule tier_rule(const Principal& principal) {
    return std::holds_alternative<UserPrincipal>(principal) ? TierRule::AsSent
                                                            : TierRule::KeepOrRaise;
}

// One PUT, and what its two steps share.
class Put {
  public:
    Put(const Runtime& runtime,
        const Principal& principal,
        const Origin& origin,
        const SecretPath& path,
        const PutRequest& request)
        : m_runtime(runtime),
          m_principal(principal),
          m_origin(origin),
          m_path(path),
          m_request(request),
          m_tenant(tenant_of(principal)),
          m_token(std::get_if<TokenPrincipal>(&principal)) {}

    void look(store::Transaction& transaction) const {
        const auto from = audit_origin(m_principal, m_origin);
        store::add_lock_secret(transaction, m_tenant, m_path.name_space(), m_path.key());
        store::add_find_recent_version(transaction,
                                       m_tenant,
                                       m_path.name_space(),
                                       m_path.key(),
                                       from.actor_type,
                                       from.actor,
                                       kSentAgainWithin);
        if (m_token != nullptr) add_look_at_token(transaction, *m_token, m_origin);
    }

    Result<SecretInfo> change(Change& change) {
        m_head = store::parse_secret_head(change.found(0));
        if (m_token != nullptr) {
            auto admission = admit(change);
            if (!admission) return failure(admission);
            if (admission->refusal)
                return refuse(change, admission->reason, std::move(*admission->refusal));
        }
        auto write =
            next_version(m_runtime, m_path, m_request.attributes, m_head, tier_rule(m_principal));
        const auto repeated = is_sent_again(change, write);
        if (!repeated) return failure(repeated);
        if (*repeated) return answer_again(change);

        const std::int64_t current = m_head ? m_head->current_version : 0;
        if (m_request.expected_version && *m_request.expected_version != current)
            return refuse(change, "version_conflict", version_conflict(m_path, current));
        auto no_room = find_no_room(change, write);
        if (!no_room) return failure(no_room);
        if (*no_room) return refuse(change, kNoRoom, std::move(**no_room));
        if (const auto added = seal_and_add(change, m_tenant, write, m_request.value); !added)
            return failure(added);
        change.record(record_of(write.secret, write.version));
        return info_of(m_path, write, m_head, change.now());
    }

    static void add_look_at_token(store::Transaction& transaction,
                                  const TokenPrincipal& token,
                                  const Origin& origin) {
        const auto& claims = token.claims;
        store::add_find_token_state(
            transaction, claims.tenant, claims.token, claims.agent, origin.address.text());
        if (claims.max_uses)
            store::add_count_token_use(
                transaction, claims.tenant, claims.token, token_use_key(origin));
    }

  private:
    Result<Admission> admit(Change& change) {
        const auto standing = store::parse_token_standing(change.found(2));
        auto admission = admit_write_by_rows(*m_token, m_origin, m_path, standing, m_head);
        if (!admission || admission->refusal) return admission;
        if (m_token->claims.max_uses && !change.found(3).row(0).boolean())
            return Admission::denied(kUsesExhausted, no_longer_valid(kUsesExhausted));
        return admission;
    }

    // For what is there already there is room.
    Result<std::optional<Error>> find_no_room(Change& change, const store::SecretWrite& write) {
        if (m_head) return std::optional<Error>();
        return find_no_room_for_secrets(
            m_runtime, change, m_principal, m_path.name_space(), {write.key});
    }

    Failure refuse(Change& change, std::string_view reason, Error error) {
        return change.refuse(refused_access(m_runtime, kWriteDenied, m_path, m_principal, reason),
                             std::move(error));
    }

    // Is the newest version, which this actor has just stored, what this request would store? A
    // version that was expected must then be the one that it replaced, or it itself.
    Result<bool> is_sent_again(Change& change, const store::SecretWrite& write) {
        const auto recent = store::parse_sealed_version(change.found(1));
        if (!recent || !m_head) return false;
        const auto expected = m_request.expected_version.value_or(recent->version);
        if (expected != recent->version && expected != recent->version - 1) return false;
        if (!is_unchanged(write, *m_head)) return false;
        m_stored_at = recent->secret_updated_at;
        return has_just_stored(change, m_tenant, m_path, *m_head, recent, m_request.value);
    }

    // Nothing changes; that it was asked is on record.
    SecretInfo answer_again(Change& change) {
        auto record = record_of(m_head->secret, m_head->current_version);
        JsonWriter details;
        details.begin_object().member("repeated", true).end_object();
        record.details = std::move(details).take_text();
        change.record(record);
        return info_of(m_path, *m_head, m_stored_at);
    }

    store::AuditRecord record_of(const SecretId& secret, std::int64_t version) {
        auto record = access_record(
            m_runtime, version == 1 ? "secret.created" : "secret.updated", m_path, m_principal);
        record.resource = secret.bytes();
        record.version = version;
        return record;
    }

    const Runtime& m_runtime;
    const Principal& m_principal;
    const Origin& m_origin;
    const SecretPath& m_path;
    const PutRequest& m_request;
    const TenantId m_tenant;
    const TokenPrincipal* m_token;
    std::optional<store::SecretHead> m_head;
    Timestamp m_stored_at;
};

}  // namespace

SecretChanges::SecretChanges(const Runtime& runtime) : m_runtime(runtime), m_once(runtime) {}

Result<Body> SecretChanges::put(const Principal& principal,
                                const Origin& origin,
                                const SecretPath& path,
                                const PutRequest& request,
                                const Rendering<SecretInfo>& render) {
    if (request.value.empty() || request.value.size() > kMaxValueBytes)
        return failure(ErrorCode::InvalidRequest, "The member 'value' must have 1 to 65536 bytes");
    const auto from = audit_origin(principal, origin);
    if (const auto* token = std::get_if<TokenPrincipal>(&principal)) {
        auto admission = admit_write_by_claims(*token, origin, path);
        if (admission.refusal)
            return refuse_token(
                m_runtime,
                *token,
                origin,
                refused_access(m_runtime, kWriteDenied, path, principal, admission.reason),
                std::move(*admission.refusal));
    }
    Put put(m_runtime, principal, origin, path, request);
    return m_once.run(
        tenant_of(principal),
        from,
        origin,
        [&](store::Transaction& transaction) { put.look(transaction); },
        [&](Change& change) -> Result<Body> {
            const auto stored = put.change(change);
            if (!stored) return failure(stored);
            return render(*stored);
        });
}

// ---- for people --------------------------------------------------------------------------------

namespace {

// The secret that a person wants to change, as it is now; where it is not, that is on record.
Result<store::SecretHead> existing(const Runtime& runtime,
                                   Change& change,
                                   const UserPrincipal& user,
                                   const SecretPath& path) {
    auto head = store::parse_secret_head(change.found(0));
    if (head) return std::move(*head);
    return change.refuse(refused_access(runtime, kWriteDenied, path, user, "secret_not_found"),
                         secret_not_found(path));
}

store::AuditRecord changed(const Runtime& runtime,
                           std::string_view event,
                           const UserPrincipal& user,
                           const SecretPath& path,
                           const store::SecretWrite& write) {
    auto record = access_record(runtime, event, path, user);
    record.resource = write.secret.bytes();
    record.version = write.version;
    return record;
}

// The second step of a rotation: ends the tokens that may read the secret, and stores `value`.
Result<RotatedSecret> rotate_secret(const Runtime& runtime,
                                    Change& change,
                                    const UserPrincipal& user,
                                    const SecretPath& path,
                                    const Plaintext& value) {
    const auto head = existing(runtime, change, user, path);
    if (!head) return failure(head);
    // A new value would be as dead as the old one.
    if (head->expires_at && *head->expires_at <= change.now())
        return change.refuse(refused_access(runtime, kWriteDenied, path, user, "secret_expired"),
                             {ErrorCode::SecretExpired,
                              "The secret '" + path.text() +
                                  "' has expired; store a new value with a new expires_at by PUT",
                              {}});
    auto& transaction = change.transaction();
    store::add_revoke_readers(transaction, user.tenant, path.text(), change.origin());
    const auto revoked = transaction.flush();
    if (!revoked) return tl::unexpected(store::to_error(revoked.error()));

    auto write = next_version(runtime, path, {}, *head, TierRule::AsSent);
    if (const auto added = seal_and_add(change, user.tenant, write, value); !added)
        return failure(added);
    RotatedSecret rotated;
    rotated.path = path;
    rotated.version = write.version;
    rotated.rotated_at = change.now();
    rotated.revoked_tokens = revoked->front().row(0).integer();
    auto record = changed(runtime, "secret.rotated", user, path, write);
    record.details = details_of("revoked_tokens", rotated.revoked_tokens);
    change.record(record);
    return rotated;
}

// Nothing changes; that it was asked is on record.
RolledBackSecret rolled_back_again(const Runtime& runtime,
                                   Change& change,
                                   const UserPrincipal& user,
                                   const SecretPath& path,
                                   const store::SecretHead& head,
                                   Timestamp stored_at,
                                   std::int64_t version) {
    auto record = access_record(runtime, "secret.rolled_back", path, user);
    record.resource = head.secret.bytes();
    record.version = head.current_version;
    JsonWriter details;
    details.begin_object().member("from_version", version).member("repeated", true).end_object();
    record.details = std::move(details).take_text();
    change.record(record);
    return {info_of(path, head, stored_at), version};
}

// The second step of a rollback.
Result<RolledBackSecret> roll_back_secret(const Runtime& runtime,
                                          Change& change,
                                          const UserPrincipal& user,
                                          const SecretPath& path,
                                          std::int64_t version) {
    const auto head = existing(runtime, change, user, path);
    if (!head) return failure(head);
    const auto sealed = store::parse_sealed_version(change.found(1));
    if (!sealed)
        return change.refuse(refused_access(runtime, kWriteDenied, path, user, "version_not_found"),
                             version_not_found(path));
    const auto value = open_version(change, user.tenant, path, head->secret, *sealed);
    if (!value) return failure(value);
    const auto recent = store::parse_sealed_version(change.found(2));
    const auto repeated = has_just_stored(change, user.tenant, path, *head, recent, *value);
    if (!repeated) return failure(repeated);
    if (*repeated)
        return rolled_back_again(
            runtime, change, user, path, *head, recent->secret_updated_at, version);

    auto write = next_version(runtime, path, {}, *head, TierRule::AsSent);
    if (const auto added = seal_and_add(change, user.tenant, write, *value); !added)
        return failure(added);
    auto record = changed(runtime, "secret.rolled_back", user, path, write);
    record.details = details_of("from_version", version);
    change.record(record);
    return RolledBackSecret{info_of(path, write, *head, change.now()), version};
}

}  // namespace

Result<Body> SecretChanges::remove(const UserPrincipal& user,
                                   const Origin& origin,
                                   const SecretPath& path,
                                   const Rendering<SecretPath>& render) {
    return m_once.run(
        user.tenant,
        audit_origin(user, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_secret(transaction, user.tenant, path.name_space(), path.key());
        },
        [&](Change& change) -> Result<Body> {
            const auto head = existing(m_runtime, change, user, path);
            if (!head) return failure(head);
            store::add_delete_secret(change.transaction(), user.tenant, head->secret);
            auto record = access_record(m_runtime, "secret.deleted", path, user);
            record.resource = head->secret.bytes();
            record.version = head->current_version;
            change.record(record);
            return render(path);
        });
}

Result<Body> SecretChanges::rotate(const UserPrincipal& user,
                                   const Origin& origin,
                                   const SecretPath& path,
                                   const std::optional<Plaintext>& value,
                                   const Rendering<RotatedSecret>& render) {
    if (value && (value->empty() || value->size() > kMaxValueBytes))
        return failure(ErrorCode::InvalidRequest,
                       "The member 'new_value' must have 1 to 65536 bytes");
    std::optional<Plaintext> made;
    if (!value) made.emplace(crypto::random_base64url(kMadeValueBytes));
    return m_once.run(
        user.tenant,
        audit_origin(user, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_secret(transaction, user.tenant, path.name_space(), path.key());
        },
        [&](Change& change) -> Result<Body> {
            auto rotated = rotate_secret(m_runtime, change, user, path, value ? *value : *made);
            if (!rotated) return failure(rotated);
            rotated->made_value = made ? &*made : nullptr;
            return render(*rotated);
        });
}

Result<Body> SecretChanges::roll_back(const UserPrincipal& user,
                                      const Origin& origin,
                                      const SecretPath& path,
                                      std::int64_t version,
                                      const Rendering<RolledBackSecret>& render) {
    const auto from = audit_origin(user, origin);
    return m_once.run(
        user.tenant,
        from,
        origin,
        [&](store::Transaction& transaction) {
            const auto [name_space, key] = std::pair(path.name_space(), path.key());
            store::add_lock_secret(transaction, user.tenant, name_space, key);
            store::add_find_version(transaction, user.tenant, name_space, key, version);
            store::add_find_recent_version(transaction,
                                           user.tenant,
                                           name_space,
                                           key,
                                           from.actor_type,
                                           from.actor,
                                           kSentAgainWithin);
        },
        [&](Change& change) -> Result<Body> {
            const auto rolled_back = roll_back_secret(m_runtime, change, user, path, version);
            if (!rolled_back) return failure(rolled_back);
            return render(*rolled_back);
        });
}

}  // namespace core::service
