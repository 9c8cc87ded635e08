#include "core/base/plan.h"

namespace core {

std::string_view to_string(Plan plan) {
    switch (plan) {
        case Plan::Free:
            return "free";
        case Plan::Pro:
            return "pro";
        case Plan::Enterprise:
            return "enterprise";
    }
    return "free";
}

std::optional<Plan> parse_plan(std::string_view text) {
    for (const auto plan : kAllPlans)
        if (to_string(plan) == text) return plan;
    return std::nullopt;
}

const PlanLimits& Plans::of(Plan plan) const {
    switch (plan) {
        case Plan::Free:
            return free;
        case Plan::Pro:
            return pro;
        case Plan::Enterprise:
            return enterprise;
    }
    return free;
}

std::optional<std::int64_t> Plans::requests_per_minute(const TenantPlan& tenant) const {
    if (!tenant.requests_per_minute) return of(tenant.plan).requests_per_minute;
    if (*tenant.requests_per_minute == 0) return std::nullopt;
    return tenant.requests_per_minute;
}

}  // namespace core
