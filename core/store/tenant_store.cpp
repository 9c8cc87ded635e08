#include "core/store/tenant_store.h"

namespace core::store {

Result<std::vector<Membership>> find_memberships(Connection& connection,
                                                 std::string_view issuer,
                                                 std::string_view subject) {
    const auto results =
        connection.run(Statement::FindMemberships, Parameters{}.text(issuer).text(subject));
    if (!results) return tl::unexpected(to_error(results.error()));
    std::vector<Membership> out;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        Membership membership;
        membership.tenant = row.id<TenantId>();
        membership.user = row.id<UserId>();
        membership.role = row.text();
        out.push_back(std::move(membership));
    }
    return out;
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

void add_member(Transaction& transaction,
                const TenantId& tenant,
                const UserId& user,
                std::string_view role) {
    transaction.add(Statement::InsertMember, Parameters{}.id(tenant).id(user).text(role));
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
        tenant.plan = row.text();
        tenant.created_at = row.time();
        out.push_back(std::move(tenant));
    }
    return out;
}

Result<std::optional<UserId>> find_member(Connection& connection,
                                          const TenantId& tenant,
                                          std::string_view issuer,
                                          std::string_view subject) {
    const auto results = connection.run(Statement::FindLocalMember,
                                        Parameters{}.id(tenant).text(issuer).text(subject));
    if (!results) return tl::unexpected(to_error(results.error()));
    if (results->empty()) return std::nullopt;
    return results->row(0).id<UserId>();
}

}  // namespace core::store
