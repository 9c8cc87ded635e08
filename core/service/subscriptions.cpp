#include "core/service/subscriptions.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace core::service {
namespace {

using stripe::Event;
using stripe::EventKind;

constexpr std::string_view kPastDue = "past_due";
constexpr std::array<std::string_view, 3> kLive{"active", "trialing", kPastDue};
// Nothing follows these.
constexpr std::array<std::string_view, 2> kFinal{"canceled", "incomplete_expired"};
// In the order in which a subscription comes to them.
constexpr std::array<std::string_view, 8> kLife{"incomplete",
                                                "trialing",
                                                "active",
                                                kPastDue,
                                                "unpaid",
                                                "paused",
                                                "incomplete_expired",
                                                "canceled"};
constexpr std::size_t kLongestStatus = 64;

bool is_one_of(std::string_view text, const auto& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

std::int64_t rank_of(EventKind kind) {
    switch (kind) {
        case EventKind::Other:
        case EventKind::PaymentFailed:
            return 0;
        case EventKind::SubscriptionCreated:
            return 1;
        case EventKind::CheckoutCompleted:
            return 2;
        case EventKind::SubscriptionUpdated:
            return 3;
        case EventKind::SubscriptionDeleted:
            return 4;
    }
    return 0;
}

constexpr std::int64_t kRanksOfAKind = 16;

// Stripe's clock has whole seconds, and a checkout makes several events in one: the kind decides
// between them, and of one kind what a subscription comes to later.
std::int64_t rank_of(EventKind kind, std::string_view status) {
    const auto* const place = std::find(kLife.begin(), kLife.end(), status);
    return rank_of(kind) * kRanksOfAKind + (place - kLife.begin());
}

bool is_by_checkout(const Subscription& subscription) {
    return subscription.told_rank / kRanksOfAKind == rank_of(EventKind::CheckoutCompleted);
}

bool is_status(std::string_view text) {
    return !text.empty() && text.size() <= kLongestStatus &&
           std::all_of(
               text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// A checkout that is paid for tells that the subscription is live, and of its plan only what it was
// to be: where the subscription itself has told of either, it knows better.
std::optional<Subscription> bought(const Event& event, const Subscription& known) {
    if (!event.paid || !event.plan || is_live(known)) return std::nullopt;
    const bool has_told = !known.status.empty();
    return Subscription{
        .id = event.subscription, .plan = has_told ? known.plan : *event.plan, .status = "active"};
}

std::optional<Subscription> told(const Event& event, std::optional<Plan> by_price) {
    if (!is_status(event.status)) return std::nullopt;
    return Subscription{
        .id = event.subscription, .plan = by_price.value_or(Plan::Free), .status = event.status};
}

std::optional<Subscription> failed_to_pay(const Event& event, Subscription known) {
    if (known.failed_at && *known.failed_at >= event.created) return std::nullopt;
    known.id = event.subscription;
    known.failed_at = event.created;
    return known;
}

}  // namespace

std::string status_of(const Subscription& subscription) {
    const bool failed = subscription.failed_at && *subscription.failed_at > subscription.told_at;
    if (failed && is_live(subscription)) return std::string(kPastDue);
    return subscription.status;
}

bool is_live(const Subscription& subscription) {
    return is_one_of(subscription.status, kLive);
}

std::optional<Subscription> told_by(const Event& event,
                                    const std::optional<Subscription>& known,
                                    std::optional<Plan> by_price) {
    if (event.kind == EventKind::Other || event.subscription.empty()) return std::nullopt;
    const Subscription before = known.value_or(Subscription{});
    if (event.kind == EventKind::PaymentFailed) return failed_to_pay(event, before);
    if (is_one_of(before.status, kFinal)) return std::nullopt;
    auto now =
        event.kind == EventKind::CheckoutCompleted ? bought(event, before) : told(event, by_price);
    if (!now) return std::nullopt;
    now->told_at = event.created;
    now->told_rank = rank_of(event.kind, now->status);
    const bool is_older =
        std::tie(now->told_at, now->told_rank) < std::tie(before.told_at, before.told_rank);
    const bool knows_better = is_by_checkout(before) && is_live(*now);
    if (is_older && !knows_better) return std::nullopt;
    now->failed_at = before.failed_at;
    return now;
}

Standing standing_of(const std::vector<Subscription>& subscriptions) {
    const Subscription* best = nullptr;
    const auto worth = [](const Subscription& one) {
        return std::tuple(is_live(one), is_live(one) ? one.plan : Plan::Free, one.told_at);
    };
    for (const auto& one : subscriptions)
        if (!one.status.empty() && (best == nullptr || worth(*best) < worth(one))) best = &one;
    if (best == nullptr) return {};
    return {is_live(*best) ? best->plan : Plan::Free, status_of(*best)};
}

}  // namespace core::service
