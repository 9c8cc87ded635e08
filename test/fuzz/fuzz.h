// What the fuzz targets share: a check that ends the run, and cutting an input into pieces.
#pragma once

#include "core/base/bytes.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace fuzz {

// libFuzzer reports an abort with the input that led to it.
inline void require(bool holds, const char* claim) {
    if (holds) return;
    static_cast<void>(std::fprintf(stderr, "the oracle says no: %s\n", claim));
    std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// Takes the text before the next newline off the front of `rest`.
inline std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

}  // namespace fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
