#include "core/service/plan_limits.h"

#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/store/agent_store.h"
#include "core/store/secret_store.h"
#include "core/store/tenant_store.h"

#include <cstdlib>
#include <variant>

namespace core::service {
namespace {

struct Room {
    std::optional<std::int64_t> limit;
    std::int64_t present = 0;
    std::int64_t wanted = 1;

    [[nodiscard]] bool is_enough() const { return !limit || present + wanted <= *limit; }
};

// `things`: what is counted, in the plural; `instead`: how to make room.
Error no_room(Plan plan, const Room& room, std::string_view things, std::string_view instead) {
    std::string message = "The plan '" + std::string(to_string(plan)) + "' allows " +
                          std::to_string(room.limit.value_or(0)) + " " + std::string(things) +
                          " and there are " + std::to_string(room.present);
    if (room.wanted > 1) message += ", with " + std::to_string(room.wanted) + " more to add";
    message.append("; ").append(instead).append(", or change the plan");
    return {ErrorCode::PlanLimitReached, std::move(message), {}};
}

TenantPlan plan_of(const store::ResultSet& result) {
    if (result.empty()) return {};
    store::Row row = result.row(0);
    return store::parse_tenant_plan(row);
}

}  // namespace

const TenantPlan& plan_of(const identity::Principal& principal) {
    if (const auto* agent = std::get_if<identity::AgentPrincipal>(&principal)) return agent->plan;
    if (const auto* token = std::get_if<identity::TokenPrincipal>(&principal)) return token->plan;
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal)) return user->plan;
    std::abort();
}

std::optional<Error> find_no_room(const Plans& plans,
                                  const store::ResultSet& plan,
                                  const store::ResultSet& count,
                                  Counted what) {
    const Plan present = plan_of(plan).plan;
    const bool of_agents = what == Counted::Agents;
    Room room;
    room.limit = of_agents ? plans.of(present).agents : plans.of(present).members;
    room.present = count.row(0).integer();
    if (room.is_enough()) return std::nullopt;
    return no_room(
        present, room, of_agents ? "agents" : "members", of_agents ? "revoke one" : "remove one");
}

Result<std::optional<Error>> find_no_room_for_secrets(const Runtime& runtime,
                                                      Change& change,
                                                      const identity::Principal& principal,
                                                      std::string_view name_space,
                                                      const std::vector<std::string>& keys) {
    const Plans& plans = runtime.policy.plans;
    // The change has compared the version of this plan with the present one.
    if (keys.empty() || !plans.of(plan_of(principal).plan).secrets) return std::nullopt;
    auto& transaction = change.transaction();
    const TenantId tenant = tenant_of(principal);
    store::add_lock_tenant_plan(transaction, tenant);
    store::add_count_secrets(transaction, tenant, name_space, keys);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    const Plan plan = plan_of(found->at(0)).plan;
    const auto counts = store::parse_secret_counts(found->at(1));
    if (counts.named > 0) return change.begin_again();
    const Room room{plans.of(plan).secrets, counts.all, static_cast<std::int64_t>(keys.size())};
    if (room.is_enough()) return std::nullopt;
    return no_room(plan, room, "secrets", "delete some");
}

}  // namespace core::service
