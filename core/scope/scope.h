// Scopes: what a holder may do to which paths. contract.md §4.
//
//     secrets:read:production/gemini/*      namespaces:read
//
// `*` stands for any run of characters, '/' included: exactly the official SDK's matcher, or its
// token cache and this server would disagree. Matching is linear in time for each star and uses no
// regular expression.
#pragma once

#include "core/base/result.h"
#include "core/scope/secret_path.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace core::scope {

inline constexpr std::size_t kMaxScopeBytes = 512;
inline constexpr std::size_t kMaxStars = 8;
inline constexpr std::size_t kMaxScopes = 32;

enum class Action : std::uint8_t { Read, Write, Delete };
std::string_view to_string(Action action);

// Does `pattern` match all of `text`? Any bytes; '*' in `text` is an ordinary byte.
// O(|pattern| * |text|) at worst, linear for one star.
bool wildcard_match(std::string_view pattern, std::string_view text);

class Scope {
  public:
    enum class Kind : std::uint8_t { Secrets, Namespaces };

    // Errors: InvalidRequest naming the scope and the form that is wanted.
    static Result<Scope> parse(std::string_view text);

    [[nodiscard]] Kind kind() const { return m_kind; }
    // As it was written.
    [[nodiscard]] const std::string& text() const { return m_text; }
    // Path pattern of a Secrets scope; empty for Namespaces.
    [[nodiscard]] std::string_view pattern() const;
    // What stands before the first star of the pattern.
    [[nodiscard]] std::string_view literal_prefix() const;

    [[nodiscard]] bool covers_action(Action action) const;
    [[nodiscard]] bool covers(Action action, std::string_view path) const;

    bool operator==(const Scope&) const = default;

    static constexpr bool kLoggable = true;
    [[nodiscard]] std::string log_text() const { return m_text; }

  private:
    Kind m_kind = Kind::Secrets;
    bool m_any_action = false;
    Action m_action = Action::Read;
    std::size_t m_pattern_start = 0;
    std::string m_text;
};

}  // namespace core::scope
