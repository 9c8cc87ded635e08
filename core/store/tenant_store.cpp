#include "core/store/tenant_store.h"

namespace core::store {

void add_find_tenants_of(Transaction& transaction, const UserId& user) {
    transaction.add(Statement::FindTenantsOf, Parameters{}.id(user));
}

std::vector<TenantOfPerson> parse_tenants_of(const ResultSet& result) {
    std::vector<TenantOfPerson> out;
    for (std::size_t i = 0; i < result.size(); ++i) {
        Row row = result.row(i);
        TenantOfPerson one;
        one.tenant = row.id<TenantId>();
        one.name = row.text();
        one.role = row.text();
        out.push_back(std::move(one));
    }
    return out;
}

TenantPlan parse_tenant_plan(Row& row) {
    TenantPlan out;
    // A constraint of the table knows the names; of one that is unknown here, the least is allowed.
    out.plan = parse_plan(row.text()).value_or(Plan::Free);
    out.version = row.integer();
    out.requests_per_minute = row.maybe_integer();
    out.is_suspended = row.boolean();
    return out;
}

Result<std::optional<TenantPlan>> find_tenant_plan(Connection& connection, const TenantId& tenant) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::FindTenantPlan, Parameters{}.id(tenant));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    if (results->front().empty()) return std::nullopt;
    Row row = results->front().row(0);
    return parse_tenant_plan(row);
}

void add_lock_tenant_plan(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::LockTenantPlan, Parameters{}.id(tenant));
}

void add_find_profile(Transaction& transaction, const TenantId& tenant, const UserId& user) {
    transaction.add(Statement::FindProfile, Parameters{}.id(tenant).id(user));
}

std::optional<ProfileRow> parse_profile(const ResultSet& result) {
    if (result.empty()) return std::nullopt;
    Row row = result.row(0);
    ProfileRow out;
    out.name = row.text();
    out.plan = row.text();
    out.subscription_status = row.text();
    out.notify_approval_requests = row.boolean();
    out.notify_security_alerts = row.boolean();
    out.created_at = row.time();
    out.email = row.text();
    out.secrets = row.integer();
    out.agents = row.integer();
    return out;
}

void add_update_profile(Transaction& transaction,
                        const TenantId& tenant,
                        const std::optional<std::string>& name,
                        const std::optional<bool>& notify_approval_requests,
                        const std::optional<bool>& notify_security_alerts) {
    Parameters parameters;
    parameters.id(tenant).maybe_text(name).boolean(notify_approval_requests);
    transaction.add(Statement::UpdateProfile,
                    std::move(parameters.boolean(notify_security_alerts)));
}

void add_tenant(Transaction& transaction,
                const TenantId& tenant,
                std::string_view name,
                std::string_view plan,
                std::string_view rate_limit_key) {
    transaction.add(Statement::InsertTenant,
                    Parameters{}.id(tenant).text(name).text(plan).text(rate_limit_key));
}

void add_user(Transaction& transaction,
              const UserId& user,
              std::string_view issuer,
              std::string_view subject,
              std::string_view email) {
    transaction.add(Statement::UpsertUser,
                    Parameters{}.id(user).text(issuer).text(subject).text(email));
}

void add_change_plan(Transaction& transaction,
                     const TenantId& tenant,
                     Plan plan,
                     const std::optional<std::int64_t>& requests_per_minute) {
    transaction.add(Statement::ChangePlan,
                    Parameters{}.id(tenant).text(to_string(plan)).bigint(requests_per_minute));
}

void add_set_suspended(Transaction& transaction, const TenantId& tenant, bool is_suspended) {
    transaction.add(Statement::SetSuspended, Parameters{}.id(tenant).boolean(is_suspended));
}

bool parse_was_suspended(const ResultSet& result) {
    return result.row(0).maybe_time().has_value();
}

Result<std::vector<TenantRow>> list_tenants(Connection& connection) {
    const auto results = connection.run(Statement::ListTenants, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    std::vector<TenantRow> out;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        TenantRow tenant;
        tenant.tenant = row.id<TenantId>();
        tenant.name = row.text();
        tenant.plan = parse_plan(row.text()).value_or(Plan::Free);
        tenant.plan_is_settled = row.boolean();
        tenant.is_suspended = row.boolean();
        tenant.created_at = row.time();
        out.push_back(std::move(tenant));
    }
    return out;
}

}  // namespace core::store
