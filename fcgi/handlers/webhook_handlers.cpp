#include "fcgi/handlers/webhook_handlers.h"

#include "core/service/notifications.h"
#include "fcgi/handlers/members.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"
#include "fcgi/schemas.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fcgi {
namespace {

using core::JsonObject;
using core::service::Delivery;
using core::service::Webhook;

core::Result<core::WebhookId> webhook_id(const HttpRequest& request) {
    const auto id = core::WebhookId::parse(request.path.text);
    if (id) return *id;
    return tl::unexpected(core::service::no_such_webhook());
}

core::Result<core::http::HttpsUrl> parse_url(std::string_view text) {
    auto url = core::http::HttpsUrl::parse(text);
    if (url) return url;
    return core::failure(core::ErrorCode::InvalidRequest,
                         "The member 'url' " + url.error().public_message +
                             "; send an address such as https://hooks.example.com/secretstore");
}

core::Result<std::optional<std::vector<std::string>>> decode_events(const JsonObject& object) {
    const auto events = object.optional_strings("events");
    if (!events) return core::failure(events);
    if (!*events) return std::nullopt;
    std::vector<std::string> out((*events)->begin(), (*events)->end());
    if (const auto fine = core::service::check_events(out); !fine) return core::failure(fine);
    return out;
}

void write_webhook_members(core::JsonWriter& json, const Webhook& webhook) {
    json.member("id", webhook.id.text()).member("url", webhook.url);
    json.member("description", webhook.description).member("events", webhook.events);
    json.member("active", webhook.active);
    write_time(json, "verified_at", webhook.verified_at);
    write_time(json, "previous_secret_until", webhook.previous_secret_until);
    write_time(json, "created_at", webhook.created_at);
    write_time(json, "updated_at", webhook.updated_at);
}

void write_delivery(core::JsonWriter& json, const Delivery& delivery) {
    json.begin_object();
    json.member("id", delivery.id.text()).member("message_id", delivery.message.text());
    json.member("event_type", delivery.event_type);
    json.key("webhook_id");
    delivery.webhook ? json.value(delivery.webhook->text()) : json.value(nullptr);
    json.member("recipient", delivery.recipient).member("status", delivery.status);
    json.member("attempts", delivery.attempts).member("last_status", delivery.last_status);
    json.member("last_error", delivery.last_error);
    write_time(json, "next_attempt_at", delivery.next_attempt_at);
    write_time(json, "last_attempt_at", delivery.last_attempt_at);
    write_time(json, "created_at", delivery.created_at);
    write_time(json, "finished_at", delivery.finished_at);
    json.end_object();
}

// The deliveries that the query asks for, of one webhook or of all receivers.
core::Result<HttpResponse> answer_deliveries(RequestContext& context,
                                             const HttpRequest& request,
                                             std::optional<core::WebhookId> webhook) {
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);
    core::store::DeliveryFilter filter{.webhook = webhook, .status = std::nullopt};
    if (const auto text = request.query.find("status")) {
        const auto& known = schemas::kDeliveryStates;
        if (std::find(known.begin(), known.end(), *text) == known.end())
            return core::failure(
                core::ErrorCode::InvalidRequest,
                "The query parameter 'status' must be one of pending, failed, delivered, dead");
        filter.status = std::string(*text);
    }
    const auto deliveries = context.services.deliveries.list(context.user().tenant, filter, *page);
    if (!deliveries) return core::failure(deliveries);

    core::JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& delivery : deliveries->items)
        write_delivery(json, delivery);
    json.end_array().member("total", deliveries->total).end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace

core::Result<core::service::NewWebhook> decode_new_webhook(const core::JsonValue& body) {
    const auto object = JsonObject::decode(body, {"url", "description", "events", "active"});
    if (!object) return core::failure(object);
    const auto text = object->required_string("url");
    if (!text) return core::failure(text);
    auto url = parse_url(*text);
    if (!url) return core::failure(std::move(url));
    const auto description = object->optional_string("description");
    if (!description) return core::failure(description);
    auto events = decode_events(*object);
    if (!events) return core::failure(std::move(events));
    const auto active = optional_boolean(*object, "active");
    if (!active) return core::failure(active);

    core::service::NewWebhook webhook{.url = std::move(*url),
                                      .description = {},
                                      .events = {std::string(core::service::kEveryEvent)},
                                      .active = active->value_or(true)};
    if (*description) webhook.description = std::string(**description);
    if (*events) webhook.events = std::move(**events);
    return webhook;
}

core::Result<core::service::WebhookPatch> decode_webhook_patch(const core::JsonValue& body) {
    const auto object = JsonObject::decode(body, {"url", "description", "events", "active"});
    if (!object) return core::failure(object);
    core::service::WebhookPatch patch;
    const auto text = object->optional_string("url");
    if (!text) return core::failure(text);
    if (*text) {
        auto url = parse_url(**text);
        if (!url) return core::failure(std::move(url));
        patch.url = std::move(*url);
    }
    const auto description = object->optional_string("description");
    if (!description) return core::failure(description);
    // null is a description that is no longer there.
    if (object->has("description")) patch.description.emplace();
    if (*description) *patch.description = std::string(**description);
    auto events = decode_events(*object);
    if (!events) return core::failure(std::move(events));
    patch.events = std::move(*events);
    const auto active = optional_boolean(*object, "active");
    if (!active) return core::failure(active);
    patch.active = *active;
    return patch;
}

