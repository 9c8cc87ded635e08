// /v1/secrets. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/secrets.h"
#include "fcgi/http.h"

#include <optional>
#include <string_view>

namespace fcgi {

struct RequestContext;

// GET /v1/secrets?namespace=N
core::Result<HttpResponse> list_secrets(RequestContext& context, const HttpRequest& request);
// GET /v1/secrets/{path+}: a secret, or where that is one segment a namespace.
core::Result<HttpResponse> read_secret(RequestContext& context, const HttpRequest& request);
// PUT /v1/secrets/{path+}
core::Result<HttpResponse> put_secret(RequestContext& context, const HttpRequest& request);

// The halves that tests look at by themselves. The request keeps views of the body's document.
// Errors: InvalidRequest naming the member or header.
core::Result<core::service::PutRequest> decode_put_request(
    const core::JsonValue& body, std::optional<std::string_view> if_match);
void write_stored_secret(core::JsonWriter& json, const core::service::SecretInfo& info);
void write_secret(core::JsonWriter& json, const core::service::SecretWithValue& secret);
void write_listing(core::JsonWriter& json, const core::service::NamespaceListing& listing);

}  // namespace fcgi
