// From a raw request target to a route. Immutable after construction; thread-safe.
#pragma once

#include "core/base/result.h"
#include "fcgi/http.h"
#include "fcgi/routes.h"
#include "fcgi/target.h"

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fcgi {

struct Routed {
    const Route* route = nullptr;
    PathArgument path;
    Query query;
};

// Why there is no route: nothing at that path (`allow` is empty), or not by this method.
struct NotRouted {
    Status status = Status::NotFound;
    std::string allow;  // the Allow header of a 405
};

using Routing = std::variant<Routed, NotRouted>;

class Router {
  public:
    // `table` must outlive this object.
    explicit Router(std::span<const Route> table);

    // Errors: InvalidRequest, as Target::parse and for segments that are no percent-encoding.
    [[nodiscard]] core::Result<Routing> route(std::string_view method,
                                              std::string_view target) const;

  private:
    struct Pattern {
        const Route* route = nullptr;
        std::vector<std::string_view> before;  // literals before the argument, or all of them
        std::vector<std::string_view> after;   // and behind it
        enum class Argument : std::uint8_t { None, One, Rest } argument = Argument::None;
    };
    static bool matches(const Pattern& pattern, const Target& target);
    // Empty where the pattern has none. Errors: InvalidRequest.
    static core::Result<PathArgument> argument_of(const Pattern& pattern, const Target& target);

    std::vector<Pattern> m_patterns;
};

// No namespace has these names as a path: they are fixed routes directly below /secrets
// (contract.md §3), whichever way they are spelled.
bool is_reserved_below_secrets(const PathArgument& path);

}  // namespace fcgi
