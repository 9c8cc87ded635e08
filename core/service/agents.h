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
#include "core/service/exactly_once.h"
#include "core/service/page.h"
#include "core/service/peppers.h"

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

struct AgentWithKey {
    Agent agent;
    const Credential& api_key;  // shown once; lives as long as the call
};

// What PATCH changes; what is nothing stays.
struct AgentPatch {
    std::optional<std::optional<std::string>> description;  // inner: none
    std::optional<std::vector<std::string>> allowed_namespaces;
    std::optional<std::vector<std::string>> allowed_scopes;
    std::optional<std::optional<identity::IpAllowlist>> ips;  // inner: from anywhere
};

// Who acts: a person over HTTP, or the operator at the host (secretstorectl).
struct Actor {
    TenantId tenant;
    std::string_view type;       // "user" or "operator"
    std::optional<UserId> user;  // of a person
};
Actor actor_of(const identity::UserPrincipal& user);

// Errors: InvalidRequest.
Result<void> check_agent_name(std::string_view name);

class Agents {
  public:
    // `runtime` must outlive this object.
    explicit Agents(const Runtime& runtime);

    // Changes are made exactly once (exactly_once.h).
    // Errors: InvalidRequest (name, description), StoreUnavailable.
    Result<Body> create(const Actor& actor,
                        const identity::Origin& origin,
                        const NewAgent& request,
                        const Rendering<AgentWithKey>& render);

    // What its tokens may do is judged by the new limits from their next use on.
    // Errors: InvalidRequest, NotFound (inactive ones too), StoreUnavailable.
    Result<Body> update(const Actor& actor,
                        const identity::Origin& origin,
                        const AgentId& id,
                        const AgentPatch& patch,
                        const Rendering<Agent>& render);

    // Its key and all of its tokens are dead when this returns. By id, or by name where exactly one
    // active agent bears it. Errors: NotFound, InvalidRequest (several of that name),
    // StoreUnavailable.
    Result<Body> revoke(const Actor& actor,
                        const identity::Origin& origin,
                        const std::string& id_or_name,
                        const Rendering<AgentId>& render);

    // A new key; the old one and every token that was issued under it are dead.
    // Errors: NotFound, StoreUnavailable.
    Result<Body> rotate_key(const Actor& actor,
                            const identity::Origin& origin,
                            const AgentId& id,
                            const Rendering<AgentWithKey>& render);

    // Oldest first. Errors: StoreUnavailable.
    Result<Page<Agent>> list(const TenantId& tenant, const PageRequest& page);

  private:
    [[nodiscard]] store::AuditRecord record_of(std::string_view type, const AgentId& agent) const;

    const Runtime& m_runtime;
    Peppers m_peppers;
    ExactlyOnce m_once;
};

}  // namespace core::service
