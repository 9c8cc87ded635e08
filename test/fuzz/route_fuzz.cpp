// Raw request targets through the router. Oracle: whatever it takes for a secret or a namespace
// holds nothing outside the grammar of contract.md §3, and written as a target again it is taken
// for the same; and no accepted target holds a byte that must be refused.
#include "core/scope/secret_path.h"
#include "fcgi/router.h"
#include "fcgi/routes.h"
#include "test/fuzz/fuzz.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

namespace {

const fcgi::Router& router() {
    static const fcgi::Router instance(fcgi::routes());
    return instance;
}

bool is_segment_text(std::string_view text) {
    return text.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
               "._~@-/") == std::string_view::npos;
}

bool has_segment(std::string_view path, std::string_view wanted) {
    const std::string framed = "/" + std::string(path) + "/";
    return framed.find("/" + std::string(wanted) + "/") != std::string::npos;
}

void check_bytes(std::string_view target) {
    const bool clean = std::all_of(target.begin(), target.end(), [](char c) {
        return c > 0x20 && c < 0x7f && c != '#' && c != '\\' && c != ';';
    });
    fuzz::require(clean, "no forbidden byte in an accepted target");
    const std::string_view path = target.substr(0, target.find('?'));
    fuzz::require(path.find("//") == std::string_view::npos, "no empty segment");
    fuzz::require(path.size() > 1 && path.front() == '/' && path.back() != '/', "a plain path");
}

// The same path with raw slashes, or as one encoded segment where it was one.
std::string written_again(const fcgi::PathArgument& path) {
    std::string out = "/v1/secrets/";
    for (const char c : path.text) {
        if (c == '/' && path.raw_segments == 1)
            out += "%2F";
        else
            out.push_back(c);
    }
    return out;
}

void check_path(const fcgi::Routed& routed) {
    const bool is_namespace = routed.path.raw_segments == 1;
    const bool valid = is_namespace ? core::scope::Namespace::parse(routed.path.text).has_value()
                                    : core::scope::SecretPath::parse(routed.path.text).has_value();
    if (!valid) return;
    const std::string& text = routed.path.text;
    fuzz::require(is_segment_text(text), "only bytes of the grammar");
    fuzz::require(!has_segment(text, "") && !has_segment(text, ".") && !has_segment(text, ".."),
                  "no dot segment and no empty one");
    fuzz::require(!is_namespace || (text != "namespaces" && text != "import"),
                  "a fixed route is no namespace");

    const auto again =
        router().route(fcgi::to_string(routed.route->method), written_again(routed.path));
    fuzz::require(again.has_value(), "a path written again is accepted");
    const auto* same = std::get_if<fcgi::Routed>(&*again);
    fuzz::require(same != nullptr && same->route == routed.route && same->path.text == text &&
                      (same->path.raw_segments == 1) == is_namespace,
                  "a path written again is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = fuzz::text_of(data, size);
    // An input is a method, a newline and the target.
    const std::string_view method = fuzz::take_line(rest);

    const auto routing = router().route(method, rest);
    if (!routing) {
        fuzz::require(!routing.error().public_message.empty(), "a refusal says why");
        return 0;
    }
    check_bytes(rest);
    const auto* routed = std::get_if<fcgi::Routed>(&*routing);
    if (routed != nullptr && routed->path.raw_segments > 0) check_path(*routed);
    return 0;
}
