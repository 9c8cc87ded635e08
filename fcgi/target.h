// A request target taken apart by its raw bytes, as contract.md §3 asks. Plain values.
//
// Nothing is normalised: two spellings that a proxy may take for the same stay different here, or
// are refused. Each piece is percent-decoded exactly once.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fcgi {

// RFC 3986 §2.1, once. Nothing where a '%' is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text);

// The parameters behind '?', names and values decoded; '+' is a space (as URLSearchParams writes
// it). No name stands twice, none is one that would carry a secret.
class Query {
  public:
    // The parameters of a route: what may stand here.
    using Accepted = std::span<const std::string_view>;

    // Errors: InvalidRequest naming the parameter.
    static core::Result<Query> parse(std::string_view raw);

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

    // Errors: InvalidRequest naming a parameter that is not in `accepted`, and those that are.
    [[nodiscard]] core::Result<void> accept_only(Accepted accepted) const;

    // Decimal digits only. Errors: InvalidRequest naming the parameter and its range.
    [[nodiscard]] core::Result<std::optional<std::int64_t>> integer(std::string_view name,
                                                                    std::int64_t low,
                                                                    std::int64_t high) const;

  private:
    std::vector<std::pair<std::string, std::string>> m_parameters;
};

// Views of the raw text: they live as long as it.
struct Target {
    // "/v1/a%2Fb" gives "v1", "a%2Fb": at least one, none empty, not decoded.
    std::vector<std::string_view> segments;
    Query query;

    // Errors: InvalidRequest for a byte outside 0x21 to 0x7e, '#', '\', ';', "//" or a trailing '/'
    // in the path, a path that does not begin with '/', and what Query::parse refuses.
    static core::Result<Target> parse(std::string_view raw);
};

}  // namespace fcgi
