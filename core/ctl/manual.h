// What the command line can say, as other texts want it: taken from the very definitions that parse
// it, so that neither can know more than the program. Functions without state.
#pragma once

#include "core/base/result.h"
#include "core/ctl/commands.h"

#include <CLI/CLI.hpp>

namespace core::ctl {

// Every verb with its arguments, as a part of secretstorectl(8): roff, in the man macros.
Result<ExitCode> print_manual(const CLI::App& app);

// A script for bash: verbs and options by what stands before them.
Result<ExitCode> print_bash_completion(const CLI::App& app);

}  // namespace core::ctl
