// The log: facts for operators, one event with fields a line. Thread-safe.
//
// It is the second wall around secrets: a field takes only the types below. There is no overload
// for run-time strings; names are literals (anything else does not compile), and text from outside
// goes through log::quoted(), which escapes and cuts it. Under systemd an event goes to the journal
// with its fields, elsewhere to stderr as logfmt.
//
// Levels by who can cause a line: what a stranger can trigger at will is Debug.
#pragma once

#include "core/base/error.h"
#include "core/base/ids.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace core::log {

enum class Level { Error, Warning, Info, Debug };

// A string that was written in the source.
class Literal {
  public:
    // NOLINTNEXTLINE(google-explicit-constructor): a literal is to be passed as it stands.
    consteval Literal(const char* text) : m_text(text) {}
    [[nodiscard]] constexpr std::string_view text() const { return m_text; }

  private:
    std::string_view m_text;
};

// Text from outside, escaped and cut: see quoted().
class Quoted {
  public:
    [[nodiscard]] const std::string& text() const { return m_text; }

  private:
    friend Quoted quoted(std::string_view text);
    std::string m_text;
};

// At most 200 bytes; control characters, quotes and bytes beyond ASCII are escaped. For text that
// is known not to be secret: a library's message, a path of the file system.
Quoted quoted(std::string_view text);

// A type of another layer opts in with `std::string log_text() const` and
// `static constexpr bool kLoggable = true`.
template <class T>
concept SelfLoggable = T::kLoggable && requires(const T& value) {
    { value.log_text() } -> std::convertible_to<std::string>;
};

class Field {
  public:
    // A template, because a pointer converts to bool more readily than to Literal: a literal value
    // would be logged as "true", and a run-time string would compile.
    template <class T>
    requires std::is_same_v<T, bool> Field(Literal name, T value)
        : m_name(name), m_value(value ? "true" : "false") {}
    Field(Literal name, Literal value) : m_name(name), m_value(value.text()) {}
    Field(Literal name, const Quoted& value) : m_name(name), m_value(value.text()) {}
    Field(Literal name, const RequestId& value) : m_name(name), m_value(value.text()) {}
    Field(Literal name, ErrorCode value) : m_name(name), m_value(to_string(value)) {}
    template <class Tag>
    Field(Literal name, const Id<Tag>& value) : m_name(name), m_value(value.text()) {}
    template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Field(Literal name, T value)
        : m_name(name), m_value(std::to_string(value)) {}
    template <SelfLoggable T>
    Field(Literal name, const T& value) : m_name(name), m_value(value.log_text()) {}

    [[nodiscard]] std::string_view name() const { return m_name.text(); }
    [[nodiscard]] const std::string& value() const { return m_value; }

  private:
    Literal m_name;
    std::string m_value;
};

// Can be given to a Field. Asserted false for everything secret (test/unit/base/log_test.cpp).
template <class T>
concept Loggable = std::is_constructible_v<Field, Literal, T>;

// Is that descriptor what systemd connected to the journal? `variable`: JOURNAL_STREAM, device and
// inode of it (systemd.exec(5)); a program whose stderr was redirected since has the variable too.
bool is_journal_stream(const char* variable, int descriptor);

// Lines above this level are dropped. May be changed at any time.
void set_level(Level level);
Level level();

void write(Level level, Literal event, std::initializer_list<Field> fields);

inline void error(Literal event, std::initializer_list<Field> fields = {}) {
    write(Level::Error, event, fields);
}
inline void warning(Literal event, std::initializer_list<Field> fields = {}) {
    write(Level::Warning, event, fields);
}
inline void info(Literal event, std::initializer_list<Field> fields = {}) {
    write(Level::Info, event, fields);
}
inline void debug(Literal event, std::initializer_list<Field> fields = {}) {
    write(Level::Debug, event, fields);
}

}  // namespace core::log
