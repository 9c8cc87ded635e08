// How many agents, members and secrets a tenant may have by its plan; counted, not kept, so that no
// counter can be wrong. Exact under any concurrency: whoever creates one locks the plan of the
// tenant first and counts then, and so do others that create one for this tenant. Nobody else
// waits: not those that change what is there, and not a tenant whose plan does not limit its
// secrets.
//
// A smaller plan takes nothing away: what is beyond it stays, and nothing is added. Functions
// without state; thread-safe.
#pragma once

#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/service/exactly_once.h"
#include "core/store/result_set.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct Runtime;

// Why, as the audit log says it.
inline constexpr std::string_view kNoRoom = "plan_limit_reached";

// As it was looked up for this principal. Precondition: not std::monostate.
const TenantPlan& plan_of(const identity::Principal& principal);

enum class Counted : std::uint8_t { Agents, Members };

// PlanLimitReached where there is no room for one more. `plan` and `count` are what the first step
// of the change found: the tenant's plan, locked, and then how many there are.
std::optional<Error> find_no_room(const Plans& plans,
                                  const store::ResultSet& plan,
                                  const store::ResultSet& count,
                                  Counted what);

// New secrets: `keys` of one namespace, none of which was found by the first step. In the second
// step, before anything of it is queued. PlanLimitReached where there is no room for them. Where
// one of them is there by now the change begins again. Errors: StoreUnavailable.
Result<std::optional<Error>> find_no_room_for_secrets(const Runtime& runtime,
                                                      Change& change,
                                                      const identity::Principal& principal,
                                                      std::string_view name_space,
                                                      const std::vector<std::string>& keys);

}  // namespace core::service
