// secretstorectl: the operator's command. It speaks to the database as a peer-authenticated local
// operator, so it works when HTTP is down.
#include "core/base/log.h"
#include "core/config/config.h"
#include "core/crypto/sealed_box.h"
#include "core/ctl/commands.h"
#include "core/ctl/manual.h"
#include "core/ctl/session.h"
#include "core/ctl/suggestion.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace {

using core::Result;
using core::config::Config;
using core::ctl::ExitCode;
using core::ctl::Output;

using Command = std::function<Result<ExitCode>(const Config&)>;

// A command that is done when it has not failed.
Command done_by(std::function<Result<void>(const Config&)> command) {
    return [command = std::move(command)](const Config& config) -> Result<ExitCode> {
        if (const auto done = command(config); !done) return core::failure(done);
        return ExitCode::Ok;
    };
}

// Everything that the command line can say.
struct Arguments {
    std::string config = "/etc/secretstore/secretstore.yaml";
    core::ctl::NewTenant tenant;
    core::ctl::PlanChange plan_change;
    core::ctl::NginxPart nginx_part = core::ctl::NginxPart::Zones;
    core::ctl::UserTokenRequest user_token;
    core::ctl::Invitation invitation;
    core::ctl::AgentRequest agent;
    std::string listed_tenant;
    std::string revoked;  // id or name
    core::ctl::ApprovalChoice approval;
    core::ctl::AuditTail tail;
    std::string format = "csv";
    std::string webhook;  // id
    std::string address;  // of a mail
    std::string file;
    std::string scratch;
    core::crypto::ShareCount share_count;
    std::vector<std::string> shares;
    core::ctl::InitRequest init;
    core::ctl::IfRunning if_running = core::ctl::IfRunning::Complain;
    std::string key_file;
    std::string reference_form = "yaml";
    Command command;
    bool json = false;
    bool all_tenants = false;
    bool acknowledged = false;
    bool reads_config = true;  // some verbs work before there is one

    [[nodiscard]] Output output() const { return json ? Output::Json : Output::Text; }
};

CLI::App* add_verb(CLI::App& parent,
                   Arguments& arguments,
                   const std::string& name,
                   const std::string& description,
                   Command command) {
    auto* verb = parent.add_subcommand(name, description);
    verb->callback([&arguments, command = std::move(command)] { arguments.command = command; });
    return verb;
}

// A verb that wants no configuration, and so works before there is one.
CLI::App* add_plain_verb(CLI::App& parent,
                         Arguments& arguments,
                         const std::string& name,
                         const std::string& description,
                         std::function<Result<ExitCode>()> command) {
    auto* verb = parent.add_subcommand(name, description);
    verb->callback([&arguments, command = std::move(command)] {
        arguments.reads_config = false;
        arguments.command = [command](const Config&) { return command(); };
    });
    return verb;
}

CLI::App& add_group(CLI::App& app, const std::string& name, const std::string& description) {
    auto* group = app.add_subcommand(name, description);
    group->require_subcommand(1);
    return *group;
}

void add_rotation_verbs(CLI::App& root_key, Arguments& arguments) {
    auto& rotate = add_group(root_key, "rotate", "Replace the root key while workers serve");
    add_verb(rotate,
             arguments,
             "begin",
             "Make the new root key beside the present one; then restart the workers",
             done_by(core::ctl::root_key_rotate_begin));
    add_verb(rotate,
             arguments,
             "run",
             "Move every key to the new root key",
             done_by(core::ctl::root_key_rotate_run));
    add_verb(rotate,
             arguments,
             "commit",
             "Forget the old root key; then restart the workers",
             done_by(core::ctl::root_key_rotate_commit));
    add_verb(rotate,
             arguments,
             "abort",
             "Move every key back and remove the new root key",
             done_by(core::ctl::root_key_rotate_abort));
}

