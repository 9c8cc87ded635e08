#include "core/scope/scope_set.h"

#include "core/base/json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace core::scope {
namespace {

constexpr std::string_view kAnyNamespace = "*";
constexpr std::array kActions{Action::Read, Action::Write, Action::Delete};

constexpr std::string_view kAllowedScopes = "allowed_scopes";

// The whole range is wanted where a list of scopes or namespaces is.
Failure wrong_count(std::string_view member, std::string_view what) {
    return invalid("The member '" + std::string(member) + "' must have 1 to " +
                   std::to_string(kMaxScopes) + ' ' + std::string(what));
}

template <class Text>
Result<ScopeSet> parse_scopes(std::span<const Text> texts, std::string_view member = "scopes") {
    if (texts.empty() || texts.size() > kMaxScopes) return wrong_count(member, "scopes");
    std::vector<Scope> scopes;
    scopes.reserve(texts.size());
    for (const auto& text : texts) {
        auto scope = Scope::parse(text);
        if (!scope) return failure(std::move(scope));
        scopes.push_back(*std::move(scope));
    }
    return ScopeSet(std::move(scopes));
}

Result<std::vector<std::string>> parse_namespaces(std::span<const std::string> texts) {
    if (texts.empty() || texts.size() > kMaxScopes)
        return wrong_count("allowed_namespaces", "namespaces, or *");
    for (const auto& text : texts) {
        if (text == kAnyNamespace) continue;
        const auto parsed = Namespace::parse(text);
        if (!parsed) return failure(parsed);
    }
    return std::vector<std::string>(texts.begin(), texts.end());
}

// "production/gemini" gives production/gemini/*, "*" gives *.
std::string pattern_over(std::string_view name_space) {
    std::string pattern(name_space);
    if (name_space != kAnyNamespace) pattern += "/*";
    return pattern;
}

// A namespace holds whatever lies behind its slash. Patterns are compared as written, so one whose
// star stands before that slash ("a*" for the namespace "a") is never inside.
bool lies_in(std::string_view pattern, std::string_view name_space) {
    if (name_space == kAnyNamespace) return true;
    return pattern.size() > name_space.size() + 1 &&
           pattern.substr(0, name_space.size()) == name_space && pattern[name_space.size()] == '/';
}

// Every action that `inner` covers, `outer` covers too, the wildcard included: it stands for
// actions to come as well, so that no list of single ones contains it.
bool contains_actions(const Scope& outer, const Scope& inner) {
    return std::all_of(kActions.begin(), kActions.end(), [&](Action action) {
        return outer.covers_action(action) || !inner.covers_action(action);
    });
}

void add_once(std::vector<std::string>& list, std::string text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

// The whole segments before the first star; without a star the last segment is the key.
std::string namespace_named_by(const Scope& scope) {
    const std::string_view prefix = scope.literal_prefix();
    const std::size_t slash = prefix.rfind('/');
    return std::string(slash == std::string_view::npos ? kAnyNamespace : prefix.substr(0, slash));
}

std::vector<std::string> namespaces_named_by(const ScopeSet& scopes) {
    std::vector<std::string> out;
    for (const auto& scope : scopes.scopes())
        if (scope.kind() == Scope::Kind::Secrets) add_once(out, namespace_named_by(scope));
    if (out.empty()) out.emplace_back(kAnyNamespace);
    return out;
}

// What the official CLI asks for.
std::optional<Action> action_of_short_form(std::string_view text) {
    if (text == "read:secrets") return Action::Read;
    if (text == "write:secrets" || text == "import:secrets") return Action::Write;
    return std::nullopt;
}

// Positions of a pattern that may be reached; one more than it has bytes.
using Positions = std::vector<bool>;

void reach(Positions& positions, std::string_view pattern, std::size_t position) {
    positions[position] = true;
    // A star may also stand for nothing.
    while (position < pattern.size() && pattern[position] == '*')
        positions[++position] = true;
}

// Where the pattern can stand after one byte more.
Positions after_byte(const Positions& before, std::string_view pattern, char c) {
    Positions after(before.size(), false);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!before[i]) continue;
        if (pattern[i] == '*') reach(after, pattern, i);
        if (pattern[i] == c) reach(after, pattern, i + 1);
    }
    return after;
}

Positions after_prefix(std::string_view pattern, std::string_view prefix) {
    Positions positions(pattern.size() + 1, false);
    reach(positions, pattern, 0);
    for (const char c : prefix)
        positions = after_byte(positions, pattern, c);
    return positions;
}

