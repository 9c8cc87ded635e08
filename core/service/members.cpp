#include "core/service/members.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/service/audit_trail.h"
#include "core/service/notifications.h"
#include "core/service/plan_limits.h"
#include "core/service/services.h"
#include "core/service/sign_up.h"
#include "core/store/connection_pool.h"
#include "core/store/outbox_store.h"
#include "core/store/tenant_store.h"

#include <string_view>
#include <utility>

namespace core::service {
namespace {

using identity::MemberRole;

// Each sends a mail to an address that a tenant chooses: a bound on what it can make us send.
constexpr std::int64_t kMostPending = 100;
constexpr std::string_view kLastOwner =
    "A tenant keeps at least one owner: make somebody else an owner first";
constexpr std::string_view kNoSuchInvitation =
    "No invitation for your address bears this token: it was accepted, withdrawn, replaced by a "
    "newer one or has expired; ask for another";

Failure no_such_member() {
    return failure(ErrorCode::NotFound, "There is no such member; GET /v1/members lists them");
}

Failure no_such_invitation() {
    return failure(ErrorCode::NotFound, std::string(kNoSuchInvitation));
}

Result<Member> member_of(store::MemberRow&& row) {
    const auto role = identity::parse_member_role(row.role);
    if (!role) return failure(ErrorCode::IntegrityFailure, {}, "a member's role is unknown");
    Member member;
    member.id = MemberId(row.id);
    member.email = std::move(row.email);
    member.role = *role;
    member.status = row.is_active ? MemberStatus::Active : MemberStatus::Invited;
    member.created_at = row.created_at;
    member.expires_at = row.expires_at;
    return member;
}

std::string_view resource_of(const Member& member) {
    return member.status == MemberStatus::Active ? "user" : "invitation";
}

store::AuditRecord record_of(const Runtime& runtime, std::string_view type, const Member& member) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = type;
    record.resource_type = resource_of(member);
    record.resource = member.id.bytes();
    return record;
}

std::string role_details(std::string_view email, MemberRole role) {
    JsonWriter details;
    details.begin_object().member("email", email).member("role", to_string(role)).end_object();
    return std::move(details).take_text();
}

std::string change_details(MemberRole from, MemberRole to) {
    JsonWriter details;
    details.begin_object().member("from", to_string(from)).member("to", to_string(to));
    details.end_object();
    return std::move(details).take_text();
}

Error out_of_reach(MemberRole manager, MemberRole managed) {
    return {ErrorCode::ScopeDenied,
            "The role " + std::string(to_string(manager)) + " does not manage members with the " +
                "role " + std::string(to_string(managed)),
            {}};
}

// ---- one member, found under the tenant's lock -------------------------------------------------

void look_for(store::Transaction& transaction, const TenantId& tenant, const MemberId& id) {
    store::add_lock_tenant_plan(transaction, tenant);
    store::add_find_member(transaction, tenant, id.bytes());
    store::add_count_owners(transaction, tenant);
}

struct Found {
    Member member;
    std::int64_t owners = 0;  // of the tenant

