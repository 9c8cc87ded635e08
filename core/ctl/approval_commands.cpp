// The verbs of approval: the operator decides as an owner who has just signed in.
#include "core/ctl/commands.h"
#include "core/ctl/session.h"
#include "core/scope/access_tier.h"
#include "core/service/approvals.h"
#include "core/service/secret_access.h"

#include <functional>
#include <optional>
#include <utility>

namespace core::ctl {
namespace {

std::string line_of(const service::Approval& approval) {
    const auto& row = approval.row;
    std::string line = row.approval.text() + "  " + row.status + "  " +
                       format_rfc3339(row.created_at) + "  " + approval.summary;
    if (row.reason) line += ": " + *row.reason;
    return line;
}

void write_approval(JsonWriter& json, const service::Approval& approval) {
    const auto& row = approval.row;
    json.begin_object().member("id", row.approval.text()).member("status", row.status);
    json.member("summary", approval.summary).member("outlook", approval.outlook);
    json.member("agent_id", row.agent.text()).member("agent_name", row.agent_name);
    json.member("requested_scopes", row.asked.scopes);
    json.member("access_tier", scope::to_string(service::tier_of(row.tier)));
    json.member("reason", row.reason);
    json.member("approvals", approval.standing.rule.approvals);
    json.member("approved", approval.standing.approved());
    json.member("created_at", format_rfc3339(row.created_at));
    json.member("expires_at", format_rfc3339(row.expires_at)).end_object();
}

Body render(const service::Approval& approval, Output output) {
    JsonWriter json;
    write_approval(json, approval);
    if (output == Output::Json) return std::move(json).take();
    std::string said = line_of(approval);
    if (approval.outlook) said += "\n" + *approval.outlook;
    return Body::copy_of(said);
}

using Decision = std::function<Result<Body>(service::Approvals&,
                                            const service::Decider&,
                                            const ApprovalId&,
                                            const std::optional<std::string>&)>;

Result<void> decide(const config::Config& config,
                    const ApprovalChoice& choice,
                    const Decision& decision) {
    const auto tenant = parse_tenant(choice.tenant);
    if (!tenant) return failure(tenant);
    const auto approval = ApprovalId::parse(choice.approval);
    if (!approval)
        return failure(ErrorCode::InvalidRequest,
                       "'" + choice.approval +
                           "' is no id of an approval; 'secretstorectl approval list' shows them");
    std::optional<std::string> reason;
    if (!choice.reason.empty()) reason = choice.reason;
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    service::Approvals approvals(runtime);
    const auto said = decision(approvals, service::decider_of_operator(*tenant), *approval, reason);
    if (!said) return failure(said);
    print(as_text(said->expose()));
    print("\n");
    return {};
}

}  // namespace

Result<void> approval_list(const config::Config& config,
                           const ApprovalChoice& choice,
                           Output output) {
    const auto tenant = parse_tenant(choice.tenant);
    if (!tenant) return failure(tenant);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    service::Approvals approvals(runtime);
    const auto decider = service::decider_of_operator(*tenant);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    std::int64_t total = 0;
    for (service::PageRequest page{1, 200};; ++page.page) {
        const auto listed = approvals.list(decider, choice.status, page);
        if (!listed) return failure(listed);
        total = listed->total;
        for (const auto& approval : listed->items) {
            if (output == Output::Text) print_line(line_of(approval));
            write_approval(json, approval);
        }
        if (page.offset() + page.limit >= total) break;
    }
    json.end_array().member("total", total).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> approval_approve(const config::Config& config,
                              const ApprovalChoice& choice,
                              Output output) {
    return decide(config,
                  choice,
                  [output](service::Approvals& approvals,
                           const service::Decider& decider,
                           const ApprovalId& approval,
                           const std::optional<std::string>& reason) {
                      service::ApproveRequest request;
                      request.reason = reason;
                      return approvals.approve(
                          decider, {}, approval, request, [output](const service::Approval& made) {
                              return render(made, output);
                          });
                  });
}

Result<void> approval_deny(const config::Config& config,
                           const ApprovalChoice& choice,
                           Output output) {
    return decide(config,
                  choice,
                  [output](service::Approvals& approvals,
                           const service::Decider& decider,
                           const ApprovalId& approval,
                           const std::optional<std::string>& reason) {
                      return approvals.deny(
                          decider, {}, approval, reason, [output](const service::Approval& made) {
                              return render(made, output);
                          });
                  });
}

}  // namespace core::ctl
