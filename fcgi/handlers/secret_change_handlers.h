// What changes secrets: PUT, DELETE, rotate, rollback, import. Functions without state;
// thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/secret_changes.h"
#include "fcgi/http.h"

#include <optional>
#include <string_view>

namespace fcgi {

struct RequestContext;

// PUT /v1/secrets/{path+}
core::Result<HttpResponse> put_secret(RequestContext& context, const HttpRequest& request);
// DELETE /v1/secrets/{path+}
core::Result<HttpResponse> delete_secret(RequestContext& context, const HttpRequest& request);
// POST /v1/secrets/{path+}/rotate
core::Result<HttpResponse> rotate_secret(RequestContext& context, const HttpRequest& request);
// POST /v1/versions/rollback
core::Result<HttpResponse> roll_back_secret(RequestContext& context, const HttpRequest& request);
// POST /v1/secrets/import
core::Result<HttpResponse> import_secrets(RequestContext& context, const HttpRequest& request);

// The halves that tests look at by themselves. The requests keep views of the body's document.
// Errors: InvalidRequest naming the member or header.
core::Result<core::service::PutRequest> decode_put_request(
    const core::JsonValue& body, std::optional<std::string_view> if_match);
core::Result<core::service::ImportRequest> decode_import(const core::JsonValue& body);

}  // namespace fcgi
