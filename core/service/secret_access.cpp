#include "core/service/secret_access.h"

#include "core/service/audit_trail.h"
#include "core/service/authenticator.h"

#include <utility>

namespace core::service {

using identity::Origin;
using identity::TokenPrincipal;
using scope::AccessTier;
using scope::Action;
using scope::SecretPath;
using store::ReadOutcome;

std::int64_t number_of(AccessTier tier) {
    return static_cast<std::int64_t>(tier);
}

AccessTier tier_of(std::int64_t number) {
    return scope::access_tier_from(number).value_or(AccessTier::Critical);
}

Error scope_denied(std::string_view path) {
    return {
        ErrorCode::ScopeDenied, "Token scope does not cover path '" + std::string(path) + "'", {}};
}

Error approval_needed(const SecretPath& path) {
    return {ErrorCode::ScopeDenied,
            "The secret '" + path.text() +
                "' needs an approval that this token does not have; request a token for it again",
            {}};
}

Error secret_not_found(const SecretPath& path) {
    return {ErrorCode::SecretNotFound, "There is no secret '" + path.text() + "'", {}};
}

Error version_not_found(const SecretPath& path) {
    return {ErrorCode::SecretNotFound, "The secret '" + path.text() + "' has no such version", {}};
}

Error secret_expired(const SecretPath& path) {
    return {ErrorCode::SecretExpired,
            "The secret '" + path.text() + "' has expired; have a new value stored",
            {}};
}

Error no_longer_valid(std::string_view reason) {
    return identity::unauthorized(std::string(reason)).value();
}

Error standing_error(store::TokenState state, const Origin& origin) {
    if (state == store::TokenState::AddressNotAllowed) return address_denied(origin.address);
    return no_longer_valid(store::reason_of(state));
}

Error read_refusal(ReadOutcome outcome,
                   const std::optional<std::string>& refusal,
                   const Origin& origin,
                   const SecretPath& path) {
    switch (outcome) {
        case ReadOutcome::TokenRevoked:
        case ReadOutcome::TokenExpired:
        case ReadOutcome::AgentInactive:
            return no_longer_valid(store::reason_of(outcome));
        case ReadOutcome::AddressNotAllowed:
            return address_denied(origin.address);
        case ReadOutcome::NotFound:
            return secret_not_found(path);
        case ReadOutcome::ApprovalNeeded:
            return approval_needed(path);
        case ReadOutcome::VersionNotFound:
            return version_not_found(path);
        case ReadOutcome::Expired:
            return secret_expired(path);
        case ReadOutcome::Refused:
            if (refusal == kTokenAddress) return address_denied(origin.address);
            if (refusal == kUsesExhausted) return no_longer_valid(kUsesExhausted);
            return scope_denied(path.text());
        case ReadOutcome::PlanChanged:
            return plan_changed();
        case ReadOutcome::Ok:
        case ReadOutcome::LimitsChanged:
        case ReadOutcome::MayList:
            break;
    }
    return {ErrorCode::Internal, "Internal error; try again later", "a read without a verdict"};
}

bool may_come_from(const TokenPrincipal& token, const Origin& origin) {
    return !token.claims.ips || token.claims.ips->contains(origin.address);
}

Result<scope::AgentLimits> limits_of(const store::TokenStanding& standing) {
    auto limits = scope::AgentLimits::parse(standing.allowed_namespaces, standing.allowed_scopes);
    if (!limits)
        return failure(ErrorCode::IntegrityFailure,
                       "Internal error; try again later",
                       "limits of an agent: " + limits.error().public_message);
    return limits;
}

Admission admit_write_by_claims(const TokenPrincipal& token,
                                const Origin& origin,
                                const SecretPath& path) {
    if (!may_come_from(token, origin))
        return Admission::denied(kTokenAddress, address_denied(origin.address));
    if (!token.claims.scopes.allows(Action::Write, path))
        return Admission::denied(kOutsideScope, scope_denied(path.text()));
    return {};
}

Result<Admission> admit_write_by_rows(const TokenPrincipal& token,
                                      const Origin& origin,
                                      const SecretPath& path,
                                      const store::TokenStanding& standing,
                                      const std::optional<store::SecretHead>& head) {
    if (standing.state != store::TokenState::Live)
        return Admission::denied(store::reason_of(standing.state),
                                 standing_error(standing.state, origin));
    const auto limits = limits_of(standing);
    if (!limits) return failure(limits);
    if (!limits->allows(Action::Write, path))
        return Admission::denied(kAgentNarrowed, scope_denied(path.text()));
    // Writing needs an approval for what is critical now.
    if (head && tier_of(head->tier) == AccessTier::Critical &&
        token.claims.tier < AccessTier::Critical)
        return Admission::denied(store::reason_of(ReadOutcome::ApprovalNeeded),
                                 approval_needed(path));
    return Admission{};
}

// "*" limits nothing, "a/b" allows a/b/…
std::vector<std::string> namespace_patterns(const std::vector<std::string>& name_spaces) {
    std::vector<std::string> patterns;
    patterns.reserve(name_spaces.size());
    for (const auto& name_space : name_spaces)
        patterns.push_back(store::like_pattern(name_space == "*" ? "*" : name_space + "/*"));
    return patterns;
}

std::vector<std::string> like_patterns(const std::vector<std::string>& patterns) {
    std::vector<std::string> likes;
    likes.reserve(patterns.size());
    for (const auto& pattern : patterns)
        likes.push_back(store::like_pattern(pattern));
    return likes;
}

}  // namespace core::service