void add_service_key_verbs(CLI::App& group,
                           Arguments& arguments,
                           core::service::ServiceKeyRotation::Kind kind) {
    using core::ctl::ServiceKeyStep;
    add_verb(group,
             arguments,
             "list",
             "List the keys, and how much needs each",
             done_by([&arguments, kind](const Config& c) {
                 return core::ctl::service_key_list(c, kind, arguments.output());
             }));
    const std::pair<const char*, ServiceKeyStep> steps[] = {{"begin", ServiceKeyStep::Begin},
                                                            {"activate", ServiceKeyStep::Activate},
                                                            {"retire", ServiceKeyStep::Retire}};
    auto& rotate = add_group(group, "rotate", "Replace the key while workers serve");
    for (const auto& [name, step] : steps)
        add_verb(rotate,
                 arguments,
                 name,
                 "One step; restart the workers one after another behind each",
                 done_by([kind, step = step](const Config& c) {
                     return core::ctl::service_key_rotate(c, kind, step);
                 }));
}

void add_key_verbs(CLI::App& app, Arguments& arguments) {
    using Kind = core::service::ServiceKeyRotation::Kind;
    auto& kek = add_group(app, "kek", "The keys of tenants");
    auto* rotate_kek = add_verb(kek,
                                arguments,
                                "rotate",
                                "Give a tenant, or all of them, a new KEK",
                                done_by([&arguments](const Config& c) {
                                    return core::ctl::kek_rotate(c, arguments.listed_tenant);
                                }));
    auto* tenant = rotate_kek->add_option("--tenant", arguments.listed_tenant, "The tenant's id");
    auto* all = rotate_kek->add_flag("--all", arguments.all_tenants, "Every tenant");
    tenant->excludes(all);
    rotate_kek->require_option(1);

    add_service_key_verbs(add_group(app, "signing-key", "The keys that sign scoped tokens"),
                          arguments,
                          Kind::SigningKey);
    add_service_key_verbs(add_group(app, "pepper", "The peppers of agent keys and personal tokens"),
                          arguments,
                          Kind::Pepper);
}

void add_host_verbs(CLI::App& app, Arguments& arguments) {
    auto& config = add_group(app, "config", "The configuration file");
    add_verb(config,
             arguments,
             "check",
             "Say whether the configuration is fine",
             done_by(core::ctl::config_check));
    add_verb(config,
             arguments,
             "dump",
             "Print what differs from the defaults",
             done_by(core::ctl::config_dump));
    auto* reference = add_plain_verb(
        config,
        arguments,
        "reference",
        "Print every key with its default and what it is for",
        [&arguments] { return core::ctl::config_reference(arguments.reference_form); });
    reference->add_option("--form", arguments.reference_form, "yaml, or manual: for a manual page")
        ->check(CLI::IsMember({"yaml", "manual"}))
        ->capture_default_str();

    auto& db = add_group(app, "db", "The database's schema");
    add_verb(db,
             arguments,
             "init",
             "Make database, roles and rules on this host, without anything in it; part of 'init'",
             done_by(core::ctl::db_init));
    add_verb(db,
             arguments,
             "migrate",
             "Apply the migrations that are missing",
             done_by(core::ctl::db_migrate));
    add_verb(db,
             arguments,
             "status",
             "List migrations; exit 3 when some are missing",
             [&arguments](const Config& c) { return core::ctl::db_status(c, arguments.output()); });
    auto* print_statement =
        add_verb(db,
                 arguments,
                 "print-statement",
                 "Print a statement's SQL, for plans and benchmarks",
                 done_by([](const Config&) { return core::ctl::db_print_read_statement(); }));
    print_statement
        ->add_option_function<std::string>(
            "NAME", [](const std::string&) {}, "read")
        ->required()
        ->check(CLI::IsMember({"read"}));
    auto* maintain = add_verb(
        app,
        arguments,
        "maintain",
        "What the timers call: audit partitions and counts, what is old or expires soon",
        [&arguments](const Config& c) { return core::ctl::maintain(c, arguments.if_running); });
    maintain->add_flag_callback(
        "--skip-if-running",
        [&arguments] { arguments.if_running = core::ctl::IfRunning::Skip; },
        "Exit 0, not 3, when it is running already, here or on another host");
}

void add_plain_flag(CLI::App& verb, Arguments& arguments) {
    verb.add_flag_callback(
        "--plain",
        [&arguments] { arguments.init.form = core::ctl::CredentialForm::Plain; },
        "Keep the root key in a plain file (0400)");
}