// Can `pattern` match `prefix` followed by anything? Something must be left of the pattern.
bool could_match_below(std::string_view pattern, std::string_view prefix) {
    const Positions positions = after_prefix(pattern, prefix);
    return std::find(positions.begin(), positions.end() - 1, true) != positions.end() - 1;
}

// Can `pattern` match `prefix` followed by one segment? A segment can follow where what is left of
// the pattern is not empty and has no slash that the segment would have to match.
bool could_match_key_in(std::string_view pattern, std::string_view prefix) {
    const Positions positions = after_prefix(pattern, prefix);
    for (std::size_t i = 0; i < pattern.size(); ++i)
        if (positions[i] && pattern.find('/', i) == std::string_view::npos) return true;
    return false;
}

bool is_for_people(std::string_view text) {
    return text == "rotate:secrets" || text == "manage:agents";
}

std::string scope_text(Action action, std::string_view name_space) {
    return "secrets:" + std::string(to_string(action)) + ':' + pattern_over(name_space);
}

// The official CLI's short forms as scopes over `namespaces`, all else as it is; each once. Counted
// before and after: a short form stands for as many scopes as there are namespaces, and to look for
// each of many thousand texts among all the others would take a worker for seconds.
template <class Text>
Result<std::vector<std::string>> expand_short_forms(std::span<const Text> texts,
                                                    const std::vector<std::string>& namespaces,
                                                    std::string_view member) {
    if (texts.empty() || texts.size() > kMaxScopes) return wrong_count(member, "scopes");
    std::vector<std::string> expanded;
    for (const auto& text : texts) {
        if (is_for_people(text))
            return invalid("The scope " + quoted_for_message(text) +
                           " is not for agents: people rotate secrets and manage agents");
        if (const auto action = action_of_short_form(text)) {
            for (const auto& name : namespaces)
                add_once(expanded, scope_text(*action, name));
        } else {
            add_once(expanded, std::string(text));
        }
    }
    if (expanded.size() > kMaxScopes)
        return invalid("The scopes asked for stand for more than " + std::to_string(kMaxScopes) +
                       "; name fewer namespaces");
    return expanded;
}

}  // namespace

Result<ScopeSet> ScopeSet::parse(std::span<const std::string_view> texts) {
    return parse_scopes(texts);
}

Result<ScopeSet> ScopeSet::parse(std::span<const std::string> texts) {
    return parse_scopes(texts);
}

std::vector<std::string> ScopeSet::texts() const {
    std::vector<std::string> out;
    out.reserve(m_scopes.size());
    for (const auto& scope : m_scopes)
        out.push_back(scope.text());
    return out;
}

bool ScopeSet::contains(const Scope& inner) const {
    // A star of `inner`, taken as an ordinary byte, is matched only by a star of the outer pattern,
    // which then matches whatever the inner star stands for.
    return std::any_of(m_scopes.begin(), m_scopes.end(), [&](const Scope& outer) {
        return outer.kind() == inner.kind() && contains_actions(outer, inner) &&
               wildcard_match(outer.pattern(), inner.pattern());
    });
}

bool ScopeSet::allows(Action action, const SecretPath& path) const {
    return std::any_of(m_scopes.begin(), m_scopes.end(), [&](const Scope& scope) {
        return scope.covers(action, path.text());
    });
}

bool ScopeSet::could_allow_in(Action action, const Namespace& name_space) const {
    return std::any_of(m_scopes.begin(), m_scopes.end(), [&](const Scope& scope) {
        return scope.covers_action(action) &&
               could_match_key_in(scope.pattern(), name_space.text() + '/');
    });
}

bool ScopeSet::could_allow_below(Action action, const Namespace& name_space) const {
    return std::any_of(m_scopes.begin(), m_scopes.end(), [&](const Scope& scope) {
        return scope.covers_action(action) &&
               could_match_below(scope.pattern(), name_space.text() + '/');
    });
}

bool ScopeSet::allows_all_below(Action action, std::string_view name_space) const {
    const std::string below = std::string(name_space) + "/*";
    return std::any_of(m_scopes.begin(), m_scopes.end(), [&](const Scope& scope) {
        return scope.covers_action(action) && wildcard_match(scope.pattern(), below);
    });
}

std::vector<std::string> ScopeSet::patterns_for(Action action) const {
    std::vector<std::string> out;
    for (const auto& scope : m_scopes)
        if (scope.covers_action(action)) out.emplace_back(scope.pattern());
    return out;
}

bool ScopeSet::allows_namespaces() const {
    return std::any_of(m_scopes.begin(), m_scopes.end(), [](const Scope& scope) {
        return scope.kind() == Scope::Kind::Namespaces;
    });
}

