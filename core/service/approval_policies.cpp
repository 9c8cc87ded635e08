#include "core/service/approval_policies.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/scope/secret_path.h"
#include "core/service/approval_judge.h"
#include "core/service/audit_trail.h"
#include "core/service/secret_access.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/policy_store.h"

#include <algorithm>
#include <span>
#include <string>
#include <tuple>
#include <utility>

namespace core::service {
namespace {

// "policies[2]: …", counted from 0 as JSON is.
Failure invalid_policy(std::size_t index, const std::string& what) {
    return failure(ErrorCode::InvalidRequest,
                   "The member 'policies[" + std::to_string(index) + "]': " + what);
}

Result<void> check_policy(const ApprovalPolicy& policy, std::size_t index, const Policy& limits) {
    if (policy.name_space != kAllNamespaces)
        if (const auto parsed = scope::Namespace::parse(policy.name_space); !parsed)
            return invalid_policy(index, parsed.error().public_message);
    if (policy.approvals < 1 || policy.approvals > kMostApprovals)
        return invalid_policy(index, "'approvals' must be a whole number from 1 to 5");
    if (policy.delay.count() < 0 || policy.delay > kLongestDelay)
        return invalid_policy(index, "'delay' must be from 0 to 12h");
    if (policy.delay >= limits.approval_ttl)
        return invalid_policy(
            index,
            "'delay' must be shorter than the time after which a request expires, " +
                format_duration(limits.approval_ttl));
    if (policy.tier == scope::AccessTier::Standard)
        return invalid_policy(index, "'access_tier' must be null, sensitive or critical");
    return {};
}

bool has_twin(std::span<const ApprovalPolicy> policies, const ApprovalPolicy& policy) {
    return std::any_of(policies.begin(), policies.end(), [&](const ApprovalPolicy& one) {
        return one.name_space == policy.name_space && one.tier == policy.tier;
    });
}

Result<void> check(const std::vector<ApprovalPolicy>& policies, const Policy& limits) {
    if (policies.size() > kMostPolicies)
        return failure(ErrorCode::InvalidRequest,
                       "The member 'policies' may have at most " + std::to_string(kMostPolicies) +
                           " policies");
    for (std::size_t i = 0; i < policies.size(); ++i) {
        if (const auto fine = check_policy(policies[i], i, limits); !fine) return failure(fine);
        if (has_twin(std::span(policies).first(i), policies[i]))
            return invalid_policy(i, "there is another policy for this namespace and tier");
    }
    return {};
}

store::ApprovalPolicyRow row_of(const ApprovalPolicy& policy) {
    store::ApprovalPolicyRow row;
    row.name_space = policy.name_space;
    row.tier = policy.tier ? number_of(*policy.tier) : 0;
    row.approvals = policy.approvals;
    row.delay_seconds = policy.delay.count();
    row.owner_only = policy.owner_only;
    row.allow_self_approval = policy.allow_self_approval;
    return row;
}

// As they are listed.
std::vector<ApprovalPolicy> in_order(std::vector<ApprovalPolicy> policies) {
    std::sort(policies.begin(), policies.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name_space, a.tier) < std::tie(b.name_space, b.tier);
    });
    return policies;
}

std::string details_of(const std::vector<ApprovalPolicy>& policies, std::int64_t version) {
    JsonWriter details;
    details.begin_object().member("version", version).key("policies").begin_array();
    for (const auto& policy : policies)
        write_policy(details, policy);
    details.end_array().end_object();
    return std::move(details).take_text();
}

}  // namespace

void write_policy(JsonWriter& json, const ApprovalPolicy& policy) {
    json.begin_object().member("namespace", policy.name_space).key("access_tier");
    if (policy.tier)
        json.value(scope::to_string(*policy.tier));
    else
        json.value(nullptr);
    json.member("approvals", policy.approvals).member("delay", policy.delay.count());
    json.member("owner_only", policy.owner_only);
    json.member("allow_self_approval", policy.allow_self_approval).end_object();
}

ApprovalPolicies::ApprovalPolicies(const Runtime& runtime) : m_runtime(runtime), m_once(runtime) {}

Result<PolicyDocument> ApprovalPolicies::find(const TenantId& tenant) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    // The version first: with newer policies than it says, a change by it fails; the other way
    // round it would replace what nobody has seen.
    store::add_find_policies_version(transaction, tenant);
    store::add_list_approval_policies(transaction, tenant);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    auto policies = policies_of(store::parse_approval_policies(results->at(1)));
    if (!policies) return failure(std::move(policies));
    return PolicyDocument{store::parse_policies_version(results->front()), std::move(*policies)};
}

Result<Body> ApprovalPolicies::replace(const Actor& actor,
                                       const identity::Origin& origin,
                                       const std::vector<ApprovalPolicy>& policies,
                                       const std::optional<std::int64_t>& expected_version,
                                       const Rendering<PolicyDocument>& render) {
    if (const auto fine = check(policies, m_runtime.policy); !fine) return failure(fine);
    const auto sorted = in_order(policies);
    std::vector<store::ApprovalPolicyRow> rows;
    rows.reserve(sorted.size());
    for (const auto& policy : sorted)
        rows.push_back(row_of(policy));
    return m_once.run(
        actor.tenant,
        audit_origin(actor, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_policies_version(transaction, actor.tenant);
        },
        [&](Change& change) -> Result<Body> {
            const auto current = store::parse_policies_version(change.found(0));
            store::AuditRecord record;
            record.event = crypto::new_id<AuditEventId>(m_runtime.clock);
            record.type = "approval.policies_updated";
            record.resource_type = "tenant";
            record.resource = actor.tenant.bytes();
            if (expected_version && *expected_version != current) {
                record.type = "approval.policies.denied";
                record.reason = "version_conflict";
                return change.refuse(std::move(record),
                                     {ErrorCode::VersionConflict,
                                      "The policies are at version " + std::to_string(current) +
                                          "; read them again and retry",
                                      {}});
            }
            store::add_replace_approval_policies(
                change.transaction(), actor.tenant, rows, current + 1);
            record.details = details_of(sorted, current + 1);
            change.record(record);
            return render({current + 1, sorted});
        });
}

}  // namespace core::service
