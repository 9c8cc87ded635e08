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

// Length of the UTF-8 sequence at `i` (RFC 3629 §4), 0 where there is none.
std::size_t sequence_length(core::ByteView text, std::size_t i) {
    const auto continues = [&](std::size_t at, unsigned low, unsigned high) {
        return at < text.size() && text[at] >= low && text[at] <= high;
    };
    const unsigned first = text[i];
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return continues(i + 1, 0x80, 0xbf) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return continues(i + 1, low, high) && continues(i + 2, 0x80, 0xbf) ? 3 : 0;
    }
    if (first < 0xf0 || first > 0xf4) return 0;
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    const bool whole =
        continues(i + 1, low, high) && continues(i + 2, 0x80, 0xbf) && continues(i + 3, 0x80, 0xbf);
    return whole ? 4 : 0;
}

bool is_utf8_without_nul(core::ByteView text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = text[i] == 0 ? 0 : sequence_length(text, i);
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