Result<AgentLimits> AgentLimits::parse(std::span<const std::string> namespaces,
                                       std::span<const std::string> scopes) {
    auto parsed_namespaces = parse_namespaces(namespaces);
    if (!parsed_namespaces) return failure(std::move(parsed_namespaces));
    const auto expanded = expand_short_forms(scopes, *parsed_namespaces, kAllowedScopes);
    if (!expanded) return failure(expanded);
    auto parsed_scopes = parse_scopes(std::span<const std::string>(*expanded), kAllowedScopes);
    if (!parsed_scopes) return failure(std::move(parsed_scopes));
    AgentLimits out;
    out.m_namespaces = *std::move(parsed_namespaces);
    out.m_scopes = *std::move(parsed_scopes);
    return out;
}

Result<AgentLimits> AgentLimits::from_request(const std::vector<std::string_view>* namespaces,
                                              const std::vector<std::string_view>* scopes) {
    if (namespaces == nullptr && scopes == nullptr)
        return invalid(
            "Send allowed_namespaces, allowed_scopes or both: what may this agent read?");
    std::vector<std::string> namespace_texts;
    std::vector<std::string> scope_texts;
    if (namespaces != nullptr) namespace_texts.assign(namespaces->begin(), namespaces->end());
    if (scopes != nullptr) scope_texts.assign(scopes->begin(), scopes->end());

    if (scopes == nullptr) {
        const auto parsed = parse_namespaces(namespace_texts);
        if (!parsed) return failure(parsed);
        for (const auto& name : *parsed)
            add_once(scope_texts, scope_text(Action::Read, name));
    }
    if (namespaces == nullptr) {
        // Short forms stand for scopes over the allowed namespaces: here, over all.
        const auto expanded = expand_short_forms(std::span<const std::string>(scope_texts),
                                                 {std::string(kAnyNamespace)},
                                                 kAllowedScopes);
        if (!expanded) return failure(expanded);
        const auto parsed = parse_scopes(std::span<const std::string>(*expanded), kAllowedScopes);
        if (!parsed) return failure(parsed);
        namespace_texts = namespaces_named_by(*parsed);
    }
    return parse(namespace_texts, scope_texts);
}

bool AgentLimits::grants(const Scope& requested) const {
    if (requested.kind() == Scope::Kind::Namespaces) return true;
    const std::string_view pattern = requested.pattern();
    if (std::none_of(m_namespaces.begin(), m_namespaces.end(), [&](const std::string& name) {
            return lies_in(pattern, name);
        }))
        return false;
    return m_scopes.contains(requested);
}

bool AgentLimits::allows(Action action, const SecretPath& path) const {
    const bool inside =
        std::any_of(m_namespaces.begin(), m_namespaces.end(), [&](const std::string& name) {
            return lies_in(path.text(), name);
        });
    return inside && m_scopes.allows(action, path);
}

bool AgentLimits::could_allow_in(Action action, const Namespace& name_space) const {
    // A path directly in it lies in the same allowed namespaces as the namespace itself.
    const bool inside =
        std::any_of(m_namespaces.begin(), m_namespaces.end(), [&](const std::string& name) {
            return name == name_space.text() || lies_in(name_space.text(), name);
        });
    return inside && m_scopes.could_allow_in(action, name_space);
}

bool AgentLimits::could_allow_below(Action action, const Namespace& name_space) const {
    // An allowed namespace may lie above it, be it, or lie below it.
    const bool inside =
        std::any_of(m_namespaces.begin(), m_namespaces.end(), [&](const std::string& name) {
            return name == name_space.text() || lies_in(name_space.text(), name) ||
                   lies_in(name, name_space.text());
        });
    return inside && m_scopes.could_allow_below(action, name_space);
}

const Scope* AgentLimits::first_not_granted(const ScopeSet& requested) const {
    for (const auto& scope : requested.scopes())
        if (!grants(scope)) return &scope;
    return nullptr;
}

Result<void> check_requested_scopes(std::span<const std::string_view> texts) {
    if (texts.empty() || texts.size() > kMaxScopes) return wrong_count("scopes", "scopes");
    for (const auto text : texts) {
        // What a short form stands for depends on the agent; that it is one is enough here.
        if (action_of_short_form(text) || is_for_people(text)) continue;
        if (const auto scope = Scope::parse(text); !scope) return failure(scope);
    }
    return {};
}

Result<ScopeSet> AgentLimits::expand_request(std::span<const std::string_view> texts) const {
    const auto expanded = expand_short_forms(texts, m_namespaces, "scopes");
    if (!expanded) return failure(expanded);
    return ScopeSet::parse(*expanded);
}

}  // namespace core::scope
