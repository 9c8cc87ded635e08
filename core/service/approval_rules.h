// Whose agreement a request of an agent needs: what the tiers of the secrets want that it covers,
// and what policies of the tenant want beyond. contract.md §5. Pure functions of what the database
// said; thread-safe.
#pragma once

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/ids.h"
#include "core/identity/member_role.h"
#include "core/scope/access_tier.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace core::service {

inline constexpr std::string_view kAllNamespaces = "*";
inline constexpr std::int64_t kMostApprovals = 5;
// A request expires undecided after a day: half of it is left for people.
inline constexpr std::chrono::hours kLongestDelay{12};
// Whoever approves what is critical has just proved who they are.
inline constexpr std::chrono::minutes kFreshSignIn{10};

// Wants more than the tier does, for the secrets in and below a namespace.
struct ApprovalPolicy {
    std::string name_space{kAllNamespaces};
    // Of secrets of this tier alone; nothing: of every tier that needs approval.
    std::optional<scope::AccessTier> tier;
    std::int64_t approvals = 1;  // of as many different people; 1 to 5
    std::chrono::seconds delay{0};
    bool owner_only = false;
    bool allow_self_approval = false;
};

// Secrets that a request covers and that need approval: some of this tier are in this namespace.
struct CoveredSecrets {
    std::string name_space;
    scope::AccessTier tier = scope::AccessTier::Sensitive;
};

// What has to come together before a token is made.
struct ApprovalRule {
    // What the token will read up to: the highest tier that it covers. Standard where nothing that
    // it covers needs approval any more.
    scope::AccessTier tier = scope::AccessTier::Standard;
    std::int64_t approvals = 1;
    std::chrono::seconds delay{0};  // from the request on
    bool owner_only = false;
    bool fresh_sign_in = false;
    bool allow_self_approval = false;
};

// A secret is governed by the policy of the most specific namespace that holds it; of two for one
// namespace by the one for its tier. What is wanted is the strictest over all of them, and never
// less than the tiers want. `highest`: the highest tier among the secrets, nothing where there are
// none; `covered` may be left empty where there are no policies.
ApprovalRule approval_rule(const std::optional<scope::AccessTier>& highest,
                           std::span<const CoveredSecrets> covered,
                           std::span<const ApprovalPolicy> policies);

// Somebody who approves, or has approved.
struct Approver {
    std::optional<UserId> user;  // nothing: the operator at the host, who stands for an owner
    // Of a recorded approval the lower of the roles then and now; None for one who left.
    identity::MemberRole role = identity::MemberRole::None;
    bool signed_in_freshly = false;

    // The same person?
    [[nodiscard]] bool is(const Approver& other) const { return user == other.user; }
};

bool is_fresh(const std::optional<Timestamp>& signed_in_at, Timestamp now);

// Whom the tenant has, and whose the asking agent is.
struct ApprovalParties {
    std::optional<UserId> agent_creator;  // nothing: the operator
    std::int64_t approvers = 0;           // members who are approver or more
    std::int64_t owners = 0;              // among them
};

// Why somebody's approval does not count.
enum class Objection : std::uint8_t { None, NoApprover, NoOwner, OwnAgent, StaleSignIn };

Objection objection_to(const Approver& approver,
                       const ApprovalRule& rule,
                       const ApprovalParties& parties);
// A word of ours for the audit log. Precondition: not None.
std::string_view reason_of(Objection objection);
// ScopeDenied, with what to do. Precondition: not None.
Error error_of(Objection objection);

// How many of the recorded approvals count by this rule.
std::int64_t count_approvals(std::span<const Approver> recorded,
                             const ApprovalRule& rule,
                             const ApprovalParties& parties);

}  // namespace core::service
