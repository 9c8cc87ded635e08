#include "fcgi/http.h"

#include <array>

namespace fcgi {
namespace {

constexpr std::array kMethods{
    Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete};

}  // namespace

std::string_view to_string(Method method) {
    switch (method) {
        case Method::Get:
            return "GET";
        case Method::Post:
            return "POST";
        case Method::Put:
            return "PUT";
        case Method::Patch:
            return "PATCH";
        case Method::Delete:
            return "DELETE";
    }
    return "GET";
}

std::optional<Method> parse_method(std::string_view text) {
    for (const auto method : kMethods)
        if (to_string(method) == text) return method;
    return std::nullopt;
}

std::string_view reason_phrase(Status status) {
    switch (status) {
        case Status::Ok:
            return "OK";
        case Status::NoContent:
            return "No Content";
        case Status::NotModified:
            return "Not Modified";
        case Status::BadRequest:
            return "Bad Request";
        case Status::Unauthorized:
            return "Unauthorized";
        case Status::Forbidden:
            return "Forbidden";
        case Status::NotFound:
            return "Not Found";
        case Status::MethodNotAllowed:
            return "Method Not Allowed";
        case Status::Conflict:
            return "Conflict";
        case Status::Gone:
            return "Gone";
        case Status::ContentTooLarge:
            return "Content Too Large";
        case Status::UriTooLong:
            return "URI Too Long";
        case Status::UnsupportedMediaType:
            return "Unsupported Media Type";
        case Status::TooManyRequests:
            return "Too Many Requests";
        case Status::InternalServerError:
            return "Internal Server Error";
        case Status::ServiceUnavailable:
            return "Service Unavailable";
    }
    return "Internal Server Error";
}

std::string response_head(const HttpResponse& response) {
    std::string head = "Status: " + std::to_string(code_of(response.status)) + " ";
    head.append(reason_phrase(response.status)).append("\r\n");
    if (!response.body.empty() || response.stream)
        head.append("Content-Type: ").append(response.content_type).append("\r\n");
    if (!response.body.empty())
        head.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    for (const auto& header : response.headers)
        head.append(header.name).append(": ").append(header.value).append("\r\n");
    head.append("\r\n");
    return head;
}

HttpResponse json_response(Status status, core::JsonWriter&& json) {
    return json_response(status, std::move(json).take());
}

HttpResponse json_response(Status status, core::Body&& body) {
    return {.status = status, .body = std::move(body), .headers = {}};
}

}  // namespace fcgi
