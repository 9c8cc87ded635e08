// The server's matcher as a filter, for scope-matcher.test.mjs: reads lines "pattern TAB text" and
// answers each with 1 or 0. With --scopes the pattern is a scope of a token and the text is
// "secrets:ACTION:PATH", as the official client compares them; a line that is not that: "?".
#include "core/scope/scope.h"

#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace {

using core::scope::Action;

std::optional<bool> match_scope(std::string_view granted, std::string_view wanted) {
    const auto scope = core::scope::Scope::parse(granted);
    constexpr std::string_view kPrefix = "secrets:";
    const auto colon = wanted.find(':', kPrefix.size());
    if (!scope || wanted.substr(0, kPrefix.size()) != kPrefix || colon == std::string_view::npos)
        return std::nullopt;
    const auto action_text = wanted.substr(kPrefix.size(), colon - kPrefix.size());
    for (const auto action : {Action::Read, Action::Write, Action::Delete})
        if (to_string(action) == action_text)
            return scope->covers(action, wanted.substr(colon + 1));
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    const bool scopes = argc > 1 && std::string_view(argv[1]) == "--scopes";
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        const std::string_view view = line;
        const auto tab = view.find('\t');
        if (tab == std::string_view::npos) {
            std::cout << "?\n";
            continue;
        }
        const auto pattern = view.substr(0, tab);
        const auto text = view.substr(tab + 1);
        const auto verdict = scopes ? match_scope(pattern, text)
                                    : std::optional(core::scope::wildcard_match(pattern, text));
        std::cout << (verdict ? (*verdict ? "1\n" : "0\n") : "?\n");
    }
    return 0;
}
