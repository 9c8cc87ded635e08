// Another program, run to its end: systemctl, systemd-creds, psql. In a clean environment, never
// through a shell, and never with a secret among its arguments. Thread-safe.
#pragma once

#include "core/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace core::ctl {

struct Finished {
    int exit_code = 0;  // 128 + signal where one ended it
    std::string output;
    std::string complaint;  // its stderr

    [[nodiscard]] bool succeeded() const { return exit_code == 0; }
};

// `arguments` begins with the program, which is looked for where a system has its own. Waits as
// long as it takes. Errors: Internal where it can't be started.
Result<Finished> run_program(const std::vector<std::string>& arguments,
                             std::string_view input = {});

// The same; a failed program is an error that says what it said. `what` begins the message.
// Gives its output without the last line's end. Errors: ConfigInvalid, Internal.
Result<std::string> output_of(const std::string& what,
                              const std::vector<std::string>& arguments,
                              std::string_view input = {});

}  // namespace core::ctl
