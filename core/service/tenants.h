// Tenants: how one is made, and the operator's command for it. Thread-compatible.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/id_token.h"
#include "core/store/audit_store.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core::service {

struct Runtime;

struct Tenant {
    TenantId id;
    std::string name;
    Plan plan = Plan::Free;
    Timestamp created_at;
    bool is_suspended = false;
};

// Queues a tenant with a KEK of its own, in a transaction of that tenant or of the operator; two
// results, the first of them a row with created_at. Precondition: `name` is valid.
void add_new_tenant(const Runtime& runtime,
                    store::Transaction& transaction,
                    const TenantId& tenant,
                    std::string_view name,
                    Plan plan);

// What says so in the audit log.
store::AuditRecord tenant_created(const Runtime& runtime,
                                  const TenantId& tenant,
                                  Plan plan,
                                  const UserId& owner);

class Tenants {
  public:
    // `runtime`, whose connections are of role secretstore_maint, must outlive this object.
    Tenants(const Runtime& runtime, identity::TrustedIssuer local_issuer)
        : m_runtime(runtime), m_local_issuer(std::move(local_issuer)) {}

    // With a KEK of its own and `owner_email`, a user of the local issuer, as owner.
    // Errors: InvalidRequest (name, e-mail), StoreUnavailable.
    Result<Tenant> create(std::string_view name, Plan plan, std::string_view owner_email);
    Result<std::vector<Tenant>> list();

    // The plan that it had. A change counts at the next request. `requests_per_minute`: the
    // tenant's own number instead of the plan's, 0 for no limit; for enterprise only. Errors:
    // InvalidRequest, NotFound, StoreUnavailable.
    Result<TenantPlan> change_plan(const TenantId& tenant,
                                   Plan plan,
                                   const std::optional<std::int64_t>& requests_per_minute);

    // From its next request on nobody of this tenant is served, or is again. Nothing is lost, and
    // what it is told (webhooks, mails) goes on. Whether anything changed. Errors: NotFound,
    // StoreUnavailable.
    Result<bool> set_suspended(const TenantId& tenant, bool is_suspended);

    // An ID token of the local issuer for a member, or for somebody who is invited and may accept
    // with it. Errors: NotFound where `email` is neither in `tenant` by the local issuer;
    // InvalidRequest; StoreUnavailable.
    Result<Credential> sign_user_token(const TenantId& tenant,
                                       std::string_view email,
                                       std::chrono::seconds ttl);

  private:
    const Runtime& m_runtime;
    const identity::TrustedIssuer m_local_issuer;
};

}  // namespace core::service
