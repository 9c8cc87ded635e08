// The verbs of one tenant: tenant, agent, token, audit. All of them go through the services
// of the workers, as the actor `operator`.
#include "core/ctl/commands.h"
#include "core/ctl/session.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace core::ctl {
namespace {

constexpr std::chrono::seconds kTailPause{1};

void write_agent(JsonWriter& json, const service::Agent& agent) {
    json.member("id", agent.id.text()).member("tenant_id", agent.tenant.text());
    json.member("name", agent.name).member("api_key_prefix", agent.api_key_prefix);
    json.member("allowed_namespaces", agent.allowed_namespaces);
    json.member("allowed_scopes", agent.allowed_scopes).member("active", agent.active);
    json.member("created_at", format_rfc3339(agent.created_at));
}

// Page by page, as the service gives them.
Result<std::vector<service::Agent>> all_agents(service::Agents agents, const TenantId& tenant) {
    std::vector<service::Agent> out;
    for (service::PageRequest page{1, 200};; ++page.page) {
        auto listed = agents.list(tenant, page);
        if (!listed) return failure(listed);
        for (auto& agent : listed->items)
            out.push_back(std::move(agent));
        if (page.offset() + page.limit >= listed->total) return out;
    }
}

std::vector<std::string_view> views_of(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

std::string line_of(const service::TokenInfo& token) {
    std::string line = token.id.text() + "  until " + format_rfc3339(token.expires_at) +
                       "  agent " + token.agent.text() + " ";
    for (const auto& scope : token.scopes)
        line.append(" ").append(scope);
    return line;
}

// One line an event, for people.
std::string line_of(const service::AuditEvent& event) {
    return format_rfc3339(event.created_at) + "  " + event.event_type + "  " + event.actor_type +
           " " + event.actor_id + "  " + event.metadata;
}

void print_event(const service::AuditEvent& event, Output output) {
    if (output == Output::Text) {
        print_line(line_of(event));
        return;
    }
    JsonWriter json;
    service::write_audit_event(json, event);
    print_json(std::move(json));
}

// Of a page, newest first, what came after `newest`; oldest first.
void print_fresh(const std::vector<service::AuditEvent>& events,
                 std::optional<AuditEventId>& newest,
                 Output output) {
    std::size_t fresh = 0;
    while (fresh < events.size() && events[fresh].id != newest)
        ++fresh;
    for (std::size_t i = fresh; i > 0; --i)
        print_event(events[i - 1], output);
    if (!events.empty()) newest = events.front().id;
}

}  // namespace

Result<void> tenant_create(const config::Config& config, const NewTenant& tenant, Output output) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto created = service::Tenants(runtime, session.issuer())
                             .create(tenant.name, tenant.plan, tenant.owner_email);
    if (!created) return failure(created);
    if (output == Output::Text) {
        print_line("tenant " + created->id.text() + " created; its owner is " + tenant.owner_email);
        return {};
    }
    JsonWriter json;
    json.begin_object().member("id", created->id.text()).member("name", created->name);
    json.member("plan", to_string(created->plan))
        .member("created_at", format_rfc3339(created->created_at));
    print_json(std::move(json.end_object()));
    return {};
}

Result<void> tenant_list(const config::Config& config, Output output) {
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto tenants = service::Tenants(runtime, session.issuer()).list();
    if (!tenants) return failure(tenants);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& tenant : *tenants) {
        if (output == Output::Text)
            print_line(tenant.id.text() + "  " + std::string(to_string(tenant.plan)) + "  " +
                       tenant.name + (tenant.is_suspended ? "  (suspended)" : ""));
        json.begin_object().member("id", tenant.id.text()).member("name", tenant.name);
        json.member("plan", to_string(tenant.plan)).member("suspended", tenant.is_suspended);
        json.member("created_at", format_rfc3339(tenant.created_at)).end_object();
    }
    json.end_array().member("total", static_cast<std::int64_t>(tenants->size())).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> tenant_plan(const config::Config& config, const PlanChange& change) {
    const auto tenant = parse_tenant(change.tenant);
    if (!tenant) return failure(tenant);
    std::optional<std::int64_t> own;
    if (change.requests_per_minute == "unlimited") {
        own = 0;
    } else if (!change.requests_per_minute.empty()) {
        const std::string& text = change.requests_per_minute;
        std::int64_t number = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number < 1)
            return failure(ErrorCode::InvalidRequest,
                           "--requests-per-minute is a whole number from 1, or unlimited");
        own = number;
    }
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto before =
        service::Tenants(runtime, session.issuer()).change_plan(*tenant, change.plan, own);
    if (!before) return failure(before);
    print_line("tenant " + change.tenant + " had the plan " + std::string(to_string(before->plan)) +
               " and has " + std::string(to_string(change.plan)) + " from its next request on");
    return {};
}

Result<void> tenant_suspend(const config::Config& config,
                            const std::string& tenant,
                            bool is_suspended) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::Maint);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto changed =
        service::Tenants(runtime, session.issuer()).set_suspended(*id, is_suspended);
    if (!changed) return failure(changed);
    const std::string what = is_suspended ? "suspended" : "served";
    print_line("tenant " + tenant + " is " + what +
               (*changed ? " from its next request on" : " already"));
    return {};
}

