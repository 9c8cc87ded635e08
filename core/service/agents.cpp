#include "core/service/agents.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/identity/api_key.h"
#include "core/service/audit_trail.h"
#include "core/service/notifications.h"
#include "core/service/plan_limits.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/store/agent_store.h"
#include "core/store/connection_pool.h"
#include "core/store/outbox_store.h"
#include "core/store/tenant_store.h"
#include "core/store/transaction.h"

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

Result<void> check_description(const std::optional<std::string>& description) {
    if (description && character_count(*description) > kLongestDescription)
        return failure(ErrorCode::InvalidRequest,
                       "The member 'description' must have at most 500 characters");
    return {};
}

Agent agent_of(const TenantId& tenant, store::AgentRow&& row) {
    Agent agent;
    agent.id = row.agent;
    agent.tenant = tenant;
    agent.name = std::move(row.name);
    agent.description = std::move(row.description);
    agent.api_key_prefix = identity::AgentKey::shown_prefix(row.key_public_id);
    agent.allowed_namespaces = std::move(row.allowed_namespaces);
    agent.allowed_scopes = std::move(row.allowed_scopes);
    agent.ip_allowlist = std::move(row.ip_allowlist);
    agent.active = row.active;
    agent.created_at = row.created_at;
    agent.last_active_at = row.last_active_at;
    return agent;
}

std::string limits_details(const store::AgentRow& row) {
    JsonWriter writer;
    writer.begin_object().member("allowed_namespaces", row.allowed_namespaces);
    writer.member("allowed_scopes", row.allowed_scopes);
    writer.member("ip_allowlist", row.ip_allowlist).end_object();
    return std::move(writer).take_text();
}

Error no_such_agent() {
    return {ErrorCode::NotFound, "There is no such agent; GET /v1/agents lists them", {}};
}

// The agent that was locked by its id. Errors: NotFound.
Result<store::AgentRow> one_agent(const store::ResultSet& found) {
    auto rows = store::parse_agents(found);
    if (rows.empty()) return tl::unexpected(no_such_agent());
    return std::move(rows.front());
}

// What people are told of it.
std::string creation_payload(const store::NewAgentRow& row) {
    JsonWriter writer;
    writer.begin_object().member("agent_id", row.agent.text()).member("agent_name", row.name);
    writer.member("allowed_namespaces", row.allowed_namespaces);
    writer.member("allowed_scopes", row.allowed_scopes);
    writer.key("created_by");
    row.created_by ? writer.value(row.created_by->text()) : writer.value(nullptr);
    writer.end_object();
    return std::move(writer).take_text();
}

// Of an agent that there is no room for.
store::AuditRecord refused_creation(const Runtime& runtime) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "auth.failed";
    record.resource_type = "agent";
    record.reason = std::string(kNoRoom);
    return record;
}

std::string creation_details(const store::NewAgentRow& row) {
    JsonWriter writer;
    writer.begin_object().member("name", row.name);
    writer.member("allowed_namespaces", row.allowed_namespaces);
    writer.member("allowed_scopes", row.allowed_scopes).end_object();
    return std::move(writer).take_text();
}

}  // namespace

Result<void> check_agent_name(std::string_view name) {
    if (name.empty() || name.size() > kLongestName ||
        !std::all_of(name.begin(), name.end(), is_name_byte))
        return failure(ErrorCode::InvalidRequest,
                       "The member 'name' must have 1 to 64 characters of A-Z a-z 0-9 _ . - and "
                       "space");
    return {};
}

Actor actor_of(const identity::UserPrincipal& user) {
    return {user.tenant, "user", user.user};
}

Agents::Agents(const Runtime& runtime)
    : m_runtime(runtime), m_peppers(runtime.keyring), m_once(runtime) {}

namespace {

Result<void> apply(const AgentPatch& patch, store::AgentRow& row) {
    if (patch.description) row.description = *patch.description;
    if (patch.allowed_namespaces) row.allowed_namespaces = *patch.allowed_namespaces;
    if (patch.allowed_scopes) row.allowed_scopes = *patch.allowed_scopes;
    if (patch.ips)
        row.ip_allowlist = *patch.ips ? std::optional((*patch.ips)->entries()) : std::nullopt;
    const auto limits = scope::AgentLimits::parse(row.allowed_namespaces, row.allowed_scopes);
    if (!limits) return failure(limits);
    row.allowed_scopes = limits->scopes().texts();
    return {};
}

bool has_new_limits(const store::AgentRow& before, const store::AgentRow& after) {
    return before.allowed_namespaces != after.allowed_namespaces ||
           before.allowed_scopes != after.allowed_scopes ||
           before.ip_allowlist != after.ip_allowlist;
}

}  // namespace

store::AuditRecord Agents::record_of(std::string_view type, const AgentId& agent) const {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
    record.type = type;
    record.resource_type = "agent";
    record.resource = agent.bytes();
    return record;
}

