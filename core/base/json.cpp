#include "core/base/json.h"

// RapidJSON must not use its own asserts for what our preconditions already state, nor SSE paths
// that read beyond the buffer.
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace core {
namespace {

using Node = rapidjson::Value;

constexpr unsigned kParseFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                                 rapidjson::kParseValidateEncodingFlag;

const Node& node_of(const void* pointer) {
    return *static_cast<const Node*>(pointer);
}

// A broken precondition is a bug, and going on would read memory as another type.
void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view text_of(const Node& node) {
    return {node.GetString(), node.GetStringLength()};
}

// Where the string that begins at `begin` ends: its closing quote, or the end of the text.
std::size_t end_of_string(ByteView text, std::size_t begin) {
    std::size_t i = begin + 1;
    while (i < text.size() && text[i] != '"')
        i += text[i] == '\\' ? 2U : 1U;
    return i;
}

// RapidJSON's tree is as deep as the text nests, and whoever walks it recurses: the depth is
// judged on the text, before a tree exists.
bool nests_deeper_than(ByteView text, std::size_t limit) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        switch (text[i]) {
            case '"':
                i = end_of_string(text, i);
                break;
            case '[':
            case '{':
                if (++depth > limit) return true;
                break;
            case ']':
            case '}':
                if (depth > 0) --depth;
                break;
            default:
                break;
        }
    }
    return false;
}

// The name that stands twice, if one does.
std::optional<std::string_view> repeated_name(const Node& object) {
    std::vector<std::string_view> names;
    names.reserve(object.MemberCount());
    for (const auto& member : object.GetObject())
        names.push_back(text_of(member.name));
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return std::nullopt;
    return *twice;
}

// What RapidJSON lets into a string and we don't; nullptr when it is clean.
const char* fault_of_string(const Node& string) {
    const std::string_view text = text_of(string);
    if (text.find('\0') != std::string_view::npos) return "a NUL character";
    // RapidJSON 1.1.0 makes of "\udc00" alone three bytes that are no UTF-8. Raw bytes have been
    // validated, so ED before A0 to BF can only come from such an escape.
    constexpr char kLead = '\xed';
    constexpr unsigned char kFirstSurrogate = 0xa0;
    for (auto at = text.find(kLead); at != std::string_view::npos; at = text.find(kLead, at + 1)) {
        if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= kFirstSurrogate)
            return "half of a surrogate pair";
    }
    return nullptr;
}

std::optional<std::string> first_fault(const Node& node);

std::optional<std::string> first_fault_of_object(const Node& object) {
    if (const auto name = repeated_name(object))
        return "The member " + quoted_for_message(*name) + " stands twice; write it once";
    for (const auto& member : object.GetObject()) {
        if (const char* fault = fault_of_string(member.name))
            return "A member's name holds " + std::string(fault);
        if (!member.value.IsString()) {
            if (auto fault = first_fault(member.value)) return fault;
        } else if (const char* fault = fault_of_string(member.value)) {
            return "The member " + quoted_for_message(text_of(member.name)) + " holds " + fault;
        }
    }
    return std::nullopt;
}

std::optional<std::string> first_fault(const Node& node) {
    if (node.IsString()) {
        const char* fault = fault_of_string(node);
        return fault == nullptr ? std::nullopt
                                : std::optional("A string holds " + std::string(fault));
    }
    // RapidJSON reads it as infinity, which nobody can write as JSON again.
    if (node.IsDouble() && !std::isfinite(node.GetDouble())) return "A number is too large";
    if (node.IsObject()) return first_fault_of_object(node);
    if (node.IsArray()) {
        for (const auto& element : node.GetArray())
            if (auto fault = first_fault(element)) return fault;
    }
    return std::nullopt;
}

std::string wants(std::string_view name, std::string_view what) {
    return "The member '" + std::string(name) + "' must be " + std::string(what);
}

// A RapidJSON output stream over memory that is wiped.
class SecureStream {
  public:
    using Ch = char;
    // NOLINTBEGIN(readability-identifier-naming): the names that RapidJSON asks of a stream.
    void Put(char c) { m_buffer.push_back(static_cast<std::uint8_t>(c)); }
    void Flush() {}
    // NOLINTEND(readability-identifier-naming)
    void append(ByteView bytes) { m_buffer.insert(m_buffer.end(), bytes.begin(), bytes.end()); }
    void reserve(std::size_t more) {
        const std::size_t needed = m_buffer.size() + more;
        // Grow by doubling: reserve() alone would copy, and wipe, once per call.
        if (needed > m_buffer.capacity())
            m_buffer.reserve(std::max(needed, m_buffer.capacity() * 2));
    }
    SecureBuffer take() { return std::move(m_buffer); }
    [[nodiscard]] const SecureBuffer& buffer() const { return m_buffer; }

