// Tenants and their people in the database.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// A tenant that a person belongs to.
struct TenantOfPerson {
    TenantId tenant;
    std::string name;
    std::string role;
};
// Queued; one result, for parse_tenants_of(): oldest membership first, whatever tenant the
// transaction is of.
void add_find_tenants_of(Transaction& transaction, const UserId& user);
std::vector<TenantOfPerson> parse_tenants_of(const ResultSet& result);

// The columns plan, plan_version, requests_per_minute and is_suspended, in this order.
TenantPlan parse_tenant_plan(Row& row);
// Nothing where there is no such tenant. Errors: StoreUnavailable.
Result<std::optional<TenantPlan>> find_tenant_plan(Connection& connection, const TenantId& tenant);
// Queued; one result for parse_tenant_plan(), or none where there is no such tenant. The plan stays
// what it is until the transaction ends, and nobody else gets past this for the same tenant: what
// is asked behind it sees what the one before has done.
void add_lock_tenant_plan(Transaction& transaction, const TenantId& tenant);

// A tenant as its people see it.
struct ProfileRow {
    std::string name;
    std::string plan;
    std::string subscription_status;
    bool notify_approval_requests = true;
    bool notify_security_alerts = true;
    Timestamp created_at;
    std::string email;  // of the user who asks
    std::int64_t secrets = 0;
    std::int64_t agents = 0;  // active ones
};
// Queued; one result, for parse_profile().
void add_find_profile(Transaction& transaction, const TenantId& tenant, const UserId& user);
std::optional<ProfileRow> parse_profile(const ResultSet& result);
// Queued. What is nothing stays as it is.
void add_update_profile(Transaction& transaction,
                        const TenantId& tenant,
                        const std::optional<std::string>& name,
                        const std::optional<bool>& notify_approval_requests,
                        const std::optional<bool>& notify_security_alerts);

struct TenantRow {
    TenantId tenant;
    std::string name;
    Plan plan = Plan::Free;
    bool plan_is_settled = true;  // it has been this one for 30 days
    bool is_suspended = false;
    Timestamp created_at;
};

// Queued; one result row with created_at.
void add_tenant(Transaction& transaction,
                const TenantId& tenant,
                std::string_view name,
                std::string_view plan,
                std::string_view rate_limit_key);
// Role maint from here on.
// Queued; one result row with the user's id: a person who is known already keeps theirs.
void add_user(Transaction& transaction,
              const UserId& user,
              std::string_view issuer,
              std::string_view subject,
              std::string_view email);
// Queued; one result for parse_tenant_plan() with the plan that it was, or none where there is no
// such tenant. `requests_per_minute`: the tenant's own number, nothing for the plan's.
void add_change_plan(Transaction& transaction,
                     const TenantId& tenant,
                     Plan plan,
                     const std::optional<std::int64_t>& requests_per_minute);
// Queued; one result for parse_was_suspended(), or none where there is no such tenant.
void add_set_suspended(Transaction& transaction, const TenantId& tenant, bool is_suspended);
bool parse_was_suspended(const ResultSet& result);
Result<std::vector<TenantRow>> list_tenants(Connection& connection);

}  // namespace core::store