    [[nodiscard]] bool is_last_owner() const {
        return member.status == MemberStatus::Active && member.role == MemberRole::Owner &&
               owners <= 1;
    }
};

// Of what look_for() queued. Errors: NotFound.
Result<Found> found_of(const Change& change) {
    auto row = store::parse_member(change.found(1));
    if (!row) return no_such_member();
    auto member = member_of(std::move(*row));
    if (!member) return failure(std::move(member));
    return Found{std::move(*member), change.found(2).row(0).integer()};
}

Failure refuse_change(const Runtime& runtime,
                      Change& change,
                      const Member& member,
                      std::string_view reason,
                      Error error) {
    auto record = failed_authentication(runtime, resource_of(member), member.id.bytes(), reason);
    return change.refuse(std::move(record), std::move(error));
}

Failure refuse_last_owner(const Runtime& runtime, Change& change, const Member& member) {
    return refuse_change(runtime,
                         change,
                         member,
                         "last_owner",
                         {ErrorCode::ScopeDenied, std::string(kLastOwner), {}});
}

// ---- invitations -------------------------------------------------------------------------------

// `members`: how many there are, of those that one more is to be added to.
Result<void> check_room(const Runtime& runtime,
                        Change& change,
                        const Member& member,
                        const store::ResultSet& members) {
    auto no_room = find_no_room(runtime.policy.plans, change.found(0), members, Counted::Members);
    if (!no_room) return {};
    return refuse_change(runtime, change, member, kNoRoom, std::move(*no_room));
}

// May this one take the place of what is pending, or is there room for it? The tenant's plan was
// found first, and all members, whoever is invited included, last.
Result<void> may_invite(const Runtime& runtime,
                        Change& change,
                        const Manager& manager,
                        const Member& invited) {
    const auto pending = store::parse_pending_invitations(change.found(1));
    if (!pending.role) {
        if (pending.total >= kMostPending)
            return failure(ErrorCode::PlanLimitReached,
                           "At most 100 invitations may be pending; withdraw some first");
        return check_room(runtime, change, invited, change.found(2));
    }
    const auto role = identity::parse_member_role(*pending.role);
    if (role && identity::may_manage(manager.role, *role)) return {};
    return refuse_change(runtime,
                         change,
                         invited,
                         "role_out_of_reach",
                         out_of_reach(manager.role, role.value_or(MemberRole::Owner)));
}

// The token is for the mail to who is invited: sealed, so that nobody else who is told of it has
// it.
void tell(const Runtime& runtime,
          Change& change,
          const TenantId& tenant,
          const Member& invited,
          const Credential& token) {
    JsonWriter payload;
    payload.begin_object().member("invitation_id", invited.id.text());
    payload.member("email", invited.email).member("role", to_string(invited.role));
    payload.member("expires_at", format_rfc3339(*invited.expires_at)).end_object();
    const auto message = crypto::new_id<MessageId>(runtime.clock);
    store::add_outbox_message(
        change.transaction(),
        tenant,
        {message,
         event::kMemberInvited,
         std::move(payload).take_text(),
         runtime.keyring.egress_key().seal(tenant, mail_label(message), token.expose())});
}

Member new_invitation(const Runtime& runtime,
                      const identity::EmailAddress& email,
                      MemberRole role) {
    Member member;
    member.id = crypto::new_id<MemberId>(runtime.clock);
    member.email = email.text();
    member.role = role;
    member.status = MemberStatus::Invited;
    return member;
}

// Somebody accepts an invitation of this tenant.
struct Acceptance {
    TenantId tenant;
    MemberId invitation;
    UserId user;
};

Failure refuse_address(const Runtime& runtime,
                       const store::InvitationPlace& place,
                       const std::optional<UserId>& user,
                       const identity::Origin& origin) {
    return refuse(runtime,
                  place.tenant,
                  audit_origin(Actor{place.tenant, "user", user}, origin),
                  failed_authentication(runtime, "invitation", place.invitation, "another_address"),
                  no_such_invitation().value());
}

struct Asking {
    std::optional<store::InvitationPlace> place;
    std::optional<UserId> user;  // where they have signed in before
};

Result<Asking> find_asking(const Runtime& runtime,
                           const identity::IdTokenClaims& claims,
                           const identity::InvitationToken& token) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto place = store::find_invitation(**connection, token.digest());
    if (!place) return failure(place);
    const auto person = store::find_person(**connection, claims.issuer, claims.subject);
    if (!person) return failure(person);
    Asking asking{std::move(*place), std::nullopt};
    if (*person) asking.user = (*person)->user;
    return asking;
}

Result<UserId> make_known(const Runtime& runtime,
                          const identity::IdTokenClaims& claims,
                          const identity::EmailAddress& address) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::make_known(**connection,
                             crypto::new_id<UserId>(runtime.clock),
                             claims.issuer,
                             claims.subject,
                             address.text());
}

