#include "fcgi/handlers/service_handlers.h"

#include "core/base/json.h"
#include "fcgi/error_response.h"
#include "fcgi/openapi.h"
#include "fcgi/request_context.h"

#include <utility>

namespace fcgi {
namespace {

void write_health_members(core::JsonWriter& json, std::string_view status) {
    json.member("status", status);
    json.member("version", SECRETSTORE_VERSION);
    json.member("service", "secretstore");
}

}  // namespace

core::Result<HttpResponse> show_health(RequestContext& context, const HttpRequest&) {
    const auto health = context.services.check_health();
    core::JsonWriter json;
    json.begin_object();
    if (health) {
        write_health_members(json, "ok");
        json.end_object();
        return json_response(Status::Ok, std::move(json));
    }
    // The one answer that is an error and more: what a monitor reads stands beside the envelope.
    write_error_members(json,
                        wire_code(core::ErrorCode::StoreUnavailable),
                        "The database is away. Try again after the seconds in Retry-After.");
    write_health_members(json, "degraded");
    json.end_object();
    auto response = json_response(Status::ServiceUnavailable, std::move(json));
    response.headers.push_back({"Retry-After", "1"});
    return response;
}

core::Result<HttpResponse> show_openapi(RequestContext&, const HttpRequest&) {
    return HttpResponse{
        .status = Status::Ok, .body = core::Body::copy_of(openapi_document()), .headers = {}};
}

}  // namespace fcgi
