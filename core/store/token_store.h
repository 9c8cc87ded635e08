// Scoped tokens in the database: their rows, never their text.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/audit_store.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// "Is there a live secret of this tier below that pattern?" `like` is an SQL LIKE pattern; `low`
// and `high` bound the paths that its literal prefix allows, so that an index answers.
struct TierProbe {
    std::string like;
    std::string low;
    std::string high;
    std::int64_t tier = 0;
};

// The LIKE pattern of a scope's pattern: '*' becomes '%', all else is literal.
std::string like_pattern(std::string_view wildcard_pattern);
// Both bounds of a literal prefix of path characters.
TierProbe tier_probe(std::string_view wildcard_pattern,
                     std::string_view literal_prefix,
                     std::int64_t tier);

// What a token is asked for, or granted.
struct TokenTerms {
    std::vector<std::string> scopes;
    std::int64_t ttl_seconds = 0;
    std::optional<std::int64_t> max_uses;
    std::optional<std::vector<std::string>> ip_allowlist;
};

struct NewTokenRow {
    TokenId token;
    AgentId agent;
    KeyId signing_key;
    std::string plan_hint;
    std::int64_t epoch = 0;
    std::int64_t agent_limits = 0;
    std::int64_t agent_key_version = 0;
    TokenTerms terms;
    std::int64_t tier = 0;  // that it was approved for
    Bytes request_digest;   // SHA-256 over the terms; the same request has the same
    // Of its scopes that allow reading: by these a rotation finds it.
    std::vector<std::string> read_patterns;
};

// Patterns as `token_patterns` holds them: what stands before the first star, and for LIKE.
struct IndexPatterns {
    std::vector<std::string> prefixes;
    std::vector<std::string> likes;
};
IndexPatterns index_patterns(const std::vector<std::string>& patterns);

// Everything of a token's row that is signed into it.
struct SignedToken {
    TokenId token;
    AgentId agent;
    KeyId signing_key;
    std::string plan_hint;
    std::int64_t epoch = 0;
    std::int64_t agent_limits = 0;
    std::int64_t tier = 0;
    std::vector<std::string> scopes;
    std::optional<std::int64_t> max_uses;
    std::optional<std::vector<std::string>> ip_allowlist;
    Timestamp issued_at;
    Timestamp expires_at;
};

// What of a token its row decides.
struct IssuedRow {
    TokenId token;
    Timestamp issued_at;
    Timestamp expires_at;
    std::vector<std::string> scopes;
    std::optional<std::vector<std::string>> ip_allowlist;
};

// Either a token was issued (or had just been issued to the same request) and recorded, or a
// secret that it would cover needs approval.
struct TokenInsert {
    std::optional<std::int64_t> tier_needing_approval;
    std::optional<IssuedRow> issued;
};

// Queued; one result. Requests of one agent for the same wait for each other, until the transaction
// ends.
void add_lock_token_request(Transaction& transaction,
                            const AgentId& agent,
                            ByteView request_digest);

// Queued; three results, of which the second is for parse_token_insert().
void add_issue_token(Transaction& transaction,
                     const TenantId& tenant,
                     const NewTokenRow& token,
                     const std::vector<TierProbe>& probes,
                     const AuditEventId& event,
                     const AuditOrigin& origin);
inline constexpr std::size_t kIssueTokenResult = 1;
TokenInsert parse_token_insert(const ResultSet& result);

struct TokenRow {
    TokenId token;
    AgentId agent;
    std::vector<std::string> scopes;
    std::int64_t tier = 0;
    std::optional<std::int64_t> max_uses;
    std::int64_t uses = 0;
    std::optional<std::vector<std::string>> ip_allowlist;
    Timestamp issued_at;
    Timestamp expires_at;
};

struct TokenRows {
    std::vector<TokenRow> rows;
    std::int64_t total = 0;
};

// Those that are of use now, of one agent or of all; newest first. Errors: StoreUnavailable.
Result<TokenRows> list_tokens(Connection& connection,
                              const TenantId& tenant,
                              const std::optional<AgentId>& agent,
                              std::int64_t limit,
                              std::int64_t offset);

// Queued; one result, for parse_revocation().
void add_revoke_token(Transaction& transaction, const TenantId& tenant, const TokenId& token);
enum class Revocation : std::uint8_t { Done, WasRevoked, NoSuchToken };
Revocation parse_revocation(const ResultSet& result);

// Queued: every live token that may read `path`, each recorded. One result: how many.
void add_revoke_readers(Transaction& transaction,
                        const TenantId& tenant,
                        std::string_view path,
                        const AuditOrigin& origin);

// Deletes at most `limit` that have expired; how many. Role maint.
Result<std::int64_t> sweep_tokens(Connection& connection, std::int64_t limit);

// Numbered as in statements.cpp, FindTokenState.
enum class TokenState : std::uint8_t {
    Live = 0,
    Revoked = 1,
    Expired = 2,
    AgentInactive = 3,
    AddressNotAllowed = 4,
    Unknown = 5,  // no such row
};
// A word of ours for the audit record.
std::string_view reason_of(TokenState state);

// What rows say about a token, with its agent's present limits.
struct TokenStanding {
    TokenState state = TokenState::Unknown;
    std::int64_t plan_version = 0;  // of the tenant's plan
    std::int64_t limits_version = 0;
    std::vector<std::string> allowed_namespaces;
    std::vector<std::string> allowed_scopes;
};

// Queued; one result, for parse_token_standing().
void add_find_token_state(Transaction& transaction,
                          const TenantId& tenant,
                          const TokenId& token,
                          const AgentId& agent,
                          std::string_view ip_address);
TokenStanding parse_token_standing(const ResultSet& result);

// Queued; one result, a boolean: was a use left? `request_key`, a SHA-256, names the request: its
// use counts once, however often it comes.
void add_count_token_use(Transaction& transaction,
                         const TenantId& tenant,
                         const TokenId& token,
                         ByteView request_key);

}  // namespace core::store