// Whoever comes with a pending invitation to their address is made known at once: under one id,
// however many of their requests there are. An accepted one goes on, for the request may be a
// repeated one. Errors: as Members::accept().
Result<Acceptance> prepare_acceptance(const Runtime& runtime,
                                      const identity::IdTokenClaims& claims,
                                      const identity::EmailAddress& address,
                                      const identity::Origin& origin,
                                      const identity::InvitationToken& token) {
    const auto asking = find_asking(runtime, claims, token);
    if (!asking) return failure(asking);
    const auto& place = asking->place;
    if (!place) return no_such_invitation();
    if (place->email != address.text())
        return refuse_address(runtime, *place, asking->user, origin);
    Acceptance acceptance{place->tenant, MemberId(place->invitation), {}};
    if (asking->user) {
        acceptance.user = *asking->user;
        return acceptance;
    }
    if (!place->is_pending) return no_such_invitation();
    const auto user = make_known(runtime, claims, address);
    if (!user) return failure(user);
    acceptance.user = *user;
    return acceptance;
}

// Of what accept() looked for. Errors: as Members::accept().
Result<Member> acceptable(const Change& change) {
    auto row = store::parse_member(change.found(1));
    if (!row || row->is_active) return no_such_invitation();
    if (store::parse_member(change.found(2)))
        return failure(ErrorCode::InvalidRequest,
                       "You are a member of this tenant already; an owner or admin changes roles");
    return member_of(std::move(*row));
}

Body join(const Runtime& runtime,
          Change& change,
          const Acceptance& acceptance,
          const Member& invitation,
          const Rendering<Joined>& render) {
    auto& transaction = change.transaction();
    const Joined joined{acceptance.tenant, acceptance.user, invitation.role};
    store::add_member(transaction, joined.tenant, joined.user, to_string(joined.role));
    store::add_accept_invitation(transaction, joined.tenant, invitation.id.bytes());
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "member.joined";
    record.resource_type = "user";
    record.resource = joined.user.bytes();
    JsonWriter details;
    details.begin_object().member("invitation_id", invitation.id.text());
    details.member("role", to_string(joined.role)).end_object();
    record.details = std::move(details).take_text();
    change.record(record);
    return render(joined);
}

}  // namespace

Manager manager_of(const identity::UserPrincipal& user) {
    return {actor_of(user), user.role};
}

Result<Page<Member>> Members::list(const TenantId& tenant, const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_members(**connection, tenant, page.limit, page.offset());
    if (!rows) return failure(rows);
    Page<Member> out;
    out.total = rows->total;
    for (auto& row : rows->rows) {
        auto member = member_of(std::move(row));
        if (!member) return failure(std::move(member));
        out.items.push_back(std::move(*member));
    }
    return out;
}

Result<Body> Members::invite(const Manager& manager,
                             const identity::Origin& origin,
                             const identity::EmailAddress& email,
                             MemberRole role,
                             const Rendering<InvitedMember>& render) {
    const auto& actor = manager.actor;
    const auto token = identity::InvitationToken::generate();
    auto invited = new_invitation(m_runtime, email, role);
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_tenant_plan(transaction, actor.tenant);
            store::add_find_pending_invitations(transaction, actor.tenant, email.text());
            store::add_count_members(transaction, actor.tenant);
        },
        [&](Change& change) -> Result<Body> {
            // Only the operator names one by hand.
            if (change.found(0).empty())
                return failure(ErrorCode::NotFound, "There is no such tenant");
            if (!identity::may_manage(manager.role, role))
                return refuse_change(m_runtime,
                                     change,
                                     invited,
                                     "role_out_of_reach",
                                     out_of_reach(manager.role, role));
            if (const auto may = may_invite(m_runtime, change, manager, invited); !may)
                return failure(may);
            invited.created_at = change.now();
            invited.expires_at = change.now() + m_runtime.policy.invitation_ttl;
            const auto digest = token.digest();
            store::add_invitation(change.transaction(),
                                  actor.tenant,
                                  {invited.id.bytes(),
                                   invited.email,
                                   std::string(to_string(role)),
                                   {digest.begin(), digest.end()},
                                   actor.user,
                                   *invited.expires_at});
            auto record = record_of(m_runtime, "member.invited", invited);
            record.details = role_details(invited.email, role);
            change.record(record);
            tell(m_runtime, change, actor.tenant, invited, token.text());
            return render({invited, token.text()});
        });
}

