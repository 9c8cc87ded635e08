// How long an answer may be kept, by its Cache-Control header (RFC 9111 §5.2.2).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace core::http {

// 0 for no-store and no-cache, else max-age, cut at a year; nothing where the header says neither
// or max-age is no whole number.
std::optional<std::chrono::seconds> max_age_of(std::string_view cache_control);

}  // namespace core::http
