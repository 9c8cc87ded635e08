#include "core/scope/scope.h"

#include "core/base/json.h"

#include <algorithm>
#include <optional>

namespace core::scope {
namespace {

constexpr std::string_view kSecretsPrefix = "secrets:";
constexpr std::string_view kNamespacesScope = "namespaces:read";

Failure bad_scope(std::string_view text, std::string_view fault) {
    return failure(ErrorCode::InvalidRequest,
                   "The scope " + quoted_for_message(text) + ' ' + std::string(fault) +
                       "; write secrets:ACTION:PATTERN with ACTION read, write, delete or * and "
                       "PATTERN like production/gemini/*, or namespaces:read");
}

std::optional<Action> parse_action(std::string_view text) {
    for (const auto action : {Action::Read, Action::Write, Action::Delete})
        if (to_string(action) == text) return action;
    return std::nullopt;
}

// Nothing when `pattern` is one. Empty and dot segments are refused because no path has them: a
// pattern with one looks as if it allowed something.
std::optional<std::string> fault_of_pattern(std::string_view pattern) {
    if (std::count(pattern.begin(), pattern.end(), '*') > std::ptrdiff_t{kMaxStars})
        return "has more than " + std::to_string(kMaxStars) + " stars";
    for (std::size_t start = 0; start <= pattern.size();) {
        const std::size_t end = std::min(pattern.find('/', start), pattern.size());
        const std::string_view segment = pattern.substr(start, end - start);
        if (segment.empty()) return "has an empty segment in its pattern";
        if (segment == "." || segment == "..") return "has '.' or '..' as a segment";
        if (!std::all_of(segment.begin(), segment.end(), [](char c) {
                return c == '*' || is_segment_byte(c);
            }))
            return "has a character in its pattern other than A-Z a-z 0-9 . _ ~ @ - / *";
        start = end + 1;
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Action action) {
    switch (action) {
        case Action::Read:
            return "read";
        case Action::Write:
            return "write";
        case Action::Delete:
            return "delete";
    }
    return "unknown";
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
    // Greedy with one step back: when bytes differ, only the last star has to take one byte more.
    // What earlier stars took can stay, for any later match of the last star is still open.
    std::size_t p = 0;
    std::size_t t = 0;
    std::optional<std::size_t> star;
    std::size_t taken_to = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            taken_to = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star) {
            p = *star + 1;
            t = ++taken_to;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

Result<Scope> Scope::parse(std::string_view text) {
    if (text.size() > kMaxScopeBytes)
        return bad_scope(text, "is longer than " + std::to_string(kMaxScopeBytes) + " bytes");
    Scope out;
    out.m_text = text;
    if (text == kNamespacesScope) {
        out.m_kind = Kind::Namespaces;
        out.m_pattern_start = text.size();
        return out;
    }
    const std::size_t colon = text.find(':', kSecretsPrefix.size());
    if (text.substr(0, kSecretsPrefix.size()) != kSecretsPrefix || colon == std::string_view::npos)
        return bad_scope(text, "is not known");

    const auto action_text = text.substr(kSecretsPrefix.size(), colon - kSecretsPrefix.size());
    const auto action = parse_action(action_text);
    if (!action && action_text != "*") return bad_scope(text, "names an unknown action");
    if (const auto fault = fault_of_pattern(text.substr(colon + 1))) return bad_scope(text, *fault);
    out.m_any_action = !action;
    out.m_action = action.value_or(Action::Read);
    out.m_pattern_start = colon + 1;
    return out;
}

std::string_view Scope::pattern() const {
    return std::string_view(m_text).substr(m_pattern_start);
}

std::string_view Scope::literal_prefix() const {
    return pattern().substr(0, pattern().find('*'));
}

bool Scope::covers_action(Action action) const {
    return m_kind == Kind::Secrets && (m_any_action || m_action == action);
}

bool Scope::covers(Action action, std::string_view path) const {
    return covers_action(action) && wildcard_match(pattern(), path);
}

}  // namespace core::scope
