// Agents: the programs that hold a long-lived key. Thread-compatible: one object per request
// thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/ip_allowlist.h"
#include "core/identity/principal.h"
#include "core/scope/scope_set.h"
#include "core/service/page.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

struct Runtime;

struct NewAgent {
    std::string name;                        // 1 to 64 of [A-Za-z0-9_ .-]
    std::optional<std::string> description;  // at most 500 characters
    scope::AgentLimits limits;
    std::optional<identity::IpAllowlist> ips;
};

struct Agent {
    AgentId id;
    TenantId tenant;
    std::string name;
    std::optional<std::string> description;
    std::string api_key_prefix;
    std::vector<std::string> allowed_namespaces;
    std::vector<std::string> allowed_scopes;
    std::optional<std::vector<std::string>> ip_allowlist;
    bool active = true;
    Timestamp created_at;
    std::optional<Timestamp> last_active_at;
};

struct CreatedAgent {
    Agent agent;
    Credential api_key;  // shown once
};

// Who acts: a person over HTTP, or the operator at the host (secretstorectl).
struct Actor {
    TenantId tenant;
    std::string_view type;       // "user" or "operator"
    std::optional<UserId> user;  // of a person
};
Actor actor_of(const identity::UserPrincipal& user);

class Agents {
  public:
    // `runtime` must outlive this object.
    explicit Agents(const Runtime& runtime);

    // Errors: InvalidRequest (name, description), StoreUnavailable.
    Result<CreatedAgent> create(const Actor& actor,
                                const identity::Origin& origin,
                                const NewAgent& request);

    // Oldest first. Errors: StoreUnavailable.
    Result<Page<Agent>> list(const TenantId& tenant, const PageRequest& page);

  private:
    const Runtime& m_runtime;
    crypto::HmacKey m_pepper;
};

}  // namespace core::service
