#include "fcgi/handlers/secret_handlers.h"

#include "core/base/clock.h"
#include "fcgi/handlers/etag.h"
#include "fcgi/handlers/paging.h"
#include "fcgi/request_context.h"
#include "fcgi/schemas.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::JsonObject;
using core::JsonValue;
using core::service::NamespaceListing;
using core::service::NotModified;
using core::service::PutRequest;
using core::service::ReadRequest;
using core::service::SecretInfo;
using core::service::SecretWithValue;

core::Failure invalid(std::string message) {
    return core::failure(ErrorCode::InvalidRequest, std::move(message));
}

// ---- decoding a PUT ----------------------------------------------------------------------------

core::Result<core::Plaintext> decode_value(const JsonObject& object) {
    const auto value = object.required_string("value");
    if (!value) return core::failure(value);
    if (value->empty() || value->size() > core::service::kMaxValueBytes)
        return invalid("The member 'value' must have 1 to 65536 bytes");
    return core::Plaintext::copy_of(*value);
}

core::Result<void> decode_kind(const JsonObject& object, PutRequest& request) {
    const auto type = object.optional_string("secret_type");
    if (!type) return core::failure(type);
    const auto& known = schemas::kSecretTypes;
    if (*type && std::find(known.begin(), known.end(), **type) == known.end())
        return invalid(
            "The member 'secret_type' must be one of api_key, oauth_token, db_credential, ssh_key, "
            "certificate, custom");
    request.type = *type;

    const auto tier = object.optional_string("access_tier");
    if (!tier) return core::failure(tier);
    if (*tier) request.tier = core::scope::parse_access_tier(**tier);
    if (*tier && !request.tier)
        return invalid("The member 'access_tier' must be one of standard, sensitive, critical");
    return {};
}

core::Result<void> decode_metadata(const JsonObject& object, PutRequest& request) {
    const auto metadata = object.optional_object("metadata");
    if (!metadata) return core::failure(metadata);
    if (!*metadata) return {};
    request.metadata = (*metadata)->to_text();
    if (request.metadata->size() > core::service::kMaxMetadataBytes)
        return invalid("The member 'metadata' must have at most 8192 bytes as compact JSON");
    return {};
}

core::Result<void> decode_expiry(const JsonObject& object, PutRequest& request) {
    if (!object.has("expires_at")) return {};
    const auto text = object.optional_string("expires_at");
    if (!text) return core::failure(text);
    request.expires_at.emplace();
    if (!*text) return {};
    const auto time = core::parse_rfc3339(**text);
    if (!time)
        return invalid(
            "The member 'expires_at' must be null or a time with its offset (RFC 3339), such as "
            "'2030-01-31T12:00:00Z'");
    request.expires_at = std::optional<core::Timestamp>(time);
    return {};
}

core::Result<void> decode_expected_version(const JsonObject& object,
                                           std::optional<std::string_view> if_match,
                                           PutRequest& request) {
    const auto member = object.optional_integer("expected_version");
    if (!member) return core::failure(member);
    if (*member && **member < 0)
        return invalid(
            "The member 'expected_version' must be a whole number: the version to replace, or 0 "
            "for a secret that must not exist yet");
    request.expected_version = *member;
    if (!if_match) return {};
    const auto header = version_of_if_match(*if_match);
    if (!header) return core::failure(header);
    if (*member && **member != *header)
        return invalid(
            "The header If-Match and the member 'expected_version' name different versions; send "
            "one of them");
    request.expected_version = *header;
    return {};
}

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
    json.key("expires_at");
    if (info.expires_at)
        json.value(core::format_rfc3339(*info.expires_at));
    else
        json.value(nullptr);
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

core::Result<HttpResponse> list_namespace(RequestContext& context,
                                          const HttpRequest& request,
                                          std::string_view text) {
    const auto name_space = core::scope::Namespace::parse(text);
    if (!name_space) return core::failure(name_space);
    const auto page = page_request(request.query, kDefaultLimit);
    if (!page) return core::failure(page);

    const auto listing =
        context.services.secrets.list(context.principal, context.origin, *name_space, *page);
    if (!listing) return core::failure(listing);
    return listing_response(*listing);
}

}  // namespace

core::Result<PutRequest> decode_put_request(const JsonValue& body,
                                            std::optional<std::string_view> if_match) {
    const auto object = JsonObject::decode(
        body,
        {"value", "secret_type", "access_tier", "metadata", "expires_at", "expected_version"});
    if (!object) return core::failure(object);
    auto value = decode_value(*object);
    if (!value) return core::failure(value);

    PutRequest request;
    request.value = std::move(*value);
    if (const auto kind = decode_kind(*object, request); !kind) return core::failure(kind);
    if (const auto metadata = decode_metadata(*object, request); !metadata)
        return core::failure(metadata);
    if (const auto expiry = decode_expiry(*object, request); !expiry) return core::failure(expiry);
    if (const auto version = decode_expected_version(*object, if_match, request); !version)
        return core::failure(version);
    return request;
}

void write_stored_secret(core::JsonWriter& json, const SecretInfo& info) {
    json.begin_object().member("id", info.id.text());
    write_path(json, info);
    write_attributes(json, info);
    write_times(json, info);
    json.end_object();
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
        return invalid(
            "The query parameter 'namespace' is missing: "
            "/v1/secrets?namespace=production%2Fgemini");
    return list_namespace(context, request, *text);
}

core::Result<HttpResponse> read_secret(RequestContext& context, const HttpRequest& request) {
    const auto version =
        request.query.integer("version", 1, std::numeric_limits<std::int32_t>::max());
    if (!version) return core::failure(version);
    if (request.path.raw_segments == 1) {
        if (*version) return invalid("A namespace has no versions: remove 'version'");
        return list_namespace(context, request, request.path.text);
    }
    auto path = core::scope::SecretPath::parse(request.path.text);
    if (!path) return core::failure(std::move(path));
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

core::Result<HttpResponse> put_secret(RequestContext& context, const HttpRequest& request) {
    if (request.path.raw_segments == 1)
        return invalid(
            "A secret is stored under a namespace and a key: PUT /v1/secrets/{namespace}/{key}");
    const auto path = core::scope::SecretPath::parse(request.path.text);
    if (!path) return core::failure(path);
    if (request.if_none_match)
        return invalid(
            "The header If-None-Match is for GET; for a secret that must not exist yet send "
            "\"expected_version\": 0");
    const auto put = decode_put_request(request.body->root(), request.if_match);
    if (!put) return core::failure(put);

    const auto stored =
        context.services.secrets.put(context.principal, context.origin, *path, *put);
    if (!stored) return core::failure(stored);

    core::JsonWriter json;
    write_stored_secret(json, *stored);
    return json_response(Status::Ok, std::move(json));
}

}  // namespace fcgi