  private:
    SecureBuffer m_buffer;
};

using SecureWriter = rapidjson::Writer<SecureStream,
                                       rapidjson::UTF8<>,
                                       rapidjson::UTF8<>,
                                       rapidjson::CrtAllocator,
                                       rapidjson::kWriteValidateEncodingFlag>;

}  // namespace

// ---- values ------------------------------------------------------------------------------------

JsonValue::Kind JsonValue::kind() const {
    const Node& node = node_of(m_node);
    switch (node.GetType()) {
        case rapidjson::kNullType:
            return Kind::Null;
        case rapidjson::kFalseType:
        case rapidjson::kTrueType:
            return Kind::Bool;
        case rapidjson::kStringType:
            return Kind::String;
        case rapidjson::kArrayType:
            return Kind::Array;
        case rapidjson::kObjectType:
            return Kind::Object;
        case rapidjson::kNumberType:
            return node.IsInt64() ? Kind::Integer : Kind::Number;
    }
    std::abort();
}

bool JsonValue::boolean() const {
    require(node_of(m_node).IsBool());
    return node_of(m_node).GetBool();
}

std::int64_t JsonValue::integer() const {
    require(node_of(m_node).IsInt64());
    return node_of(m_node).GetInt64();
}

std::string_view JsonValue::string() const {
    require(node_of(m_node).IsString());
    return text_of(node_of(m_node));
}

std::vector<JsonValue> JsonValue::elements() const {
    require(node_of(m_node).IsArray());
    std::vector<JsonValue> out;
    out.reserve(node_of(m_node).Size());
    for (const auto& element : node_of(m_node).GetArray())
        out.push_back(JsonValue(&element));
    return out;
}

std::vector<JsonValue::Member> JsonValue::members() const {
    require(node_of(m_node).IsObject());
    std::vector<Member> out;
    out.reserve(node_of(m_node).MemberCount());
    for (const auto& member : node_of(m_node).GetObject())
        out.emplace_back(text_of(member.name), JsonValue(&member.value));
    return out;
}

std::optional<JsonValue> JsonValue::find(std::string_view name) const {
    const Node& node = node_of(m_node);
    if (!node.IsObject()) return std::nullopt;
    for (const auto& member : node.GetObject())
        if (text_of(member.name) == name) return JsonValue(&member.value);
    return std::nullopt;
}

std::string JsonValue::to_text() const {
    SecureStream stream;
    SecureWriter writer(stream);
    require(node_of(m_node).Accept(writer));
    return std::string(as_text({stream.buffer().data(), stream.buffer().size()}));
}

// ---- documents ---------------------------------------------------------------------------------

struct JsonDocument::Tree {
    SecureBuffer text;
    rapidjson::Document document;
};

