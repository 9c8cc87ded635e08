#include "core/ctl/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace core::ctl {
namespace {

std::size_t distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

// Verbs, and options with their dashes. Of the parents, too: they are taken anywhere.
std::vector<std::string> words_of(const CLI::App& app) {
    std::vector<std::string> words;
    for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!verb->get_group().empty()) words.push_back(verb->get_name());
    for (const CLI::App* level = &app; level != nullptr; level = level->get_parent())
        for (const auto* option : level->get_options())
            for (const auto& name : option->get_lnames())
                words.push_back("--" + name);
    return words;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    std::optional<std::string> best;
    std::size_t fewest = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const auto& candidate : known) {
        const std::size_t errors = distance(word, candidate);
        if (errors >= fewest) continue;
        fewest = errors;
        best = candidate;
    }
    return best;
}

std::optional<std::string> suggest(const CLI::App& app) {
    const auto unknown = app.remaining(true);
    if (unknown.empty()) return std::nullopt;
    const CLI::App* deepest = &app;
    while (!deepest->get_subcommands().empty())
        deepest = deepest->get_subcommands().back();
    const auto& word = unknown.front();
    return nearest(word.substr(0, word.find('=')), words_of(*deepest));
}

}  // namespace core::ctl
