#include "fcgi/handlers/profile_handlers.h"

#include "core/base/clock.h"
#include "fcgi/handlers/members.h"
#include "fcgi/request_context.h"

#include <optional>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::JsonObject;
using core::JsonValue;
using core::service::TenantProfile;

core::Body render_profile(const TenantProfile& profile) {
    core::JsonWriter json;
    json.begin_object().member("id", profile.id.text()).member("email", profile.email);
    json.member("name", profile.name).member("plan", profile.plan);
    json.member("subscription_status", profile.subscription_status);
    json.member("secret_count", profile.secret_count).member("agent_count", profile.agent_count);
    json.key("notification_preferences").begin_object();
    json.member("approval_requests", profile.notify_approval_requests);
    json.member("security_alerts", profile.notify_security_alerts).end_object();
    json.member("created_at", core::format_rfc3339(profile.created_at));
    json.member("user_id", profile.user.text());
    json.member("role", core::identity::to_string(profile.role));
    json.key("tenants").begin_array();
    for (const auto& own : profile.tenants) {
        json.begin_object().member("id", own.id.text()).member("name", own.name);
        json.member("role", core::identity::to_string(own.role)).end_object();
    }
    json.end_array().end_object();
    return std::move(json).take();
}

core::Result<void> decode_preferences(const JsonValue& body, core::service::ProfilePatch& patch) {
    const auto object = JsonObject::decode(body, {"approval_requests", "security_alerts"});
    if (!object) return core::failure(object);
    const auto requests = optional_boolean(*object, "approval_requests");
    if (!requests) return core::failure(requests);
    const auto alerts = optional_boolean(*object, "security_alerts");
    if (!alerts) return core::failure(alerts);
    patch.notify_approval_requests = *requests;
    patch.notify_security_alerts = *alerts;
    return {};
}

}  // namespace

core::Result<core::service::ProfilePatch> decode_profile_patch(const JsonValue& body) {
    const auto object = JsonObject::decode(body, {"name", "notification_preferences"});
    if (!object) return core::failure(object);
    core::service::ProfilePatch patch;
    const auto name = object->optional_string("name");
    if (!name) return core::failure(name);
    if (*name) {
        if (const auto fine = core::service::check_tenant_name(**name); !fine)
            return core::failure(fine);
        patch.name = std::string(**name);
    }
    const auto preferences = object->optional_object("notification_preferences");
    if (!preferences) return core::failure(preferences);
    if (*preferences)
        if (const auto decoded = decode_preferences(**preferences, patch); !decoded)
            return core::failure(decoded);
    return patch;
}

core::Result<HttpResponse> show_profile(RequestContext& context, const HttpRequest&) {
    const auto profile = context.services.profile.find(context.user());
    if (!profile) return core::failure(profile);
    return json_response(Status::Ok, render_profile(*profile));
}

core::Result<HttpResponse> update_profile(RequestContext& context, const HttpRequest& request) {
    const auto patch = decode_profile_patch(request.body->root());
    if (!patch) return core::failure(patch);
    auto updated =
        context.services.profile.update(context.user(), context.origin, *patch, render_profile);
    if (!updated) return core::failure(std::move(updated));
    return json_response(Status::Ok, std::move(*updated));
}

core::Result<HttpResponse> show_subscription(RequestContext& context, const HttpRequest&) {
    const auto profile = context.services.profile.find(context.user());
    if (!profile) return core::failure(profile);
    core::JsonWriter json;
    json.begin_object().member("has_subscription", profile->has_subscription());
    json.member("plan", profile->plan);
    json.member("subscription_status", profile->subscription_status).end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
