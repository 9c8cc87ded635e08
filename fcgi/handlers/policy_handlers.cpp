#include "fcgi/handlers/policy_handlers.h"

#include "core/scope/access_tier.h"
#include "fcgi/handlers/etag.h"
#include "fcgi/handlers/members.h"
#include "fcgi/request_context.h"

#include <optional>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::JsonObject;
using core::JsonValue;
using core::service::ApprovalPolicy;
using core::service::PolicyDocument;

core::Result<void> decode_whom(const JsonObject& object, ApprovalPolicy& out) {
    const auto approvals = object.optional_integer("approvals");
    if (!approvals) return core::failure(approvals);
    out.approvals = approvals->value_or(1);
    const auto delay = decode_duration(object, "delay");
    if (!delay) return core::failure(delay);
    out.delay = delay->value_or(std::chrono::seconds(0));
    const auto owner_only = optional_boolean(object, "owner_only");
    if (!owner_only) return core::failure(owner_only);
    out.owner_only = owner_only->value_or(false);
    const auto self = optional_boolean(object, "allow_self_approval");
    if (!self) return core::failure(self);
    out.allow_self_approval = self->value_or(false);
    return {};
}

core::Result<ApprovalPolicy> decode_policy(const JsonValue& value) {
    const auto object = JsonObject::decode(
        value,
        {"namespace", "access_tier", "approvals", "delay", "owner_only", "allow_self_approval"});
    if (!object) return core::failure(object);
    ApprovalPolicy out;
    const auto name_space = object->required_string("namespace");
    if (!name_space) return core::failure(name_space);
    out.name_space = std::string(*name_space);
    const auto tier = object->optional_string("access_tier");
    if (!tier) return core::failure(tier);
    if (*tier) {
        out.tier = core::scope::parse_access_tier(**tier);
        if (!out.tier || out.tier == core::scope::AccessTier::Standard)
            return core::invalid("The member 'access_tier' must be null, sensitive or critical");
    }
    if (const auto decoded = decode_whom(*object, out); !decoded) return core::failure(decoded);
    return out;
}

core::Body render_policies(const PolicyDocument& document) {
    core::JsonWriter json;
    json.begin_object().member("version", document.version).key("policies").begin_array();
    for (const auto& policy : document.policies)
        core::service::write_policy(json, policy);
    json.end_array().end_object();
    return std::move(json).take();
}

}  // namespace

core::Result<std::vector<ApprovalPolicy>> decode_policies(const JsonObject& object) {
    const auto member = object.find("policies");
    if (!member || member->kind() != JsonValue::Kind::Array)
        return core::invalid("The member 'policies' must be an array of policies");
    std::vector<ApprovalPolicy> out;
    for (const auto& element : member->elements()) {
        auto policy = decode_policy(element);
        if (!policy)
            return core::invalid("The member 'policies[" + std::to_string(out.size()) +
                                 "]': " + policy.error().public_message);
        out.push_back(std::move(*policy));
    }
    return out;
}

core::Result<HttpResponse> show_policies(RequestContext& context, const HttpRequest&) {
    const auto document = context.services.approval_policies.find(context.user().tenant);
    if (!document) return core::failure(document);
    auto response = json_response(Status::Ok, render_policies(*document));
    response.headers.push_back({"ETag", etag_of(document->version)});
    return response;
}

core::Result<HttpResponse> replace_policies(RequestContext& context, const HttpRequest& request) {
    const auto object = JsonObject::decode(request.body->root(), {"policies", "expected_version"});
    if (!object) return core::failure(object);
    const auto policies = decode_policies(*object);
    if (!policies) return core::failure(policies);
    const auto expected = decode_expected_version(*object, request.if_match);
    if (!expected) return core::failure(expected);
    auto replaced =
        context.services.approval_policies.replace(core::service::actor_of(context.user()),
                                                   context.origin,
                                                   *policies,
                                                   *expected,
                                                   render_policies);
    if (!replaced) return core::failure(std::move(replaced));
    return json_response(Status::Ok, std::move(*replaced));
}

}  // namespace fcgi