void add_root_key_verbs(CLI::App& app, Arguments& arguments) {
    auto& root_key = add_group(app, "root-key", "The key above all keys");
    add_verb(root_key,
             arguments,
             "generate",
             "Write a new root key file (0400), never over one",
             done_by(core::ctl::root_key_generate));
    add_verb(root_key,
             arguments,
             "status",
             "Show the root key, its successor, and how much each seals",
             done_by([&arguments](const Config& c) {
                 return core::ctl::root_key_status(c, arguments.output());
             }));
    add_rotation_verbs(root_key, arguments);
    add_verb(root_key,
             arguments,
             "export",
             "Print the root key, to be kept away from this host",
             done_by(core::ctl::root_key_export));
    auto* split =
        add_verb(root_key,
                 arguments,
                 "split",
                 "Write the root key as shares of which some together are needed",
                 done_by([&arguments](const Config& c) {
                     return core::ctl::root_key_split(c, arguments.file, arguments.share_count);
                 }));
    split->add_option("FOLDER", arguments.file, "A folder that is not there yet")->required();
    split->add_option("--shares", arguments.share_count.all, "How many, up to 32")
        ->capture_default_str();
    split->add_option("--needed", arguments.share_count.needed, "How many of them are needed")
        ->capture_default_str();
    auto* join = add_plain_verb(
        root_key, arguments, "join", "Write the root key file that shares give", [&arguments] {
            return core::ctl::root_key_join(arguments.shares, arguments.file);
        });
    join->add_option("SHARE", arguments.shares, "Files of mode 0400")->required();
    join->add_option("--to", arguments.file, "The root key file, never over one")
        ->type_name("FILE")
        ->required();
    add_verb(root_key,
             arguments,
             "raise-epoch",
             "End every scoped token, as after a restore",
             done_by(core::ctl::root_key_raise_epoch));
    auto* import = add_plain_verb(root_key,
                                  arguments,
                                  "import",
                                  "Give this host the root key that another one exported",
                                  [&arguments] {
                                      return core::ctl::root_key_import(arguments.key_file,
                                                                        arguments.init.form);
                                  });
    import->add_option("FILE", arguments.key_file, "The exported lines, in a file of mode 0400")
        ->required();
    add_plain_flag(*import, arguments);
}

void add_backup_verbs(CLI::App& app, Arguments& arguments) {
    auto* backup = add_verb(app,
                            arguments,
                            "backup",
                            "Copy the whole database, without the root key, while workers serve",
                            {});
    backup->add_option("FOLDER", arguments.file, "A folder that is not there yet");
    auto* verify =
        add_verb(*backup,
                 arguments,
                 "verify",
                 "Restore a backup into a scratch cluster and open what is in it",
                 [&arguments](const Config& c) {
                     return core::ctl::backup_verify(c, arguments.file, arguments.scratch);
                 });
    verify->add_option("FOLDER", arguments.file, "The backup's folder")->required();
    verify
        ->add_option("--scratch",
                     arguments.scratch,
                     "Where there is room for the whole database, for as long as this takes")
        ->type_name("DIR");
    backup->callback([&arguments, backup] {
        if (!backup->get_subcommands().empty()) return;
        if (arguments.file.empty()) throw CLI::RequiredError("FOLDER");
        arguments.command = done_by([&arguments](const Config& c) {
            return core::ctl::backup(c, arguments.file, arguments.output());
        });
    });
    auto* restore = add_verb(app,
                             arguments,
                             "restore",
                             "Bring a backup into an empty database; ends all scoped tokens",
                             [&arguments](const Config& c) {
                                 return core::ctl::restore(c,
                                                           arguments.file,
                                                           arguments.acknowledged
                                                               ? core::ctl::Acknowledged::Yes
                                                               : core::ctl::Acknowledged::No);
                             });
    restore->add_option("FOLDER", arguments.file, "The backup's folder")->required();
    restore->add_flag("--acknowledge",
                      arguments.acknowledged,
                      "I know what works again: what this says without it");
}

CLI::Option* add_plan_option(CLI::App& verb, const std::string& name, core::Plan& plan) {
    std::vector<std::string> names;
    names.reserve(core::kAllPlans.size());
    for (const auto one : core::kAllPlans)
        names.emplace_back(to_string(one));
    return verb
        .add_option_function<std::string>(
            name,
            [&plan](const std::string& text) { plan = core::parse_plan(text).value_or(plan); },
            "free, pro or enterprise")
        ->check(CLI::IsMember(names));
}

