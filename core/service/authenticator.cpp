#include "core/service/authenticator.h"

#include "core/base/log.h"
#include "core/crypto/random.h"
#include "core/identity/api_key.h"
#include "core/service/access.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/store/agent_store.h"
#include "core/store/connection_pool.h"
#include "core/store/token_store.h"

#include <array>
#include <string>
#include <utility>

namespace core::service {
namespace {

using identity::AuthKind;
using identity::Origin;
using identity::Principal;
using identity::unauthorized;

// Gives the connection back before anything else is done: a record of a refusal needs one too, and
// threads that hold two could starve the pool.
Result<std::optional<store::AgentKeyRow>> find_key_row(const Runtime& runtime,
                                                       std::string_view public_id) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::find_agent_key(**connection, public_id);
}

// A key whose pepper is being replaced, as it was given: from now on under the new one. Where that
// can't be stored the next use does it.
void store_again(const Runtime& runtime,
                 const store::AgentKeyRow& agent,
                 const KeyId& pepper,
                 const crypto::Digest& mac) {
    auto connection = runtime.connections.borrow();
    if (!connection) return;
    const auto stored = store::replace_agent_key_mac(
        **connection, agent.tenant, agent.agent, {agent.key_mac, pepper, mac});
    if (!stored) log::warning("pepper_not_replaced", {{"agent", agent.agent}});
}

Result<bool> may_come_from(const store::AgentKeyRow& agent, const identity::IpAddress& address) {
    if (!agent.ip_allowlist) return true;
    const auto allowed =
        identity::IpAllowlist::parse(std::span<const std::string>(*agent.ip_allowlist));
    if (!allowed) return failure(allowed);
    return allowed->contains(address);
}

Result<Principal> agent_principal(const store::AgentKeyRow& agent) {
    auto limits = scope::AgentLimits::parse(agent.allowed_namespaces, agent.allowed_scopes);
    if (!limits)
        return failure(ErrorCode::IntegrityFailure,
                       "Internal error; try again later",
                       "limits of an agent: " + limits.error().public_message);
    identity::AgentPrincipal principal;
    principal.tenant = agent.tenant;
    principal.agent = agent.agent;
    principal.name = agent.name;
    principal.limits = std::move(*limits);
    principal.limits_version = agent.limits_version;
    principal.key_version = agent.key_version;
    principal.plan = agent.plan;
    principal.rate_limit_key = agent.rate_limit_key;
    return Principal(std::move(principal));
}

}  // namespace

// One credential, and what is wanted of it.
struct Authenticator::Asked {
    AuthKind kind;
    std::string_view credential;
    std::optional<std::string_view> tenant;
};

Authenticator::Authenticator(const Runtime& runtime)
    : m_runtime(runtime),
      m_issuers(runtime),
      m_peppers(runtime.keyring),
      m_token_keys(runtime.keyring.token_keys()),
      m_sign_in(runtime) {}

Result<Principal> Authenticator::identify(const identity::Access& wanted,
                                          const Credentials& credentials,
                                          const Origin& origin) {
    if (!credentials.authorization) return unauthorized("no Authorization header");
    const auto credential = bearer_of(*credentials.authorization);
    if (!credential) return unauthorized("the Authorization header is no bearer credential");
    return identify_bearer({wanted.kind, *credential, credentials.tenant}, origin);
}

Result<void> Authenticator::check_access(const identity::Access& wanted,
                                         const Principal& principal,
                                         const Origin& origin) {
    return service::check_access(m_runtime, wanted, principal, origin);
}

Result<Principal> Authenticator::identify_bearer(const Asked& asked, const Origin& origin) {
    // Keys are known by their prefix; all else must be a JSON Web Token.
    if (asked.credential.starts_with(identity::kAgentKeyPrefix))
        return identify_agent(asked.credential, origin);
    if (asked.credential.starts_with(identity::kUserKeyPrefix))
        return m_sign_in.by_personal_token(asked.credential, asked.tenant, origin);
    const auto jws = identity::parse_jws(asked.credential);
    if (!jws) return failure(jws);
    // The kid decides which key verifies, and the key decides the algorithm.
    if (!m_token_keys.knows(jws->kid)) return identify_person(*jws, asked, origin);
    return identify_token(*jws, origin);
}

Result<Principal> Authenticator::identify_token(const identity::Jws& jws, const Origin& origin) {
    const Timestamp now = m_runtime.clock.now();
    auto claims = m_token_keys.verify(
        jws, m_runtime.policy.token_issuer, m_runtime.root_key.token_epoch(), now);
    if (!claims) return failure(claims);
    identity::TokenPrincipal token{std::move(*claims), {}};
    if (!token.claims.has_expired(now)) return Principal(std::move(token));
    return refuse(
        m_runtime,
        token.claims.tenant,
        audit_origin(token, origin),
        failed_authentication(m_runtime, "token", token.claims.token.bytes(), "token_expired"),
        unauthorized("token has expired").value());
}

Result<Principal> Authenticator::identify_agent(std::string_view credential, const Origin& origin) {
    const auto key = identity::AgentKey::parse(as_bytes(credential));
    if (!key) return unauthorized("agent key is malformed");
    const auto row = find_key_row(m_runtime, key->public_id());
    if (!row) return failure(row);
    // A miss costs what a hit costs: the MAC is computed all the same.
    const store::AgentKeyRow& agent = *row ? **row : store::AgentKeyRow{};
    const bool is_right =
        m_peppers.verify(*key, agent.tenant, agent.agent, agent.pepper, agent.key_mac);
    if (!*row) return unauthorized("agent key is unknown");

    const auto refused = [&](std::string_view reason, Error error) {
        const auto from = audit_origin_of_agent(agent.agent, origin);
        return refuse(m_runtime,
                      agent.tenant,
                      from,
                      failed_authentication(m_runtime, "agent", agent.agent.bytes(), reason),
                      std::move(error));
    };
    if (!is_right) return refused("wrong_key", unauthorized("agent key is wrong").value());
    if (!agent.active) return refused("agent_inactive", unauthorized("agent is inactive").value());
    const auto allowed = may_come_from(agent, origin.address);
    if (!allowed) return failure(allowed);
    if (!*allowed) return refused("address_not_allowed", address_denied(origin.address));
    if (agent.pepper != m_peppers.id())
        store_again(
            m_runtime, agent, m_peppers.id(), m_peppers.mac(*key, agent.tenant, agent.agent));
    return agent_principal(agent);
}

Result<Principal> Authenticator::identify_person(const identity::Jws& jws,
                                                 const Asked& asked,
                                                 const Origin& origin) {
    auto claims = m_issuers.verify(jws);
    if (!claims) return failure(std::move(claims));
    if (asked.kind == AuthKind::Identity)
        return Principal(identity::IdentityPrincipal{std::move(*claims)});
    return m_sign_in.by_id_token(*claims, asked.tenant, origin);
}

Error address_denied(const identity::IpAddress& address) {
    return Error{ErrorCode::ScopeDenied,
                 "This credential may not be used from the address " + address.text(),
                 {}};
}

}  // namespace core::service
