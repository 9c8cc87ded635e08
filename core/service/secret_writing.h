// How a version of a secret is made of what was sent and what is stored; what put, import, rotate
// and rollback share. Functions without state; thread-safe.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/scope/secret_path.h"
#include "core/service/exactly_once.h"
#include "core/service/secret_changes.h"
#include "core/store/secret_store.h"

#include <optional>

namespace core::service {

// The official SDK always sends `standard`: what an agent sends keeps or raises the tier
// (contract.md §5); a person may lower it.
enum class TierRule : std::uint8_t { KeepOrRaise, AsSent };

// The next version and its head, not yet sealed: a new secret where `head` is nothing.
store::SecretWrite next_version(const Runtime& runtime,
                                const scope::SecretPath& path,
                                const SecretAttributes& attributes,
                                const std::optional<store::SecretHead>& head,
                                TierRule rule);

// Does `write` say of the secret what `head` says?
bool is_unchanged(const store::SecretWrite& write, const store::SecretHead& head);

// Seals `value` into it and queues both rows. Errors: KekUnavailable, IntegrityFailure.
Result<void> seal_and_add(Change& change,
                          const TenantId& tenant,
                          store::SecretWrite& write,
                          const Plaintext& value);

// Opens a version that was found. Errors: KekUnavailable, IntegrityFailure.
Result<Plaintext> open_version(Change& change,
                               const TenantId& tenant,
                               const scope::SecretPath& path,
                               const SecretId& secret,
                               const store::SealedVersion& sealed);

// What is answered for a write of the transaction of `now`.
SecretInfo info_of(const scope::SecretPath& path,
                   const store::SecretWrite& write,
                   const std::optional<store::SecretHead>& head,
                   Timestamp now);
// And for what is stored already.
SecretInfo info_of(const scope::SecretPath& path,
                   const store::SecretHead& head,
                   Timestamp updated_at);

}  // namespace core::service
