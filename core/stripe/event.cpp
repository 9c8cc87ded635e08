#include "core/stripe/event.h"

#include "core/base/json.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace core::stripe {
namespace {

// Stripe promises 255 at most.
constexpr std::size_t kLongestId = 255;

constexpr std::array<std::pair<std::string_view, EventKind>, 5> kKinds{{
    {"checkout.session.completed", EventKind::CheckoutCompleted},
    {"customer.subscription.created", EventKind::SubscriptionCreated},
    {"customer.subscription.updated", EventKind::SubscriptionUpdated},
    {"customer.subscription.deleted", EventKind::SubscriptionDeleted},
    {"invoice.payment_failed", EventKind::PaymentFailed},
}};

EventKind kind_of(std::string_view type) {
    for (const auto& [name, kind] : kKinds)
        if (name == type) return kind;
    return EventKind::Other;
}

using Node = std::optional<JsonValue>;

Node member(const Node& object, std::string_view name) {
    if (!object || object->kind() != JsonValue::Kind::Object) return std::nullopt;
    return object->find(name);
}

std::vector<JsonValue> elements(const Node& array) {
    if (!array || array->kind() != JsonValue::Kind::Array) return {};
    return array->elements();
}

std::string text_of(const Node& value) {
    if (!value || value->kind() != JsonValue::Kind::String) return {};
    return std::string(value->string());
}

std::optional<std::int64_t> seconds_of(const Node& value) {
    if (!value || value->kind() != JsonValue::Kind::Integer) return std::nullopt;
    const auto seconds = value->integer();
    if (seconds < 0 || seconds > kLastUnixSecond) return std::nullopt;
    return seconds;
}

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= kLongestId &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '_';
           });
}

// An id, or the object that it stands for: Stripe calls that expanded.
std::string id_of(const Node& value) {
    std::string id = text_of(value);
    if (id.empty()) id = text_of(member(value, "id"));
    return is_id(id) ? id : std::string{};
}

void take_metadata(const Node& metadata, Event& event) {
    event.tenant = TenantId::parse(text_of(member(metadata, "tenant_id")));
    event.plan = parse_plan(text_of(member(metadata, "plan")));
}

void take_checkout(const Node& object, Event& event) {
    event.subscription = id_of(member(object, "subscription"));
    event.reference = TenantId::parse(text_of(member(object, "client_reference_id")));
    take_metadata(member(object, "metadata"), event);
    const auto status = text_of(member(object, "payment_status"));
    event.paid = status == "paid" || status == "no_payment_required";
}

void take_subscription(const Node& object, Event& event) {
    event.subscription = id_of(member(object, "id"));
    event.status = text_of(member(object, "status"));
    for (const auto& item : elements(member(member(object, "items"), "data")))
        if (auto price = id_of(member(item, "price")); !price.empty())
            event.prices.push_back(std::move(price));
    take_metadata(member(object, "metadata"), event);
}

// What it says of its subscription has moved below `parent` with version 2025-03-31. The metadata
// there are the subscription's.
void take_invoice(const Node& object, Event& event) {
    const auto older = member(object, "subscription_details");
    const auto newer = member(member(object, "parent"), "subscription_details");
    event.subscription = id_of(member(object, "subscription"));
    if (event.subscription.empty()) event.subscription = id_of(member(newer, "subscription"));
    take_metadata(member(newer ? newer : older, "metadata"), event);
}

void take_object(const Node& object, Event& event) {
    event.customer = id_of(member(object, "customer"));
    switch (event.kind) {
        case EventKind::CheckoutCompleted:
            return take_checkout(object, event);
        case EventKind::SubscriptionCreated:
        case EventKind::SubscriptionUpdated:
        case EventKind::SubscriptionDeleted:
            return take_subscription(object, event);
        case EventKind::PaymentFailed:
            return take_invoice(object, event);
        case EventKind::Other:
            return;
    }
}

}  // namespace

Result<Event> parse_event(Body&& body) {
    const auto document = JsonDocument::parse(std::move(body));
    if (!document) return failure(document);
    const Node root = document->root();
    Event event;
    event.id = id_of(member(root, "id"));
    event.kind = kind_of(text_of(member(root, "type")));
    const auto seconds = seconds_of(member(root, "created"));
    if (event.id.empty() || !seconds)
        return failure(ErrorCode::InvalidRequest,
                       "This is no event of Stripe: id and created are wanted");
    event.created = from_unix_seconds(*seconds);
    take_object(member(member(root, "data"), "object"), event);
    return event;
}

}  // namespace core::stripe
