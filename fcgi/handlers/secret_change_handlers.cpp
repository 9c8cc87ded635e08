#include "fcgi/handlers/secret_change_handlers.h"

#include "core/base/clock.h"
#include "fcgi/handlers/members.h"
#include "fcgi/handlers/secret_handlers.h"
#include "fcgi/request_context.h"

#include <limits>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::JsonObject;
using core::JsonValue;
using core::service::ImportedSecrets;
using core::service::ImportRequest;
using core::service::PutRequest;
using core::service::RolledBackSecret;
using core::service::RotatedSecret;
using core::service::SecretInfo;

// ---- decoding ----------------------------------------------------------------------------------

core::Result<core::Plaintext> plaintext_of(std::string_view name, std::string_view value) {
    if (value.empty() || value.size() > core::service::kMaxValueBytes)
        return core::invalid("The member '" + std::string(name) + "' must have 1 to 65536 bytes");
    return core::Plaintext::copy_of(value);
}

core::Result<core::Plaintext> decode_value(const JsonObject& object) {
    const auto value = object.required_string("value");
    if (!value) return core::failure(value);
    return plaintext_of("value", *value);
}

core::Result<std::optional<core::Plaintext>> decode_new_value(const HttpRequest& request) {
    const auto object = JsonObject::decode(request.body->root(), {"new_value"});
    if (!object) return core::failure(object);
    const auto text = object->optional_string("new_value");
    if (!text) return core::failure(text);
    if (!*text) return std::nullopt;
    auto value = plaintext_of("new_value", **text);
    if (!value) return core::failure(std::move(value));
    return std::move(*value);
}

struct RollbackRequest {
    core::scope::SecretPath path;
    std::int64_t version = 0;
};

core::Result<RollbackRequest> decode_rollback(const JsonValue& body) {
    const auto object = JsonObject::decode(body, {"path", "version"});
    if (!object) return core::failure(object);
    const auto text = object->required_string("path");
    if (!text) return core::failure(text);
    auto path = core::scope::SecretPath::parse(*text);
    if (!path) return core::failure(std::move(path));
    const auto version = object->optional_integer("version");
    if (!version) return core::failure(version);
    if (!*version || **version < 1 || **version > std::numeric_limits<std::int32_t>::max())
        return core::invalid("The member 'version' must be the whole number of an older version");
    return RollbackRequest{std::move(*path), **version};
}

// A secret's path, where the request names one and not a namespace.
core::Result<core::scope::SecretPath> secret_path(const HttpRequest& request,
                                                  std::string_view how) {
    if (request.path.raw_segments == 1)
        return core::invalid("A secret has a namespace and a key: " + std::string(how));
    return core::scope::SecretPath::parse(request.path.text);
}

// ---- answers -----------------------------------------------------------------------------------

core::Body render_stored(const SecretInfo& info) {
    core::JsonWriter json;
    json.begin_object();
    write_stored_members(json, info);
    json.end_object();
    return std::move(json).take();
}

core::Body render_rolled_back(const RolledBackSecret& rolled_back) {
    core::JsonWriter json;
    json.begin_object();
    write_stored_members(json, rolled_back.info);
    json.member("rolled_back_to", rolled_back.from_version).end_object();
    return std::move(json).take();
}

core::Body render_rotated(const RotatedSecret& rotated) {
    core::JsonWriter json;
    json.begin_object();
    json.member("namespace", rotated.path.name_space()).member("key", rotated.path.key());
    json.member("version", rotated.version);
    json.member("rotated_at", core::format_rfc3339(rotated.rotated_at));
    json.member("revoked_tokens", rotated.revoked_tokens);
    if (rotated.made_value != nullptr) json.key("value").secret(rotated.made_value->expose());
    json.end_object();
    return std::move(json).take();
}

core::Body render_deleted(const core::scope::SecretPath&) {
    core::JsonWriter json;
    json.begin_object().member("status", "deleted").end_object();
    return std::move(json).take();
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
    auto attributes = decode_attributes(*object);
    if (!attributes) return core::failure(std::move(attributes));
    request.attributes = std::move(*attributes);
    const auto version = decode_expected_version(*object, if_match);
    if (!version) return core::failure(version);
    request.expected_version = *version;
    return request;
}

