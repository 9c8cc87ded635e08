// The strict JSON reader. Oracles, for every text that it takes: it is valid UTF-8 without NUL,
// nothing nests too deep, no object names a member twice, and what is written back is read back
// as the same but for the last digits of a fraction (RapidJSON's exact conversion has faults of
// its own, so the reader does without).
#include "core/base/json.h"
#include "test/fuzz/fuzz.h"

#include <algorithm>
#include <set>
#include <string>

namespace {

using core::JsonDocument;
using core::JsonValue;

// One row of the table of RFC 3629 §4: the first byte, the second; all further ones are 80 to bf.
struct Sequence {
    unsigned first_low, first_high, second_low, second_high;
    std::size_t length;
};
constexpr Sequence kSequences[] = {{0x00, 0x7f, 0x00, 0x00, 1},
                                   {0xc2, 0xdf, 0x80, 0xbf, 2},
                                   {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                   {0xe1, 0xec, 0x80, 0xbf, 3},
                                   {0xed, 0xed, 0x80, 0x9f, 3},
                                   {0xee, 0xef, 0x80, 0xbf, 3},
                                   {0xf0, 0xf0, 0x90, 0xbf, 4},
                                   {0xf1, 0xf3, 0x80, 0xbf, 4},
                                   {0xf4, 0xf4, 0x80, 0x8f, 4}};

bool is_sequence(core::ByteView bytes, const Sequence& row) {
    if (bytes.size() < row.length || bytes[0] < row.first_low || bytes[0] > row.first_high)
        return false;
    if (row.length == 1) return true;
    const auto further = bytes.subspan(2, row.length - 2);
    return bytes[1] >= row.second_low && bytes[1] <= row.second_high &&
           std::all_of(further.begin(), further.end(), [](std::uint8_t byte) {
               return byte >= 0x80 && byte <= 0xbf;
           });
}

// Length of the UTF-8 sequence at the front, 0 where there is none.
std::size_t sequence_length(core::ByteView bytes) {
    for (const auto& row : kSequences)
        if (is_sequence(bytes, row)) return row.length;
    return 0;
}

bool is_utf8_without_nul(core::ByteView text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = text[i] == 0 ? 0 : sequence_length(text.subspan(i));
        if (length == 0) return false;
        i += length;
    }
    return true;
}

void check(const JsonValue& value, std::size_t depth);

void check_object(const JsonValue& value, std::size_t depth) {
    std::set<std::string_view> names;
    for (const auto& [name, content] : value.members()) {
        fuzz::require(names.insert(name).second, "no member twice");
        fuzz::require(value.find(name).has_value(), "a member can be found");
        fuzz::require(is_utf8_without_nul(core::as_bytes(name)), "names are UTF-8 without NUL");
        check(content, depth + 1);
    }
}

void check(const JsonValue& value, std::size_t depth) {
    if (value.kind() == JsonValue::Kind::String)
        fuzz::require(is_utf8_without_nul(core::as_bytes(value.string())), "UTF-8 without NUL");
    if (value.kind() != JsonValue::Kind::Array && value.kind() != JsonValue::Kind::Object) return;
    fuzz::require(depth < core::kJsonDepth, "nothing nests too deep");
    if (value.kind() == JsonValue::Kind::Object) return check_object(value, depth);
    for (const auto& element : value.elements())
        check(element, depth + 1);
}

bool is_same(const JsonValue& a, const JsonValue& b);

bool has_same_members(const JsonValue& a, const JsonValue& b) {
    if (a.members().size() != b.members().size()) return false;
    for (const auto& [name, content] : a.members()) {
        const auto other = b.find(name);
        if (!other || !is_same(content, *other)) return false;
    }
    return true;
}

bool has_same_elements(const JsonValue& a, const JsonValue& b) {
    const auto left = a.elements();
    const auto right = b.elements();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), is_same);
}

bool is_same(const JsonValue& a, const JsonValue& b) {
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case JsonValue::Kind::Null:
        case JsonValue::Kind::Number:
            return true;
        case JsonValue::Kind::Bool:
            return a.boolean() == b.boolean();
        case JsonValue::Kind::Integer:
            return a.integer() == b.integer();
        case JsonValue::Kind::String:
            return a.string() == b.string();
        case JsonValue::Kind::Array:
            return has_same_elements(a, b);
        case JsonValue::Kind::Object:
            return has_same_members(a, b);
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const core::ByteView bytes(data, size);
    const auto document = JsonDocument::parse(core::Body::copy_of(bytes));
    if (!document) {
        fuzz::require(document.error().code == core::ErrorCode::InvalidRequest, "one error code");
        fuzz::require(is_utf8_without_nul(core::as_bytes(document.error().public_message)),
                      "a message can be sent");
        return 0;
    }
    fuzz::require(is_utf8_without_nul(bytes), "the text is UTF-8 without NUL");
    check(document->root(), 0);

    const std::string written = document->root().to_text();
    const auto again = JsonDocument::parse(core::Body::copy_of(written));
    fuzz::require(again.has_value(), "what is written can be read");
    fuzz::require(is_same(document->root(), again->root()), "and is the same");
    return 0;
}
