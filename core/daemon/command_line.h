// The command line of a daemon: a few options and flags, --help and --version. The fence around
// CLI11 for daemons: it takes ten seconds to compile, once for all of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::daemon {

class CommandLine {
  public:
    CommandLine(std::string_view program, const std::string& description);
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;
    CommandLine(CommandLine&&) = delete;
    CommandLine& operator=(CommandLine&&) = delete;
    ~CommandLine();

    // `value` and `given` keep what they are where the command line does not say it, and must
    // outlive parse(). `accepted`: the only values; empty for any.
    void add_option(const std::string& name,
                    std::string& value,
                    const std::string& help,
                    const std::vector<std::string>& accepted = {});
    void add_flag(const std::string& name, bool& given, const std::string& help);

    // An exit code where there is nothing more to do: 0 when --help or --version has been answered,
    // 78 (EX_CONFIG) when one line on stderr has said what is wrong.
    std::optional<int> parse(int argc, const char* const* argv);

  private:
    struct Parser;
    std::unique_ptr<Parser> m_parser;
};

}  // namespace core::daemon
