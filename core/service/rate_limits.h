// How often a tenant may ask, by its plan as it is now, and how often a client address may fail to
// authenticate: architecture.md §5. Thread-compatible: one object per request thread; what is
// counted is shared by all workers of the host.
//
// Which plan is the present one? A request with an agent key or a user token has looked it up while
// it was authenticated. A scoped token is verified without the database: it is judged by the plan
// that this thread remembers, and whatever then asks the database says by which version it was
// judged (Origin::plan_version). Where that is not the present one, nothing is done, and the
// request is judged again. Nobody is refused by what is only remembered.
#pragma once

#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/identity/ip_allowlist.h"
#include "core/identity/principal.h"
#include "core/service/window_table.h"

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace core::service {

struct KeylessRuntime;

// A limit, and what of it is used.
struct Quota {
    std::uint32_t limit = 0;
    Count used;

    [[nodiscard]] std::uint32_t remaining() const {
        return limit > used.counted ? limit - used.counted : 0;
    }
};

struct RateJudgement {
    std::optional<Quota> quota;    // nothing: this tenant has no limit
    std::optional<Error> refusal;  // RateLimited
};

class RateLimits {
  public:
    // `runtime` must outlive this object.
    explicit RateLimits(const KeylessRuntime& runtime) : m_runtime(runtime) {}

    // Before any signature is checked. Errors: RateLimited where this address has failed too often.
    Result<void> admit_address(const identity::IpAddress& address);
    // One that failed: counts it, and gives back what is to be answered.
    Error count_failure(const identity::IpAddress& address, Error error);

    // Counts a request. Sets the plan of a scoped token, and the version in `origin`. The first
    // refusal of a window is recorded; those behind it would be a way to fill the audit log. A
    // tenant that is suspended is refused whatever it asks for. Errors: StoreUnavailable.
    Result<RateJudgement> judge(identity::Principal& principal, identity::Origin& origin);
    // The same for one that is counted already, and met another plan than it was judged by.
    Result<RateJudgement> judge_again(identity::Principal& principal,
                                      identity::Origin& origin,
                                      const RateJudgement& before);

  private:
    Result<TenantPlan> look_up(const TenantId& tenant);
    RateJudgement count(const TenantId& tenant, const TenantPlan& plan);
    // What comes of a judgement by the present plan.
    Result<RateJudgement> settle(const identity::Principal& principal,
                                 const identity::Origin& origin,
                                 const TenantPlan& plan,
                                 RateJudgement judgement);

    const KeylessRuntime& m_runtime;
    std::unordered_map<TenantId, TenantPlan> m_plans;  // of tenants whose tokens came lately
};

}  // namespace core::service
