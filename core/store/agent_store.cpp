#include "core/store/agent_store.h"

#include "core/store/tenant_store.h"

namespace core::store {
namespace {

AgentKeyRow parse_key_row(Row row) {
    AgentKeyRow out;
    out.tenant = row.id<TenantId>();
    out.agent = row.id<AgentId>();
    out.name = row.text();
    out.pepper = row.id<KeyId>();
    const ByteView mac = row.bytes();
    out.key_mac.assign(mac.begin(), mac.end());
    out.allowed_namespaces = row.texts();
    out.allowed_scopes = row.texts();
    out.ip_allowlist = row.maybe_texts();
    out.limits_version = row.integer();
    out.key_version = row.integer();
    out.active = row.boolean();
    out.plan = parse_tenant_plan(row);
    out.rate_limit_key = row.text();
    return out;
}

AgentRow parse_agent_row(Row row) {
    AgentRow out;
    out.agent = row.id<AgentId>();
    out.name = row.text();
    out.description = row.maybe_text();
    out.key_public_id = row.text();
    out.allowed_namespaces = row.texts();
    out.allowed_scopes = row.texts();
    out.ip_allowlist = row.maybe_texts();
    out.active = row.boolean();
    out.created_at = row.time();
    out.last_active_at = row.maybe_time();
    return out;
}

}  // namespace

Result<std::optional<AgentKeyRow>> find_agent_key(Connection& connection,
                                                  std::string_view public_id) {
    const auto results = connection.run(Statement::FindAgentKey, Parameters{}.text(public_id));
    if (!results) return tl::unexpected(to_error(results.error()));
    if (results->empty()) return std::nullopt;
    return parse_key_row(results->row(0));
}

void add_agent(Transaction& transaction, const TenantId& tenant, const NewAgentRow& agent) {
    Parameters parameters;
    parameters.id(tenant).id(agent.agent).text(agent.name).maybe_text(agent.description);
    parameters.text(agent.key_public_id).id(agent.pepper).bytes(agent.key_mac);
    parameters.texts(agent.allowed_namespaces).texts(agent.allowed_scopes);
    parameters.maybe_texts(agent.ip_allowlist).id(agent.created_by);
    transaction.add(Statement::InsertAgent, std::move(parameters));
}

void add_lock_agent(Transaction& transaction,
                    const TenantId& tenant,
                    const std::optional<AgentId>& agent,
                    const std::optional<std::string>& name) {
    transaction.add(Statement::LockAgent, Parameters{}.id(tenant).id(agent).maybe_text(name));
}

std::vector<AgentRow> parse_agents(const ResultSet& result) {
    std::vector<AgentRow> rows;
    rows.reserve(result.size());
    for (std::size_t i = 0; i < result.size(); ++i)
        rows.push_back(parse_agent_row(result.row(i)));
    return rows;
}

void add_update_agent(Transaction& transaction,
                      const TenantId& tenant,
                      const AgentRow& agent,
                      LimitsChange change) {
    Parameters parameters;
    parameters.id(tenant).id(agent.agent).maybe_text(agent.description);
    parameters.texts(agent.allowed_namespaces).texts(agent.allowed_scopes);
    parameters.maybe_texts(agent.ip_allowlist);
    parameters.bigint(std::int64_t{change == LimitsChange::NewVersion ? 1 : 0});
    transaction.add(Statement::UpdateAgent, std::move(parameters));
}

void add_deactivate_agent(Transaction& transaction, const TenantId& tenant, const AgentId& agent) {
    transaction.add(Statement::DeactivateAgent, Parameters{}.id(tenant).id(agent));
}

void add_replace_agent_key(Transaction& transaction,
                           const TenantId& tenant,
                           const AgentId& agent,
                           std::string_view public_id,
                           const KeyId& pepper,
                           ByteView mac) {
    transaction.add(Statement::ReplaceAgentKey,
                    Parameters{}.id(tenant).id(agent).text(public_id).id(pepper).bytes(mac));
}

Result<void> replace_agent_key_mac(Connection& connection,
                                   const TenantId& tenant,
                                   const AgentId& agent,
                                   const KeyMacChange& change) {
    Transaction transaction(connection, tenant);
    transaction.add(
        Statement::ReplaceAgentKeyMac,
        Parameters{}.id(tenant).id(agent).bytes(change.from).id(change.pepper).bytes(change.to));
    const auto done = transaction.commit();
    if (!done) return tl::unexpected(to_error(done.error()));
    return {};
}

void add_count_active_agents(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::CountActiveAgents, Parameters{}.id(tenant));
}

Result<AgentRows> list_agents(Connection& connection,
                              const TenantId& tenant,
                              std::int64_t limit,
                              std::int64_t offset) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::ListAgents, Parameters{}.id(tenant).bigint(limit).bigint(offset));
    transaction.add(Statement::CountAgents, Parameters{}.id(tenant));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    AgentRows out;
    out.rows = parse_agents(results->at(0));
    out.total = results->at(1).row(0).integer();
    return out;
}

}  // namespace core::store
