#include "fcgi/handlers/approval_handlers.h"

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/scope/access_tier.h"
#include "core/scope/scope_set.h"
#include "core/service/secret_access.h"
#include "fcgi/handlers/members.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"
#include "fcgi/schemas.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::JsonObject;
using core::service::AgentApproval;
using core::service::Approval;
using core::service::ApprovalStanding;
using core::service::ApproveRequest;

core::Result<core::ApprovalId> approval_id(const HttpRequest& request) {
    const auto id = core::ApprovalId::parse(request.path.text);
    if (id) return *id;
    return tl::unexpected(core::service::no_such_approval());
}

// ---- decoding ----------------------------------------------------------------------------------

core::Result<std::optional<core::Bytes>> decode_digest(const JsonObject& object) {
    const auto text = object.optional_string("request_digest");
    if (!text) return core::failure(text);
    if (!*text) return std::nullopt;
    auto bytes = core::from_hex(**text);
    if (!bytes || bytes->size() != 32)
        return core::invalid(
            "The member 'request_digest' must be the one that GET /v1/approvals/{approval_id} "
            "shows: 64 hex digits");
    return std::move(*bytes);
}

core::Result<ApproveRequest> decode_approve(const core::JsonValue& body) {
    const auto object =
        JsonObject::decode(body, {"scopes", "ttl", "max_uses", "reason", "request_digest"});
    if (!object) return core::failure(object);
    ApproveRequest out;
    const auto scopes = object->optional_strings("scopes");
    if (!scopes) return core::failure(scopes);
    if (*scopes) {
        if (const auto fine = core::scope::ScopeSet::parse(**scopes); !fine)
            return core::failure(fine);
        out.scopes.emplace((*scopes)->begin(), (*scopes)->end());
    }
    const auto ttl = decode_ttl(*object);
    if (!ttl) return core::failure(ttl);
    const auto max_uses = decode_max_uses(*object);
    if (!max_uses) return core::failure(max_uses);
    auto reason = decode_reason(*object);
    if (!reason) return core::failure(std::move(reason));
    auto digest = decode_digest(*object);
    if (!digest) return core::failure(std::move(digest));
    out.ttl = *ttl;
    out.max_uses = *max_uses;
    out.reason = std::move(*reason);
    out.request_digest = std::move(*digest);
    return out;
}

// ---- answers -----------------------------------------------------------------------------------

void write_decision(core::JsonWriter& json, const core::store::ApprovalDecisionRow& decision) {
    json.begin_object().member("decision", decision.decision);
    json.member("decided_by", decision.decided_by ? decision.decided_by->text() : "operator");
    json.member("decided_by_type", decision.decided_by_type);
    json.member("email", decision.email).member("role", decision.role);
    json.member("reason", decision.reason);
    write_time(json, "decided_at", decision.decided_at).end_object();
}

void write_requirement(core::JsonWriter& json,
                       const ApprovalStanding& standing,
                       const std::optional<std::string>& objection) {
    const auto& rule = standing.rule;
    json.begin_object();
    json.member("access_tier", core::scope::to_string(rule.tier));
    json.member("approvals", rule.approvals).member("approved", standing.approved());
    json.member("owner_only", rule.owner_only).member("fresh_sign_in", rule.fresh_sign_in);
    json.member("delay", rule.delay.count());
    write_time(json, "not_before", standing.not_before);
    json.member("may_approve", !objection.has_value());
    json.member("objection", objection).end_object();
}

std::optional<std::string> text_of(const std::optional<core::TokenId>& id) {
    return id ? std::optional(id->text()) : std::nullopt;
}

void write_token(core::JsonWriter& json, const AgentApproval& approval) {
    const auto& token = approval.token;
    if (!token) {
        json.member("token", nullptr).member("token_id", nullptr);
        json.member("token_expires_at", nullptr);
        json.member("scopes", approval.state.granted.scopes);
        return;
    }
    json.key("token").secret(token->token.expose());
    json.member("token_id", token->id.text());
    write_time(json, "token_expires_at", token->expires_at);
    json.member("scopes", token->scopes);
}

core::Body render_approval(const Approval& approval) {
    core::JsonWriter json;
    write_approval(json, approval);
    return std::move(json).take();
}

}  // namespace

