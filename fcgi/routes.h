// THE table of routes. Routing, the kind of credential, accepted query parameters and bodies,
// OpenAPI and the tests' authentication matrix all come from it, so they can't disagree.
#pragma once

#include "core/base/error.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "fcgi/http.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace fcgi {

struct BillingContext;
struct RequestContext;

using Handler = core::Result<HttpResponse> (*)(RequestContext&, const HttpRequest&);
using BillingHandler = core::Result<HttpResponse> (*)(BillingContext&, const HttpRequest&);

// What a scoped token's scopes must allow; the service checks it.
enum class RequiredAction : std::uint8_t { None, Read, Write, Namespaces };

// Must a request that may have a body have one? Raw: it is handed on as it came, for it is signed.
enum class BodyNeed : std::uint8_t { Required, Optional, Raw };

// Members without a default must be written in every entry: the compiler warns, and the guards
// below refuse. No schema of a request means that it has no body; none of a response, that the
// answer is 204.
struct Route {
    Method method;
    // Literal segments, matched byte for byte, and at most one argument: {name}, one segment, or
    // {name+}, one or more.
    std::string_view path;
    core::identity::AuthKind auth;
    // What a person must be at least; of no meaning for agents.
    core::identity::MemberRole role = core::identity::MemberRole::None;
    RequiredAction action = RequiredAction::None;
    Handler handler;
    // Where the pool of billing serves it; what `handler` answers then is that it does not.
    BillingHandler billing_handler = nullptr;
    std::string_view operation_id;
    std::string_view summary;
    std::span<const std::string_view> query{};
    std::span<const std::string_view> required_query{};
    std::string_view request_schema{};
    BodyNeed body = BodyNeed::Required;
    std::string_view response_schema{};
    // Of an answer with 503.
    std::string_view unavailable_schema = "Error";
    // Types of content beside JSON that the answer may have.
    std::span<const std::string_view> other_content{};
    // Beside those that every route can answer: see openapi.cpp.
    std::span<const core::ErrorCode> errors{};
};

// In the order of the OpenAPI document.
std::span<const Route> routes();
// Those that the pool of billing serves.
std::vector<Route> billing_routes();

// The guards. constexpr and not consteval: the unit tests call them with broken tables, too.

constexpr bool is_rest_segment(std::string_view segment) {
    return segment.size() > 3 && segment.front() == '{' && segment.ends_with("+}");
}

constexpr bool is_argument(std::string_view segment) {
    return is_rest_segment(segment) ||
           (segment.size() > 2 && segment.front() == '{' && segment.back() == '}' &&
            segment.find_first_of("+%") == std::string_view::npos);
}

// "/a/b", one of the segments perhaps "{name}" or "{name+}".
constexpr bool is_path_template(std::string_view path) {
    if (path.empty() || path.front() != '/') return false;
    bool has_argument = false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        if (segment.empty()) return false;
        if (is_argument(segment)) {
            if (has_argument) return false;
            has_argument = true;
        } else if (segment.find_first_of("{}+%") != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

// The name of what stands for one segment or more; nothing where all are literal.
constexpr std::string_view argument_of(std::string_view path) {
    const std::size_t open = path.find('{');
    if (open == std::string_view::npos) return {};
    return path.substr(open + 1, path.find_first_of("+}", open) - open - 1);
}

constexpr bool is_change(Method method) {
    return method != Method::Get;
}

// What nobody signed in for is named by whoever signed it.
constexpr bool takes_idempotency_key(const Route& route) {
    return is_change(route.method) && route.body != BodyNeed::Raw;
}

constexpr bool is_guarded(const Route& route) {
    if (route.auth == core::identity::AuthKind::Unset) return false;
    return core::identity::lets_people_in(route.auth) ==
           (route.role != core::identity::MemberRole::None);
}

constexpr bool is_complete(const Route& route) {
    return is_path_template(route.path) && is_guarded(route) && route.handler != nullptr &&
           !route.operation_id.empty() && !route.summary.empty() &&
           (!route.response_schema.empty() || is_change(route.method));
}

constexpr bool all_complete(std::span<const Route> table) {
    for (const auto& route : table)
        if (!is_complete(route)) return false;
    return true;
}

constexpr bool all_distinct(std::span<const Route> table) {
    for (std::size_t i = 0; i < table.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const bool same_place =
                table[i].method == table[j].method && table[i].path == table[j].path;
            if (same_place || table[i].operation_id == table[j].operation_id) return false;
        }
    }
    return true;
}

}  // namespace fcgi