Result<Body> Agents::create(const Actor& actor,
                            const identity::Origin& origin,
                            const NewAgent& request,
                            const Rendering<AgentWithKey>& render) {
    if (const auto fine = check_agent_name(request.name); !fine) return failure(fine);
    if (const auto fine = check_description(request.description); !fine) return failure(fine);
    const auto key = identity::AgentKey::generate();
    store::NewAgentRow row;
    row.agent = crypto::new_id<AgentId>(m_runtime.clock);
    row.name = request.name;
    row.description = request.description;
    row.key_public_id = key.public_id();
    row.pepper = m_peppers.id();
    const auto mac = m_peppers.mac(key, actor.tenant, row.agent);
    row.key_mac.assign(mac.begin(), mac.end());
    row.allowed_namespaces = request.limits.namespaces();
    row.allowed_scopes = request.limits.scopes().texts();
    if (request.ips) row.ip_allowlist = request.ips->entries();
    row.created_by = actor.user;

    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_tenant_plan(transaction, actor.tenant);
            store::add_count_active_agents(transaction, actor.tenant);
        },
        [&](Change& change) -> Result<Body> {
            if (auto no_room = find_no_room(
                    m_runtime.policy.plans, change.found(0), change.found(1), Counted::Agents))
                return change.refuse(refused_creation(m_runtime), std::move(*no_room));
            store::add_agent(change.transaction(), actor.tenant, row);
            auto record = record_of("agent.created", row.agent);
            record.details = creation_details(row);
            change.record(record);
            store::add_outbox_message(change.transaction(),
                                      actor.tenant,
                                      {crypto::new_id<MessageId>(m_runtime.clock),
                                       event::kAgentCreated,
                                       creation_payload(row)});

            store::AgentRow created;
            created.agent = row.agent;
            created.name = row.name;
            created.description = row.description;
            created.key_public_id = row.key_public_id;
            created.allowed_namespaces = row.allowed_namespaces;
            created.allowed_scopes = row.allowed_scopes;
            created.ip_allowlist = row.ip_allowlist;
            created.active = true;
            created.created_at = change.now();
            return render({agent_of(actor.tenant, std::move(created)), key.text()});
        });
}

Result<Body> Agents::update(const Actor& actor,
                            const identity::Origin& origin,
                            const AgentId& id,
                            const AgentPatch& patch,
                            const Rendering<Agent>& render) {
    if (patch.description)
        if (const auto fine = check_description(*patch.description); !fine) return failure(fine);
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_agent(transaction, actor.tenant, id, std::nullopt);
        },
        [&](Change& change) -> Result<Body> {
            auto row = one_agent(change.found(0));
            if (!row) return failure(row);
            if (!row->active) return tl::unexpected(no_such_agent());
            const auto before = *row;
            if (const auto applied = apply(patch, *row); !applied) return failure(applied);
            store::add_update_agent(change.transaction(),
                                    actor.tenant,
                                    *row,
                                    has_new_limits(before, *row) ? store::LimitsChange::NewVersion
                                                                 : store::LimitsChange::None);
            auto record = record_of("agent.updated", id);
            record.details = limits_details(*row);
            change.record(record);
            return render(agent_of(actor.tenant, std::move(*row)));
        });
}

Result<Body> Agents::revoke(const Actor& actor,
                            const identity::Origin& origin,
                            const std::string& id_or_name,
                            const Rendering<AgentId>& render) {
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_agent(
                transaction, actor.tenant, AgentId::parse(id_or_name), id_or_name);
        },
        [&](Change& change) -> Result<Body> {
            auto rows = store::parse_agents(change.found(0));
            const bool by_id = !rows.empty() && rows.front().agent.text() == id_or_name;
            if (rows.size() > 1 && !by_id)
                return failure(ErrorCode::InvalidRequest,
                               "Several active agents bear this name; send the id of the one that "
                               "is meant");
            if (rows.empty() || !rows.front().active) return tl::unexpected(no_such_agent());
            const AgentId agent = rows.front().agent;
            store::add_deactivate_agent(change.transaction(), actor.tenant, agent);
            auto record = record_of("agent.revoked", agent);
            JsonWriter details;
            details.begin_object().member("name", rows.front().name).end_object();
            record.details = std::move(details).take_text();
            change.record(record);
            return render(agent);
        });
}

Result<Body> Agents::rotate_key(const Actor& actor,
                                const identity::Origin& origin,
                                const AgentId& id,
                                const Rendering<AgentWithKey>& render) {
    const auto key = identity::AgentKey::generate();
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_agent(transaction, actor.tenant, id, std::nullopt);
        },
        [&](Change& change) -> Result<Body> {
            auto row = one_agent(change.found(0));
            if (!row) return failure(row);
            if (!row->active) return tl::unexpected(no_such_agent());
            row->key_public_id = key.public_id();
            store::add_replace_agent_key(change.transaction(),
                                         actor.tenant,
                                         id,
                                         key.public_id(),
                                         m_peppers.id(),
                                         m_peppers.mac(key, actor.tenant, id));
            auto record = record_of("agent.updated", id);
            JsonWriter details;
            details.begin_object().member("key", "replaced").end_object();
            record.details = std::move(details).take_text();
            change.record(record);
            return render({agent_of(actor.tenant, std::move(*row)), key.text()});
        });
}

Result<Page<Agent>> Agents::list(const TenantId& tenant, const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_agents(**connection, tenant, page.limit, page.offset());
    if (!rows) return failure(rows);
    Page<Agent> out;
    out.total = rows->total;
    for (auto& row : rows->rows)
        out.items.push_back(agent_of(tenant, std::move(row)));
    return out;
}

}  // namespace core::service