Result<void> agent_create(const config::Config& config,
                          const AgentRequest& request,
                          Output output) {
    const auto tenant = parse_tenant(request.tenant);
    if (!tenant) return failure(tenant);
    const auto namespaces = views_of(request.namespaces);
    const auto scopes = views_of(request.scopes);
    auto limits = scope::AgentLimits::from_request(namespaces.empty() ? nullptr : &namespaces,
                                                   scopes.empty() ? nullptr : &scopes);
    if (!limits) return failure(limits);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    service::NewAgent agent{request.name, std::nullopt, std::move(*limits), std::nullopt};
    if (!request.description.empty()) agent.description = request.description;
    const auto created = service::Agents(runtime).create(
        operator_of(*tenant), {}, agent, [&](const service::AgentWithKey& made) {
            JsonWriter json;
            json.begin_object();
            write_agent(json, made.agent);
            json.key("api_key").secret(made.api_key.expose()).end_object();
            if (output == Output::Json) return std::move(json).take();
            std::string said = "agent " + made.agent.id.text() + "; its key, shown only now:\n";
            SecureBuffer text(said.begin(), said.end());
            const auto key = made.api_key.expose();
            text.insert(text.end(), key.begin(), key.end());
            return Body(std::move(text));
        });
    if (!created) return failure(created);
    // Only now is it certain that the agent is there.
    print(as_text(created->expose()));
    print("\n");
    return {};
}

Result<void> agent_list(const config::Config& config, const std::string& tenant, Output output) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto agents = all_agents(service::Agents(runtime), *id);
    if (!agents) return failure(agents);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& agent : *agents) {
        if (output == Output::Text)
            print_line(agent.id.text() + "  " + agent.api_key_prefix + "  " +
                       (agent.active ? "active  " : "revoked ") + agent.name);
        json.begin_object();
        write_agent(json, agent);
        json.end_object();
    }
    json.end_array().member("total", static_cast<std::int64_t>(agents->size())).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> agent_revoke(const config::Config& config,
                          const std::string& tenant,
                          const std::string& agent) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto revoked = service::Agents(runtime).revoke(
        operator_of(*id), {}, agent, [](const AgentId&) { return Body{}; });
    if (!revoked) return failure(revoked);
    print_line("agent " + agent + " is revoked, with its key and all of its tokens");
    return {};
}

Result<void> token_list(const config::Config& config, const std::string& tenant, Output output) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    service::Tokens tokens(runtime);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    std::int64_t total = 0;
    for (service::PageRequest page{1, 200};; ++page.page) {
        const auto listed = tokens.list(*id, std::nullopt, page);
        if (!listed) return failure(listed);
        total = listed->total;
        for (const auto& token : listed->items) {
            if (output == Output::Text) print_line(line_of(token));
            json.begin_object().member("id", token.id.text());
            json.member("agent_id", token.agent.text()).member("scopes", token.scopes);
            json.member("expires_at", format_rfc3339(token.expires_at)).end_object();
        }
        if (page.offset() + page.limit >= total) break;
    }
    json.end_array().member("total", total).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<void> token_revoke(const config::Config& config,
                          const std::string& tenant,
                          const std::string& token) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    const auto token_id = TokenId::parse(token);
    if (!token_id)
        return failure(ErrorCode::InvalidRequest,
                       "'" + token + "' is no token id; 'secretstorectl token list' shows them");
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto revoked = service::Tokens(runtime).revoke(
        operator_of(*id), {}, *token_id, [](const TokenId&) { return Body{}; });
    if (!revoked) return failure(revoked);
    print_line("token " + token + " is revoked");
    return {};
}

Result<void> audit_tail(const config::Config& config, const AuditTail& wanted, Output output) {
    const auto id = parse_tenant(wanted.tenant);
    if (!id) return failure(id);
    if (wanted.lines < 1 || wanted.lines > 200)
        return failure(ErrorCode::InvalidRequest, "--lines is a number from 1 to 200");
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    service::Audit audit(runtime);
    service::AuditQuery query;
    query.page.limit = wanted.lines;
    std::optional<AuditEventId> newest;
    for (;;) {
        const auto page = audit.list(*id, query);
        if (!page) return failure(page);
        print_fresh(page->events, newest, output);
        if (!wanted.follow) return {};
        if (std::fflush(stdout) != 0)
            return failure(ErrorCode::Internal, "the output could not be written");
        query.page.limit = 200;
        std::this_thread::sleep_for(kTailPause);
    }
}

Result<void> audit_export(const config::Config& config,
                          const std::string& tenant,
                          const std::string& format) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto pieces = service::Audit(runtime).start_export(
        *id, {}, format == "csv" ? service::ExportFormat::Csv : service::ExportFormat::JsonLines);
    if (!pieces) return failure(pieces);
    for (;;) {
        const auto piece = (*pieces)();
        if (!piece) return failure(piece);
        if (piece->empty()) return {};
        print(*piece);
    }
}

}  // namespace core::ctl
