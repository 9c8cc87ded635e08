#include "fcgi/handlers/etag.h"

#include <algorithm>
#include <charconv>

namespace fcgi {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string etag_of(std::int64_t version) {
    return '"' + std::to_string(version) + '"';
}

core::Result<std::int64_t> version_of_if_match(std::string_view header) {
    const std::string_view tag = trimmed(header);
    std::int64_t version = -1;
    if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') {
        const auto* end = tag.data() + tag.size() - 1;
        const auto parsed = std::from_chars(tag.data() + 1, end, version);
        if (parsed.ec != std::errc{} || parsed.ptr != end) version = -1;
    }
    if (version < 0)
        return core::failure(core::ErrorCode::InvalidRequest,
                             "The header If-Match must be one version in quotes, such as \"3\": "
                             "the ETag of the version to replace. '*', weak tags and lists are "
                             "not accepted");
    return version;
}

bool if_none_match_names(std::string_view header, std::int64_t version) {
    if (trimmed(header) == "*") return true;
    const std::string wanted = etag_of(version);
    // Our tags hold no comma, so that a list can be cut at each.
    while (!header.empty()) {
        const std::string_view piece = header.substr(0, header.find(','));
        header.remove_prefix(std::min(piece.size() + 1, header.size()));
        std::string_view tag = trimmed(piece);
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == wanted) return true;
    }
    return false;
}

}  // namespace fcgi
