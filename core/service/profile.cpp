#include "core/service/profile.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/store/connection_pool.h"
#include "core/store/tenant_store.h"

#include <utility>

namespace core::service {
namespace {

constexpr std::size_t kLongestName = 200;

void look(store::Transaction& transaction, const identity::UserPrincipal& user) {
    store::add_find_profile(transaction, user.tenant, user.user);
    store::add_find_tenants_of(transaction, user.user);
}

// Of what look() queued.
Result<TenantProfile> profile_of(const identity::UserPrincipal& user,
                                 const store::ResultSet& found,
                                 const store::ResultSet& tenants) {
    auto row = store::parse_profile(found);
    if (!row)
        return failure(ErrorCode::Internal, {}, "the tenant or the user of a principal is gone");
    TenantProfile profile;
    profile.id = user.tenant;
    profile.user = user.user;
    profile.email = std::move(row->email);
    profile.role = user.role;
    profile.name = std::move(row->name);
    profile.plan = std::move(row->plan);
    profile.subscription_status = std::move(row->subscription_status);
    profile.secret_count = row->secrets;
    profile.agent_count = row->agents;
    profile.notify_approval_requests = row->notify_approval_requests;
    profile.notify_security_alerts = row->notify_security_alerts;
    profile.created_at = row->created_at;
    for (auto& own : store::parse_tenants_of(tenants)) {
        // A personal token is of one tenant, and tells nothing of others.
        if (!user.signed_in_at && own.tenant != user.tenant) continue;
        const auto role = identity::parse_member_role(own.role);
        if (!role) return failure(ErrorCode::IntegrityFailure, {}, "a member's role is unknown");
        profile.tenants.push_back({own.tenant, std::move(own.name), *role});
    }
    return profile;
}

// What was changed, by name only: a tenant's name is for its people.
std::string details_of(const ProfilePatch& patch) {
    std::vector<std::string> changed;
    if (patch.name) changed.emplace_back("name");
    if (patch.notify_approval_requests || patch.notify_security_alerts)
        changed.emplace_back("notification_preferences");
    JsonWriter details;
    details.begin_object().member("changed", changed).end_object();
    return std::move(details).take_text();
}

}  // namespace

Result<void> check_tenant_name(std::string_view name) {
    if (name.empty() || character_count(name) > kLongestName)
        return failure(ErrorCode::InvalidRequest,
                       "The member 'name' must have 1 to 200 characters");
    return {};
}

Result<TenantProfile> Profile::find(const identity::UserPrincipal& user) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, user.tenant);
    look(transaction, user);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    return profile_of(user, results->at(0), results->at(1));
}

Result<Body> Profile::update(const identity::UserPrincipal& user,
                             const identity::Origin& origin,
                             const ProfilePatch& patch,
                             const Rendering<TenantProfile>& render) {
    if (patch.name)
        if (const auto fine = check_tenant_name(*patch.name); !fine) return failure(fine);
    return m_once.run(
        user.tenant,
        audit_origin(user, origin),
        origin,
        [](store::Transaction&) {},
        [&](Change& change) -> Result<Body> {
            auto& transaction = change.transaction();
            store::add_update_profile(transaction,
                                      user.tenant,
                                      patch.name,
                                      patch.notify_approval_requests,
                                      patch.notify_security_alerts);
            look(transaction, user);
            const auto results = transaction.flush();
            if (!results) return tl::unexpected(store::to_error(results.error()));
            const auto profile = profile_of(user, results->at(1), results->at(2));
            if (!profile) return failure(profile);
            store::AuditRecord record;
            record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
            record.type = "tenant.profile_updated";
            record.resource_type = "tenant";
            record.resource = user.tenant.bytes();
            record.details = details_of(patch);
            change.record(record);
            return render(*profile);
        });
}

}  // namespace core::service
