// Paths and namespaces. Oracle: the grammar of contract.md §3, written a second time.
#include "core/scope/secret_path.h"
#include "test/fuzz/fuzz.h"

#include <string>
#include <vector>

namespace {

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out(1);
    for (const char c : text) {
        if (c == '/')
            out.emplace_back();
        else
            out.back().push_back(c);
    }
    return out;
}

bool is_segment(const std::string& text) {
    return !text.empty() && text.size() <= 128 && text != "." && text != ".." &&
           text.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
               "._~@-") == std::string::npos;
}

bool has_segments(std::string_view text, std::size_t least, std::size_t most) {
    const auto segments = split(text);
    if (text.size() > 512 || segments.size() < least || segments.size() > most) return false;
    for (const auto& segment : segments)
        if (!is_segment(segment)) return false;
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);

    const auto name_space = core::scope::Namespace::parse(text);
    fuzz::require(name_space.has_value() == has_segments(text, 1, 16), "the grammar of namespaces");
    if (name_space) fuzz::require(name_space->text() == text, "a namespace stays as it is");

    const auto path = core::scope::SecretPath::parse(text);
    fuzz::require(path.has_value() == has_segments(text, 2, 17), "the grammar of paths");
    if (!path) return 0;
    const std::string joined = std::string(path->name_space()) + '/' + std::string(path->key());
    fuzz::require(joined == text && path->text() == text, "a path is its namespace and its key");
    const auto parent = core::scope::Namespace::parse(path->name_space());
    fuzz::require(parent && parent->contains(path->text()), "its namespace contains it");
    return 0;
}
