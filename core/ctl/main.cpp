// secretstorectl: the operator's command. It speaks to the database as a peer-authenticated local
// operator, so it works when HTTP is down.
#include "core/base/log.h"
#include "core/crypto/sealed_box.h"
#include "core/ctl/manual.h"
#include "core/ctl/session.h"
#include "core/ctl/suggestion.h"
#include "core/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

namespace {

using core::Result;
using core::config::Config;
using core::ctl::Arguments;
using core::ctl::ExitCode;

// Texts about this program itself.
void add_text_verbs(CLI::App& app, Arguments& arguments) {
    auto& completion = core::ctl::add_group(app, "completion", "Completion for a shell");
    core::ctl::add_plain_verb(
        completion, arguments, "bash", "Print what bash needs to complete this command", [&app] {
            return core::ctl::print_bash_completion(app);
        });
    // For whoever builds a package: in no help.
    core::ctl::add_plain_verb(app,
                              arguments,
                              "manual",
                              "Print the commands for a manual page",
                              [&app] { return core::ctl::print_manual(app); })
        ->group("");
}

ExitCode report(const core::Error& error) {
    std::string line = core::ctl::message_of(error);
    if (!error.detail.empty() && error.detail != line) line += " (" + error.detail + ")";
    while (line.ends_with('\n'))
        line.pop_back();
    core::ctl::complain(line);
    return core::ctl::exit_code_of(error);
}

// What takes something away for good is asked of a person, never of a script.
bool is_wanted(const Arguments& arguments) {
    const bool asks = !arguments.loss.empty() && !arguments.is_confirmed &&
                      ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
    if (!asks) return true;
    std::cerr << "This " << arguments.loss << ". Go on? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "yes";
}

ExitCode run(const Arguments& arguments) {
    core::log::set_level(core::log::Level::Error);
    if (const auto fine = core::crypto::self_test(); !fine) return report(fine.error());
    const auto config =
        arguments.reads_config ? core::config::load(arguments.config) : Result<Config>(Config{});
    if (!config) return report(config.error());
    if (!is_wanted(arguments)) {
        core::ctl::complain("nothing was done");
        return ExitCode::Failure;
    }
    if (arguments.json) core::ctl::keep_messages();
    const auto code = arguments.command(*config);
    if (!code) return report(code.error());
    core::ctl::print_kept_messages();
    if (std::fflush(stdout) != 0)
        return report({core::ErrorCode::Internal, "the output could not be written", {}});
    return *code;
}

int parse_and_run(int argc, char** argv) {
    CLI::App app("Operate an Agent Secret Store", "secretstorectl");
    app.set_version_flag("--version", SECRETSTORE_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    Arguments arguments;
    app.add_option("--config", arguments.config, "The configuration file")->capture_default_str();
    app.add_flag("--json", arguments.json, "Print JSON");
    core::ctl::add_host_verbs(app, arguments);
    core::ctl::add_key_verbs(app, arguments);
    core::ctl::add_tenant_verbs(app, arguments);
    add_text_verbs(app, arguments);
    core::ctl::add_examples(app);
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
