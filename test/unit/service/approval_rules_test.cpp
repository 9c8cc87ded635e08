// Whose agreement a request needs: contract.md §5.
#include "core/service/approval_rules.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>
#include <vector>

namespace core::service {
// For Boost's data cases.
static std::ostream& operator<<(std::ostream& out, Objection objection) {
    return out << static_cast<int>(objection);
}
}  // namespace core::service

BOOST_AUTO_TEST_SUITE(approval_rules)

namespace data = boost::unit_test::data;
using core::UserId;
using core::identity::MemberRole;
using core::scope::AccessTier;
using core::service::ApprovalParties;
using core::service::ApprovalPolicy;
using core::service::ApprovalRule;
using core::service::Approver;
using core::service::CoveredSecrets;
using core::service::Objection;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

using Covered = std::vector<CoveredSecrets>;
using Policies = std::vector<ApprovalPolicy>;

constexpr auto kAny = std::optional<AccessTier>{};

ApprovalPolicy policy(const std::string& name_space,
                      std::int64_t approvals,
                      std::optional<AccessTier> tier = kAny) {
    ApprovalPolicy out;
    out.name_space = name_space;
    out.tier = tier;
    out.approvals = approvals;
    return out;
}

ApprovalRule rule_of(const Covered& covered, const Policies& policies) {
    std::optional<AccessTier> highest;
    for (const auto& secrets : covered)
        highest = std::max(highest.value_or(AccessTier::Standard), secrets.tier);
    return core::service::approval_rule(highest, covered, policies);
}

const Covered kSensitive{{"prod/db", AccessTier::Sensitive}};
const Covered kCritical{{"prod/db", AccessTier::Critical}};
const Covered kBoth{{"prod/db", AccessTier::Sensitive}, {"prod/vault", AccessTier::Critical}};

// How many approvals these policies want for a sensitive secret in prod/db.
struct Governing {
    Policies policies;
    std::int64_t approvals;
    std::string why;
};
std::ostream& operator<<(std::ostream& out, const Governing& one) {
    return out << one.why;
}

const std::vector<Governing> kGoverning{
    {{}, 1, "no policy: what the tier wants"},
    {{policy("*", 3)}, 3, "all namespaces"},
    {{policy("prod/db", 3)}, 3, "the very namespace"},
    {{policy("prod", 3)}, 3, "one above"},
    {{policy("pro", 3)}, 1, "one that only begins alike"},
    {{policy("prod/d", 3)}, 1, "one whose last segment only begins alike"},
    {{policy("prod/db/sub", 3)}, 1, "one below"},
    {{policy("prod/other", 3)}, 1, "one beside"},
    {{policy("*", 5), policy("prod", 2)}, 2, "the more specific one may ask for less"},
    {{policy("prod", 2), policy("*", 5)}, 2, "in whatever order"},
    {{policy("prod/db", 4), policy("prod", 2), policy("*", 3)}, 4, "the most specific of three"},
    {{policy("*", 3, AccessTier::Sensitive)}, 3, "one of its tier"},
    {{policy("*", 3, AccessTier::Critical)}, 1, "one of another tier"},
    {{policy("prod", 4), policy("prod", 2, AccessTier::Sensitive)}, 2, "that of its tier first"},
    {{policy("prod", 2, AccessTier::Sensitive), policy("prod", 4)}, 2, "again in any order"},
    {{policy("prod", 4, AccessTier::Critical), policy("prod", 2)}, 2, "not that of another"},
    {{policy("prod/db", 4), policy("prod", 2, AccessTier::Sensitive)}, 4, "the namespace first"},
};

UserId person(std::uint8_t number) {
    core::UuidBytes bytes{};
    bytes[0] = number;
    return UserId(bytes);
}

Approver approver(std::uint8_t number, MemberRole role, bool fresh = false) {
    return {person(number), role, fresh};
}

const Approver kOperator{std::nullopt, MemberRole::Owner, true};

// Does the approval of `who` count by `rule` where these can approve?
struct Judged {
    Approver who;
    ApprovalRule rule;
    ApprovalParties parties;
    Objection objection;
    std::string why;
};
std::ostream& operator<<(std::ostream& out, const Judged& one) {
    return out << one.why;
}

ApprovalRule wants(AccessTier tier) {
    return core::service::approval_rule(tier, {}, {});
}

