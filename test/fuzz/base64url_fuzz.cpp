// Hex and base64url. Oracle: exactly one text decodes to given bytes, and every text of the right
// form decodes, judged by a check of its own.
#include "test/fuzz/fuzz.h"

#include <algorithm>
#include <string>

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// RFC 4648 §3.5 and §5: of the last character of a text of 4n+2 or 4n+3, 4 or 2 bits are unused.
bool is_strict(std::string_view text) {
    if (text.size() % 4 == 1 || text.find_first_not_of(kAlphabet) != std::string_view::npos)
        return false;
    const std::size_t unused = text.size() % 4 == 2 ? 16 : text.size() % 4 == 3 ? 4 : 1;
    return text.empty() || kAlphabet.find(text.back()) % unused == 0;
}

bool is_hex(std::string_view text) {
    return text.size() % 2 == 0 &&
           text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const core::ByteView bytes(data, size);
    const auto text = fuzz::text_of(data, size);

    const auto decoded = core::from_base64url(text);
    fuzz::require(decoded.has_value() == is_strict(text), "just the strict form is decoded");
    if (decoded) fuzz::require(core::to_base64url(*decoded) == text, "one text for given bytes");
    const auto again = core::from_base64url(core::to_base64url(bytes));
    fuzz::require(again && std::equal(again->begin(), again->end(), data, data + size),
                  "what is encoded can be decoded");

    const auto from_hex = core::from_hex(text);
    fuzz::require(from_hex.has_value() == is_hex(text), "just hex is decoded as hex");
    if (from_hex)
        fuzz::require(core::to_hex(*from_hex) == lower(std::string(text)), "hex comes back");
    return 0;
}
