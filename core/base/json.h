// The fence around RapidJSON: one strict reader and one writer, which the handlers, JOSE and key
// sets share. Nothing else includes RapidJSON.
//
// Stricter than RFC 8259 where leniency has hurt others: no duplicate members (escaped ones
// included), no NUL and no lone surrogate in strings, valid UTF-8 only, nesting of at most 16,
// nothing behind the value. The text is parsed in place over a buffer that is wiped, so values
// never reach ordinary memory.
#pragma once

#include "core/base/result.h"
#include "core/base/secret.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

inline constexpr std::size_t kJsonDepth = 16;

// A view into a JsonDocument; valid as long as that document lives, moves included.
class JsonValue {
  public:
    enum class Kind { Null, Bool, Integer, Number, String, Array, Object };
    using Member = std::pair<std::string_view, JsonValue>;

    // Integer: written without fraction or exponent and within int64. Any other number: Number.
    [[nodiscard]] Kind kind() const;

    // Each aborts where kind() is another: ask first, or use JsonObject.
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::int64_t integer() const;
    [[nodiscard]] std::string_view string() const;
    [[nodiscard]] std::vector<JsonValue> elements() const;
    [[nodiscard]] std::vector<Member> members() const;

    // Nothing where this is no object or has no such member.
    [[nodiscard]] std::optional<JsonValue> find(std::string_view name) const;

    // Compact JSON text. Not for anything that holds a secret: the result is an ordinary string.
    [[nodiscard]] std::string to_text() const;

  private:
    friend class JsonDocument;
    explicit JsonValue(const void* node) : m_node(node) {}
    const void* m_node;
};

class JsonDocument {
  public:
    // Takes the text over and parses in place. Errors: InvalidRequest, saying what is wrong and at
    // which byte, never quoting the text.
    static Result<JsonDocument> parse(Body&& text);

    JsonDocument(JsonDocument&&) noexcept;
    JsonDocument& operator=(JsonDocument&&) noexcept;
    JsonDocument(const JsonDocument&) = delete;
    JsonDocument& operator=(const JsonDocument&) = delete;
    ~JsonDocument();

    [[nodiscard]] JsonValue root() const;

  private:
    struct Tree;
    explicit JsonDocument(std::unique_ptr<Tree> tree);
    std::unique_ptr<Tree> m_tree;
};

// An object of which every member is known. Its readers' errors are InvalidRequest and name the
// member and what is accepted.
class JsonObject {
  public:
    // Errors: InvalidRequest when `value` is no object or has a member not in `accepted`.
    static Result<JsonObject> decode(const JsonValue& value,
                                     std::initializer_list<std::string_view> accepted);

    [[nodiscard]] std::optional<JsonValue> find(std::string_view name) const {
        return m_value.find(name);
    }
    // Written in the text, be it as null.
    [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
    [[nodiscard]] bool is_null(std::string_view name) const;

    [[nodiscard]] Result<std::string_view> required_string(std::string_view name) const;
    // Absent and null are the same to these: nothing.
    [[nodiscard]] Result<std::optional<std::string_view>> optional_string(
        std::string_view name) const;
    [[nodiscard]] Result<std::optional<std::int64_t>> optional_integer(std::string_view name) const;
    [[nodiscard]] Result<std::optional<std::vector<std::string_view>>> optional_strings(
        std::string_view name) const;
    [[nodiscard]] Result<std::optional<JsonValue>> optional_object(std::string_view name) const;

  private:
    explicit JsonObject(const JsonValue& value) : m_value(value) {}
    JsonValue m_value;
};

// Quotes text from outside for a message: at most 64 bytes of it, unprintable ones as '?'.
std::string quoted_for_message(std::string_view text);

// Writes compact JSON into a buffer that is wiped. Calls must form one valid JSON text; writing
// invalid UTF-8 is a bug of the caller and aborts.
class JsonWriter {
  public:
    JsonWriter();
    JsonWriter(JsonWriter&&) noexcept;
    JsonWriter& operator=(JsonWriter&&) noexcept;
    JsonWriter(const JsonWriter&) = delete;
    JsonWriter& operator=(const JsonWriter&) = delete;
    ~JsonWriter();

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
    JsonWriter& value(bool truth);
    JsonWriter& value(std::nullptr_t);
    JsonWriter& value(const std::vector<std::string>& strings);
    template <class T>
    JsonWriter& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : value(nullptr);
    }
    // The exposed text of a secret.
    JsonWriter& secret(ByteView text);
    // JSON text that is known to be valid, as it came from JsonValue::to_text().
    JsonWriter& raw(std::string_view json);

    template <class T>
    JsonWriter& member(std::string_view name, const T& content) {
        return key(name).value(content);
    }

    // The finished text. Precondition: every object and array is closed.
    [[nodiscard]] Body take() &&;
    // The same as an ordinary string, where nothing in it is secret.
    [[nodiscard]] std::string take_text() &&;

  private:
    struct Sink;
    std::unique_ptr<Sink> m_sink;
};

}  // namespace core
