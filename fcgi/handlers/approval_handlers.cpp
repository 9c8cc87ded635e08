#include "fcgi/handlers/approval_handlers.h"

#include "core/base/clock.h"
#include "core/scope/access_tier.h"
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

using core::service::Approval;

core::Result<core::ApprovalId> approval_id(const HttpRequest& request) {
    const auto id = core::ApprovalId::parse(request.path.text);
    if (id) return *id;
    return core::failure(core::ErrorCode::NotFound, "There is no such approval");
}

// What the asking agent sees too.
void write_shared(core::JsonWriter& json, const Approval& approval) {
    json.member("id", approval.id.text()).member("status", approval.status);
    json.member("requested_scopes", approval.scopes);
    json.member("access_tier", core::scope::to_string(approval.tier));
    json.member("reason", approval.reason);
    write_time(json, "created_at", approval.created_at);
    write_time(json, "expires_at", approval.expires_at);
    write_time(json, "decided_at", approval.decided_at);
}

void write_approval(core::JsonWriter& json, const Approval& approval) {
    json.begin_object();
    write_shared(json, approval);
    json.member("agent_id", approval.agent.text()).member("agent_name", approval.agent_name);
    json.member("description", approval.agent_description);
    json.member("ip_address", approval.ip_address).member("user_agent", approval.user_agent);
    json.member("ttl", approval.ttl_seconds).member("max_uses", approval.max_uses);
    json.member("ip_allowlist", approval.ip_allowlist);
    json.key("matched_secrets").begin_object().member("count", approval.matched_total);
    json.member("names", approval.matched_paths).end_object();
    json.end_object();
}

}  // namespace

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
    const auto approvals = context.services.approvals.list(context.user().tenant, status, *page);
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
    const auto approval = context.services.approvals.find(context.user().tenant, *id);
    if (!approval) return core::failure(approval);
    core::JsonWriter json;
    write_approval(json, *approval);
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> show_approval_to_agent(RequestContext& context,
                                                  const HttpRequest& request) {
    const auto id = approval_id(request);
    if (!id) return core::failure(id);
    const auto approval = context.services.approvals.find_for_agent(context.agent(), *id);
    if (!approval) return core::failure(approval);
    core::JsonWriter json;
    json.begin_object();
    write_shared(json, *approval);
    // Set once it is approved: then the same POST /v1/tokens gives the token as well.
    json.member("token", nullptr).member("token_id", nullptr).end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