Result<Body> Members::change_role(const Manager& manager,
                                  const identity::Origin& origin,
                                  const MemberId& id,
                                  MemberRole role,
                                  const Rendering<Member>& render) {
    const auto& actor = manager.actor;
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) { look_for(transaction, actor.tenant, id); },
        [&](Change& change) -> Result<Body> {
            auto found = found_of(change);
            if (!found) return failure(std::move(found));
            Member& member = found->member;
            for (const auto each : {member.role, role})
                if (!identity::may_manage(manager.role, each))
                    return refuse_change(m_runtime,
                                         change,
                                         member,
                                         "role_out_of_reach",
                                         out_of_reach(manager.role, each));
            if (role == member.role) return render(member);
            if (found->is_last_owner()) return refuse_last_owner(m_runtime, change, member);
            auto record = record_of(m_runtime, "member.role_changed", member);
            record.details = change_details(member.role, role);
            change.record(record);
            member.role = role;
            if (member.status == MemberStatus::Active)
                store::add_change_member_role(
                    change.transaction(), actor.tenant, id.bytes(), to_string(role));
            else
                store::add_change_invitation_role(
                    change.transaction(), actor.tenant, id.bytes(), to_string(role));
            return render(member);
        });
}

Result<Body> Members::remove(const Manager& manager,
                             const identity::Origin& origin,
                             const MemberId& id,
                             const Rendering<MemberId>& render) {
    const auto& actor = manager.actor;
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) { look_for(transaction, actor.tenant, id); },
        [&](Change& change) -> Result<Body> {
            const auto found = found_of(change);
            if (!found) return failure(found);
            const Member& member = found->member;
            const bool leaves = actor.user && actor.user->bytes() == id.bytes();
            if (!leaves && !identity::may_manage(manager.role, member.role))
                return refuse_change(m_runtime,
                                     change,
                                     member,
                                     "role_out_of_reach",
                                     out_of_reach(manager.role, member.role));
            if (found->is_last_owner()) return refuse_last_owner(m_runtime, change, member);
            if (member.status == MemberStatus::Active)
                store::add_remove_member(change.transaction(), actor.tenant, id.bytes());
            else
                store::add_withdraw_invitation(change.transaction(), actor.tenant, id.bytes());
            auto record = record_of(m_runtime, "member.removed", member);
            record.details = role_details(member.email, member.role);
            change.record(record);
            return render(id);
        });
}

Result<Body> Members::accept(const identity::IdTokenClaims& claims,
                             const identity::Origin& origin,
                             const identity::InvitationToken& token,
                             const Rendering<Joined>& render) {
    const auto address = proven_address(claims);
    if (!address)
        return failure(ErrorCode::ScopeDenied,
                       "Accepting an invitation takes an ID token with a verified e-mail address");
    const auto acceptance = prepare_acceptance(m_runtime, claims, *address, origin, token);
    if (!acceptance) return failure(acceptance);
    const auto& tenant = acceptance->tenant;
    return m_once.run(
        tenant,
        audit_origin(Actor{tenant, "user", acceptance->user}, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_tenant_plan(transaction, tenant);
            store::add_find_member(transaction, tenant, acceptance->invitation.bytes());
            store::add_find_member(transaction, tenant, acceptance->user.bytes());
            store::add_count_active_members(transaction, tenant);
        },
        [&](Change& change) -> Result<Body> {
            const auto invitation = acceptable(change);
            if (!invitation) return failure(invitation);
            // Counted when it was made; the plan may have become a smaller one since.
            if (const auto room = check_room(m_runtime, change, *invitation, change.found(3));
                !room)
                return failure(room);
            return join(m_runtime, change, *acceptance, *invitation, render);
        });
}

}  // namespace core::service
