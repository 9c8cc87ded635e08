// The plans that a tenant can be on. Which there are stands here; what each allows is for the
// operator to say (section `plans` of the configuration).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace core {

// What can be counted in one window, with room to spare (service/window_table.h).
inline constexpr std::int64_t kMostRequestsPerMinute = 5'000'000;

enum class Plan : std::uint8_t { Free, Pro, Enterprise };
inline constexpr std::array kAllPlans{Plan::Free, Plan::Pro, Plan::Enterprise};

// "free", "pro", "enterprise".
std::string_view to_string(Plan plan);
std::optional<Plan> parse_plan(std::string_view text);

// The plan of one tenant, as the database had it when it was looked up.
struct TenantPlan {
    Plan plan = Plan::Free;
    // Grows with every change: what was judged by another version is judged again.
    std::int64_t version = 0;
    // The tenant's own number instead of the plan's; 0 is no limit.
    std::optional<std::int64_t> requests_per_minute;
    // Nobody of this tenant is served, whatever they ask for.
    bool is_suspended = false;
};

// Nothing means: as many, and as long, as one likes.
struct PlanLimits {
    std::optional<std::int64_t> requests_per_minute;
    std::optional<std::int64_t> agents;  // active ones
    std::optional<std::int64_t> secrets;
    std::optional<std::int64_t> members;
    std::optional<std::chrono::seconds> audit_retention;
};

struct Plans {
    PlanLimits free{.requests_per_minute = 100,
                    .agents = 5,
                    .secrets = 100,
                    .members = 3,
                    .audit_retention = std::chrono::hours(24 * 30)};
    PlanLimits pro{.requests_per_minute = 1000,
                   .agents = 50,
                   .secrets = 5000,
                   .members = 25,
                   .audit_retention = std::chrono::hours(24 * 365)};
    PlanLimits enterprise{};

    [[nodiscard]] const PlanLimits& of(Plan plan) const;
    // Nothing: no limit.
    [[nodiscard]] std::optional<std::int64_t> requests_per_minute(const TenantPlan& tenant) const;
};

}  // namespace core