void add_init_verb(CLI::App& app, Arguments& arguments) {
    auto& request = arguments.init;
    auto* init =
        add_verb(app,
                 arguments,
                 "init",
                 "From an installed package to a running store; harmless when repeated",
                 done_by([&request](const Config& c) { return core::ctl::init(c, request); }));
    init->add_option("--tenant", request.tenant.name, "Name of the first tenant");
    init->add_option("--owner", request.tenant.owner_email, "Its owner's e-mail address");
    add_plan_option(*init, "--plan", request.tenant.plan);
    init->add_option("--workers", request.workers, "How many; one a core unless given")
        ->check(CLI::Range(1, 64));
    add_plain_flag(*init, arguments);
    init->add_flag_callback(
        "--no-start", [&request] { request.start = false; }, "Enable and start nothing");
    init->add_flag("--keys-only",
                   request.keys_only,
                   "Only register the root key and make the keys that are missing");
    init->footer("Example: secretstorectl init --tenant acme --owner ops@acme.example");
}

void add_pool_verbs(CLI::App& app, Arguments& arguments) {
    add_verb(app,
             arguments,
             "restart",
             "Restart the workers one after another; no request is lost",
             core::ctl::restart);
    add_verb(app,
             arguments,
             "status",
             "Say what runs; exit 3 when nothing is served",
             [&arguments](const Config& c) { return core::ctl::status(c, arguments.output()); });
    add_verb(app,
             arguments,
             "check",
             "The same for Nagios: exit 0 ok, 1 warning, 2 critical, 3 unknown",
             core::ctl::check);
    add_verb(app,
             arguments,
             "doctor",
             "Look at what goes wrong in time, and say how to mend it; exit 1 when something is "
             "wrong, 3 when something will be",
             [&arguments](const Config& c) { return core::ctl::doctor(c, arguments.output()); });
}

void add_nginx_limits_verb(CLI::App& app, Arguments& arguments) {
    auto* nginx_limits = add_verb(app,
                                  arguments,
                                  "nginx-limits",
                                  "Print nginx's share of the limits, made of the plans",
                                  done_by([&arguments](const Config& c) {
                                      return core::ctl::nginx_limits(c, arguments.nginx_part);
                                  }));
    nginx_limits
        ->add_option_function<std::string>(
            "PART",
            [&arguments](const std::string& text) {
                arguments.nginx_part =
                    text == "zones" ? core::ctl::NginxPart::Zones : core::ctl::NginxPart::Limits;
            },
            "zones, for http{}; limits, for the site's server{}")
        ->required()
        ->check(CLI::IsMember({"zones", "limits"}));
}

// Texts about this program itself.
void add_text_verbs(CLI::App& app, Arguments& arguments) {
    auto& completion = add_group(app, "completion", "Completion for a shell");
    add_plain_verb(
        completion, arguments, "bash", "Print what bash needs to complete this command", [&app] {
            return core::ctl::print_bash_completion(app);
        });
    // For whoever builds a package: in no help.
    add_plain_verb(app, arguments, "manual", "Print the commands for a manual page", [&app] {
        return core::ctl::print_manual(app);
    })->group("");
}

void add_tenant_verbs(CLI::App& app, Arguments& arguments) {
    auto& tenant = add_group(app, "tenant", "Tenants");
    auto* create = add_verb(
        tenant, arguments, "create", "Create a tenant", done_by([&arguments](const Config& c) {
            return core::ctl::tenant_create(c, arguments.tenant, arguments.output());
        }));
    create->add_option("NAME", arguments.tenant.name, "The tenant's name")->required();
    add_plan_option(*create, "--plan", arguments.tenant.plan);
    create->add_option("--owner", arguments.tenant.owner_email, "The owner's e-mail address")
        ->required();
    add_verb(tenant, arguments, "list", "List tenants", done_by([&arguments](const Config& c) {
                 return core::ctl::tenant_list(c, arguments.output());
             }));
    auto* plan = add_verb(tenant,
                          arguments,
                          "plan",
                          "Give a tenant another plan",
                          done_by([&arguments](const Config& c) {
                              return core::ctl::tenant_plan(c, arguments.plan_change);
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
                         return core::ctl::tenant_suspend(c, arguments.listed_tenant, is_suspended);
                     }));
        verb->add_option("TENANT", arguments.listed_tenant, "The tenant's id")->required();
    }
}

