// The verbs of people: user token, invite, list. They go through the services of the workers, as
// the actor `operator`.
#include "core/ctl/commands.h"
#include "core/ctl/session.h"
#include "core/identity/email_address.h"

#include <chrono>
#include <utility>
#include <vector>

namespace core::ctl {
namespace {

// A token of the local issuer can't be revoked: it must not live for ever.
constexpr std::chrono::hours kLongestUserToken{24 * 90};

std::string_view status_of(const service::Member& member) {
    return member.status == service::MemberStatus::Active ? "active" : "invited";
}

void write_member(JsonWriter& json, const service::Member& member) {
    json.member("id", member.id.text()).member("email", member.email);
    json.member("role", to_string(member.role)).member("status", status_of(member));
    json.member("created_at", format_rfc3339(member.created_at)).key("expires_at");
    member.expires_at ? json.value(format_rfc3339(*member.expires_at)) : json.value(nullptr);
}

std::string line_of(const service::Member& member) {
    return member.id.text() + "  " + std::string(status_of(member)) + "  " +
           std::string(to_string(member.role)) + "  " + member.email;
}

// Page by page, as the service gives them.
Result<std::vector<service::Member>> all_members(service::Members& members,
                                                 const TenantId& tenant) {
    std::vector<service::Member> out;
    for (service::PageRequest page{1, 200};; ++page.page) {
        auto listed = members.list(tenant, page);
        if (!listed) return failure(listed);
        for (auto& member : listed->items)
            out.push_back(std::move(member));
        if (page.offset() + page.limit >= listed->total) return out;
    }
}

Body render_invitation(const service::InvitedMember& invited, Output output) {
    const auto token = invited.token.expose();
    if (output == Output::Text) return Body::copy_of(token);
    JsonWriter json;
    json.begin_object();
    write_member(json, invited.member);
    json.key("invitation_token").secret(token).end_object();
    return std::move(json).take();
}

}  // namespace

Result<void> user_token(const config::Config& config, const UserTokenRequest& request) {
    const auto tenant = parse_tenant(request.tenant);
    if (!tenant) return failure(tenant);
    const auto ttl = parse_duration(request.ttl);
    if (!ttl || ttl->count() < 1 || *ttl > kLongestUserToken)
        return failure(ErrorCode::InvalidRequest, "--ttl is a duration such as 1h, from 1s to 90d");
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto token =
        service::Tenants(runtime, session.issuer()).sign_user_token(*tenant, request.email, *ttl);
    if (!token) return failure(token);
    print(as_text(token->expose()));
    print("\n");
    return {};
}

Result<void> user_invite(const config::Config& config, const Invitation& wanted, Output output) {
    const auto tenant = parse_tenant(wanted.tenant);
    if (!tenant) return failure(tenant);
    const auto email = identity::EmailAddress::parse(wanted.email);
    if (!email)
        return failure(ErrorCode::InvalidRequest, "'" + wanted.email + "' is no e-mail address");
    const auto role = identity::parse_member_role(wanted.role);
    if (!role)
        return failure(ErrorCode::InvalidRequest,
                       "--role is one of viewer, approver, admin, owner");
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto invited = service::Members(runtime).invite(
        {operator_of(*tenant), identity::MemberRole::Owner},
        {},
        *email,
        *role,
        [&](const service::InvitedMember& made) { return render_invitation(made, output); });
    if (!invited) return failure(invited);
    // Only now is it certain that the invitation is there.
    print(as_text(invited->expose()));
    print("\n");
    return {};
}

Result<void> user_list(const config::Config& config, const std::string& tenant, Output output) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    service::Members members(runtime);
    const auto listed = all_members(members, *id);
    if (!listed) return failure(listed);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& member : *listed) {
        if (output == Output::Text) print_line(line_of(member));
        json.begin_object();
        write_member(json, member);
        json.end_object();
    }
    json.end_array().member("total", static_cast<std::int64_t>(listed->size())).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

}  // namespace core::ctl