core::Result<ImportRequest> decode_import(const JsonValue& body) {
    const auto object = JsonObject::decode(
        body, {"namespace", "content", "secret_type", "access_tier", "metadata"});
    if (!object) return core::failure(object);
    const auto text = object->required_string("namespace");
    if (!text) return core::failure(text);
    auto name_space = core::scope::Namespace::parse(*text);
    if (!name_space) return core::failure(std::move(name_space));
    const auto content = object->required_string("content");
    if (!content) return core::failure(content);
    auto attributes = decode_attributes(*object);
    if (!attributes) return core::failure(std::move(attributes));
    return ImportRequest{std::move(*name_space), *content, std::move(*attributes)};
}

core::Result<HttpResponse> put_secret(RequestContext& context, const HttpRequest& request) {
    if (request.path.raw_segments == 1)
        return core::invalid(
            "A secret is stored under a namespace and a key: PUT /v1/secrets/{namespace}/{key}");
    const auto path = core::scope::SecretPath::parse(request.path.text);
    if (!path) return core::failure(path);
    if (request.if_none_match)
        return core::invalid(
            "The header If-None-Match is for GET; for a secret that must not exist yet send "
            "\"expected_version\": 0");
    const auto put = decode_put_request(request.body->root(), request.if_match);
    if (!put) return core::failure(put);

    auto stored = context.services.secret_changes.put(
        context.principal, context.origin, *path, *put, render_stored);
    if (!stored) return core::failure(std::move(stored));
    return json_response(Status::Ok, std::move(*stored));
}

core::Result<HttpResponse> delete_secret(RequestContext& context, const HttpRequest& request) {
    const auto path = secret_path(request, "DELETE /v1/secrets/{namespace}/{key}");
    if (!path) return core::failure(path);
    auto deleted = context.services.secret_changes.remove(
        context.user(), context.origin, *path, render_deleted);
    if (!deleted) return core::failure(std::move(deleted));
    return json_response(Status::Ok, std::move(*deleted));
}

core::Result<HttpResponse> rotate_secret(RequestContext& context, const HttpRequest& request) {
    const auto path = secret_path(request, "POST /v1/secrets/{namespace}/{key}/rotate");
    if (!path) return core::failure(path);
    const auto value = decode_new_value(request);
    if (!value) return core::failure(value);
    auto rotated = context.services.secret_changes.rotate(
        context.user(), context.origin, *path, *value, render_rotated);
    if (!rotated) return core::failure(std::move(rotated));
    return json_response(Status::Ok, std::move(*rotated));
}

core::Result<HttpResponse> roll_back_secret(RequestContext& context, const HttpRequest& request) {
    const auto wanted = decode_rollback(request.body->root());
    if (!wanted) return core::failure(wanted);
    auto rolled_back = context.services.secret_changes.roll_back(
        context.user(), context.origin, wanted->path, wanted->version, render_rolled_back);
    if (!rolled_back) return core::failure(std::move(rolled_back));
    return json_response(Status::Ok, std::move(*rolled_back));
}

core::Result<HttpResponse> import_secrets(RequestContext& context, const HttpRequest& request) {
    const auto wanted = decode_import(request.body->root());
    if (!wanted) return core::failure(wanted);
    auto imported = context.services.secret_changes.import_all(
        context.principal, context.origin, *wanted, [&](const ImportedSecrets& done) {
            core::JsonWriter json;
            json.begin_object().member("namespace", wanted->name_space.text());
            json.member("imported", done.keys);
            json.member("imported_count", static_cast<std::int64_t>(done.keys.size()));
            // The official CLI reads these two.
            json.member("keys", done.keys).member("skipped", done.skipped).end_object();
            return std::move(json).take();
        });
    if (!imported) return core::failure(std::move(imported));
    return json_response(Status::Ok, std::move(*imported));
}

}  // namespace fcgi