JsonDocument::JsonDocument(std::unique_ptr<Tree> tree) : m_tree(std::move(tree)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() const {
    return JsonValue(static_cast<const Node*>(&m_tree->document));
}

Result<JsonDocument> JsonDocument::parse(Body&& text) {
    const ByteView view = text.expose();
    if (view.empty()) return invalid("The body is empty; send a JSON object");
    if (std::memchr(view.data(), 0, view.size()) != nullptr)
        return invalid("The body holds a NUL byte; send JSON in UTF-8");
    if (nests_deeper_than(view, kJsonDepth))
        return invalid("The JSON nests deeper than " + std::to_string(kJsonDepth) + " levels");

    auto tree = std::make_unique<Tree>();
    tree->text = std::move(text).release();
    // One to end the text, three more because RapidJSON validates a character of UTF-8 without
    // looking for the end inside it.
    tree->text.insert(tree->text.end(), 4, 0);
    tree->document.ParseInsitu<kParseFlags>(reinterpret_cast<char*>(tree->text.data()));
    if (tree->document.HasParseError()) {
        return invalid("The body is not valid JSON in UTF-8: " +
                       std::string(rapidjson::GetParseError_En(tree->document.GetParseError())) +
                       " (at byte " + std::to_string(tree->document.GetErrorOffset()) + ")");
    }
    if (auto fault = first_fault(tree->document)) return invalid(std::move(*fault));
    return JsonDocument(std::move(tree));
}

// ---- objects -----------------------------------------------------------------------------------

std::string quoted_for_message(std::string_view text) {
    constexpr std::size_t kShown = 64;
    std::string out = "'";
    for (const char c : text.substr(0, kShown))
        out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
    if (text.size() > kShown) out += "...";
    out += "'";
    return out;
}

Result<JsonObject> JsonObject::decode(const JsonValue& value,
                                      std::initializer_list<std::string_view> accepted) {
    if (value.kind() != JsonValue::Kind::Object) return invalid("The body must be a JSON object");
    for (const auto& [name, ignored] : value.members()) {
        if (std::find(accepted.begin(), accepted.end(), name) != accepted.end()) continue;
        std::string list;
        for (const auto& known : accepted)
            list.append(list.empty() ? "" : ", ").append(known);
        return invalid("Unknown member " + quoted_for_message(name) + "; accepted are " + list);
    }
    return JsonObject(value);
}

bool JsonObject::is_null(std::string_view name) const {
    const auto value = find(name);
    return value && value->kind() == JsonValue::Kind::Null;
}

Result<std::string_view> JsonObject::required_string(std::string_view name) const {
    const auto value = find(name);
    if (!value) return invalid("The member '" + std::string(name) + "' is missing: a string");
    if (value->kind() != JsonValue::Kind::String) return invalid(wants(name, "a string"));
    return value->string();
}

Result<std::optional<std::string_view>> JsonObject::optional_string(std::string_view name) const {
    const auto value = find(name);
    if (!value || value->kind() == JsonValue::Kind::Null) return std::nullopt;
    if (value->kind() != JsonValue::Kind::String) return invalid(wants(name, "a string or null"));
    return value->string();
}

Result<std::optional<std::int64_t>> JsonObject::optional_integer(std::string_view name) const {
    const auto value = find(name);
    if (!value || value->kind() == JsonValue::Kind::Null) return std::nullopt;
    if (value->kind() != JsonValue::Kind::Integer)
        return invalid(wants(name, "a whole number or null"));
    return value->integer();
}

Result<std::optional<std::vector<std::string_view>>> JsonObject::optional_strings(
    std::string_view name) const {
    const auto value = find(name);
    if (!value || value->kind() == JsonValue::Kind::Null) return std::nullopt;
    if (value->kind() != JsonValue::Kind::Array)
        return invalid(wants(name, "an array of strings or null"));
    std::vector<std::string_view> out;
    for (const auto& element : value->elements()) {
        if (element.kind() != JsonValue::Kind::String)
            return invalid(wants(name, "an array of strings or null"));
        out.push_back(element.string());
    }
    return out;
}

Result<std::optional<JsonValue>> JsonObject::optional_object(std::string_view name) const {
    const auto value = find(name);
    if (!value || value->kind() == JsonValue::Kind::Null) return std::nullopt;
    if (value->kind() != JsonValue::Kind::Object) return invalid(wants(name, "an object or null"));
    return value;
}

// ---- writer ------------------------------------------------------------------------------------

struct JsonWriter::Sink {
    SecureStream stream;
    SecureWriter writer{stream};
};

JsonWriter::JsonWriter() : m_sink(std::make_unique<Sink>()) {
    m_sink->stream.reserve(512);
}
JsonWriter::JsonWriter(JsonWriter&&) noexcept = default;
JsonWriter& JsonWriter::operator=(JsonWriter&&) noexcept = default;
JsonWriter::~JsonWriter() = default;

JsonWriter& JsonWriter::begin_object() {
    m_sink->writer.StartObject();
    return *this;
}
JsonWriter& JsonWriter::end_object() {
    m_sink->writer.EndObject();
    return *this;
}
JsonWriter& JsonWriter::begin_array() {
    m_sink->writer.StartArray();
    return *this;
}
JsonWriter& JsonWriter::end_array() {
    m_sink->writer.EndArray();
    return *this;
}
JsonWriter& JsonWriter::key(std::string_view name) {
    require(m_sink->writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())));
    return *this;
}
JsonWriter& JsonWriter::value(std::string_view text) {
    return secret(as_bytes(text));
}
JsonWriter& JsonWriter::value(std::int64_t number) {
    m_sink->writer.Int64(number);
    return *this;
}
JsonWriter& JsonWriter::value(bool truth) {
    m_sink->writer.Bool(truth);
    return *this;
}
JsonWriter& JsonWriter::value(std::nullptr_t) {
    m_sink->writer.Null();
    return *this;
}
JsonWriter& JsonWriter::value(const std::vector<std::string>& strings) {
    begin_array();
    for (const auto& string : strings)
        value(string);
    return end_array();
}
JsonWriter& JsonWriter::secret(ByteView text) {
    m_sink->stream.reserve(text.size() + 16);
    // A null pointer with length zero is what an empty view may give.
    const char* data = text.empty() ? "" : as_text(text).data();
    require(m_sink->writer.String(data, static_cast<rapidjson::SizeType>(text.size())));
    return *this;
}
JsonWriter& JsonWriter::raw(std::string_view json) {
    m_sink->stream.reserve(json.size() + 16);
    m_sink->writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
    return *this;
}

Body JsonWriter::take() && {
    require(m_sink->writer.IsComplete());
    return Body(m_sink->stream.take());
}

std::string JsonWriter::take_text() && {
    const Body body = std::move(*this).take();
    return std::string(as_text(body.expose()));
}

}  // namespace core
