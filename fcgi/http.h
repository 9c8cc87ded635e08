// HTTP as plain values: what a client sent, what it gets. Nothing in here knows FastCGI.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "fcgi/target.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fcgi {

// contract.md §1.
inline constexpr std::size_t kMaxTargetBytes = 8192;
inline constexpr std::size_t kMaxBodyBytes = 1024UL * 1024UL;

enum class Method : std::uint8_t { Get, Post, Put, Patch, Delete };
// Exactly as written on the wire: methods are case-sensitive (RFC 9110 §9.1). Nothing for others,
// HEAD included: an answer without its body is of no use here.
std::optional<Method> parse_method(std::string_view text);
std::string_view to_string(Method method);

enum class Status : std::uint16_t {
    Ok = 200,
    NoContent = 204,
    NotModified = 304,
    BadRequest = 400,
    Unauthorized = 401,
    Forbidden = 403,
    NotFound = 404,
    MethodNotAllowed = 405,
    Conflict = 409,
    Gone = 410,
    ContentTooLarge = 413,
    UriTooLong = 414,
    UnsupportedMediaType = 415,
    TooManyRequests = 429,
    InternalServerError = 500,
    ServiceUnavailable = 503,
};
std::string_view reason_phrase(Status status);
constexpr int code_of(Status status) {
    return static_cast<int>(status);
}

// Which of the web server's listeners a request came to: it says so itself, by a parameter that no
// header can become.
enum class Listener : std::uint8_t { Public, Admin };

// A request as the web server hands it over. All views die with the request.
struct IncomingRequest {
    Listener listener = Listener::Public;
    std::string_view method;
    std::string_view target;  // raw, as it stood in the request line
    std::string_view request_id;
    std::string_view remote_address;
    std::string_view content_length;  // empty where there is no body
    std::optional<std::string_view> content_type;
    std::optional<std::string_view> authorization;
    std::optional<std::string_view> tenant;  // X-Tenant-Id
    std::optional<std::string_view> user_agent;
    std::optional<std::string_view> if_match;
    std::optional<std::string_view> if_none_match;
    std::optional<std::string_view> idempotency_key;
    std::size_t idempotency_keys = 0;  // how many headers of that name there were
    std::optional<std::string_view> stripe_signature;
};

// Gives the body when it is asked for, so that nothing of it is kept for a caller who is refused.
class BodySource {
  public:
    BodySource() = default;
    BodySource(const BodySource&) = delete;
    BodySource& operator=(const BodySource&) = delete;
    BodySource(BodySource&&) = delete;
    BodySource& operator=(BodySource&&) = delete;
    virtual ~BodySource() = default;

    // All of the `size` bytes that were announced. Call it at most once. Errors: InvalidRequest
    // where fewer came.
    virtual core::Result<core::Body> read(std::size_t size) = 0;
};

// What stood in the place of {name+} of a route's path: each raw segment decoded once, joined
// by '/'. Its grammar is for core/scope to judge.
// The same for {name}, which is one segment.
struct PathArgument {
    std::string text;
    // How many segments there were before decoding: one lists a namespace, more name a secret
    // (contract.md §3).
    std::size_t raw_segments = 0;
};

// What a handler gets: routed, authenticated, its parameters known to its route.
struct HttpRequest {
    PathArgument path;
    Query query;
    std::optional<core::JsonDocument> body;  // where the route takes one
    core::Body raw_body;                     // where it takes one as it came (BodyNeed::Raw)
    std::optional<std::string_view> if_match;
    std::optional<std::string_view> if_none_match;
    std::optional<std::string_view> stripe_signature;
};

struct Header {
    std::string_view name;  // a literal
    std::string value;      // never text from outside
};

// Gives the next piece of a body that is written while it is made; empty at the end. After an error
// the connection is cut, so that nobody takes what came for all there is. Called once the handler
// has returned: it keeps what it needs, and the services of its thread.
using BodyStream = std::function<core::Result<std::string>()>;

struct HttpResponse {
    Status status = Status::InternalServerError;
    core::Body body;  // or empty
    std::vector<Header> headers;
    std::string_view content_type = "application/json";  // a literal
    BodyStream stream{};                                 // instead of a body
};

// Status line, headers and the empty line of a CGI response (RFC 3875 §6). What every answer
// carries beside (X-Request-Id, Cache-Control, ...) is nginx's to add.
std::string response_head(const HttpResponse& response);

// Takes the finished JSON text.
HttpResponse json_response(Status status, core::JsonWriter&& json);
// Takes what a service answered: JSON text, or nothing at all.
HttpResponse json_response(Status status, core::Body&& body);

}  // namespace fcgi
