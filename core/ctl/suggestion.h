// What somebody meant who mistyped. Pure.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::ctl {

// The one of `known` that is fewest typing errors away (Levenshtein's distance), and no more than
// a third of the word; the first of several.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// For a command line that `app` did not take: the verb or option that may stand in place of the
// first word which nobody knew.
std::optional<std::string> suggest(const CLI::App& app);

}  // namespace core::ctl
