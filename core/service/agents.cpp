#include "core/service/agents.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/identity/agent_key.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/store/agent_store.h"
#include "core/store/connection_pool.h"

#include <algorithm>
#include <utility>

namespace core::service {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestDescription = 500;

bool is_name_byte(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ' ' || c == '.' || c == '-';
}

Result<void> check(const NewAgent& request) {
    const auto& name = request.name;
    if (name.empty() || name.size() > kLongestName ||
        !std::all_of(name.begin(), name.end(), is_name_byte))
        return failure(ErrorCode::InvalidRequest,
                       "The member 'name' must have 1 to 64 characters of A-Z a-z 0-9 _ . - and "
                       "space");
    if (request.description && character_count(*request.description) > kLongestDescription)
        return failure(ErrorCode::InvalidRequest,
                       "The member 'description' must have at most 500 characters");
    return {};
}

std::string creation_details(const store::NewAgentRow& row) {
    JsonWriter writer;
    writer.begin_object().member("name", row.name);
    writer.member("allowed_namespaces", row.allowed_namespaces);
    writer.member("allowed_scopes", row.allowed_scopes).end_object();
    return std::move(writer).take_text();
}

}  // namespace

Actor actor_of(const identity::UserPrincipal& user) {
    return {user.tenant, "user", user.user};
}

Agents::Agents(const Runtime& runtime) : m_runtime(runtime), m_pepper(runtime.keyring.pepper()) {}

Result<CreatedAgent> Agents::create(const Actor& actor,
                                    const identity::Origin& origin,
                                    const NewAgent& request) {
    if (const auto fine = check(request); !fine) return failure(fine);
    auto key = identity::AgentKey::generate();
    store::NewAgentRow row;
    row.agent = crypto::new_id<AgentId>(m_runtime.clock);
    row.name = request.name;
    row.description = request.description;
    row.key_public_id = key.public_id();
    row.pepper = m_runtime.keyring.pepper_id();
    const auto mac = key.mac(m_pepper, actor.tenant, row.agent);
    row.key_mac.assign(mac.begin(), mac.end());
    row.allowed_namespaces = request.limits.namespaces();
    row.allowed_scopes = request.limits.scopes().texts();
    if (request.ips) row.ip_allowlist = request.ips->entries();
    row.created_by = actor.user;

    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
    record.type = "agent.created";
    record.resource_type = "agent";
    record.resource = row.agent.bytes();
    record.details = creation_details(row);

    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, actor.tenant);
    store::add_agent(transaction, actor.tenant, row);
    store::add_audit_record(transaction, actor.tenant, audit_origin(actor, origin), record);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));

    CreatedAgent created;
    created.agent.id = row.agent;
    created.agent.tenant = actor.tenant;
    created.agent.name = row.name;
    created.agent.description = row.description;
    created.agent.api_key_prefix = identity::shown_prefix(key.public_id());
    created.agent.allowed_namespaces = row.allowed_namespaces;
    created.agent.allowed_scopes = row.allowed_scopes;
    created.agent.ip_allowlist = row.ip_allowlist;
    created.agent.created_at = results->front().row(0).time();
    created.api_key = std::move(key).release();
    return created;
}

Result<Page<Agent>> Agents::list(const TenantId& tenant, const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_agents(**connection, tenant, page.limit, page.offset());
    if (!rows) return failure(rows);
    Page<Agent> out;
    out.total = rows->total;
    for (auto& row : rows->rows) {
        Agent agent;
        agent.id = row.agent;
        agent.tenant = tenant;
        agent.name = std::move(row.name);
        agent.description = std::move(row.description);
        agent.api_key_prefix = identity::shown_prefix(row.key_public_id);
        agent.allowed_namespaces = std::move(row.allowed_namespaces);
        agent.allowed_scopes = std::move(row.allowed_scopes);
        agent.ip_allowlist = std::move(row.ip_allowlist);
        agent.active = row.active;
        agent.created_at = row.created_at;
        agent.last_active_at = row.last_active_at;
        out.items.push_back(std::move(agent));
    }
    return out;
}

}  // namespace core::service