ApprovalRule owners_only() {
    ApprovalRule rule = wants(AccessTier::Sensitive);
    rule.owner_only = true;
    return rule;
}

ApprovalRule allowing_self() {
    ApprovalRule rule = wants(AccessTier::Sensitive);
    rule.allow_self_approval = true;
    return rule;
}

const ApprovalRule kWantsOne = wants(AccessTier::Sensitive);
const ApprovalRule kWantsOwner = wants(AccessTier::Critical);
const ApprovalParties kThree{std::nullopt, 3, 1};
const ApprovalParties kMine{person(1), 3, 1};
const ApprovalParties kMineAlone{person(1), 1, 1};
const ApprovalParties kMineTwoOwners{person(1), 3, 2};

const std::vector<Judged> kJudged{
    {approver(1, MemberRole::None), kWantsOne, kThree, Objection::NoApprover, "one who left"},
    {approver(1, MemberRole::Viewer), kWantsOne, kThree, Objection::NoApprover, "a viewer"},
    {approver(1, MemberRole::Approver), kWantsOne, kThree, Objection::None, "an approver"},
    {approver(1, MemberRole::Admin), kWantsOne, kThree, Objection::None, "an admin"},
    {approver(1, MemberRole::Owner), kWantsOne, kThree, Objection::None, "an owner"},
    {kOperator, kWantsOne, kThree, Objection::None, "the operator"},
    {approver(1, MemberRole::Admin, true), kWantsOwner, kThree, Objection::NoOwner, "no owner"},
    {approver(1, MemberRole::Owner), kWantsOwner, kThree, Objection::StaleSignIn, "a stale owner"},
    {approver(1, MemberRole::Owner, true), kWantsOwner, kThree, Objection::None, "a fresh owner"},
    {kOperator, kWantsOwner, kThree, Objection::None, "the operator, of what is critical"},
    {approver(1, MemberRole::Admin), owners_only(), kThree, Objection::NoOwner, "by policy"},
    {approver(1, MemberRole::Owner), owners_only(), kThree, Objection::None, "owner by policy"},
    {approver(1, MemberRole::Owner), kWantsOne, kMine, Objection::OwnAgent, "the own agent"},
    {approver(2, MemberRole::Owner), kWantsOne, kMine, Objection::None, "another's agent"},
    {approver(1, MemberRole::Owner), kWantsOne, kMineAlone, Objection::None, "who is alone"},
    {approver(1, MemberRole::Owner), allowing_self(), kMine, Objection::None, "who is allowed"},
    {approver(1, MemberRole::Owner, true), kWantsOwner, kMine, Objection::None, "the only owner"},
    {approver(1, MemberRole::Owner, true),
     kWantsOwner,
     kMineTwoOwners,
     Objection::OwnAgent,
     "one of two owners"},
    {approver(1, MemberRole::Viewer), kWantsOne, kMineAlone, Objection::NoApprover, "role first"},
    {kOperator, kWantsOne, ApprovalParties{std::nullopt, 3, 1}, Objection::None, "whose agents"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_sensitive_secret_takes_one_approval) {
    const auto rule = rule_of(kSensitive, {});

    BOOST_CHECK(rule.tier == AccessTier::Sensitive);
    BOOST_TEST(rule.approvals == 1);
    BOOST_TEST(!rule.owner_only);
    BOOST_TEST(!rule.fresh_sign_in);
    BOOST_TEST(!rule.allow_self_approval);
    BOOST_CHECK(rule.delay == seconds(0));
}

BOOST_AUTO_TEST_CASE(a_critical_secret_takes_an_owner_who_has_just_signed_in) {
    const auto rule = rule_of(kCritical, {});

    BOOST_CHECK(rule.tier == AccessTier::Critical);
    BOOST_TEST(rule.owner_only);
    BOOST_TEST(rule.fresh_sign_in);
}

BOOST_AUTO_TEST_CASE(what_covers_nothing_that_needs_approval_gives_a_standard_token) {
    const auto rule = rule_of({}, {policy("*", 5)});

    BOOST_CHECK(rule.tier == AccessTier::Standard);
    BOOST_TEST(rule.approvals == 1);
}

BOOST_AUTO_TEST_CASE(without_policies_nobody_needs_to_list_what_is_covered) {
    const auto rule = core::service::approval_rule(AccessTier::Critical, {}, {});

    BOOST_CHECK(rule.tier == AccessTier::Critical);
    BOOST_TEST(rule.owner_only);
}

BOOST_DATA_TEST_CASE(the_most_specific_policy_governs, data::make(kGoverning), one) {
    BOOST_TEST(rule_of(kSensitive, one.policies).approvals == one.approvals);
}

BOOST_AUTO_TEST_CASE(over_several_secrets_the_strictest_of_each_holds) {
    auto slow = policy("prod/db", 2);
    slow.delay = minutes(30);
    auto owners = policy("prod/vault", 3);
    owners.owner_only = true;
    owners.delay = minutes(10);

    const auto rule = rule_of(kBoth, {slow, owners});

    BOOST_TEST(rule.approvals == 3);
    BOOST_CHECK(rule.delay == minutes(30));
    BOOST_TEST(rule.owner_only);
}

BOOST_AUTO_TEST_CASE(a_policy_takes_nothing_from_what_the_tier_wants) {
    auto lax = policy("*", 1);
    lax.owner_only = false;

    const auto rule = rule_of(kCritical, {lax});

    BOOST_TEST(rule.owner_only);
    BOOST_TEST(rule.fresh_sign_in);
}

BOOST_AUTO_TEST_CASE(self_approval_is_allowed_where_the_policy_of_every_secret_allows_it) {
    auto allowing = policy("prod/db", 1);
    allowing.allow_self_approval = true;
    auto allowing_all = allowing;
    allowing_all.name_space = "*";

    BOOST_TEST(rule_of(kSensitive, {allowing}).allow_self_approval);
    BOOST_TEST(!rule_of(kBoth, {allowing}).allow_self_approval);
    BOOST_TEST(rule_of(kBoth, {allowing_all}).allow_self_approval);
    BOOST_TEST(!rule_of(kBoth, {allowing_all, policy("prod/vault", 1)}).allow_self_approval);
}

BOOST_DATA_TEST_CASE(an_approval_counts_or_is_objected_to, data::make(kJudged), one) {
    BOOST_CHECK(core::service::objection_to(one.who, one.rule, one.parties) == one.objection);
}

BOOST_AUTO_TEST_CASE(approvals_that_do_not_count_are_not_counted) {
    const std::vector<Approver> recorded{approver(1, MemberRole::Approver),
                                         approver(2, MemberRole::None),
                                         approver(3, MemberRole::Owner),
                                         kOperator};

    BOOST_TEST(core::service::count_approvals(recorded, kWantsOne, kThree) == 3);
    BOOST_TEST(core::service::count_approvals(recorded, owners_only(), kThree) == 2);
    BOOST_TEST(core::service::count_approvals(recorded, kWantsOwner, kThree) == 1);
    BOOST_TEST(core::service::count_approvals(recorded, kWantsOne, kMine) == 2);
}

BOOST_AUTO_TEST_CASE(the_operator_is_one_person) {
    BOOST_TEST(kOperator.is(kOperator));
    BOOST_TEST(!kOperator.is(approver(1, MemberRole::Owner)));
    BOOST_TEST(approver(1, MemberRole::Owner).is(approver(1, MemberRole::Viewer)));
}

BOOST_AUTO_TEST_CASE(a_sign_in_is_fresh_for_ten_minutes) {
    const core::Timestamp now = core::from_unix_seconds(1'000'000);

    BOOST_TEST(core::service::is_fresh(now, now));
    BOOST_TEST(core::service::is_fresh(now - minutes(10), now));
    BOOST_TEST(!core::service::is_fresh(now - minutes(10) - seconds(1), now));
    BOOST_TEST(core::service::is_fresh(now + seconds(30), now));
    BOOST_TEST(!core::service::is_fresh(std::nullopt, now));
}

BOOST_DATA_TEST_CASE(every_objection_says_what_to_do,
                     data::make({Objection::NoApprover,
                                 Objection::NoOwner,
                                 Objection::OwnAgent,
                                 Objection::StaleSignIn}),
                     objection) {
    const auto error = core::service::error_of(objection);

    BOOST_CHECK(error.code == core::ErrorCode::ScopeDenied);
    BOOST_TEST(!error.public_message.empty());
    BOOST_TEST(!core::service::reason_of(objection).empty());
}

BOOST_AUTO_TEST_SUITE_END()