void add_user_verbs(CLI::App& app, Arguments& arguments) {
    auto& user = add_group(app, "user", "People");
    auto* token = add_verb(user,
                           arguments,
                           "token",
                           "Print a user token of the local issuer",
                           done_by([&arguments](const Config& c) {
                               return core::ctl::user_token(c, arguments.user_token);
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
                     return core::ctl::user_invite(c, arguments.invitation, arguments.output());
                 }));
    invite->add_option("EMAIL", arguments.invitation.email, "Whom to invite")->required();
    invite->add_option("--tenant", arguments.invitation.tenant, "The tenant's id")->required();
    invite->add_option("--role", arguments.invitation.role, "viewer, approver, admin or owner")
        ->check(CLI::IsMember({"viewer", "approver", "admin", "owner"}))
        ->capture_default_str();
    auto* list =
        add_verb(user,
                 arguments,
                 "list",
                 "List the members of a tenant, and who is invited",
                 done_by([&arguments](const Config& c) {
                     return core::ctl::user_list(c, arguments.listed_tenant, arguments.output());
                 }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
}

void add_agent_verbs(CLI::App& app, Arguments& arguments) {
    auto& agent = add_group(app, "agent", "Agents");
    auto* create =
        add_verb(agent,
                 arguments,
                 "create",
                 "Create an agent and show its key once",
                 done_by([&arguments](const Config& c) {
                     return core::ctl::agent_create(c, arguments.agent, arguments.output());
                 }));
    create->add_option("NAME", arguments.agent.name, "The agent's name")->required();
    create->add_option("--tenant", arguments.agent.tenant, "The tenant's id")->required();
    create->add_option("--description", arguments.agent.description, "What it is for");
    create->add_option("--namespace", arguments.agent.namespaces, "Allowed namespace, or *");
    create->add_option("--scope", arguments.agent.scopes, "Allowed scope, secrets:read:app/*");
    auto* list =
        add_verb(agent, arguments, "list", "List agents", done_by([&arguments](const Config& c) {
                     return core::ctl::agent_list(c, arguments.listed_tenant, arguments.output());
                 }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    auto* revoke =
        add_verb(agent,
                 arguments,
                 "revoke",
                 "Revoke an agent with its key and all of its tokens",
                 done_by([&arguments](const Config& c) {
                     return core::ctl::agent_revoke(c, arguments.listed_tenant, arguments.revoked);
                 }));
    revoke->add_option("AGENT", arguments.revoked, "Its id, or a name that is its own")->required();
    revoke->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
}

void add_token_verbs(CLI::App& app, Arguments& arguments) {
    auto& token = add_group(app, "token", "Scoped tokens");
    auto* list = add_verb(
        token, arguments, "list", "List live tokens", done_by([&arguments](const Config& c) {
            return core::ctl::token_list(c, arguments.listed_tenant, arguments.output());
        }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    auto* revoke = add_verb(
        token, arguments, "revoke", "Revoke a token", done_by([&arguments](const Config& c) {
            return core::ctl::token_revoke(c, arguments.listed_tenant, arguments.revoked);
        }));
    revoke->add_option("TOKEN", arguments.revoked, "Its id, never the token")->required();
    revoke->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
}

using ApprovalVerb = Result<void> (*)(const Config&, const core::ctl::ApprovalChoice&, Output);

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
    add_approval_verb(group, arguments, "list", "List requests", core::ctl::approval_list)
        .add_option("--status", arguments.approval.status, "pending, approved, denied or expired")
        ->check(CLI::IsMember({"pending", "approved", "denied", "expired"}))
        ->capture_default_str();
    auto& approve = add_approval_verb(
        group, arguments, "approve", "Approve a request, as an owner", core::ctl::approval_approve);
    auto& deny =
        add_approval_verb(group, arguments, "deny", "Deny a request", core::ctl::approval_deny);
    for (auto* verb : {&approve, &deny}) {
        verb->add_option("APPROVAL", arguments.approval.approval, "The request's id")->required();
        verb->add_option("--reason", arguments.approval.reason, "Why; at most 500 characters");
    }
}

void add_audit_verbs(CLI::App& app, Arguments& arguments) {
    auto& audit = add_group(app, "audit", "The audit log");
    auto* tail = add_verb(
        audit, arguments, "tail", "Print the newest events", done_by([&arguments](const Config& c) {
            return core::ctl::audit_tail(c, arguments.tail, arguments.output());
        }));
    tail->add_option("--tenant", arguments.tail.tenant, "The tenant's id")->required();
    tail->add_option("--lines", arguments.tail.lines, "How many; at most 200")
        ->capture_default_str();
    tail->add_flag("--follow,-f", arguments.tail.follow, "Go on until interrupted");
    auto* all = add_verb(
        audit, arguments, "export", "Print all events", done_by([&arguments](const Config& c) {
            return core::ctl::audit_export(c, arguments.listed_tenant, arguments.format);
        }));
    all->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    all->add_option("--format", arguments.format, "csv or jsonl")
        ->check(CLI::IsMember({"csv", "jsonl"}))
        ->capture_default_str();
    auto* verify =
        add_verb(audit,
                 arguments,
                 "verify",
                 "Compare the events with what maintenance counted; exit 1 when some are "
                 "missing",
                 [&arguments](const Config& c) {
                     return core::ctl::audit_verify(c, arguments.listed_tenant);
                 });
    verify->add_option("--tenant", arguments.listed_tenant, "The tenant's id; all without it");
}

void add_notice_verbs(CLI::App& app, Arguments& arguments) {
    auto& webhook = add_group(app, "webhook", "Addresses that are told what happens");
    auto* list = add_verb(
        webhook, arguments, "list", "List webhooks", done_by([&arguments](const Config& c) {
            return core::ctl::webhook_list(c, arguments.listed_tenant, arguments.output());
        }));
    list->add_option("--tenant", arguments.listed_tenant, "The tenant's id")->required();
    auto* test =
        add_verb(webhook,
                 arguments,
                 "test",
                 "Send a test message and say what became of it; exit 3 when nobody tried",
                 [&arguments](const Config& c) {
                     return core::ctl::webhook_test(
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
                     return core::ctl::mail_test(
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
                                  return core::ctl::egress_key_export(c, arguments.file);
                              }));
    exported->add_option("FILE", arguments.file, "The file to make")->required();
}

ExitCode report(const core::Error& error) {
    std::string line = core::ctl::message_of(error);
    if (!error.detail.empty() && error.detail != line) line += " (" + error.detail + ")";
    while (line.ends_with('\n'))
        line.pop_back();
    core::ctl::complain(line);
    return core::ctl::exit_code_of(error);
}

ExitCode run(const Arguments& arguments) {
    core::log::set_level(core::log::Level::Error);
    if (const auto fine = core::crypto::self_test(); !fine) return report(fine.error());
    const auto config =
        arguments.reads_config ? core::config::load(arguments.config) : Result<Config>(Config{});
    if (!config) return report(config.error());
    const auto code = arguments.command(*config);
    if (!code) return report(code.error());
    if (std::fflush(stdout) != 0)
        return report({core::ErrorCode::Internal, "the output could not be written", {}});
    return *code;
}

}  // namespace

namespace {

int parse_and_run(int argc, char** argv) {
    CLI::App app("Operate an Agent Secret Store", "secretstorectl");
    app.set_version_flag("--version", SECRETSTORE_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    Arguments arguments;
    app.add_option("--config", arguments.config, "The configuration file")->capture_default_str();
    app.add_flag("--json", arguments.json, "Print JSON");
    add_init_verb(app, arguments);
    add_pool_verbs(app, arguments);
    add_nginx_limits_verb(app, arguments);
    add_host_verbs(app, arguments);
    add_backup_verbs(app, arguments);
    add_root_key_verbs(app, arguments);
    add_key_verbs(app, arguments);
    add_tenant_verbs(app, arguments);
    add_user_verbs(app, arguments);
    add_agent_verbs(app, arguments);
    add_token_verbs(app, arguments);
    add_approval_verbs(app, arguments);
    add_audit_verbs(app, arguments);
    add_notice_verbs(app, arguments);
    add_text_verbs(app, arguments);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (app.exit(error) == 0) return 0;
        if (const auto meant = core::ctl::suggest(app))
            std::cerr << "Did you mean '" << *meant << "'?\n";
        return static_cast<int>(ExitCode::Usage);
    }
    return static_cast<int>(run(arguments));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return parse_and_run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "secretstorectl: " << error.what() << '\n';
    } catch (...) {
        std::cerr << "secretstorectl: an unknown exception\n";
    }
    return static_cast<int>(ExitCode::Failure);
}
