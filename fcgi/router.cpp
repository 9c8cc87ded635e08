#include "fcgi/router.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fcgi {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        path.remove_prefix(1);
        out.push_back(path.substr(0, path.find('/')));
        path.remove_prefix(out.back().size());
    }
    return out;
}

// Decoded once, each for itself; a decoded '/' splits again because the pieces are joined by '/'
// and what reads the text splits there.
core::Result<PathArgument> decode_rest(std::span<const std::string_view> segments) {
    PathArgument out;
    out.raw_segments = segments.size();
    for (const auto& segment : segments) {
        const auto decoded = percent_decoded(segment);
        if (!decoded) {
            return core::failure(core::ErrorCode::InvalidRequest,
                                 "The segment " + core::quoted_for_message(segment) +
                                     " of the path is not valid percent-encoding");
        }
        if (!out.text.empty() || &segment != segments.data()) out.text.push_back('/');
        out.text += *decoded;
    }
    return out;
}

std::string allow_header(const std::vector<Method>& methods) {
    std::string out;
    for (const auto method : methods)
        out.append(out.empty() ? "" : ", ").append(to_string(method));
    return out;
}

}  // namespace

bool is_reserved_below_secrets(const PathArgument& path) {
    return path.raw_segments == 1 && (path.text == "namespaces" || path.text == "import");
}

Router::Router(std::span<const Route> table) {
    m_patterns.reserve(table.size());
    for (const auto& route : table) {
        Pattern pattern;
        pattern.route = &route;
        for (const auto& segment : segments_of(route.path)) {
            if (is_argument(segment))
                pattern.argument =
                    is_rest_segment(segment) ? Pattern::Argument::Rest : Pattern::Argument::One;
            else if (pattern.argument == Pattern::Argument::None)
                pattern.before.push_back(segment);
            else
                pattern.after.push_back(segment);
        }
        m_patterns.push_back(std::move(pattern));
    }
}

bool Router::matches(const Pattern& pattern, const Target& target) {
    const std::size_t fixed = pattern.before.size() + pattern.after.size();
    const std::size_t size = target.segments.size();
    const bool right_length = pattern.argument == Pattern::Argument::None  ? size == fixed
                              : pattern.argument == Pattern::Argument::One ? size == fixed + 1
                                                                           : size > fixed;
    return right_length &&
           std::equal(pattern.before.begin(), pattern.before.end(), target.segments.begin()) &&
           std::equal(pattern.after.rbegin(), pattern.after.rend(), target.segments.rbegin());
}

core::Result<PathArgument> Router::argument_of(const Pattern& pattern, const Target& target) {
    if (pattern.argument == Pattern::Argument::None) return PathArgument{};
    const std::size_t fixed = pattern.before.size() + pattern.after.size();
    return decode_rest(
        std::span(target.segments).subspan(pattern.before.size(), target.segments.size() - fixed));
}

core::Result<Routing> Router::route(std::string_view method, std::string_view target) const {
    auto parsed = Target::parse(target);
    if (!parsed) return core::failure(std::move(parsed));

    const auto known_method = parse_method(method);
    std::vector<Method> allowed;
    for (const auto& pattern : m_patterns) {
        if (!matches(pattern, *parsed)) continue;
        auto argument = argument_of(pattern, *parsed);
        if (!argument) return core::failure(std::move(argument));
        if (pattern.argument == Pattern::Argument::Rest && is_reserved_below_secrets(*argument))
            continue;
        if (pattern.route->method == known_method)
            return Routed{pattern.route, std::move(*argument), std::move(parsed->query)};
        allowed.push_back(pattern.route->method);
    }
    if (!allowed.empty()) return NotRouted{Status::MethodNotAllowed, allow_header(allowed)};
    return NotRouted{Status::NotFound, {}};
}

}  // namespace fcgi
