#include "core/service/access.h"

#include "core/identity/jose.h"
#include "core/service/audit_trail.h"
#include "core/service/runtime.h"

#include <string>
#include <utility>
#include <variant>

namespace core::service {
namespace {

using identity::AuthKind;
using identity::Origin;
using identity::Principal;

constexpr std::string_view kScheme = "bearer ";
constexpr std::size_t kShortestCredential = 20;

bool is_wanted(AuthKind wanted, const Principal& principal) {
    const bool agent = std::holds_alternative<identity::AgentPrincipal>(principal);
    const bool token = std::holds_alternative<identity::TokenPrincipal>(principal);
    const bool user = std::holds_alternative<identity::UserPrincipal>(principal);
    switch (wanted) {
        case AuthKind::Agent:
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

std::string_view name_of(const Principal& principal) {
    if (std::holds_alternative<identity::AgentPrincipal>(principal)) return "an agent key";
    if (std::holds_alternative<identity::TokenPrincipal>(principal)) return "a scoped token";
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal);
        user != nullptr && !user->signed_in_at)
        return "a personal token";
    return "a user token";
}

Failure refuse_kind(const KeylessRuntime& runtime,
                    AuthKind wanted,
                    const Principal& principal,
                    const Origin& origin) {
    Error error{ErrorCode::ScopeDenied,
                "This endpoint takes " + std::string(name_of_kind(wanted)) + ", not " +
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
Failure refuse_role(const KeylessRuntime& runtime,
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

}  // namespace

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

std::string_view name_of_kind(AuthKind wanted) {
    switch (wanted) {
        case AuthKind::Agent:
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

Result<void> check_access(const KeylessRuntime& runtime,
                          const identity::Access& wanted,
                          const Principal& principal,
                          const Origin& origin) {
    if (!is_wanted(wanted.kind, principal))
        return refuse_kind(runtime, wanted.kind, principal, origin);
    if (const auto* user = std::get_if<identity::UserPrincipal>(&principal);
        user != nullptr && !is_at_least(user->role, wanted.role))
        return refuse_role(runtime, wanted.role, *user, origin);
    return {};
}

}  // namespace core::service
