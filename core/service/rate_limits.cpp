#include "core/service/rate_limits.h"

#include "core/base/clock.h"
#include "core/service/audit_trail.h"
#include "core/service/plan_limits.h"
#include "core/service/rate_counters.h"
#include "core/service/runtime.h"
#include "core/store/connection_pool.h"
#include "core/store/tenant_store.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace core::service {
namespace {

using identity::Origin;
using identity::Principal;
using identity::TokenPrincipal;

// Of one thread; 100 bytes each. Beyond, all are forgotten: they are only a look-up away.
constexpr std::size_t kPlansPerThread = 4096;

std::uint32_t limit_of(std::int64_t number) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 1, kLargestCount));
}

std::chrono::seconds left_of(const Count& used) {
    return std::chrono::ceil<std::chrono::seconds>(used.left);
}

Error address_limited(std::int64_t limit, const Count& used) {
    return rate_limited(left_of(used),
                        "From this address " + std::to_string(limit) +
                            " credentials within a minute could not be used; wait for the seconds "
                            "in Retry-After")
        .value();
}

Error plan_limited(const Quota& quota) {
    return rate_limited(left_of(quota.used),
                        "The tenant's plan allows " + std::to_string(quota.limit) +
                            " requests a minute, with whatever credentials; wait for the seconds "
                            "in Retry-After")
        .value();
}

Error tenant_suspended() {
    return {ErrorCode::ScopeDenied,
            "This tenant is suspended; whoever operates this store can say why",
            "the tenant is suspended"};
}

void set_plan(Principal& principal, Origin& origin, const TenantPlan& plan) {
    if (auto* agent = std::get_if<identity::AgentPrincipal>(&principal)) agent->plan = plan;
    if (auto* token = std::get_if<TokenPrincipal>(&principal)) token->plan = plan;
    if (auto* user = std::get_if<identity::UserPrincipal>(&principal)) user->plan = plan;
    origin.plan_version = plan.version;
}

}  // namespace

// ---- client addresses --------------------------------------------------------------------------

Result<void> RateLimits::admit_address(const identity::IpAddress& address) {
    const auto limit = m_runtime.policy.failed_authentications;
    if (!limit) return {};
    const auto used = m_runtime.counters->addresses().look(
        window_key(address), limit_of(*limit), time_since_boot());
    if (used.is_within) return {};
    return tl::unexpected(address_limited(*limit, used));
}

Error RateLimits::count_failure(const identity::IpAddress& address, Error error) {
    const auto limit = m_runtime.policy.failed_authentications;
    if (!limit) return error;
    const auto used = m_runtime.counters->addresses().count(
        window_key(address), limit_of(*limit), time_since_boot());
    // So many fail at once that the limit has been reached since this one was let in.
    return used.is_within ? error : address_limited(*limit, used);
}

// ---- tenants -----------------------------------------------------------------------------------

Result<TenantPlan> RateLimits::look_up(const TenantId& tenant) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    const auto found = store::find_tenant_plan(**connection, tenant);
    if (!found) return failure(found);
    // Of a tenant that is not there nobody has a credential that holds: the statement that asks for
    // more will say so.
    if (!*found) return TenantPlan{};
    // Asked for again each time: its requests are refused before the database could tell of a
    // change.
    if ((*found)->is_suspended) {
        m_plans.erase(tenant);
        return **found;
    }
    if (m_plans.size() >= kPlansPerThread) m_plans.clear();
    m_plans.insert_or_assign(tenant, **found);
    return **found;
}

RateJudgement RateLimits::count(const TenantId& tenant, const TenantPlan& plan) {
    RateJudgement judgement;
    const auto number = m_runtime.policy.plans.requests_per_minute(plan);
    if (!number) return judgement;
    const auto limit = limit_of(*number);
    judgement.quota = Quota{
        limit, m_runtime.counters->tenants().count(window_key(tenant), limit, time_since_boot())};
    if (!judgement.quota->used.is_within) judgement.refusal = plan_limited(*judgement.quota);
    return judgement;
}

Result<RateJudgement> RateLimits::settle(const Principal& principal,
                                         const Origin& origin,
                                         const TenantPlan& plan,
                                         RateJudgement judgement) {
    const bool is_limited = judgement.refusal.has_value();
    if (!is_limited && plan.is_suspended) judgement.refusal = tenant_suspended();
    if (!judgement.refusal) return judgement;
    const TenantId tenant = tenant_of(principal);
    if (is_limited &&
        !m_runtime.counters->tenants().note_refusal(window_key(tenant), time_since_boot()))
        return judgement;
    const auto* const reason = is_limited ? "rate_limited" : "tenant_suspended";
    const Failure recorded = refuse(m_runtime,
                                    tenant,
                                    audit_origin(principal, origin),
                                    refused_caller(m_runtime, principal, reason),
                                    *judgement.refusal);
    if (recorded.value().code != judgement.refusal->code) return recorded;
    return judgement;
}

Result<RateJudgement> RateLimits::judge(Principal& principal, Origin& origin) {
    const TenantId tenant = tenant_of(principal);
    const bool is_token = std::holds_alternative<TokenPrincipal>(principal);
    const auto remembered = is_token ? m_plans.find(tenant) : m_plans.end();
    if (remembered != m_plans.end()) {
        set_plan(principal, origin, remembered->second);
        auto judgement = count(tenant, remembered->second);
        if (!judgement.refusal) return judgement;
    }
    // Looked up by the credential's own authentication, or now.
    const auto present = is_token ? look_up(tenant) : Result<TenantPlan>(plan_of(principal));
    if (!present) return failure(present);
    set_plan(principal, origin, *present);
    return settle(principal, origin, *present, count(tenant, *present));
}

Result<RateJudgement> RateLimits::judge_again(Principal& principal,
                                              Origin& origin,
                                              const RateJudgement& before) {
    const TenantId tenant = tenant_of(principal);
    const auto present = look_up(tenant);
    if (!present) return failure(present);
    set_plan(principal, origin, *present);
    const auto number = m_runtime.policy.plans.requests_per_minute(*present);
    if (!before.quota || !number)
        return settle(principal, origin, *present, count(tenant, *present));
    // Its place in the window is taken: does it lie within the limit of now?
    RateJudgement judgement{Quota{limit_of(*number), before.quota->used}, std::nullopt};
    if (judgement.quota->used.counted > judgement.quota->limit) {
        judgement.refusal = plan_limited(*judgement.quota);
        m_runtime.counters->tenants().give_back(window_key(tenant), judgement.quota->used);
    }
    return settle(principal, origin, *present, std::move(judgement));
}

}  // namespace core::service
