#include "core/ctl/verbs.h"

#include <string>

namespace core::ctl {
namespace {

void add_own_verbs(CLI::App& app, Arguments& arguments) {
    auto& tenant = add_group(app, "tenant", "Tenants");
    auto* create = add_verb(
        tenant, arguments, "create", "Create a tenant", done_by([&arguments](const Config& c) {
            return ctl::tenant_create(c, arguments.tenant, arguments.output());
        }));
    create->add_option("NAME", arguments.tenant.name, "The tenant's name")->required();
    add_plan_option(*create, "--plan", arguments.tenant.plan);
    create->add_option("--owner", arguments.tenant.owner_email, "The owner's e-mail address")
        ->required();
    add_verb(tenant, arguments, "list", "List tenants", done_by([&arguments](const Config& c) {
                 return ctl::tenant_list(c, arguments.output());
             }));
    auto* plan = add_verb(tenant,
                          arguments,
                          "plan",
                          "Give a tenant another plan",
                          done_by([&arguments](const Config& c) {
                              return ctl::tenant_plan(c, arguments.plan_change);
                          }));
    plan->add_option("TENANT", arguments.plan_change.tenant, "The tenant's id")->required();
    add_plan_option(*plan, "PLAN", arguments.plan_change.plan)->required();
    plan->add_option("--requests-per-minute",
                     arguments.plan_change.requests_per_minute,
                     "A number of its own for an enterprise tenant, or unlimited");
    for (const bool is_suspended : {true, false}) {
        auto* verb =
            add_verb(tenant,
                     arguments,
                     is_suspended ? "suspend" : "resume",
                     is_suspended ? "Refuse everything to a tenant, which loses nothing"
                                  : "Serve a tenant again that was suspended",
                     done_by([&arguments, is_suspended](const Config& c) {
                         return ctl::tenant_suspend(c, arguments.listed_tenant, is_suspended);
                     }));
        verb->add_option("TENANT", arguments.listed_tenant, "The tenant's id")->required();
        if (is_suspended)
            ask_first(*verb, arguments, "refuses everything to the tenant until it is resumed");
    }
}

void add_user_verbs(CLI::App& app, Arguments& arguments) {
    auto& user = add_group(app, "user", "People");
    auto* token = add_verb(user,
                           arguments,
                           "token",
                           "Print a user token of the local issuer",
                           done_by([&arguments](const Config& c) {
                               return ctl::user_token(c, arguments.user_token);
                           }));
    token->add_option("EMAIL", arguments.user_token.email, "A member of the tenant, or invited")
        ->required();
    token->add_option("--tenant", arguments.user_token.tenant, "The tenant's id")->required();
    token->add_option("--ttl", arguments.user_token.ttl, "Lifetime, such as 1h; at most 90d");
    auto* invite =
        add_verb(user,
                 arguments,
                 "invite",
                 "Invite somebody and show the invitation token once",
                 done_by([&arguments](const Config& c) {
                     return ctl::user_invite(c, arguments.invitation, arguments.output());
                 }));
    invite->add_option("EMAIL", arguments.invitation.email, "Whom to invite")->required();
    invite->add_option("--tenant", arguments.invitation.tenant, "The tenant's id")->required();
    invite->add_option("--role", arguments.invitation.role, "viewer, approver, admin or owner")
        ->check(CLI::IsMember({"viewer", "approver", "admin", "owner"}))
        ->capture_default_str();
    auto* list = add_verb(user,
                          arguments,
                          "list",
                          "List the members of a tenant, and who is invited",
                          done_by([&arguments](const Config& c) {
                              return ctl::user_list(c, arguments.listed_tenant, arguments.output());
                          }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
}

void add_agent_verbs(CLI::App& app, Arguments& arguments) {
    auto& agent = add_group(app, "agent", "Agents");
    auto* create = add_verb(agent,
                            arguments,
                            "create",
                            "Create an agent and show its key once",
                            done_by([&arguments](const Config& c) {
                                return ctl::agent_create(c, arguments.agent, arguments.output());
                            }));
    create->add_option("NAME", arguments.agent.name, "The agent's name")->required();
    create->add_option("--tenant", arguments.agent.tenant, "The tenant's id")->required();
    create->add_option("--description", arguments.agent.description, "What it is for");
    create->add_option("--namespace", arguments.agent.namespaces, "Allowed namespace, or *");
    create->add_option("--scope", arguments.agent.scopes, "Allowed scope, secrets:read:app/*");
    auto* list =
        add_verb(agent, arguments, "list", "List agents", done_by([&arguments](const Config& c) {
                     return ctl::agent_list(c, arguments.listed_tenant, arguments.output());
                 }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    auto* revoke =
        add_verb(agent,
                 arguments,
                 "revoke",
                 "Revoke an agent with its key and all of its tokens",
                 done_by([&arguments](const Config& c) {
                     return ctl::agent_revoke(c, arguments.listed_tenant, arguments.revoked);
                 }));
    ask_first(*revoke, arguments, "ends the agent, its key and all of its tokens");
    revoke->add_option("AGENT", arguments.revoked, "Its id, or a name that is its own")->required();
    revoke->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
}

void add_token_verbs(CLI::App& app, Arguments& arguments) {
    auto& token = add_group(app, "token", "Scoped tokens");
    auto* list = add_verb(
        token, arguments, "list", "List live tokens", done_by([&arguments](const Config& c) {
            return ctl::token_list(c, arguments.listed_tenant, arguments.output());
        }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    auto* revoke = add_verb(
        token, arguments, "revoke", "Revoke a token", done_by([&arguments](const Config& c) {
            return ctl::token_revoke(c, arguments.listed_tenant, arguments.revoked);
        }));
    ask_first(*revoke, arguments, "ends the token");
    revoke->add_option("TOKEN", arguments.revoked, "Its id, never the token")->required();
    revoke->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
}

using ApprovalVerb = Result<void> (*)(const Config&, const ApprovalChoice&, Output);

CLI::App& add_approval_verb(CLI::App& group,
                            Arguments& arguments,
                            const std::string& name,
                            const std::string& description,
                            ApprovalVerb command) {
    auto* verb = add_verb(
        group, arguments, name, description, done_by([&arguments, command](const Config& c) {
            return command(c, arguments.approval, arguments.output());
        }));
    verb->add_option("--tenant", arguments.approval.tenant, "The tenant's id")->required();
    return *verb;
}

void add_approval_verbs(CLI::App& app, Arguments& arguments) {
    auto& group = add_group(app, "approval", "Requests of agents that people decide");
    add_approval_verb(group, arguments, "list", "List requests", ctl::approval_list)
        .add_option("--status", arguments.approval.status, "pending, approved, denied or expired")
        ->check(CLI::IsMember({"pending", "approved", "denied", "expired"}))
        ->capture_default_str();
    auto& approve = add_approval_verb(
        group, arguments, "approve", "Approve a request, as an owner", ctl::approval_approve);
    auto& deny = add_approval_verb(group, arguments, "deny", "Deny a request", ctl::approval_deny);
    for (auto* verb : {&approve, &deny}) {
        verb->add_option("APPROVAL", arguments.approval.approval, "The request's id")->required();
        verb->add_option("--reason", arguments.approval.reason, "Why; at most 500 characters");
    }
}

void add_audit_verbs(CLI::App& app, Arguments& arguments) {
    auto& audit = add_group(app, "audit", "The audit log");
    auto* tail = add_verb(
        audit, arguments, "tail", "Print the newest events", done_by([&arguments](const Config& c) {
            return ctl::audit_tail(c, arguments.tail, arguments.output());
        }));
    tail->add_option("--tenant", arguments.tail.tenant, "The tenant's id")->required();
    tail->add_option("--lines", arguments.tail.lines, "How many; at most 200")
        ->capture_default_str();
    tail->add_flag("--follow,-f", arguments.tail.follow, "Go on until interrupted");
    auto* all = add_verb(
        audit, arguments, "export", "Print all events", done_by([&arguments](const Config& c) {
            return ctl::audit_export(c, arguments.listed_tenant, arguments.format);
        }));
    all->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    all->add_option("--format", arguments.format, "csv or jsonl")
        ->check(CLI::IsMember({"csv", "jsonl"}))
        ->capture_default_str();
    auto* verify = add_verb(
        audit,
        arguments,
        "verify",
        "Compare the events with what maintenance counted; exit 1 when some are "
        "missing",
        [&arguments](const Config& c) { return ctl::audit_verify(c, arguments.listed_tenant); });
    verify->add_option("--tenant", arguments.listed_tenant, "The tenant's id; all without it");
}

void add_notice_verbs(CLI::App& app, Arguments& arguments) {
    auto& webhook = add_group(app, "webhook", "Addresses that are told what happens");
    auto* list = add_verb(
        webhook, arguments, "list", "List webhooks", done_by([&arguments](const Config& c) {
            return ctl::webhook_list(c, arguments.listed_tenant, arguments.output());
        }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    auto* test =
        add_verb(webhook,
                 arguments,
                 "test",
                 "Send a test message and say what became of it; exit 3 when nobody tried",
                 [&arguments](const Config& c) {
                     return ctl::webhook_test(
                         c, arguments.listed_tenant, arguments.webhook, arguments.output());
                 });
    test->add_option("WEBHOOK", arguments.webhook, "Its id")->required();
    test->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();

    auto& mail = add_group(app, "mail", "Mail to people");
    auto* mail_test =
        add_verb(mail,
                 arguments,
                 "test",
                 "Send a test mail and say what became of it; exit 3 when nobody tried",
                 [&arguments](const Config& c) {
                     return ctl::mail_test(
                         c, arguments.listed_tenant, arguments.address, arguments.output());
                 });
    mail_test->add_option("ADDRESS", arguments.address, "Where to")->required();
    mail_test->add_option("--tenant", arguments.listed_tenant, "The tenant it is told of under")
        ->required();

    auto& egress_key = add_group(app, "egress-key", "What secretstore-egress opens secrets with");
    auto* exported = add_verb(egress_key,
                              arguments,
                              "export",
                              "Write it into a file (0400), never over one",
                              done_by([&arguments](const Config& c) {
                                  return ctl::egress_key_export(c, arguments.file);
                              }));
    exported->add_option("FILE", arguments.file, "The file to make")->required();
}

}  // namespace

void add_tenant_verbs(CLI::App& app, Arguments& arguments) {
    add_own_verbs(app, arguments);
    add_user_verbs(app, arguments);
    add_agent_verbs(app, arguments);
    add_token_verbs(app, arguments);
    add_approval_verbs(app, arguments);
    add_audit_verbs(app, arguments);
    add_notice_verbs(app, arguments);
}

}  // namespace core::ctl
