// The reader of .env files, over any bytes.
//
// Oracles: an error names a line that is there and quotes nothing; an entry's key stands on its
// line, and what was read is no longer than the text. What is read does not depend on how lines are
// broken, nor on what precedes or follows; and written anew, as the official CLI's export does and
// with the other quotes, every value is read as it was.
#include "core/service/dotenv.h"
#include "test/fuzz/fuzz.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

namespace {

using core::service::DotenvEntry;
using core::service::parse_dotenv;
using Entries = std::vector<DotenvEntry>;

constexpr std::string_view kKeyBytes =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

std::string_view value_of(const DotenvEntry& entry) {
    return core::as_text(entry.value.expose());
}

bool holds(std::string_view text, std::string_view what) {
    return text.find(what) != std::string_view::npos;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

std::vector<std::string> lines_of(std::string_view text) {
    const auto normal = replaced(replaced(std::string(text), "\r\n", "\n"), "\r", "\n");
    std::vector<std::string> out;
    std::size_t start = 0;
    for (auto end = normal.find('\n'); end != std::string::npos; end = normal.find('\n', start)) {
        out.push_back(normal.substr(start, end - start));
        start = end + 1;
    }
    out.push_back(normal.substr(start));
    return out;
}

constexpr std::string_view kTextBehindQuote =
    " has other text than a comment behind its closing quote";
constexpr std::string_view kMessages[] = {
    kTextBehindQuote,
    " is no KEY=VALUE, comment or blank line; a key is made of A-Z a-z 0-9 . _ -",
    " has nothing behind 'KEY:'; write KEY=VALUE, or KEY: VALUE on one line",
    " opens a quote that is never closed",
    R"( opens a double quote that is never closed; a backslash before a quote is written \\)",
    " holds U+2028 or U+2029, invisible line breaks, outside of quotes; remove "
    "them"};

// Takes `words` and a number off the front of `message`; the number, 0 where they don't stand
// there.
std::size_t take_line_number(std::string_view& message, std::string_view words) {
    if (message.substr(0, words.size()) != words) return 0;
    message.remove_prefix(words.size());
    std::size_t number = 0;
    while (!message.empty() && message.front() >= '0' && message.front() <= '9') {
        number = number * 10 + static_cast<std::size_t>(message.front() - '0');
        message.remove_prefix(1);
    }
    return number;
}

void check_error(const core::Error& error, std::size_t lines) {
    fuzz::require(error.code == core::ErrorCode::InvalidRequest, "one error code");
    std::string_view rest = error.public_message;
    const auto line = take_line_number(rest, "The content in line ");
    fuzz::require(line >= 1 && line <= lines, "the line is there");
    // The numbers are all that varies: nothing of the text can stand there.
    const auto words = std::find_if(std::begin(kMessages), std::end(kMessages), [rest](auto known) {
        return rest.substr(0, known.size()) == known;
    });
    fuzz::require(words != std::end(kMessages), "a message quotes nothing");
    rest.remove_prefix(words->size());
    if (rest.empty()) return;
    const auto other = take_line_number(rest, ", on line ");
    fuzz::require(*words == kTextBehindQuote && rest.empty(), "a message quotes nothing");
    fuzz::require(other > line && other <= lines, "the other line is there");
}

void check_entries(const Entries& entries, std::string_view text) {
    const auto lines = lines_of(text);
    std::size_t before = 0;
    std::size_t bytes = 0;
    for (const auto& entry : entries) {
        fuzz::require(!entry.key.empty(), "a key");
        fuzz::require(entry.key.find_first_not_of(kKeyBytes) == std::string::npos, "of its bytes");
        fuzz::require(entry.line > before && entry.line <= lines.size(),
                      "each on a line of its own");
        fuzz::require(holds(lines[entry.line - 1], entry.key), "which holds the key");
        before = entry.line;
        bytes += entry.key.size() + 1 + entry.value.size();
    }
    fuzz::require(bytes <= text.size(), "nothing is made up");
}

void require_same(const Entries& entries,
                  const core::Result<Entries>& again,
                  std::size_t lines_later,
                  const char* claim) {
    fuzz::require(again.has_value(), claim);
    fuzz::require(again->size() >= entries.size(), claim);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& other = (*again)[i];
        fuzz::require(other.key == entries[i].key && value_of(other) == value_of(entries[i]) &&
                          other.line == entries[i].line + lines_later,
                      claim);
    }
}

// How the official CLI writes a value, but that it leaves the harmless ones without quotes.
std::string exported(std::string_view value) {
    std::string out(value);
    out = replaced(out, "\\", "\\\\");
    out = replaced(out, "\"", "\\\"");
    return '"' + replaced(out, "\n", "\\n") + '"';
}

// Between quotes that unescape nothing, where that can hold it; otherwise as above.
std::string rendered(std::string_view value) {
    for (const char quote : {'\'', '`'})
        if (!holds(value, std::string_view(&quote, 1)) && !holds(value, "\r") &&
            (value.empty() || value.back() != '\\'))
            return quote + std::string(value) + quote;
    return exported(value);
}

template <class Render>
void check_written_anew(const Entries& entries, Render render, const char* claim) {
    std::string text;
    for (const auto& entry : entries)
        text += entry.key + '=' + render(value_of(entry)) + " # '\"`\n";
    const auto again = parse_dotenv(text);
    fuzz::require(again.has_value() && again->size() == entries.size(), claim);
    for (std::size_t i = 0; i < entries.size(); ++i)
        fuzz::require(
            (*again)[i].key == entries[i].key && value_of((*again)[i]) == value_of(entries[i]),
            claim);
}

void check_breaks(const Entries& entries, std::string_view text) {
    if (holds(text, "\r")) return;
    require_same(entries,
                 parse_dotenv(replaced(std::string(text), "\n", "\r\n")),
                 0,
                 "CRLF is as good as LF");
}

void check_company(const Entries& entries, std::string_view text) {
    const auto later = parse_dotenv("# '\"`\n\n" + std::string(text));
    require_same(entries, later, 2, "what precedes changes nothing");
    fuzz::require(later->size() == entries.size(), "and adds nothing");

    const auto followed = parse_dotenv(std::string(text) + "\n# c\nZ=1\n");
    require_same(entries, followed, 0, "what follows changes nothing");
    fuzz::require(followed->size() == entries.size() + 1 && followed->back().key == "Z",
                  "and adds itself");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);
    const auto entries = parse_dotenv(text);
    if (!entries) {
        check_error(entries.error(), lines_of(text).size());
        return 0;
    }
    check_entries(*entries, text);
    check_breaks(*entries, text);
    check_company(*entries, text);
    check_written_anew(*entries, exported, "what the CLI exports comes back");
    check_written_anew(*entries, rendered, "and so does what stands in other quotes");
    return 0;
}
