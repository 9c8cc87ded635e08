// What the configuration file may hold, written for people: the commented file that the package
// installs, and the keys of secretstore.yaml(5). Key, default and range come from the table that
// load() reads; what a key is for stands here, once. Functions without state; thread-safe.
#pragma once

#include "core/base/result.h"

#include <string>

namespace core::config {

// Errors: Internal, naming a key that has no sentence in reference.cpp, or a sentence whose key is
// gone.

// YAML that load() takes and that changes nothing: every key is there, commented out.
Result<std::string> reference_yaml();
// The same for a manual page: roff, in the man macros.
Result<std::string> reference_manual();

}  // namespace core::config
