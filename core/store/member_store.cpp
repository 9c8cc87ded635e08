#include "core/store/member_store.h"

#include "core/store/tenant_store.h"

namespace core::store {
namespace {

Parameters id_of(const TenantId& tenant, const UuidBytes& id) {
    return std::move(Parameters{}.id(tenant).bytes(id));
}

UuidBytes uuid_of(Row& row) {
    return row.id<MemberId>().bytes();
}

MemberRow parse_member_row(Row row) {
    MemberRow out;
    out.id = uuid_of(row);
    out.email = row.text();
    out.role = row.text();
    out.is_active = row.boolean();
    out.created_at = row.time();
    out.expires_at = row.maybe_time();
    return out;
}

}  // namespace

Result<std::optional<PersonRow>> find_person(Connection& connection,
                                             std::string_view issuer,
                                             std::string_view subject) {
    const auto results =
        connection.run(Statement::FindPerson, Parameters{}.text(issuer).text(subject));
    if (!results) return tl::unexpected(to_error(results.error()));
    if (results->empty()) return std::nullopt;
    PersonRow person;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        person.user = row.id<UserId>();
        const auto tenant = row.maybe_id<TenantId>();
        if (!tenant) continue;
        auto& membership = person.memberships.emplace_back();
        membership.tenant = *tenant;
        membership.role = row.text();
        membership.plan = parse_tenant_plan(row);
    }
    return person;
}

void add_person(Transaction& transaction,
                const UserId& user,
                std::string_view issuer,
                std::string_view subject,
                std::string_view email) {
    transaction.add(Statement::AddPerson,
                    Parameters{}.id(user).text(issuer).text(subject).text(email));
}

AddedPerson parse_added_person(const ResultSet& result) {
    Row row = result.row(0);
    AddedPerson added;
    added.user = row.id<UserId>();
    added.is_new = row.boolean();
    return added;
}

Result<UserId> make_known(Connection& connection,
                          const UserId& user,
                          std::string_view issuer,
                          std::string_view subject,
                          std::string_view email) {
    const auto result = connection.run(
        Statement::AddPerson, Parameters{}.id(user).text(issuer).text(subject).text(email));
    if (!result) return tl::unexpected(to_error(result.error()));
    return parse_added_person(*result).user;
}

Result<std::int64_t> count_recent_tenants(Connection& connection) {
    const auto result = connection.run(Statement::CountRecentTenants, {});
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

void add_count_members(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::CountMembers, Parameters{}.id(tenant));
}

void add_count_active_members(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::CountActiveMembers, Parameters{}.id(tenant));
}

Result<MemberRows> list_members(Connection& connection,
                                const TenantId& tenant,
                                std::int64_t limit,
                                std::int64_t offset) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::ListMembers, Parameters{}.id(tenant).bigint(limit).bigint(offset));
    add_count_members(transaction, tenant);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    MemberRows out;
    for (std::size_t i = 0; i < results->front().size(); ++i)
        out.rows.push_back(parse_member_row(results->front().row(i)));
    out.total = results->at(1).row(0).integer();
    return out;
}

void add_find_member(Transaction& transaction, const TenantId& tenant, const UuidBytes& id) {
    transaction.add(Statement::FindMember, id_of(tenant, id));
}

std::optional<MemberRow> parse_member(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    return parse_member_row(result.row(0));
}

void add_count_owners(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::CountOwners, Parameters{}.id(tenant));
}

void add_member(Transaction& transaction,
                const TenantId& tenant,
                const UserId& user,
                std::string_view role) {
    transaction.add(Statement::InsertMember, Parameters{}.id(tenant).id(user).text(role));
}

void add_change_member_role(Transaction& transaction,
                            const TenantId& tenant,
                            const UuidBytes& user,
                            std::string_view role) {
    transaction.add(Statement::UpdateMemberRole, std::move(id_of(tenant, user).text(role)));
}

void add_remove_member(Transaction& transaction, const TenantId& tenant, const UuidBytes& user) {
    transaction.add(Statement::DeleteMember, id_of(tenant, user));
}

void add_invitation(Transaction& transaction,
                    const TenantId& tenant,
                    const NewInvitationRow& invitation) {
    Parameters parameters;
    parameters.id(tenant).bytes(invitation.invitation).text(invitation.email);
    parameters.text(invitation.role).bytes(invitation.token_digest).id(invitation.invited_by);
    transaction.add(Statement::UpsertInvitation, std::move(parameters.time(invitation.expires_at)));
}

void add_find_pending_invitations(Transaction& transaction,
                                  const TenantId& tenant,
                                  std::string_view email) {
    transaction.add(Statement::FindPendingInvitations, Parameters{}.id(tenant).text(email));
}

PendingInvitations parse_pending_invitations(const ResultSet& result) {
    Row row = result.row(0);
    PendingInvitations out;
    out.total = row.integer();
    out.role = row.maybe_text();
    return out;
}

void add_change_invitation_role(Transaction& transaction,
                                const TenantId& tenant,
                                const UuidBytes& invitation,
                                std::string_view role) {
    transaction.add(Statement::UpdateInvitationRole,
                    std::move(id_of(tenant, invitation).text(role)));
}

void add_withdraw_invitation(Transaction& transaction,
                             const TenantId& tenant,
                             const UuidBytes& invitation) {
    transaction.add(Statement::DeleteInvitation, id_of(tenant, invitation));
}

void add_accept_invitation(Transaction& transaction,
                           const TenantId& tenant,
                           const UuidBytes& invitation) {
    transaction.add(Statement::AcceptInvitation, id_of(tenant, invitation));
}

Result<std::optional<InvitationPlace>> find_invitation(Connection& connection,
                                                       ByteView token_digest) {
    const auto result = connection.run(Statement::FindInvitation, Parameters{}.bytes(token_digest));
    if (!result) return tl::unexpected(to_error(result.error()));
    if (result->empty()) return std::nullopt;
    Row row = result->row(0);
    InvitationPlace place;
    place.tenant = row.id<TenantId>();
    place.invitation = uuid_of(row);
    place.email = row.text();
    place.is_pending = row.boolean();
    return place;
}

Result<bool> belongs_to_tenant(Connection& connection,
                               const TenantId& tenant,
                               std::string_view issuer,
                               std::string_view email) {
    const auto result = connection.run(Statement::BelongsToTenant,
                                       Parameters{}.id(tenant).text(issuer).text(email));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).boolean();
}

Result<std::int64_t> sweep_invitations(Connection& connection, std::int64_t limit) {
    const auto result = connection.run(Statement::SweepInvitations, Parameters{}.bigint(limit));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

}  // namespace core::store
