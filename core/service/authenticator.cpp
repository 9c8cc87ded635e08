#include "core/service/authenticator.h"

#include "core/base/log.h"
#include "core/crypto/random.h"
#include "core/identity/api_key.h"
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

constexpr std::string_view kScheme = "bearer ";
constexpr std::size_t kShortestCredential = 20;

// The credential of `Bearer <credential>` (RFC 6750 §2.1; the scheme's case does not matter, RFC
// 9110 §11.1). Nothing on any other form.
std::optional<std::string_view> bearer_of(std::string_view header) {
    if (header.size() <= kScheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < kScheme.size(); ++i) {
        const char c = header[i];
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (lower != kScheme[i]) return std::nullopt;
    }
    header.remove_prefix(kScheme.size());
    if (header.size() < kShortestCredential || header.size() > identity::kMaxCredentialBytes)
        return std::nullopt;
    return header;
}

bool is_wanted(AuthKind wanted, const Principal& principal) {
    const bool agent = std::holds_alternative<identity::AgentPrincipal>(principal);
    const bool token = std::holds_alternative<identity::TokenPrincipal>(principal);
    const bool user = std::holds_alternative<identity::UserPrincipal>(principal);
    switch (wanted) {
        case AuthKind::AgentKey:
            return agent;
        case AuthKind::ScopedToken:
            return token;
        case AuthKind::User:
            return user;
        case AuthKind::ScopedTokenOrUser:
            return token || user;
        case AuthKind::SignedInUser:
            return user && std::get<identity::UserPrincipal>(principal).signed_in_at.has_value();
        case AuthKind::Identity:
            return std::holds_alternative<identity::IdentityPrincipal>(principal);
        case AuthKind::None:
        case AuthKind::Unset:
            return false;
    }
    return false;
}

std::string_view name_of(AuthKind wanted) {
    switch (wanted) {
        case AuthKind::AgentKey:
            return "an agent key";
        case AuthKind::ScopedToken:
            return "a scoped token";
        case AuthKind::User:
            return "a user token";
        case AuthKind::ScopedTokenOrUser:
            return "a scoped token or a user token";
        case AuthKind::SignedInUser:
        case AuthKind::Identity:
            return "an ID token";
        case AuthKind::None:
        case AuthKind::Unset:
            return "no credential";
    }
    return "no credential";
}

std::string_view name_of(const Principal& principal) {
    if (std::holds_alternative<identity::AgentPrincipal>(principal)) return "an agent key";
    if (std::holds_alternative<identity::TokenPrincipal>(principal)) return "a scoped token";
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal);
        user != nullptr && !user->signed_in_at)
        return "a personal token";
    return "a user token";
}

Failure refuse_kind(const Runtime& runtime,
                    AuthKind wanted,
                    const Principal& principal,
                    const Origin& origin) {
    Error error{ErrorCode::ScopeDenied,
                "This endpoint takes " + std::string(name_of(wanted)) + ", not " +
                    std::string(name_of(principal)),
                {}};
    auto record = refused_caller(runtime, principal, "wrong_kind_of_credential");
    if (const auto* token = std::get_if<identity::TokenPrincipal>(&principal))
        return refuse_token(runtime, *token, origin, std::move(record), std::move(error));
    return refuse(
        runtime, tenant_of(principal), audit_origin(principal, origin), record, std::move(error));
}

// A member whose role does not reach. The message names the role: whoever is asked for it should
// know what to give.
Failure refuse_role(const Runtime& runtime,
                    identity::MemberRole wanted,
                    const identity::UserPrincipal& user,
                    const Origin& origin) {
    Error error{ErrorCode::ScopeDenied,
                "This takes the role " + std::string(to_string(wanted)) +
                    " in the tenant; yours is " + std::string(to_string(user.role)),
                {}};
    return refuse(runtime,
                  user.tenant,
                  audit_origin(user, origin),
                  refused_caller(runtime, user, "role_too_low"),
                  std::move(error));
}

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
    if (!is_wanted(wanted.kind, principal))
        return refuse_kind(m_runtime, wanted.kind, principal, origin);
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal);
        user != nullptr && !is_at_least(user->role, wanted.role))
        return refuse_role(m_runtime, wanted.role, *user, origin);
    return {};
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
