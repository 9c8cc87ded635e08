#include "core/service/audit_trail.h"

#include "core/crypto/random.h"
#include "core/service/agents.h"
#include "core/service/runtime.h"
#include "core/store/connection_pool.h"
#include "core/store/token_store.h"
#include "core/store/transaction.h"

#include <cstdlib>
#include <utility>
#include <variant>

namespace core::service {
namespace {

store::AuditOrigin origin_of(std::string actor_type,
                             const std::optional<UuidBytes>& actor,
                             const identity::Origin& origin) {
    store::AuditOrigin out;
    out.actor_type = std::move(actor_type);
    out.actor = actor;
    // The operator at the host has neither address nor request.
    if (!origin.address.text().empty()) out.ip_address = origin.address.text();
    if (!origin.user_agent.empty()) out.user_agent = origin.user_agent;
    if (!origin.request_id.text().empty()) out.request_id = origin.request_id.text();
    return out;
}

}  // namespace

store::AuditOrigin audit_origin_of_agent(const AgentId& agent, const identity::Origin& origin) {
    return origin_of("agent", agent.bytes(), origin);
}

store::AuditOrigin audit_origin(const identity::AgentPrincipal& agent,
                                const identity::Origin& origin) {
    return audit_origin_of_agent(agent.agent, origin);
}

store::AuditOrigin audit_origin(const identity::TokenPrincipal& token,
                                const identity::Origin& origin) {
    return audit_origin_of_agent(token.claims.agent, origin);
}

store::AuditOrigin audit_origin(const identity::UserPrincipal& user,
                                const identity::Origin& origin) {
    return origin_of("user", user.user.bytes(), origin);
}

store::AuditOrigin audit_origin(const Actor& actor, const identity::Origin& origin) {
    std::optional<UuidBytes> id;
    if (actor.user) id = actor.user->bytes();
    return origin_of(std::string(actor.type), id, origin);
}

store::AuditOrigin audit_origin(const identity::Principal& principal,
                                const identity::Origin& origin) {
    if (const auto* agent = std::get_if<identity::AgentPrincipal>(&principal))
        return audit_origin(*agent, origin);
    if (const auto* token = std::get_if<identity::TokenPrincipal>(&principal))
        return audit_origin(*token, origin);
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal))
        return audit_origin(*user, origin);
    std::abort();
}

TenantId tenant_of(const identity::Principal& principal) {
    if (const auto* agent = std::get_if<identity::AgentPrincipal>(&principal)) return agent->tenant;
    if (const auto* token = std::get_if<identity::TokenPrincipal>(&principal))
        return token->claims.tenant;
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal)) return user->tenant;
    std::abort();
}

store::AuditRecord access_record(const KeylessRuntime& runtime,
                                 std::string_view event_type,
                                 const scope::SecretPath& path,
                                 const identity::Principal& principal) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = event_type;
    record.resource_type = "secret";
    record.name_space = std::string(path.name_space());
    record.key = std::string(path.key());
    if (const auto* token = std::get_if<identity::TokenPrincipal>(&principal))
        record.token = token->claims.token;
    return record;
}

store::AuditRecord refused_access(const KeylessRuntime& runtime,
                                  std::string_view event_type,
                                  const scope::SecretPath& path,
                                  const identity::Principal& principal,
                                  std::string_view reason) {
    auto record = access_record(runtime, event_type, path, principal);
    record.reason = std::string(reason);
    return record;
}

store::AuditRecord failed_authentication(const KeylessRuntime& runtime,
                                         std::string_view resource_type,
                                         const UuidBytes& resource,
                                         std::string_view reason) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "auth.failed";
    record.resource_type = resource_type;
    record.resource = resource;
    record.reason = std::string(reason);
    return record;
}

store::AuditRecord refused_caller(const KeylessRuntime& runtime,
                                  const identity::Principal& principal,
                                  std::string_view reason) {
    if (const auto* agent = std::get_if<identity::AgentPrincipal>(&principal))
        return failed_authentication(runtime, "agent", agent->agent.bytes(), reason);
    if (const auto* token = std::get_if<identity::TokenPrincipal>(&principal))
        return failed_authentication(runtime, "token", token->claims.token.bytes(), reason);
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal))
        return failed_authentication(runtime, "user", user->user.bytes(), reason);
    std::abort();
}

void add_act_of_operator(store::Transaction& transaction,
                         const TenantId& tenant,
                         const store::AuditRecord& record) {
    store::add_audit_record(
        transaction, tenant, audit_origin(Actor{tenant, "operator", std::nullopt}, {}), record);
}

store::AuditRecord tenant_record(const Clock& clock,
                                 const TenantId& tenant,
                                 std::string_view type,
                                 JsonWriter details) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(clock);
    record.type = type;
    record.resource_type = "tenant";
    record.resource = tenant.bytes();
    record.details = std::move(details).take_text();
    return record;
}

Error plan_changed() {
    return {ErrorCode::PlanChanged, {}, "the tenant has another plan"};
}

Failure refuse(const KeylessRuntime& runtime,
               const TenantId& tenant,
               const store::AuditOrigin& origin,
               const store::AuditRecord& record,
               Error error) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return refuse(**connection, tenant, origin, record, std::move(error));
}

Failure refuse(store::Connection& connection,
               const TenantId& tenant,
               const store::AuditOrigin& origin,
               const store::AuditRecord& record,
               Error error) {
    store::Transaction transaction(connection, tenant);
    store::add_audit_record(transaction, tenant, origin, record);
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return tl::unexpected(std::move(error));
}

Failure refuse_token(const KeylessRuntime& runtime,
                     const identity::TokenPrincipal& token,
                     const identity::Origin& origin,
                     store::AuditRecord record,
                     Error error) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return refuse_token(**connection, token, origin, std::move(record), std::move(error));
}

Failure refuse_token(store::Connection& connection,
                     const identity::TokenPrincipal& token,
                     const identity::Origin& origin,
                     store::AuditRecord record,
                     Error error) {
    const auto& claims = token.claims;
    store::Transaction transaction(connection, claims.tenant);
    store::add_find_token_state(
        transaction, claims.tenant, claims.token, claims.agent, origin.address.text());
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    const auto standing = store::parse_token_standing(found->front());
    const auto state = standing.state;
    if (state == store::TokenState::Live && origin.plan_version &&
        *origin.plan_version != standing.plan_version)
        return tl::unexpected(plan_changed());
    if (state != store::TokenState::Live && state != store::TokenState::AddressNotAllowed) {
        record.reason = std::string(store::reason_of(state));
        error = identity::unauthorized(*record.reason).value();
    }
    store::add_audit_record(transaction, claims.tenant, audit_origin(token, origin), record);
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return tl::unexpected(std::move(error));
}

}  // namespace core::service
