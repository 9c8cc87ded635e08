// The matcher and containment. Input: four lines: namespace, allowed scope, requested scope, and
// what to put in place of stars.
//
// Oracles: a matcher by dynamic programming agrees; whoever was granted a scope reads nothing with
// it that the agent's own limits would not have allowed; and a namespace that holds an allowed path
// is never said to hold none.
#include "core/scope/scope_set.h"
#include "test/fuzz/fuzz.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace {

using core::scope::Action;
using core::scope::AgentLimits;
using core::scope::Scope;

// matches[j]: does the pattern so far match the first j bytes of the text?
bool reference_match(std::string_view pattern, std::string_view text) {
    std::vector<bool> matches(text.size() + 1, false);
    matches[0] = true;
    for (const char c : pattern) {
        std::vector<bool> next(text.size() + 1, false);
        for (std::size_t j = 0; j <= text.size(); ++j) {
            if (c == '*')
                next[j] = matches[j] || (j > 0 && next[j - 1]);
            else
                next[j] = j > 0 && matches[j - 1] && text[j - 1] == c;
        }
        matches = std::move(next);
    }
    return matches[text.size()];
}

// A path that `pattern` matches: its stars become pieces of `fill`.
std::string path_of(std::string_view pattern, std::string_view fill) {
    std::string out;
    for (const char c : pattern) {
        if (c != '*') {
            out.push_back(c);
            continue;
        }
        const auto piece = fill.substr(0, fill.find('|'));
        out += piece;
        fill.remove_prefix(std::min(fill.size(), piece.size() + 1));
    }
    return out;
}

// `path` is allowed, so its namespace can be listed.
void check_listing(const AgentLimits& limits, const core::scope::SecretPath& path, Action action) {
    const auto name_space = core::scope::Namespace::parse(path.name_space());
    fuzz::require(name_space.has_value(), "a path lies in a namespace");
    fuzz::require(limits.could_allow_in(action, *name_space), "its namespace can be listed");
}

void check_containment(const AgentLimits& limits, const Scope& requested, std::string_view fill) {
    if (!limits.grants(requested)) return;
    const auto path = core::scope::SecretPath::parse(path_of(requested.pattern(), fill));
    if (!path) return;
    const std::string& name = limits.namespaces().front();
    const bool inside = name == "*" || path->text().rfind(name + '/', 0) == 0;
    for (const auto action : {Action::Read, Action::Write, Action::Delete}) {
        if (!requested.covers(action, path->text())) continue;
        fuzz::require(limits.scopes().allows(action, *path), "granted is within allowed scopes");
        fuzz::require(inside, "granted is within allowed namespaces");
        fuzz::require(limits.allows(action, *path), "limits allow what is within both");
        check_listing(limits, *path, action);
    }
}

void check_scope(const Scope& scope, std::string_view text) {
    fuzz::require(scope.text() == text, "a scope stays as it is");
    fuzz::require(scope.pattern().rfind(scope.literal_prefix(), 0) == 0,
                  "a prefix stands in front");
    fuzz::require(scope.literal_prefix().find('*') == std::string_view::npos, "it is literal");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // The reference takes the product of the lengths.
    if (size > 2048) return 0;
    auto rest = fuzz::text_of(data, size);
    const auto name_space = fuzz::take_line(rest);
    const auto allowed = fuzz::take_line(rest);
    const auto requested_text = fuzz::take_line(rest);

    fuzz::require(core::scope::wildcard_match(allowed, requested_text) ==
                      reference_match(allowed, requested_text),
                  "both matchers agree");

    const auto requested = Scope::parse(requested_text);
    if (!requested) return 0;
    check_scope(*requested, requested_text);
    const std::array names{std::string(name_space)};
    const std::array scopes{std::string(allowed)};
    const auto limits = AgentLimits::parse(names, scopes);
    if (limits) check_containment(*limits, *requested, rest);
    return 0;
}
