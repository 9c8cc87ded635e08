// Lengths of text that people wrote, counted as they count: in characters.
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace core::service {

// Code points of valid UTF-8.
constexpr std::size_t character_count(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text)
        if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) ++count;
    return count;
}

// Why somebody asks, or decides so: at most 500 characters. Errors: InvalidRequest.
inline Result<void> check_reason(const std::optional<std::string>& reason) {
    if (reason && character_count(*reason) > 500)
        return failure(ErrorCode::InvalidRequest,
                       "The member 'reason' must have at most 500 characters");
    return {};
}

}  // namespace core::service
