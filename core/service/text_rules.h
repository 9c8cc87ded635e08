// Lengths of text that people wrote, counted as they count: in characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace core::service {

// Code points of valid UTF-8.
constexpr std::size_t character_count(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text)
        if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) ++count;
    return count;
}

}  // namespace core::service
