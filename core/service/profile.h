// A tenant as its people see and name it: GET and PATCH /me. Thread-compatible: one object per
// request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/service/exactly_once.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct Runtime;

// A tenant among those that a person belongs to.
struct OwnTenant {
    TenantId id;
    std::string name;
    identity::MemberRole role = identity::MemberRole::Viewer;
};

struct TenantProfile {
    TenantId id;
    // Of the person who asks: who they are, what the credential lets them do here, where else they
    // belong (this tenant among them, longest membership first; by a personal token it alone).
    UserId user;
    std::string email;
    identity::MemberRole role = identity::MemberRole::Viewer;
    std::vector<OwnTenant> tenants;

    std::string name;
    std::string plan;                 // free, pro, enterprise
    std::string subscription_status;  // none, active, past_due, canceled, ...
    std::int64_t secret_count = 0;    // live ones
    std::int64_t agent_count = 0;     // active ones
    bool notify_approval_requests = true;
    bool notify_security_alerts = true;
    Timestamp created_at;

    [[nodiscard]] bool has_subscription() const {
        return subscription_status == "active" || subscription_status == "trialing" ||
               subscription_status == "past_due";
    }
};

// What is nothing stays.
struct ProfilePatch {
    std::optional<std::string> name;  // 1 to 200 characters
    std::optional<bool> notify_approval_requests;
    std::optional<bool> notify_security_alerts;
};

// Errors: InvalidRequest.
Result<void> check_tenant_name(std::string_view name);

class Profile {
  public:
    // `runtime` must outlive this object.
    explicit Profile(const Runtime& runtime) : m_runtime(runtime), m_once(runtime) {}

    // Errors: StoreUnavailable.
    Result<TenantProfile> find(const identity::UserPrincipal& user);

    // Errors: InvalidRequest (name), StoreUnavailable.
    Result<Body> update(const identity::UserPrincipal& user,
                        const identity::Origin& origin,
                        const ProfilePatch& patch,
                        const Rendering<TenantProfile>& render);

  private:
    const Runtime& m_runtime;
    ExactlyOnce m_once;
};

}  // namespace core::service
