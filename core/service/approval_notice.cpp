#include "core/service/approval_notice.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/scope/scope_set.h"
#include "core/service/secret_access.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace core::service {
namespace {

using store::ApprovalRow;

// Names in a message: the rest is where the link leads.
constexpr std::size_t kNamesTold = 10;

const std::vector<std::string>& scopes_of(const ApprovalRow& approval) {
    return approval.granted_scopes ? *approval.granted_scopes : approval.asked.scopes;
}

std::string lifetime_of(const ApprovalRow& approval) {
    return format_duration(
        std::chrono::seconds(approval.granted_ttl_seconds.value_or(approval.asked.ttl_seconds)));
}

std::string_view wanted_action(const std::vector<std::string>& texts) {
    const auto scopes = scope::ScopeSet::parse(std::span<const std::string>(texts));
    if (!scopes) return "use";
    const bool reads = !scopes->patterns_for(scope::Action::Read).empty();
    const bool writes = !scopes->patterns_for(scope::Action::Write).empty();
    if (reads && writes) return "read and write";
    return writes ? "write" : "read";
}

std::string wanted_secrets(const ApprovalRow& approval) {
    if (approval.matched_paths.empty()) return "what needs no approval any more";
    std::string out = approval.matched_total == 1
                          ? approval.matched_paths.front()
                          : std::to_string(approval.matched_total) + " secrets, such as " +
                                approval.matched_paths.front();
    return out + " (" + std::string(scope::to_string(tier_of(approval.tier))) + ")";
}

std::string uses_of(const ApprovalRow& approval) {
    const auto uses =
        approval.granted_max_uses ? approval.granted_max_uses : approval.asked.max_uses;
    if (!uses) return {};
    return *uses == 1 ? ", once" : ", at most " + std::to_string(*uses) + " times";
}

void write_decision(JsonWriter& json, const store::ApprovalDecisionRow& decision) {
    json.begin_object().member("decision", decision.decision);
    json.member("decided_by", decision.decided_by ? decision.decided_by->text() : "operator");
    json.member("email", decision.email).member("role", decision.role);
    json.member("reason", decision.reason).end_object();
}

void write_request(JsonWriter& json, const ApprovalRow& approval, std::string_view status) {
    json.member("approval_id", approval.approval.text()).member("status", status);
    json.member("summary", summary_of(approval));
    json.member("agent_id", approval.agent.text()).member("agent_name", approval.agent_name);
    json.member("requested_scopes", approval.asked.scopes);
    json.member("access_tier", scope::to_string(tier_of(approval.tier)));
    json.member("reason", approval.reason);
    json.key("matched_secrets").begin_object().member("count", approval.matched_total);
    const auto& paths = approval.matched_paths;
    const auto told = static_cast<std::ptrdiff_t>(std::min(paths.size(), kNamesTold));
    json.member("names", std::vector<std::string>(paths.begin(), paths.begin() + told));
    json.end_object();
    json.member("created_at", format_rfc3339(approval.created_at));
    json.member("expires_at", format_rfc3339(approval.expires_at));
}

store::OutboxMessage message_of(const Clock& clock, std::string_view type, JsonWriter&& payload) {
    return {crypto::new_id<MessageId>(clock), type, std::move(payload).take_text()};
}

}  // namespace

std::string summary_of(const ApprovalRow& approval) {
    std::string out = approval.agent_name + " asks to ";
    out += wanted_action(scopes_of(approval));
    out += ' ' + wanted_secrets(approval) + " for " + lifetime_of(approval) + uses_of(approval);
    return out;
}

std::string outlook_of(const ApprovalRow& approval, const ApprovalStanding& standing) {
    const auto wanted = standing.rule.approvals - standing.approved();
    const std::string from = standing.rule.delay.count() == 0
                                 ? "at once"
                                 : "from " + format_rfc3339(standing.not_before) + " on";
    const std::string gets =
        "the agent can fetch its token " + from + ", for " + lifetime_of(approval);
    if (wanted <= 0) return "It is approved: " + gets;
    if (wanted == 1) return "With one approval " + gets;
    return "It takes the approvals of " + std::to_string(wanted) + " more people; then " + gets;
}

store::OutboxMessage request_message(const Clock& clock,
                                     const ApprovalRow& approval,
                                     const ApprovalRule& rule) {
    JsonWriter json;
    json.begin_object();
    write_request(json, approval, "pending");
    json.member("approvals", rule.approvals).member("owner_only", rule.owner_only);
    return message_of(clock, "approval.requested", std::move(json.end_object()));
}

store::OutboxMessage decision_message(const Clock& clock,
                                      const ApprovalRow& approval,
                                      std::string_view status,
                                      std::span<const store::ApprovalDecisionRow> decisions) {
    JsonWriter json;
    json.begin_object();
    write_request(json, approval, status);
    json.key("decisions").begin_array();
    for (const auto& decision : decisions)
        write_decision(json, decision);
    return message_of(clock, "approval.decided", std::move(json.end_array().end_object()));
}

store::ExpiredApproval expired_approval(const TenantId& tenant, const store::ApprovalState& state) {
    store::ExpiredApproval out;
    out.tenant = tenant;
    out.approval = state.approval;
    out.agent = state.agent;
    out.agent_name = state.asking.name;
    out.scopes = state.asked.scopes;
    out.tier = state.tier;
    out.reason = state.reason;
    out.created_at = state.created_at;
    out.expires_at = state.expires_at;
    return out;
}

void add_expiry_notice(store::Transaction& transaction,
                       const Clock& clock,
                       const store::ExpiredApproval& approval,
                       const store::AuditOrigin& from) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(clock);
    record.type = "approval.expired";
    record.resource_type = "approval";
    record.resource = approval.approval.bytes();
    JsonWriter details;
    details.begin_object().member("agent_id", approval.agent.text());
    details.member("scopes", approval.scopes).end_object();
    record.details = std::move(details).take_text();
    store::add_audit_record(transaction, approval.tenant, from, record);

    JsonWriter json;
    json.begin_object().member("approval_id", approval.approval.text());
    json.member("status", "expired");
    json.member("agent_id", approval.agent.text()).member("agent_name", approval.agent_name);
    json.member("requested_scopes", approval.scopes);
    json.member("access_tier", scope::to_string(tier_of(approval.tier)));
    json.member("reason", approval.reason);
    json.member("created_at", format_rfc3339(approval.created_at));
    json.member("expires_at", format_rfc3339(approval.expires_at)).end_object();
    store::add_outbox_message(
        transaction, approval.tenant, message_of(clock, "approval.expired", std::move(json)));
}

void add_expiry(store::Transaction& transaction,
                const Clock& clock,
                const store::ExpiredApproval& approval,
                const store::AuditOrigin& from) {
    store::add_expire_approval(transaction, approval.tenant, approval.approval);
    add_expiry_notice(transaction, clock, approval, from);
}

}  // namespace core::service
