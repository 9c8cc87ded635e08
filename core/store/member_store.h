// People, the tenants that they belong to, and invitations in the database.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

struct Membership {
    TenantId tenant;
    std::string role;
    TenantPlan plan;
};

// Somebody who has signed in before.
struct PersonRow {
    UserId user;
    std::vector<Membership> memberships;  // oldest first; of one who left them all: none
};
// Before any tenant is known. Nothing where nobody is known by that identity.
Result<std::optional<PersonRow>> find_person(Connection& connection,
                                             std::string_view issuer,
                                             std::string_view subject);

// Queued; one result, for parse_added_person().
void add_person(Transaction& transaction,
                const UserId& user,
                std::string_view issuer,
                std::string_view subject,
                std::string_view email);
struct AddedPerson {
    UserId user;          // the one that was given, or that of somebody who is known already
    bool is_new = false;  // they were not known before
};
AddedPerson parse_added_person(const ResultSet& result);

// The same by itself, committed; the id that they have. Errors: StoreUnavailable.
Result<UserId> make_known(Connection& connection,
                          const UserId& user,
                          std::string_view issuer,
                          std::string_view subject,
                          std::string_view email);

// Tenants that were made within the last hour. Errors: StoreUnavailable.
Result<std::int64_t> count_recent_tenants(Connection& connection);

// Queued; one result: how many there are, with pending invitations or without.
void add_count_members(Transaction& transaction, const TenantId& tenant);
void add_count_active_members(Transaction& transaction, const TenantId& tenant);

// A member, or somebody with a pending invitation.
struct MemberRow {
    UuidBytes id{};  // of the user, or of the invitation
    std::string email;
    std::string role;
    bool is_active = false;
    Timestamp created_at;
    std::optional<Timestamp> expires_at;  // of an invitation
};
struct MemberRows {
    std::vector<MemberRow> rows;
    std::int64_t total = 0;
};
// Members before invitations, oldest first. Errors: StoreUnavailable.
Result<MemberRows> list_members(Connection& connection,
                                const TenantId& tenant,
                                std::int64_t limit,
                                std::int64_t offset);
// Queued; one result, for parse_member(): the member or pending invitation of this id.
void add_find_member(Transaction& transaction, const TenantId& tenant, const UuidBytes& id);
std::optional<MemberRow> parse_member(const ResultSet& result);
// Queued; one result row with a number.
void add_count_owners(Transaction& transaction, const TenantId& tenant);

// Queued; no result.
void add_member(Transaction& transaction,
                const TenantId& tenant,
                const UserId& user,
                std::string_view role);
void add_change_member_role(Transaction& transaction,
                            const TenantId& tenant,
                            const UuidBytes& user,
                            std::string_view role);
// Personal tokens of that member go as well.
void add_remove_member(Transaction& transaction, const TenantId& tenant, const UuidBytes& user);

struct NewInvitationRow {
    UuidBytes invitation{};
    std::string email;
    std::string role;
    Bytes token_digest;
    std::optional<UserId> invited_by;
    Timestamp expires_at;
};
// Queued; no result. Takes the place of a pending one for the same address.
void add_invitation(Transaction& transaction,
                    const TenantId& tenant,
                    const NewInvitationRow& invitation);
// Queued; one result, for parse_pending_invitations().
void add_find_pending_invitations(Transaction& transaction,
                                  const TenantId& tenant,
                                  std::string_view email);
struct PendingInvitations {
    std::int64_t total = 0;           // of the tenant
    std::optional<std::string> role;  // of the one for that address, if any
};
PendingInvitations parse_pending_invitations(const ResultSet& result);
// Queued; no result.
void add_change_invitation_role(Transaction& transaction,
                                const TenantId& tenant,
                                const UuidBytes& invitation,
                                std::string_view role);
void add_withdraw_invitation(Transaction& transaction,
                             const TenantId& tenant,
                             const UuidBytes& invitation);
void add_accept_invitation(Transaction& transaction,
                           const TenantId& tenant,
                           const UuidBytes& invitation);

struct InvitationPlace {
    TenantId tenant;
    UuidBytes invitation{};
    std::string email;  // never changes
    bool is_pending = false;
};
// Whom this token invites, and where to, before the tenant is known.
// Errors: StoreUnavailable.
Result<std::optional<InvitationPlace>> find_invitation(Connection& connection,
                                                       ByteView token_digest);

// Role maint from here on.
// Is this address a member by that issuer, or invited? Errors: StoreUnavailable.
Result<bool> belongs_to_tenant(Connection& connection,
                               const TenantId& tenant,
                               std::string_view issuer,
                               std::string_view email);
// Deletes at most `limit` whose time is over; how many.
Result<std::int64_t> sweep_invitations(Connection& connection, std::int64_t limit);

}  // namespace core::store
