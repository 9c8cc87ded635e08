// The keys of the configuration file, one row for each: its name, what it takes, and which member
// of Config it is. config.cpp reads and writes files by this table; it is known to nobody else.
#pragma once

#include "core/config/config.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::config {

// Nothing, or what is wanted instead of a text that is not acceptable: "a whole number from 1 to
// 9".
using Wanted = std::optional<std::string>;

struct Setting {
    std::string key;  // section.name, or section.section.name
    std::function<Wanted(Config&, const std::string&)> set;
    // Changes nothing: one function leads to a member, whether it is to be read or written.
    std::function<std::string(Config&)> show;
};

// In the order in which dump() prints them; sections that lie in one another stand together.
const std::vector<Setting>& settings();
// Null where there is none.
const Setting* find_setting(std::string_view key);
// Is there a key below it?
bool is_section(std::string_view name);

}  // namespace core::config
