#include "core/service/secret_writing.h"

#include "core/crypto/random.h"
#include "core/crypto/tenant_keys.h"
#include "core/service/secret_access.h"
#include "core/service/services.h"

#include <algorithm>
#include <utility>

namespace core::service {

using scope::AccessTier;
using scope::SecretPath;

store::SecretWrite next_version(const Runtime& runtime,
                                const SecretPath& path,
                                const SecretAttributes& attributes,
                                const std::optional<store::SecretHead>& head,
                                TierRule rule) {
    store::SecretWrite write;
    write.secret = head ? head->secret : crypto::new_id<SecretId>(runtime.clock);
    write.name_space = std::string(path.name_space());
    write.key = std::string(path.key());
    write.type = attributes.type ? *attributes.type : head ? head->type : "custom";
    const auto stored = head ? tier_of(head->tier) : AccessTier::Standard;
    auto tier = attributes.tier.value_or(stored);
    if (rule == TierRule::KeepOrRaise) tier = std::max(tier, stored);
    write.tier = number_of(tier);
    write.metadata = attributes.metadata ? attributes.metadata
                     : head              ? head->metadata
                                         : std::nullopt;
    write.expires_at = attributes.expires_at ? *attributes.expires_at
                       : head                ? head->expires_at
                                             : std::nullopt;
    write.version = head ? head->current_version + 1 : 1;
    return write;
}

bool is_unchanged(const store::SecretWrite& write, const store::SecretHead& head) {
    return write.type == head.type && write.tier == head.tier && write.metadata == head.metadata &&
           write.expires_at == head.expires_at;
}

Result<void> seal_and_add(Change& change,
                          const TenantId& tenant,
                          store::SecretWrite& write,
                          const Plaintext& value) {
    const auto kek = change.active_kek();
    if (!kek) return failure(kek);
    crypto::SecretRow row;
    row.tenant = tenant;
    row.secret = write.secret;
    row.name_space = write.name_space;
    row.key = write.key;
    row.version = static_cast<std::uint64_t>(write.version);
    row.tier = static_cast<std::uint8_t>(write.tier);
    row.expires_at = write.expires_at;
    auto sealed = crypto::seal_value(**kek, row, value);
    write.kek = (*kek)->id;
    write.dek_box = std::move(sealed.dek_box);
    write.value_box = std::move(sealed.value_box);
    write.created_by_type = change.origin().actor_type;
    write.created_by = change.origin().actor;
    store::add_secret_head(change.transaction(), tenant, write);
    store::add_secret_version(change.transaction(), tenant, write);
    return {};
}

Result<Plaintext> open_version(Change& change,
                               const TenantId& tenant,
                               const SecretPath& path,
                               const SecretId& secret,
                               const store::SealedVersion& sealed) {
    const auto kek = change.open_kek(sealed.kek);
    if (!kek) return failure(kek);
    crypto::SecretRow row;
    row.tenant = tenant;
    row.secret = secret;
    row.name_space = path.name_space();
    row.key = path.key();
    row.version = static_cast<std::uint64_t>(sealed.version);
    row.tier = static_cast<std::uint8_t>(sealed.tier);
    row.expires_at = sealed.expires_at;
    return crypto::open_value(**kek, row, sealed.dek_box, sealed.value_box);
}

SecretInfo info_of(const SecretPath& path,
                   const store::SecretWrite& write,
                   const std::optional<store::SecretHead>& head,
                   Timestamp now) {
    SecretInfo info;
    info.id = write.secret;
    info.path = path;
    info.version = write.version;
    info.type = write.type;
    info.tier = tier_of(write.tier);
    info.metadata = write.metadata;
    info.created_at = head ? head->created_at : now;
    info.updated_at = now;
    info.expires_at = write.expires_at;
    return info;
}

SecretInfo info_of(const SecretPath& path, const store::SecretHead& head, Timestamp updated_at) {
    SecretInfo info;
    info.id = head.secret;
    info.path = path;
    info.version = head.current_version;
    info.type = head.type;
    info.tier = tier_of(head.tier);
    info.metadata = head.metadata;
    info.created_at = head.created_at;
    info.updated_at = updated_at;
    info.expires_at = head.expires_at;
    return info;
}

}  // namespace core::service
