// The verbs of secretstorectl: what a command line can say, and what each verb does with it.
// main.cpp takes them all; who adds a verb, adds it to the file of its subject.
#pragma once

#include "core/config/config.h"
#include "core/ctl/commands.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace core::ctl {

using config::Config;
using Command = std::function<Result<ExitCode>(const Config&)>;

// A command that is done when it has not failed.
Command done_by(std::function<Result<void>(const Config&)> command);

// Everything that the command line can say.
struct Arguments {
    std::string config = "/etc/secretstore/secretstore.yaml";
    NewTenant tenant;
    PlanChange plan_change;
    NginxPart nginx_part = NginxPart::Zones;
    UserTokenRequest user_token;
    Invitation invitation;
    AgentRequest agent;
    std::string listed_tenant;
    std::string revoked;  // id or name
    ApprovalChoice approval;
    AuditTail tail;
    std::string format = "csv";
    std::string webhook;  // id
    std::string address;  // of a mail
    std::string file;
    std::string scratch;
    crypto::ShareCount share_count;
    std::vector<std::string> shares;
    InitRequest init;
    IfRunning if_running = IfRunning::Complain;
    std::string key_file;
    std::string reference_form = "yaml";
    Command command;
    std::string loss;           // what the verb takes away for good; empty: nothing
    bool is_confirmed = false;  // --yes
    bool json = false;
    bool all_tenants = false;
    bool acknowledged = false;
    bool reads_config = true;  // some verbs work before there is one

    [[nodiscard]] Output output() const { return json ? Output::Json : Output::Text; }
};

// Beneath `parent`, which may be a group. `arguments` must outlive the parsing and the command.
CLI::App* add_verb(CLI::App& parent,
                   Arguments& arguments,
                   const std::string& name,
                   const std::string& description,
                   Command command);

// A verb that wants no configuration, and so works before there is one.
CLI::App* add_plain_verb(CLI::App& parent,
                         Arguments& arguments,
                         const std::string& name,
                         const std::string& description,
                         std::function<Result<ExitCode>()> command);

// A verb that wants another one behind it.
CLI::App& add_group(CLI::App& app, const std::string& name, const std::string& description);

// Options that several verbs have.
CLI::Option* add_plan_option(CLI::App& verb, const std::string& name, Plan& plan);
void add_plain_flag(CLI::App& verb, Arguments& arguments);
// Somebody at a terminal is asked first, unless they said --yes. `loss` ends the question's
// sentence "This ...".
void ask_first(CLI::App& verb, Arguments& arguments, std::string loss);

// An example at the end of each verb's --help.
void add_examples(CLI::App& app);

// The subjects, in the order in which --help shows their verbs.
void add_host_verbs(CLI::App& app, Arguments& arguments);    // init, pool, configuration, backup
void add_key_verbs(CLI::App& app, Arguments& arguments);     // root key, KEKs, service keys
void add_tenant_verbs(CLI::App& app, Arguments& arguments);  // and what belongs to tenants

}  // namespace core::ctl
