#include "core/daemon/command_line.h"

#include "core/daemon/process.h"

#include <CLI/CLI.hpp>
#include <sysexits.h>

namespace core::daemon {

struct CommandLine::Parser {
    CLI::App app;
};

CommandLine::CommandLine(std::string_view program, const std::string& description)
    : m_parser(std::make_unique<Parser>()) {
    m_parser->app.name(std::string(program));
    m_parser->app.description(description);
    m_parser->app.set_version_flag("--version", SECRETSTORE_VERSION);
}

CommandLine::~CommandLine() = default;

void CommandLine::add_option(const std::string& name,
                             std::string& value,
                             const std::string& help,
                             const std::vector<std::string>& accepted) {
    auto* option = m_parser->app.add_option(name, value, help);
    if (!accepted.empty()) option->check(CLI::IsMember(accepted));
}

void CommandLine::add_flag(const std::string& name, bool& given, const std::string& help) {
    m_parser->app.add_flag(name, given, help);
}

std::optional<int> CommandLine::parse(int argc, const char* const* argv) {
    try {
        m_parser->app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        return m_parser->app.exit(asked);
    } catch (const CLI::ParseError& error) {
        complain(m_parser->app.get_name(), error.what());
        return EX_CONFIG;
    }
    return std::nullopt;
}

}  // namespace core::daemon
