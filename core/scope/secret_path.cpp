#include "core/scope/secret_path.h"

#include "core/base/json.h"

#include <optional>

namespace core::scope {
namespace {

constexpr std::string_view kAllowedBytes = "A-Z a-z 0-9 . _ ~ @ -";

// What is wrong with one segment, in the words of a message; nothing when it is fine.
std::optional<std::string> fault_of_segment(std::string_view segment) {
    if (segment.empty()) return "is empty";
    if (segment.size() > kMaxSegmentBytes)
        return "is longer than " + std::to_string(kMaxSegmentBytes) + " bytes";
    // A client, a proxy or a file system behind an export could resolve these.
    if (segment == "." || segment == "..") return "is '.' or '..', which no segment may be";
    for (const char c : segment) {
        if (!is_segment_byte(c))
            return "holds a character other than " + std::string(kAllowedBytes);
    }
    return std::nullopt;
}

// Checks every segment of `text` and counts them. `what` names the text in messages.
Result<std::size_t> check_segments(std::string_view text, std::string_view what) {
    if (text.size() > kMaxPathBytes)
        return failure(ErrorCode::InvalidRequest,
                       "The " + std::string(what) + ' ' + quoted_for_message(text) +
                           " is longer than " + std::to_string(kMaxPathBytes) + " bytes");
    std::size_t count = 0;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find('/', start), text.size());
        const std::string_view segment = text.substr(start, end - start);
        ++count;
        if (const auto fault = fault_of_segment(segment))
            return failure(ErrorCode::InvalidRequest,
                           "Segment " + std::to_string(count) + " of the " + std::string(what) +
                               ", " + quoted_for_message(segment) + ", " + *fault);
        start = end + 1;
    }
    return count;
}

Failure too_many_segments(std::string_view what, std::string_view text) {
    return failure(ErrorCode::InvalidRequest,
                   "The namespace of the " + std::string(what) + ' ' + quoted_for_message(text) +
                       " has more than " + std::to_string(kMaxSegments) + " segments");
}

}  // namespace

bool is_segment_byte(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '~' || c == '@' || c == '-';
}

Result<Namespace> Namespace::parse(std::string_view text) {
    const auto count = check_segments(text, "namespace");
    if (!count) return failure(count);
    if (*count > kMaxSegments) return too_many_segments("namespace", text);
    Namespace out;
    out.m_text = text;
    return out;
}

bool Namespace::contains(std::string_view other) const {
    if (other.substr(0, m_text.size()) != m_text) return false;
    return other.size() == m_text.size() || other[m_text.size()] == '/';
}

Result<SecretPath> SecretPath::parse(std::string_view text) {
    const auto count = check_segments(text, "path");
    if (!count) return failure(count);
    if (*count < 2)
        return failure(
            ErrorCode::InvalidRequest,
            "The path " + quoted_for_message(text) + " has no namespace; write NAMESPACE/KEY");
    if (*count > kMaxSegments + 1) return too_many_segments("path", text);
    SecretPath out;
    out.m_text = text;
    out.m_key_start = text.rfind('/') + 1;
    return out;
}

}  // namespace core::scope
