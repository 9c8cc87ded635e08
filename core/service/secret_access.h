// Who may do what with a secret, and what they are told: shared by those that read secrets and
// those that change them. Functions without state; thread-safe.
#pragma once

#include "core/base/error.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/scope/access_tier.h"
#include "core/scope/scope_set.h"
#include "core/scope/secret_path.h"
#include "core/store/read_batcher.h"
#include "core/store/secret_store.h"
#include "core/store/token_store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

// Types of events, and reasons as the audit log says them.
inline constexpr std::string_view kReadDenied = "secret.read.denied";
inline constexpr std::string_view kWriteDenied = "secret.write.denied";
inline constexpr std::string_view kOutsideScope = "scope_denied";
inline constexpr std::string_view kAgentNarrowed = "agent_limits_narrowed";
inline constexpr std::string_view kUsesExhausted = "uses_exhausted";
inline constexpr std::string_view kTokenAddress = "token_address_not_allowed";

std::int64_t number_of(scope::AccessTier tier);
// Critical for a number that is none: what the database should not hold is read by nobody.
scope::AccessTier tier_of(std::int64_t number);

Error scope_denied(std::string_view path);
Error approval_needed(const scope::SecretPath& path);
Error secret_not_found(const scope::SecretPath& path);
Error version_not_found(const scope::SecretPath& path);
Error secret_expired(const scope::SecretPath& path);
// 401 for a credential that was good once; the reason goes to the log.
Error no_longer_valid(std::string_view reason);
Error standing_error(store::TokenState state, const identity::Origin& origin);
Error read_refusal(store::ReadOutcome outcome,
                   const std::optional<std::string>& refusal,
                   const identity::Origin& origin,
                   const scope::SecretPath& path);

// By the token's own list of addresses.
bool may_come_from(const identity::TokenPrincipal& token, const identity::Origin& origin);
// The present limits of a token's agent. Errors: IntegrityFailure.
Result<scope::AgentLimits> limits_of(const store::TokenStanding& standing);

// Something may go on, or may not: why, for the audit log and for the caller.
struct Admission {
    std::string_view reason;
    std::optional<Error> refusal;

    static Admission denied(std::string_view why, Error error) { return {why, std::move(error)}; }
};

// May this token write to `path`, by its claims alone?
Admission admit_write_by_claims(const identity::TokenPrincipal& token,
                                const identity::Origin& origin,
                                const scope::SecretPath& path);
// And by what its rows say now, read in the transaction of the write? Errors: IntegrityFailure.
Result<Admission> admit_write_by_rows(const identity::TokenPrincipal& token,
                                      const identity::Origin& origin,
                                      const scope::SecretPath& path,
                                      const store::TokenStanding& standing,
                                      const std::optional<store::SecretHead>& head);

// LIKE patterns of scopes' patterns, and of allowed namespaces ("*" limits nothing).
std::vector<std::string> like_patterns(const std::vector<std::string>& patterns);
std::vector<std::string> namespace_patterns(const std::vector<std::string>& name_spaces);

}  // namespace core::service
