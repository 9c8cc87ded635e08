// Personal tokens in the database: the keys that people hold. Never the token itself.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/key_store.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// What is needed to verify one, and what its holder may do at this moment.
struct UserKeyRow {
    TenantId tenant;
    PersonalTokenId token;
    UserId user;
    KeyId pepper;
    Bytes key_mac;
    std::string token_role;
    std::string member_role;
    bool is_revoked = false;
    bool has_expired = false;      // by the database's clock
    bool was_used_lately = false;  // within the last minute
    TenantPlan plan;
};
// By the public part of the token, before the tenant is known. Nothing where there is none, or its
// holder is no member any more. Errors: StoreUnavailable.
Result<std::optional<UserKeyRow>> find_personal_token(Connection& connection,
                                                      std::string_view public_id);
// Notes that it was used, unless another request notes it at this moment.
// Errors: StoreUnavailable.
Result<void> touch_personal_token(Connection& connection,
                                  const TenantId& tenant,
                                  const PersonalTokenId& token);

// The same token under another pepper. Errors: StoreUnavailable.
Result<void> replace_personal_token_mac(Connection& connection,
                                        const TenantId& tenant,
                                        const PersonalTokenId& token,
                                        const KeyMacChange& change);

struct NewPersonalTokenRow {
    PersonalTokenId token;
    UserId user;
    std::string name;
    std::string role;
    std::string key_public_id;
    KeyId pepper;
    Bytes key_mac;
    Timestamp expires_at;
};
// Queued; no result.
void add_personal_token(Transaction& transaction,
                        const TenantId& tenant,
                        const NewPersonalTokenRow& token);
// Queued; one result row where the user is a member, who makes no other one meanwhile.
void add_lock_member(Transaction& transaction, const TenantId& tenant, const UserId& user);
// Queued; one result row with the number of the live ones.
void add_count_personal_tokens(Transaction& transaction,
                               const TenantId& tenant,
                               const UserId& user);

struct PersonalTokenRow {
    PersonalTokenId token;
    std::string name;
    std::string role;
    std::string key_public_id;
    Timestamp created_at;
    Timestamp expires_at;
    std::optional<Timestamp> last_used_at;
};
struct PersonalTokenRows {
    std::vector<PersonalTokenRow> rows;
    std::int64_t total = 0;
};
// The live ones of one member, newest first. Errors: StoreUnavailable.
Result<PersonalTokenRows> list_personal_tokens(Connection& connection,
                                               const TenantId& tenant,
                                               const UserId& user,
                                               std::int64_t limit,
                                               std::int64_t offset);
// Queued; its result touched a row where there was a live one of this member.
void add_revoke_personal_token(Transaction& transaction,
                               const TenantId& tenant,
                               const UserId& user,
                               const PersonalTokenId& token);

// Deletes at most `limit` whose time is over; how many. Role maint.
Result<std::int64_t> sweep_personal_tokens(Connection& connection, std::int64_t limit);

}  // namespace core::store
