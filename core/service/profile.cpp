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

Result<TenantProfile> profile_of(const TenantId& tenant, const store::ResultSet& found) {
    auto row = store::parse_profile(found);
    if (!row)
        return failure(ErrorCode::Internal, {}, "the tenant or the user of a principal is gone");
    TenantProfile profile;
    profile.id = tenant;
    profile.email = std::move(row->email);
    profile.name = std::move(row->name);
    profile.plan = std::move(row->plan);
    profile.subscription_status = std::move(row->subscription_status);
    profile.secret_count = row->secrets;
    profile.agent_count = row->agents;
    profile.notify_approval_requests = row->notify_approval_requests;
    profile.notify_security_alerts = row->notify_security_alerts;
    profile.created_at = row->created_at;
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
    store::add_find_profile(transaction, user.tenant, user.user);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    return profile_of(user.tenant, results->front());
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
            store::add_find_profile(transaction, user.tenant, user.user);
            const auto results = transaction.flush();
            if (!results) return tl::unexpected(store::to_error(results.error()));
            const auto profile = profile_of(user.tenant, results->at(1));
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