void write_approval(core::JsonWriter& json, const Approval& approval) {
    const auto& row = approval.row;
    json.begin_object().member("id", row.approval.text()).member("status", row.status);
    json.member("summary", approval.summary).member("outlook", approval.outlook);
    json.member("requested_scopes", row.asked.scopes);
    json.member("access_tier", core::scope::to_string(core::service::tier_of(row.tier)));
    json.member("reason", row.reason);
    write_time(json, "created_at", row.created_at);
    write_time(json, "expires_at", row.expires_at);
    write_time(json, "decided_at", row.decided_at);
    json.member("agent_id", row.agent.text()).member("agent_name", row.agent_name);
    json.member("description", row.agent_description);
    json.member("ip_address", row.ip_address).member("user_agent", row.user_agent);
    json.member("ttl", row.asked.ttl_seconds).member("max_uses", row.asked.max_uses);
    json.member("ip_allowlist", row.asked.ip_allowlist);
    json.member("request_digest", core::to_hex(row.request_digest));
    json.member("granted_scopes", row.granted_scopes);
    json.member("granted_ttl", row.granted_ttl_seconds);
    json.member("granted_max_uses", row.granted_max_uses);
    json.key("matched_secrets").begin_object().member("count", row.matched_total);
    json.member("names", row.matched_paths).end_object();
    json.key("decisions").begin_array();
    for (const auto& decision : approval.decisions)
        write_decision(json, decision);
    json.end_array().key("required");
    write_requirement(json, approval.standing, approval.objection);
    json.member("token_id", text_of(row.token)).end_object();
}

void write_agent_approval(core::JsonWriter& json, const AgentApproval& approval) {
    const auto& state = approval.state;
    json.begin_object().member("id", state.approval.text()).member("status", approval.status);
    json.member("requested_scopes", state.asked.scopes);
    json.member("access_tier", core::scope::to_string(core::service::tier_of(state.tier)));
    json.member("reason", state.reason);
    write_time(json, "created_at", state.created_at);
    write_time(json, "expires_at", state.expires_at);
    write_time(json, "decided_at", approval.decided_at);
    json.member("decision_reason", state.denial_reason);
    write_token(json, approval);
    json.end_object();
}

core::Result<HttpResponse> list_approvals(RequestContext& context, const HttpRequest& request) {
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);
    std::optional<std::string> status;
    if (const auto text = request.query.find("status")) {
        const auto& known = schemas::kApprovalStates;
        if (std::find(known.begin(), known.end(), *text) == known.end())
            return core::failure(
                core::ErrorCode::InvalidRequest,
                "The query parameter 'status' must be one of pending, approved, denied, expired");
        status = std::string(*text);
    }
    const auto approvals =
        context.services.approvals.list(core::service::decider_of(context.user()), status, *page);
    if (!approvals) return core::failure(approvals);

    core::JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& approval : approvals->items)
        write_approval(json, approval);
    json.end_array().member("total", approvals->total).end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> show_approval(RequestContext& context, const HttpRequest& request) {
    const auto id = approval_id(request);
    if (!id) return core::failure(id);
    const auto approval =
        context.services.approvals.find(core::service::decider_of(context.user()), *id);
    if (!approval) return core::failure(approval);
    return json_response(Status::Ok, render_approval(*approval));
}

core::Result<HttpResponse> show_approval_to_agent(RequestContext& context,
                                                  const HttpRequest& request) {
    const auto id = approval_id(request);
    if (!id) return core::failure(id);
    const auto approval =
        context.services.approvals.find_for_agent(context.agent(), context.origin, *id);
    if (!approval) return core::failure(approval);
    core::JsonWriter json;
    write_agent_approval(json, *approval);
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> approve_request(RequestContext& context, const HttpRequest& request) {
    const auto wanted = decode_approve(request.body->root());
    if (!wanted) return core::failure(wanted);
    const auto id = approval_id(request);
    if (!id) return core::failure(id);
    auto approved = context.services.approvals.approve(
        core::service::decider_of(context.user()), context.origin, *id, *wanted, render_approval);
    if (!approved) return core::failure(std::move(approved));
    return json_response(Status::Ok, std::move(*approved));
}

core::Result<HttpResponse> deny_request(RequestContext& context, const HttpRequest& request) {
    const auto object = JsonObject::decode(request.body->root(), {"reason"});
    if (!object) return core::failure(object);
    const auto reason = decode_reason(*object);
    if (!reason) return core::failure(reason);
    const auto id = approval_id(request);
    if (!id) return core::failure(id);
    auto denied = context.services.approvals.deny(
        core::service::decider_of(context.user()), context.origin, *id, *reason, render_approval);
    if (!denied) return core::failure(std::move(denied));
    return json_response(Status::Ok, std::move(*denied));
}

}  // namespace fcgi
