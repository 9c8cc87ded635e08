// GET of /v1/secrets and what belongs to it. Functions without state; thread-safe.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/service/secrets.h"
#include "fcgi/http.h"

namespace fcgi {

struct RequestContext;

// GET /v1/secrets?namespace=N
core::Result<HttpResponse> list_secrets(RequestContext& context, const HttpRequest& request);
// GET /v1/secrets/{path+}: a secret, or where that is one segment a namespace.
core::Result<HttpResponse> read_secret(RequestContext& context, const HttpRequest& request);
// GET /v1/secrets/namespaces, GET /v1/namespaces
core::Result<HttpResponse> list_namespaces(RequestContext& context, const HttpRequest& request);
// GET /v1/versions?path=P
core::Result<HttpResponse> list_versions(RequestContext& context, const HttpRequest& request);

// The members of a stored secret, its value not among them.
void write_stored_members(core::JsonWriter& json, const core::service::SecretInfo& info);
// Whole bodies.
void write_secret(core::JsonWriter& json, const core::service::SecretWithValue& secret);
void write_listing(core::JsonWriter& json, const core::service::NamespaceListing& listing);

}  // namespace fcgi
