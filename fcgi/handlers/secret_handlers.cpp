#include "fcgi/handlers/secret_handlers.h"

#include "core/base/clock.h"
#include "fcgi/handlers/etag.h"
#include "fcgi/handlers/members.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace fcgi {
namespace {

constexpr std::int64_t kMaxNamespaces = 10000;

using core::service::NamespaceListing;
using core::service::NotModified;
using core::service::ReadRequest;
using core::service::SecretInfo;
using core::service::SecretWithValue;

// ---- answers -----------------------------------------------------------------------------------

void write_path(core::JsonWriter& json, const SecretInfo& info) {
    json.member("namespace", info.path.name_space()).member("key", info.path.key());
}

void write_attributes(core::JsonWriter& json, const SecretInfo& info) {
    json.member("version", info.version);
    json.member("secret_type", info.type);
    json.member("access_tier", core::scope::to_string(info.tier));
    json.key("metadata");
    // Validated when it was stored.
    if (info.metadata)
        json.raw(*info.metadata);
    else
        json.value(nullptr);
}

void write_times(core::JsonWriter& json, const SecretInfo& info) {
    json.member("created_at", core::format_rfc3339(info.created_at));
    json.member("updated_at", core::format_rfc3339(info.updated_at));
    write_time(json, "expires_at", info.expires_at);
}

HttpResponse listing_response(const NamespaceListing& listing) {
    core::JsonWriter json;
    write_listing(json, listing);
    return json_response(Status::Ok, std::move(json));
}

HttpResponse not_modified_response(const NotModified& answer) {
    return {
        .status = Status::NotModified, .body = {}, .headers = {{"ETag", etag_of(answer.version)}}};
}

HttpResponse secret_response(const SecretWithValue& secret) {
    core::JsonWriter json;
    write_secret(json, secret);
    HttpResponse response = json_response(Status::Ok, std::move(json));
    response.headers.push_back({"ETag", etag_of(secret.info.version)});
    return response;
}

core::Result<core::store::Depth> depth_of(const Query& query) {
    const auto text = query.find("recursive");
    if (!text || *text == "false") return core::store::Depth::Exact;
    if (*text == "true") return core::store::Depth::AllBelow;
    return core::invalid("The query parameter 'recursive' must be true or false");
}

core::Result<HttpResponse> list_namespace(RequestContext& context,
                                          const HttpRequest& request,
                                          std::string_view text) {
    const auto name_space = core::scope::Namespace::parse(text);
    if (!name_space) return core::failure(name_space);
    const auto depth = depth_of(request.query);
    if (!depth) return core::failure(depth);
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);

    const auto listing = context.services.secrets.list(
        context.principal, context.origin, *name_space, *depth, *page);
    if (!listing) return core::failure(listing);
    return listing_response(*listing);
}

}  // namespace

void write_stored_members(core::JsonWriter& json, const SecretInfo& info) {
    json.member("id", info.id.text());
    write_path(json, info);
    write_attributes(json, info);
    write_times(json, info);
}

void write_secret(core::JsonWriter& json, const SecretWithValue& secret) {
    json.begin_object().key("value").secret(secret.value.expose());
    write_path(json, secret.info);
    write_attributes(json, secret.info);
    write_times(json, secret.info);
    json.end_object();
}

void write_listing(core::JsonWriter& json, const NamespaceListing& listing) {
    json.begin_object().member("namespace", listing.name_space.text());
    json.key("items").begin_array();
    for (const auto& info : listing.page.items) {
        json.begin_object();
        write_path(json, info);
        write_attributes(json, info);
        write_times(json, info);
        json.member("expired", info.expired).end_object();
    }
    json.end_array().member("total", listing.page.total).end_object();
}

core::Result<HttpResponse> list_secrets(RequestContext& context, const HttpRequest& request) {
    const auto text = request.query.find("namespace");
    if (!text)
        return core::invalid(
            "The query parameter 'namespace' is missing: "
            "/v1/secrets?namespace=production%2Fgemini");
    return list_namespace(context, request, *text);
}

core::Result<HttpResponse> read_secret(RequestContext& context, const HttpRequest& request) {
    const auto version =
        request.query.integer("version", 1, std::numeric_limits<std::int32_t>::max());
    if (!version) return core::failure(version);
    if (request.path.raw_segments == 1) {
        if (*version) return core::invalid("A namespace has no versions: remove 'version'");
        return list_namespace(context, request, request.path.text);
    }
    auto path = core::scope::SecretPath::parse(request.path.text);
    if (!path) return core::failure(std::move(path));
    if (request.query.find("recursive"))
        return core::invalid(
            "A listing of all below is asked for by "
            "/v1/secrets?namespace=NAMESPACE&recursive=true");
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);

    ReadRequest read{
        .path = std::move(*path), .version = *version, .page = *page, .has_already = {}};
    if (request.if_none_match)
        read.has_already = [&request](std::int64_t stored) {
            return if_none_match_names(*request.if_none_match, stored);
        };
    const auto answer = context.services.secrets.read(context.principal, context.origin, read);
    if (!answer) return core::failure(answer);
    if (const auto* listing = std::get_if<NamespaceListing>(&*answer))
        return listing_response(*listing);
    if (const auto* known = std::get_if<NotModified>(&*answer))
        return not_modified_response(*known);
    return secret_response(std::get<SecretWithValue>(*answer));
}

core::Result<HttpResponse> list_namespaces(RequestContext& context, const HttpRequest& request) {
    const auto page = request.query.integer("page", 1, kMaxPage);
    if (!page) return core::failure(page);
    const auto limit = request.query.integer("limit", 1, kMaxNamespaces);
    if (!limit) return core::failure(limit);
    // All of them, unless pages are asked for: what the clients expect.
    const core::service::PageRequest wanted{page->value_or(1), limit->value_or(kMaxNamespaces)};
    const auto found =
        context.services.secrets.namespaces(context.principal, context.origin, wanted);
    if (!found) return core::failure(found);

    core::JsonWriter json;
    json.begin_object().member("namespaces", found->names).member("total", found->total);
    json.end_object();
    return json_response(Status::Ok, std::move(json));
}

core::Result<HttpResponse> list_versions(RequestContext& context, const HttpRequest& request) {
    const auto text = request.query.find("path");
    if (!text)
        return core::invalid(
            "The query parameter 'path' is missing: /v1/versions?path=production%2Fgemini%2FKEY");
    const auto path = core::scope::SecretPath::parse(*text);
    if (!path) return core::failure(path);
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);
    const auto versions = context.services.secrets.versions(context.user().tenant, *path, *page);
    if (!versions) return core::failure(versions);

    core::JsonWriter json;
    json.begin_object().member("namespace", path->name_space()).member("key", path->key());
    json.key("items").begin_array();
    for (const auto& version : versions->items) {
        json.begin_object().member("version", version.version);
        json.member("access_tier", core::scope::to_string(version.tier));
        write_time(json, "expires_at", version.expires_at);
        write_time(json, "created_at", version.created_at);
        json.member("created_by_type", version.created_by_type);
        json.member("created_by", version.created_by);
        json.member("current", version.is_current).end_object();
    }
    json.end_array().member("total", versions->total).end_object();
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
