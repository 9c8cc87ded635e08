#include "core/ctl/manual.h"

#include "core/ctl/session.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace core::ctl {
namespace {

// What help shows: neither hidden verbs nor --help itself.
std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* verb) { return !verb->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
    return app.get_options([&app](const CLI::Option* option) {
        return option != app.get_help_ptr() && !option->get_group().empty();
    });
}

std::string long_name(const CLI::Option& option) {
    return option.get_lnames().empty() ? std::string() : "--" + option.get_lnames().front();
}

bool takes_value(const CLI::Option& option) {
    return option.get_expected_max() > 0;
}

using Visitor = std::function<void(const CLI::App& verb, const std::string& words)>;

// Every verb that does something, with the words that lead to it.
void visit_verbs(const CLI::App& app, const std::string& words, const Visitor& visit) {
    const auto verbs = verbs_of(app);
    if (verbs.empty()) visit(app, words);
    for (const auto* verb : verbs)
        visit_verbs(
            *verb, words.empty() ? verb->get_name() : words + " " + verb->get_name(), visit);
}

// ---- manual page

std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '-' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string roff_synopsis(const CLI::App& verb, const std::string& words) {
    std::string line = ".B " + roff(words);
    for (const auto* option : options_of(verb))
        if (option->get_positional()) line += " \\fI" + roff(option->get_name(true)) + "\\fP";
    return line;
}

std::string roff_option(const CLI::Option& option) {
    const std::string name = option.get_positional()
                                 ? "\\fI" + roff(option.get_name(true)) + "\\fP"
                                 : "\\fB" + roff(long_name(option)) + "\\fP" +
                                       (takes_value(option) ? " \\fIVALUE\\fP" : "");
    std::string text = ".TP\n" + name + "\n" + roff(option.get_description());
    if (option.get_required() && !option.get_positional()) text += " (required)";
    if (!option.get_default_str().empty() && takes_value(option))
        text += "; default: " + roff(option.get_default_str());
    return text + ".\n";
}

std::string roff_verb(const CLI::App& verb, const std::string& words) {
    std::string text = ".TP\n" + roff_synopsis(verb, words) + "\n" + roff(verb.get_description());
    text += ".\n";
    const auto options = options_of(verb);
    text += ".RS\n";
    for (const auto* option : options)
        text += roff_option(*option);
    if (!verb.get_footer().empty()) text += ".PP\n" + roff(verb.get_footer()) + "\n";
    return text + ".RE\n";
}

// ---- bash

std::string bash_words(const CLI::App& app) {
    std::string words;
    for (const auto* verb : verbs_of(app))
        words += verb->get_name() + " ";
    for (const auto* option : options_of(app))
        if (!long_name(*option).empty()) words += long_name(*option) + " ";
    return words + "--help";
}

// One line of a `case`: the words so far, and what may follow.
void bash_cases(const CLI::App& app, const std::string& words, std::string& out) {
    out += "        '" + words + "') echo '" + bash_words(app) + "' ;;\n";
    for (const auto* verb : verbs_of(app))
        bash_cases(*verb, words.empty() ? verb->get_name() : words + " " + verb->get_name(), out);
}

constexpr std::string_view kBashHead =
    R"sh(# bash completion for secretstorectl: made by `secretstorectl completion bash`
_secretstorectl_after() {
    case $1 in
)sh";

constexpr std::string_view kBashTail = R"sh(    esac
}

_secretstorectl() {
    local word words='' current=${COMP_WORDS[COMP_CWORD]} i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        # A word that no verb has is an option, or a value.
        if [[ $word != -* && -n $(_secretstorectl_after "${words:+$words }$word") ]]; then
            words=${words:+$words }$word
        fi
    done
    mapfile -t COMPREPLY < <(compgen -W "$(_secretstorectl_after "$words")" -- "$current")
}
complete -o default -F _secretstorectl secretstorectl
)sh";

}  // namespace

Result<ExitCode> print_manual(const CLI::App& app) {
    std::string text = ".SH OPTIONS\nOf every command.\n";
    for (const auto* option : options_of(app))
        text += roff_option(*option);
    text += ".SH COMMANDS\n";
    visit_verbs(app, {}, [&text](const CLI::App& verb, const std::string& words) {
        text += roff_verb(verb, words);
    });
    print(text);
    return ExitCode::Ok;
}

Result<ExitCode> print_bash_completion(const CLI::App& app) {
    std::string text(kBashHead);
    bash_cases(app, {}, text);
    print(text.append(kBashTail));
    return ExitCode::Ok;
}

}  // namespace core::ctl
