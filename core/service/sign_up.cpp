#include "core/service/sign_up.h"

#include "core/crypto/random.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/service/tenants.h"
#include "core/store/connection_pool.h"
#include "core/store/member_store.h"

#include <algorithm>

namespace core::service {
namespace {

constexpr Plan kNewcomersPlan = Plan::Free;

bool has_listed_domain(const SignUpPolicy& policy, const identity::IdTokenClaims& claims) {
    const auto address = proven_address(claims);
    return address && std::find(policy.domains.begin(), policy.domains.end(), address->domain()) !=
                          policy.domains.end();
}

Failure not_invited(std::string reason) {
    return failure(ErrorCode::ScopeDenied, std::string(kAskForInvitation), std::move(reason));
}

}  // namespace

std::optional<identity::EmailAddress> proven_address(const identity::IdTokenClaims& claims) {
    if (!claims.email_verified) return std::nullopt;
    return identity::EmailAddress::parse(claims.email);
}

Result<void> check_sign_up(const SignUpPolicy& policy,
                           const std::string& local_issuer,
                           const identity::IdTokenClaims& claims) {
    if (claims.issuer == local_issuer)
        return not_invited("people of the local issuer don't sign up");
    switch (policy.rule) {
        case SignUpRule::Invited:
            return not_invited("sign-up takes an invitation");
        case SignUpRule::Domains:
            if (has_listed_domain(policy, claims)) return {};
            return not_invited("no proven address of a listed domain");
        case SignUpRule::Everybody:
            return {};
    }
    return not_invited("no rule");
}

std::string first_tenant_name(const identity::IdTokenClaims& claims) {
    const auto address = proven_address(claims);
    // A tenant's name has 200 characters at most.
    if (!address || address->domain().size() > 200) return "My tenant";
    return std::string(address->domain());
}

Result<void> sign_up(const Runtime& runtime,
                     const identity::IdTokenClaims& claims,
                     const identity::Origin& origin) {
    const auto& policy = runtime.policy;
    if (const auto may = check_sign_up(policy.sign_up, policy.local_issuer, claims); !may)
        return failure(may);
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    const auto recent = store::count_recent_tenants(**connection);
    if (!recent) return failure(recent);
    if (*recent >= policy.sign_up.most_per_hour)
        return rate_limited(std::chrono::minutes(1),
                            "Too many people sign up at this moment; try again later");

    const auto tenant = crypto::new_id<TenantId>(runtime.clock);
    const auto user = crypto::new_id<UserId>(runtime.clock);
    store::Transaction transaction(**connection, tenant);
    // An address that is not proven is not kept: others see it among the members of a tenant.
    const auto address = proven_address(claims);
    store::add_person(transaction,
                      user,
                      claims.issuer,
                      claims.subject,
                      address ? std::string_view(address->text()) : std::string_view());
    const auto added = transaction.flush();
    if (!added) return tl::unexpected(store::to_error(added.error()));
    if (!store::parse_added_person(added->front()).is_new) return {};

    add_new_tenant(runtime, transaction, tenant, first_tenant_name(claims), kNewcomersPlan);
    store::add_member(transaction, tenant, user, to_string(identity::MemberRole::Owner));
    store::add_audit_record(transaction,
                            tenant,
                            audit_origin(Actor{tenant, "user", user}, origin),
                            tenant_created(runtime, tenant, kNewcomersPlan, user));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return {};
}

}  // namespace core::service
