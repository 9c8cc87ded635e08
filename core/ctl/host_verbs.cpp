#include "core/ctl/verbs.h"

#include <string>

namespace core::ctl {
namespace {

void add_init_verb(CLI::App& app, Arguments& arguments) {
    auto& request = arguments.init;
    auto* init = add_verb(app,
                          arguments,
                          "init",
                          "From an installed package to a running store; harmless when repeated",
                          done_by([&request](const Config& c) { return ctl::init(c, request); }));
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
}

void add_pool_verbs(CLI::App& app, Arguments& arguments) {
    add_verb(app,
             arguments,
             "restart",
             "Restart workers, billing and egress one after another; no request is lost",
             ctl::restart);
    add_verb(app,
             arguments,
             "status",
             "Say what runs; exit 3 when nothing is served",
             [&arguments](const Config& c) { return ctl::status(c, arguments.output()); });
    add_verb(app,
             arguments,
             "check",
             "The same for Nagios: exit 0 ok, 1 warning, 2 critical, 3 unknown",
             ctl::check);
    add_verb(app,
             arguments,
             "doctor",
             "Look at what goes wrong in time, and say how to mend it; exit 1 when something is "
             "wrong, 3 when something will be",
             [&arguments](const Config& c) { return ctl::doctor(c, arguments.output()); });
}

void add_nginx_limits_verb(CLI::App& app, Arguments& arguments) {
    auto* nginx_limits = add_verb(app,
                                  arguments,
                                  "nginx-limits",
                                  "Print nginx's share of the limits, made of the plans",
                                  done_by([&arguments](const Config& c) {
                                      return ctl::nginx_limits(c, arguments.nginx_part);
                                  }));
    nginx_limits
        ->add_option_function<std::string>(
            "PART",
            [&arguments](const std::string& text) {
                arguments.nginx_part = text == "zones" ? NginxPart::Zones : NginxPart::Limits;
            },
            "zones, for http{}; limits, for the site's server{}")
        ->required()
        ->check(CLI::IsMember({"zones", "limits"}));
}

void add_configuration_verbs(CLI::App& app, Arguments& arguments) {
    auto& config = add_group(app, "config", "The configuration file");
    add_verb(config,
             arguments,
             "check",
             "Say whether the configuration is fine",
             done_by(ctl::config_check));
    add_verb(config,
             arguments,
             "dump",
             "Print what differs from the defaults",
             done_by(ctl::config_dump));
    auto* reference =
        add_plain_verb(config,
                       arguments,
                       "reference",
                       "Print every key with its default and what it is for",
                       [&arguments] { return ctl::config_reference(arguments.reference_form); });
    reference->add_option("--form", arguments.reference_form, "yaml, or manual: for a manual page")
        ->check(CLI::IsMember({"yaml", "manual"}))
        ->capture_default_str();

    auto& db = add_group(app, "db", "The database's schema");
    add_verb(db,
             arguments,
             "init",
             "Make database, roles and rules on this host, without anything in it; part of 'init'",
             done_by(ctl::db_init));
    add_verb(db,
             arguments,
             "migrate",
             "Apply the migrations that are missing",
             done_by(ctl::db_migrate));
    add_verb(db,
             arguments,
             "status",
             "List migrations; exit 3 when some are missing",
             [&arguments](const Config& c) { return ctl::db_status(c, arguments.output()); });
    auto* print_statement =
        add_verb(db,
                 arguments,
                 "print-statement",
                 "Print a statement's SQL, for plans and benchmarks",
                 done_by([](const Config&) { return ctl::db_print_read_statement(); }));
    print_statement
        ->add_option_function<std::string>(
            "NAME", [](const std::string&) {}, "read")
        ->required()
        ->check(CLI::IsMember({"read"}));
    auto* maintain =
        add_verb(app,
                 arguments,
                 "maintain",
                 "What the timers call: audit partitions and counts, what is old or expires soon",
                 [&arguments](const Config& c) { return ctl::maintain(c, arguments.if_running); });
    maintain->add_flag_callback(
        "--skip-if-running",
        [&arguments] { arguments.if_running = IfRunning::Skip; },
        "Exit 0, not 3, when it is running already, here or on another host");
}

void add_backup_verbs(CLI::App& app, Arguments& arguments) {
    auto* backup = add_verb(app,
                            arguments,
                            "backup",
                            "Copy the whole database, without the root key, while workers serve",
                            {});
    backup->add_option("FOLDER", arguments.file, "A folder that is not there yet");
    auto* verify = add_verb(*backup,
                            arguments,
                            "verify",
                            "Restore a backup into a scratch cluster and open what is in it",
                            [&arguments](const Config& c) {
                                return ctl::backup_verify(c, arguments.file, arguments.scratch);
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
            return ctl::backup(c, arguments.file, arguments.output());
        });
    });
    auto* restore = add_verb(
        app,
        arguments,
        "restore",
        "Bring a backup into an empty database; ends all scoped tokens",
        [&arguments](const Config& c) {
            return ctl::restore(
                c, arguments.file, arguments.acknowledged ? Acknowledged::Yes : Acknowledged::No);
        });
    restore->add_option("FOLDER", arguments.file, "The backup's folder")->required();
    restore->add_flag("--acknowledge",
                      arguments.acknowledged,
                      "I know what works again: what this says without it");
}

}  // namespace

void add_host_verbs(CLI::App& app, Arguments& arguments) {
    add_init_verb(app, arguments);
    add_pool_verbs(app, arguments);
    add_nginx_limits_verb(app, arguments);
    add_configuration_verbs(app, arguments);
    add_backup_verbs(app, arguments);
}

}  // namespace core::ctl