core::Body render_webhook(const Webhook& webhook) {
    core::JsonWriter json;
    json.begin_object();
    write_webhook_members(json, webhook);
    json.end_object();
    return std::move(json).take();
}

core::Body render_webhook_with_secret(const core::service::WebhookWithSecret& created) {
    core::JsonWriter json;
    json.begin_object();
    write_webhook_members(json, created.webhook);
    json.key("secret").secret(created.secret.expose());
    json.end_object();
    return std::move(json).take();
}

core::Body render_delivery(const Delivery& delivery) {
    core::JsonWriter json;
    write_delivery(json, delivery);
    return std::move(json).take();
}

core::Result<HttpResponse> list_webhooks(RequestContext& context, const HttpRequest&) {
    const auto webhooks = context.services.webhooks.list(context.user().tenant);
    if (!webhooks) return core::failure(webhooks);
    core::JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& webhook : *webhooks) {
        json.begin_object();
        write_webhook_members(json, webhook);
        json.end_object();
    }
    json.end_array();
    json.member("total", static_cast<std::int64_t>(webhooks->size())).end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> create_webhook(RequestContext& context, const HttpRequest& request) {
    const auto webhook = decode_new_webhook(request.body->root());
    if (!webhook) return core::failure(webhook);
    auto created = context.services.webhooks.create(core::service::actor_of(context.user()),
                                                    context.origin,
                                                    *webhook,
                                                    render_webhook_with_secret);
    if (!created) return core::failure(std::move(created));
    return json_response(Status::Ok, std::move(*created));
}

core::Result<HttpResponse> show_webhook(RequestContext& context, const HttpRequest& request) {
    const auto id = webhook_id(request);
    if (!id) return core::failure(id);
    const auto webhook = context.services.webhooks.find(context.user().tenant, *id);
    if (!webhook) return core::failure(webhook);
    return json_response(Status::Ok, render_webhook(*webhook));
}

core::Result<HttpResponse> update_webhook(RequestContext& context, const HttpRequest& request) {
    const auto id = webhook_id(request);
    if (!id) return core::failure(id);
    const auto patch = decode_webhook_patch(request.body->root());
    if (!patch) return core::failure(patch);
    auto updated = context.services.webhooks.update(
        core::service::actor_of(context.user()), context.origin, *id, *patch, render_webhook);
    if (!updated) return core::failure(std::move(updated));
    return json_response(Status::Ok, std::move(*updated));
}

core::Result<HttpResponse> delete_webhook(RequestContext& context, const HttpRequest& request) {
    const auto id = webhook_id(request);
    if (!id) return core::failure(id);
    auto removed = context.services.webhooks.remove(
        core::service::actor_of(context.user()), context.origin, *id, [](const core::WebhookId&) {
            return core::Body{};
        });
    if (!removed) return core::failure(std::move(removed));
    return json_response(Status::NoContent, std::move(*removed));
}

core::Result<HttpResponse> rotate_webhook_secret(RequestContext& context,
                                                 const HttpRequest& request) {
    const auto id = webhook_id(request);
    if (!id) return core::failure(id);
    if (const auto nothing = decode_nothing(request); !nothing) return core::failure(nothing);
    auto rotated = context.services.webhooks.rotate_secret(
        core::service::actor_of(context.user()), context.origin, *id, render_webhook_with_secret);
    if (!rotated) return core::failure(std::move(rotated));
    return json_response(Status::Ok, std::move(*rotated));
}

core::Result<HttpResponse> test_webhook(RequestContext& context, const HttpRequest& request) {
    const auto id = webhook_id(request);
    if (!id) return core::failure(id);
    if (const auto nothing = decode_nothing(request); !nothing) return core::failure(nothing);
    auto queued = context.services.webhooks.test(
        core::service::actor_of(context.user()), context.origin, *id, render_delivery);
    if (!queued) return core::failure(std::move(queued));
    return json_response(Status::Ok, std::move(*queued));
}

core::Result<HttpResponse> list_webhook_deliveries(RequestContext& context,
                                                   const HttpRequest& request) {
    const auto id = webhook_id(request);
    if (!id) return core::failure(id);
    return answer_deliveries(context, request, *id);
}

core::Result<HttpResponse> list_deliveries(RequestContext& context, const HttpRequest& request) {
    return answer_deliveries(context, request, std::nullopt);
}

core::Result<HttpResponse> resend_delivery(RequestContext& context, const HttpRequest& request) {
    const auto id = core::DeliveryId::parse(request.path.text);
    if (!id) return tl::unexpected(core::service::no_such_delivery());
    if (const auto nothing = decode_nothing(request); !nothing) return core::failure(nothing);
    auto queued = context.services.deliveries.resend(
        core::service::actor_of(context.user()), context.origin, *id, render_delivery);
    if (!queued) return core::failure(std::move(queued));
    return json_response(Status::Ok, std::move(*queued));
}

}  // namespace fcgi
