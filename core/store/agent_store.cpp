#include "core/store/agent_store.h"

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
    out.active = row.boolean();
    out.plan = row.text();
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
    const ResultSet& rows = results->at(0);
    out.rows.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.rows.push_back(parse_agent_row(rows.row(i)));
    out.total = results->at(1).row(0).integer();
    return out;
}

}  // namespace core::store
