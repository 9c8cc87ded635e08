// /v1/webhooks and /v1/deliveries. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/deliveries.h"
#include "core/service/webhooks.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/webhooks
core::Result<HttpResponse> list_webhooks(RequestContext& context, const HttpRequest& request);
// POST /v1/webhooks
core::Result<HttpResponse> create_webhook(RequestContext& context, const HttpRequest& request);
// GET /v1/webhooks/{webhook_id}
core::Result<HttpResponse> show_webhook(RequestContext& context, const HttpRequest& request);
// PATCH /v1/webhooks/{webhook_id}
core::Result<HttpResponse> update_webhook(RequestContext& context, const HttpRequest& request);
// DELETE /v1/webhooks/{webhook_id}
core::Result<HttpResponse> delete_webhook(RequestContext& context, const HttpRequest& request);
// POST /v1/webhooks/{webhook_id}/rotate-secret
core::Result<HttpResponse> rotate_webhook_secret(RequestContext& context,
                                                 const HttpRequest& request);
// POST /v1/webhooks/{webhook_id}/test
core::Result<HttpResponse> test_webhook(RequestContext& context, const HttpRequest& request);
// GET /v1/webhooks/{webhook_id}/deliveries
core::Result<HttpResponse> list_webhook_deliveries(RequestContext& context,
                                                   const HttpRequest& request);
// GET /v1/deliveries
core::Result<HttpResponse> list_deliveries(RequestContext& context, const HttpRequest& request);
// POST /v1/deliveries/{delivery_id}/resend
core::Result<HttpResponse> resend_delivery(RequestContext& context, const HttpRequest& request);

// The halves that tests look at by themselves. Errors: InvalidRequest naming the member.
core::Result<core::service::NewWebhook> decode_new_webhook(const core::JsonValue& body);
core::Result<core::service::WebhookPatch> decode_webhook_patch(const core::JsonValue& body);
core::Body render_webhook(const core::service::Webhook& webhook);
core::Body render_webhook_with_secret(const core::service::WebhookWithSecret& created);
core::Body render_delivery(const core::service::Delivery& delivery);

}  // namespace fcgi
