#include "core/service/dotenv.h"

#include "core/base/bytes.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace core::service {
namespace {

constexpr std::string_view kNoEntry =
    "is no KEY=VALUE, comment or blank line; a key is made of A-Z a-z 0-9 . _ -";
constexpr std::string_view kNoValueBehindColon =
    "has nothing behind 'KEY:'; write KEY=VALUE, or KEY: VALUE on one line";
constexpr std::string_view kNotClosed = "opens a quote that is never closed";
constexpr std::string_view kDoubleNotClosed =
    R"(opens a double quote that is never closed; a backslash before a quote is written \\)";
constexpr std::string_view kLineSeparator =
    "holds U+2028 or U+2029, invisible line breaks, outside of quotes; remove them";

bool is_line_break(char c) {
    return c == '\n' || c == '\r';
}

bool is_key_byte(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool is_quote(char c) {
    return c == '\'' || c == '"' || c == '`';
}

bool has_prefix(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

// U+2028 or U+2029 at the front.
bool has_line_separator_prefix(std::string_view text) {
    return has_prefix(text, "\xe2\x80\xa8") || has_prefix(text, "\xe2\x80\xa9");
}

bool holds_line_separator(std::string_view text) {
    return text.find("\xe2\x80\xa8") != std::string_view::npos ||
           text.find("\xe2\x80\xa9") != std::string_view::npos;
}

// Is it one of U+2000 to U+200A?
bool is_space_of_general_punctuation(std::string_view text) {
    return has_prefix(text, "\xe2\x80") && text.size() >= 3 &&
           static_cast<unsigned char>(text[2]) >= 0x80 &&
           static_cast<unsigned char>(text[2]) <= 0x8a;
}

// Bytes of the white space at the front, 0 where there is none. The productions WhiteSpace of
// ECMA-262 §12.2; line breaks (§12.3) are not among them.
std::size_t space_length(std::string_view text) {
    if (text.empty()) return 0;
    const char first = text.front();
    if (first == ' ' || first == '\t' || first == '\v' || first == '\f') return 1;
    if (static_cast<unsigned char>(first) < 0x80) return 0;
    if (has_prefix(text, "\xc2\xa0")) return 2;
    if (is_space_of_general_punctuation(text)) return 3;
    for (const std::string_view space :
         {"\xe1\x9a\x80", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"})
        if (has_prefix(text, space)) return 3;
    return 0;
}

// What the character behind a backslash stands for within "".
std::optional<std::uint8_t> unescaped(char c) {
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case '"':
        case '\\':
            return static_cast<std::uint8_t>(c);
        default:
            return std::nullopt;
    }
}

// What stands between single or back quotes, with LF for every line break.
Plaintext literal_value(std::string_view quoted) {
    SecureBuffer out;
    out.reserve(quoted.size());
    for (std::size_t i = 0; i < quoted.size(); ++i) {
        if (quoted[i] != '\r')
            out.push_back(static_cast<std::uint8_t>(quoted[i]));
        else if (!has_prefix(quoted.substr(i + 1), "\n"))
            out.push_back('\n');
    }
    return Plaintext(std::move(out));
}

// What stands between double quotes.
Plaintext escaped_value(std::string_view quoted) {
    SecureBuffer out;
    out.reserve(quoted.size());
    for (std::size_t i = 0; i < quoted.size(); ++i) {
        const auto behind = quoted.substr(i + 1);
        const auto meant =
            quoted[i] == '\\' && !behind.empty() ? unescaped(behind.front()) : std::nullopt;
        if (meant) {
            out.push_back(*meant);
            ++i;
        } else if (quoted[i] != '\r' || !has_prefix(behind, "\n")) {
            out.push_back(static_cast<std::uint8_t>(quoted[i]));
        }
    }
    return Plaintext(std::move(out));
}

// Where the closing quotes of one value can be.
struct Closing {
    std::optional<std::size_t> usable;  // the one that closes it
    std::optional<std::size_t> first;   // one that can't: other text stands behind it
};

class DotenvReader {
  public:
    explicit DotenvReader(std::string_view text) : m_text(text) {}

    Result<std::vector<DotenvEntry>> read() {
        std::vector<DotenvEntry> entries;
        for (skip_blank_lines(); m_at < m_text.size(); skip_blank_lines()) {
            if (m_text[m_at] != '#') {
                auto entry = read_entry();
                if (!entry) return failure(std::move(entry));
                entries.push_back(std::move(*entry));
            }
            const auto end = skip_end_of_line();
            if (!end) return failure(end);
        }
        return entries;
    }

  private:
    [[nodiscard]] Failure fault(std::size_t line, std::string_view what) const {
        return failure(ErrorCode::InvalidRequest,
                       "The content in line " + std::to_string(line) + ' ' + std::string(what));
    }

    [[nodiscard]] std::string_view rest() const { return m_text.substr(m_at); }
    [[nodiscard]] bool is_at(char c) const { return m_at < m_text.size() && m_text[m_at] == c; }

    // Where the white space at `at`, within its line, ends.
    [[nodiscard]] std::size_t end_of_spaces(std::size_t at) const {
        while (const auto length = space_length(m_text.substr(at)))
            at += length;
        return at;
    }

    // May a quote that closes just before `at` close a value?
    [[nodiscard]] bool ends_value(std::size_t at) const {
        at = end_of_spaces(at);
        return at == m_text.size() || m_text[at] == '#' || is_line_break(m_text[at]) ||
               has_line_separator_prefix(m_text.substr(at));
    }

    // Goes to `end`, counting lines. CRLF is one line break.
    void advance_to(std::size_t end) {
        for (; m_at < end; ++m_at)
            if (m_text[m_at] == '\n' || (m_text[m_at] == '\r' && !has_prefix(rest(), "\r\n")))
                ++m_line;
    }

    void skip_blank_lines() {
        for (;;) {
            m_at = end_of_spaces(m_at);
            if (m_at == m_text.size() || !is_line_break(m_text[m_at])) return;
            advance_to(m_at + 1);
        }
    }

    // Behind an entry or before a comment: white space and a comment, then the line must end.
    Result<void> skip_end_of_line() {
        m_at = end_of_spaces(m_at);
        const auto length = std::min(rest().find_first_of("\r\n"), rest().size());
        if (holds_line_separator(rest().substr(0, length))) return fault(m_line, kLineSeparator);
        m_at += length;
        return {};
    }

    std::string_view take_key() {
        const auto from = m_at;
        while (m_at < m_text.size() && is_key_byte(m_text[m_at]))
            ++m_at;
        return m_text.substr(from, m_at - from);
    }

    // The key, and the separator behind it.
    Result<std::string_view> read_key() {
        auto key = take_key();
        const auto behind = end_of_spaces(m_at);
        // `export = x` sets a key of that name.
        if (key == "export" && behind > m_at && behind < m_text.size() &&
            is_key_byte(m_text[behind])) {
            m_at = behind;
            key = take_key();
        }
        if (key.empty()) return no_entry();
        if (is_at(':')) {
            ++m_at;
            if (m_at == m_text.size() || is_line_break(m_text[m_at]))
                return fault(m_line, kNoValueBehindColon);
            if (space_length(rest()) == 0) return no_entry();
            return key;
        }
        m_at = end_of_spaces(m_at);
        if (!is_at('=')) return no_entry();
        ++m_at;
        return key;
    }

    // The present line is no entry. An invisible character is the more useful thing to hear of.
    [[nodiscard]] Failure no_entry() const {
        return fault(m_line, has_line_separator_prefix(rest()) ? kLineSeparator : kNoEntry);
    }

    Result<DotenvEntry> read_entry() {
        const auto line = m_line;
        const auto key = read_key();
        if (!key) return failure(key);
        m_at = end_of_spaces(m_at);
        auto value =
            m_at < m_text.size() && is_quote(m_text[m_at]) ? read_quoted() : read_unquoted();
        if (!value) return failure(std::move(value));
        return DotenvEntry{std::string(*key), std::move(*value), line};
    }

    // What follows it on the line, a U+2028 included, is left to skip_end_of_line().
    Result<Plaintext> read_unquoted() {
        const auto from = m_at;
        const auto length = std::min(rest().find_first_of("#\r\n"), rest().size());
        const auto value = rest().substr(0, length);
        if (holds_line_separator(value)) return fault(m_line, kLineSeparator);
        std::size_t end = m_at;
        while (m_at < from + length) {
            const auto spaces = space_length(rest());
            m_at += spaces == 0 ? 1 : spaces;
            if (spaces == 0) end = m_at;
        }
        return Plaintext::copy_of(m_text.substr(from, end - from));
    }

    Result<Plaintext> read_quoted() {
        const char quote = m_text[m_at];
        const auto from = m_at + 1;
        const auto closing =
            quote == '"' ? closing_of_escaped(from) : closing_of_literal(from, quote);
        if (!closing.usable) return no_value(closing, quote == '"' ? kDoubleNotClosed : kNotClosed);
        const auto inner = m_text.substr(from, *closing.usable - from);
        advance_to(*closing.usable + 1);
        return quote == '"' ? escaped_value(inner) : literal_value(inner);
    }

    // No quote closes the value that begins here.
    Failure no_value(const Closing& closing, std::string_view not_closed) {
        if (!closing.first) return fault(m_line, not_closed);
        const auto line = m_line;
        advance_to(*closing.first);
        return fault(line,
                     "has other text than a comment behind its closing quote" +
                         (m_line == line ? "" : ", on line " + std::to_string(m_line)));
    }

    // A double quote that is no part of an escape.
    [[nodiscard]] Closing closing_of_escaped(std::size_t from) const {
        for (std::size_t i = from; i < m_text.size(); ++i) {
            if (m_text[i] == '\\')
                ++i;
            else if (m_text[i] == '"')
                return ends_value(i + 1) ? Closing{i, i} : Closing{std::nullopt, i};
        }
        return {};
    }

    // As dotenv's expression finds it, by trying: the first quote without a backslash before it;
    // where that can't close the value, the last one before it that can. Looks no further than the
    // next opening quote of the kind, for that has no backslash before it: linear over a text.
    [[nodiscard]] Closing closing_of_literal(std::size_t from, char quote) const {
        Closing found;
        for (auto i = m_text.find(quote, from); i != std::string_view::npos;
             i = m_text.find(quote, i + 1)) {
            if (ends_value(i + 1)) found.usable = i;
            if (m_text[i - 1] != '\\') {
                found.first = i;
                break;
            }
        }
        return found;
    }

    std::string_view m_text;
    std::size_t m_at = 0;
    std::size_t m_line = 1;  // of m_at
};

}  // namespace

Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text) {
    return DotenvReader(text).read();
}

}  // namespace core::service
