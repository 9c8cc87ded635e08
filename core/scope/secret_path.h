// Names of secrets: namespace/KEY. The grammar is contract.md §3, the same in URLs, bodies,
// queries and imports. Byte-exact, case-sensitive, no normalisation.
#pragma once

#include "core/base/result.h"

#include <string>
#include <string_view>

namespace core::scope {

inline constexpr std::size_t kMaxSegments = 16;  // of a namespace
inline constexpr std::size_t kMaxSegmentBytes = 128;
inline constexpr std::size_t kMaxPathBytes = 512;  // namespace, slash and key together

// Is `c` allowed in a segment: A-Z a-z 0-9 . _ ~ @ -
bool is_segment_byte(char c);

// 1 to 16 segments joined by '/'.
class Namespace {
  public:
    // Errors: InvalidRequest naming the segment and what is allowed.
    static Result<Namespace> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return m_text; }
    // Itself or above `other`: "a" contains "a" and "a/b", not "ab".
    [[nodiscard]] bool contains(std::string_view other) const;
    bool operator==(const Namespace&) const = default;

    static constexpr bool kLoggable = true;
    [[nodiscard]] std::string log_text() const { return m_text; }

  private:
    std::string m_text;
};

// A namespace and a key: "production/gemini/GEMINI_API_KEY".
class SecretPath {
  public:
    // Errors: InvalidRequest naming the segment and what is allowed.
    static Result<SecretPath> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return m_text; }
    [[nodiscard]] std::string_view name_space() const {
        return std::string_view(m_text).substr(0, m_key_start - 1);
    }
    [[nodiscard]] std::string_view key() const {
        return std::string_view(m_text).substr(m_key_start);
    }
    bool operator==(const SecretPath&) const = default;

    static constexpr bool kLoggable = true;
    [[nodiscard]] std::string log_text() const { return m_text; }

  private:
    std::string m_text;
    std::size_t m_key_start = 0;
};

}  // namespace core::scope
