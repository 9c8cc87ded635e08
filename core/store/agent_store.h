// Agents in the database.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/key_store.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// What is needed to verify an agent key, and what its agent may do.
struct AgentKeyRow {
    TenantId tenant;
    AgentId agent;
    std::string name;
    KeyId pepper;
    Bytes key_mac;
    std::vector<std::string> allowed_namespaces;
    std::vector<std::string> allowed_scopes;
    std::optional<std::vector<std::string>> ip_allowlist;
    std::int64_t limits_version = 0;
    std::int64_t key_version = 0;
    bool active = false;
    TenantPlan plan;
    std::string rate_limit_key;
};

// By the public part of the key, before the tenant is known. Nothing where there is none.
// Errors: StoreUnavailable.
Result<std::optional<AgentKeyRow>> find_agent_key(Connection& connection,
                                                  std::string_view public_id);

struct NewAgentRow {
    AgentId agent;
    std::string name;
    std::optional<std::string> description;
    std::string key_public_id;
    KeyId pepper;
    Bytes key_mac;
    std::vector<std::string> allowed_namespaces;
    std::vector<std::string> allowed_scopes;
    std::optional<std::vector<std::string>> ip_allowlist;
    std::optional<UserId> created_by;
};

// Queues the insert; its one result row holds created_at.
void add_agent(Transaction& transaction, const TenantId& tenant, const NewAgentRow& agent);

struct AgentRow {
    AgentId agent;
    std::string name;
    std::optional<std::string> description;
    std::string key_public_id;
    std::vector<std::string> allowed_namespaces;
    std::vector<std::string> allowed_scopes;
    std::optional<std::vector<std::string>> ip_allowlist;
    bool active = false;
    Timestamp created_at;
    std::optional<Timestamp> last_active_at;
};

struct AgentRows {
    std::vector<AgentRow> rows;
    std::int64_t total = 0;
};

// Queued; one result, for parse_agents(): the agent of this id, or else active ones of this name;
// at most two. Locked until the transaction ends.
void add_lock_agent(Transaction& transaction,
                    const TenantId& tenant,
                    const std::optional<AgentId>& agent,
                    const std::optional<std::string>& name);
std::vector<AgentRow> parse_agents(const ResultSet& result);

// Queued: description, namespaces, scopes and addresses of `agent` become what it says. What it may
// do gets a new version where that has changed.
enum class LimitsChange : std::uint8_t { None, NewVersion };
void add_update_agent(Transaction& transaction,
                      const TenantId& tenant,
                      const AgentRow& agent,
                      LimitsChange change);
// Queued.
void add_deactivate_agent(Transaction& transaction, const TenantId& tenant, const AgentId& agent);
// Queued: the old key and what was issued under it are dead.
void add_replace_agent_key(Transaction& transaction,
                           const TenantId& tenant,
                           const AgentId& agent,
                           std::string_view public_id,
                           const KeyId& pepper,
                           ByteView mac);

// The same key under another pepper; nothing where the key is another one by now.
// Errors: StoreUnavailable.
Result<void> replace_agent_key_mac(Connection& connection,
                                   const TenantId& tenant,
                                   const AgentId& agent,
                                   const KeyMacChange& change);

// Queued; one result: how many there are that have not been revoked.
void add_count_active_agents(Transaction& transaction, const TenantId& tenant);

// Oldest first. Errors: StoreUnavailable.
Result<AgentRows> list_agents(Connection& connection,
                              const TenantId& tenant,
                              std::int64_t limit,
                              std::int64_t offset);

}  // namespace core::store
