#include "core/ctl/verbs.h"

#include <utility>

namespace core::ctl {

Command done_by(std::function<Result<void>(const Config&)> command) {
    return [command = std::move(command)](const Config& config) -> Result<ExitCode> {
        if (const auto done = command(config); !done) return failure(done);
        return ExitCode::Ok;
    };
}

CLI::App* add_verb(CLI::App& parent,
                   Arguments& arguments,
                   const std::string& name,
                   const std::string& description,
                   Command command) {
    auto* verb = parent.add_subcommand(name, description);
    verb->callback([&arguments, command = std::move(command)] { arguments.command = command; });
    return verb;
}

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

CLI::Option* add_plan_option(CLI::App& verb, const std::string& name, Plan& plan) {
    std::vector<std::string> names;
    names.reserve(kAllPlans.size());
    for (const auto one : kAllPlans)
        names.emplace_back(to_string(one));
    return verb
        .add_option_function<std::string>(
            name,
            [&plan](const std::string& text) { plan = parse_plan(text).value_or(plan); },
            "free, pro or enterprise")
        ->check(CLI::IsMember(names));
}

void ask_first(CLI::App& verb, Arguments& arguments, std::string loss) {
    verb.add_flag("--yes", arguments.is_confirmed, "Don't ask first at a terminal");
    verb.parse_complete_callback([&arguments, loss = std::move(loss)] { arguments.loss = loss; });
}

void add_plain_flag(CLI::App& verb, Arguments& arguments) {
    verb.add_flag_callback(
        "--plain",
        [&arguments] { arguments.init.form = CredentialForm::Plain; },
        "Keep the root key in a plain file (0400)");
}

}  // namespace core::ctl
