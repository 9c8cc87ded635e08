// What an operator is told of a file with which something could not be done.
#pragma once

#include "core/base/result.h"

#include <filesystem>
#include <system_error>

namespace core::ctl {

// ConfigInvalid.
inline Failure file_failure(const std::filesystem::path& path, const std::error_code& error) {
    return failure(ErrorCode::ConfigInvalid, path.string() + ": " + error.message());
}

}  // namespace core::ctl
