// The server's dotenv reader as a filter, for dotenv.test.mjs: reads lines that are each a text as
// a JSON string and answers each with a line of JSON, {"entries":[[KEY,VALUE,LINE],…]} or
// {"error":MESSAGE}. A line that is not a JSON string: "?".
#include "core/base/json.h"
#include "core/service/dotenv.h"

#include <iostream>
#include <string>
#include <string_view>

namespace {

using core::JsonDocument;
using core::JsonValue;
using core::JsonWriter;

std::string answer(std::string_view text) {
    const auto entries = core::service::parse_dotenv(text);
    JsonWriter out;
    out.begin_object();
    if (!entries) {
        out.member("error", entries.error().public_message).end_object();
        return std::move(out).take_text();
    }
    out.key("entries").begin_array();
    for (const auto& entry : *entries)
        out.begin_array()
            .value(entry.key)
            .secret(entry.value.expose())
            .value(static_cast<std::int64_t>(entry.line))
            .end_array();
    out.end_array().end_object();
    return std::move(out).take_text();
}

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        const auto document = JsonDocument::parse(core::Body::copy_of(line));
        const bool is_text = document && document->root().kind() == JsonValue::Kind::String;
        std::cout << (is_text ? answer(document->root().string()) : "?") << '\n';
    }
    return 0;
}
