// The units of the store on this host, as systemd sees them. Thread-safe.
#pragma once

#include "core/base/result.h"

#include <string>
#include <vector>

namespace core::ctl {

struct UnitState {
    std::string name;
    std::string active;  // active, activating, deactivating, inactive, failed
    std::string sub;     // running, auto-restart, dead, …

    [[nodiscard]] bool is_active() const { return active == "active"; }
};

inline constexpr const char* kTarget = "secretstore.target";
inline constexpr const char* kSocket = "secretstore.socket";
inline constexpr const char* kEgress = "secretstore-egress.service";
inline constexpr const char* kMaintainTimer = "secretstore-maintain.timer";
std::string worker_unit(int number);

// Whether systemd runs this host.
bool has_systemd();

inline constexpr const char* kBillingSocket = "secretstore-billing.socket";

// The workers that read and write secrets; those that sell plans.
enum class Pool { Secrets, Billing };
// All workers of a pool that systemd knows, by their number. Errors: ConfigInvalid, Internal.
Result<std::vector<UnitState>> list_workers(Pool pool = Pool::Secrets);
// A unit that is not there is inactive. Errors: Internal.
Result<UnitState> find_unit(const std::string& name);
// Whether it is started with the host, or until the host's next start. Errors: Internal.
Result<bool> is_enabled(const std::string& name);

// Returns when the new one is ready. Errors: ConfigInvalid, with what to look at.
Result<void> restart_unit(const std::string& name);
// Now and at each start of the host. Errors: as above.
Result<void> enable_units(const std::vector<std::string>& names);
// Reads drop-ins that were written. Errors: as above.
Result<void> reload_units();

}  // namespace core::ctl
