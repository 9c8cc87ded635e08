#include "fcgi/handlers/billing_handlers.h"

#include "core/base/json.h"
#include "core/service/billing.h"
#include "fcgi/handlers/members.h"
#include "fcgi/request_context.h"

#include <optional>
#include <string_view>
#include <utility>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::JsonObject;
using core::Plan;
using core::service::Interval;

struct Purchase {
    Plan plan = Plan::Pro;
    Interval interval = Interval::Monthly;
};

// Empty where the member is absent or no string: that is no word that would do.
std::string_view word_of(const JsonObject& object, std::string_view name) {
    const auto value = object.find(name);
    if (!value || value->kind() != core::JsonValue::Kind::String) return {};
    return value->string();
}

// The free plan is bought by nobody.
std::optional<Plan> parse_sold_plan(std::string_view text) {
    const auto plan = core::parse_plan(text);
    return plan == Plan::Free ? std::nullopt : plan;
}

core::Result<Purchase> decode_purchase(const core::JsonValue& body) {
    const auto object = JsonObject::decode(body, {"plan", "interval"});
    if (!object) return core::failure(object);
    const auto plan = parse_sold_plan(word_of(*object, "plan"));
    if (!plan)
        return core::failure(ErrorCode::InvalidRequest,
                             "The member 'plan' must be one of pro, enterprise");
    const auto interval = core::service::parse_interval(word_of(*object, "interval"));
    if (!interval)
        return core::failure(ErrorCode::InvalidRequest,
                             "The member 'interval' must be one of monthly, annual");
    return Purchase{*plan, *interval};
}

core::Failure not_here(const RequestContext& context) {
    if (!context.services.runtime.policy.billing)
        return core::failure(
            ErrorCode::NotFound,
            "Billing is not configured on this server; its operator changes plans");
    return core::failure(ErrorCode::StripeUnavailable,
                         {},
                         "a request for billing came to a worker without the network: include "
                         "secretstore-billing.conf in nginx's configuration");
}

}  // namespace

core::Result<HttpResponse> refuse_checkout(RequestContext& context, const HttpRequest& request) {
    if (const auto purchase = decode_purchase(request.body->root()); !purchase)
        return core::failure(purchase);
    return not_here(context);
}

core::Result<HttpResponse> refuse_portal(RequestContext& context, const HttpRequest& request) {
    if (const auto empty = decode_nothing(request); !empty) return core::failure(empty);
    return not_here(context);
}

core::Result<HttpResponse> refuse_stripe_event(RequestContext& context,
                                               const HttpRequest& /*request*/) {
    return not_here(context);
}

core::Result<HttpResponse> create_checkout(BillingContext& context, const HttpRequest& request) {
    const auto purchase = decode_purchase(request.body->root());
    if (!purchase) return core::failure(purchase);
    const auto session = context.billing.create_checkout(
        context.user(), context.origin, purchase->plan, purchase->interval);
    if (!session) return core::failure(session);
    core::JsonWriter json;
    json.begin_object().member("url", session->url).member("session_id", session->id).end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> open_portal(BillingContext& context, const HttpRequest& request) {
    if (const auto empty = decode_nothing(request); !empty) return core::failure(empty);
    const auto url = context.billing.open_portal(context.user(), context.origin);
    if (!url) return core::failure(url);
    core::JsonWriter json;
    json.begin_object().member("url", *url).end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> take_stripe_event(BillingContext& context, const HttpRequest& request) {
    // Signed is what came, byte by byte: the dispatcher has not parsed it.
    const auto taken =
        context.billing.take_event(request.stripe_signature.value_or(std::string_view{}),
                                   core::Body::copy_of(request.raw_body.expose()),
                                   context.origin);
    if (!taken) return core::failure(taken);
    core::JsonWriter json;
    json.begin_object().member("received", true).end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
