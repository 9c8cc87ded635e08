#include "fcgi/openapi.h"

#include "core/base/json.h"
#include "fcgi/error_response.h"
#include "fcgi/schemas.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::JsonWriter;
using core::identity::AuthKind;

// ---- schemas -----------------------------------------------------------------------------------

std::string_view json_type(ValueType type) {
    switch (type) {
        case ValueType::String:
        case ValueType::Uuid:
        case ValueType::Time:
            return "string";
        case ValueType::Integer:
            return "integer";
        case ValueType::Boolean:
            return "boolean";
        case ValueType::Object:
        case ValueType::Ref:
            return "object";
        case ValueType::Strings:
        case ValueType::Refs:
            return "array";
        case ValueType::Ttl:
            return "string";
    }
    return "string";
}

void write_reference(JsonWriter& json, std::string_view schema) {
    json.begin_object();
    json.member("$ref", "#/components/schemas/" + std::string(schema));
    json.end_object();
}

void write_type(JsonWriter& json, ValueType type, Null null) {
    std::vector<std::string> types{std::string(json_type(type))};
    if (type == ValueType::Ttl) types.emplace_back("integer");
    if (null == Null::Yes) types.emplace_back("null");
    if (types.size() == 1)
        json.member("type", types.front());
    else
        json.member("type", types);
    if (type == ValueType::Uuid) json.member("format", "uuid");
    if (type == ValueType::Time) json.member("format", "date-time");
    if (type == ValueType::Strings) {
        json.key("items").begin_object().member("type", "string").end_object();
    }
}

void write_enumeration(JsonWriter& json, std::span<const std::string_view> values, Null null) {
    json.key("enum").begin_array();
    for (const auto& value : values)
        json.value(value);
    // A null must be listed, or a validator refuses it.
    if (null == Null::Yes) json.value(nullptr);
    json.end_array();
}

void write_property(JsonWriter& json, const Property& property) {
    json.key(property.name);
    if (property.type == ValueType::Ref) {
        write_reference(json, property.ref);
        return;
    }
    json.begin_object();
    write_type(json, property.type, property.null);
    if (property.type == ValueType::Refs) {
        json.key("items");
        write_reference(json, property.ref);
    }
    if (!property.one_of.empty()) write_enumeration(json, property.one_of, property.null);
    if (!property.description.empty()) json.member("description", property.description);
    json.end_object();
}

void write_object_schema(JsonWriter& json, const Schema& schema) {
    json.member("type", "object");
    if (schema.properties.empty()) return;
    std::vector<std::string> required;
    json.key("properties").begin_object();
    for (const auto& property : schema.properties) {
        write_property(json, property);
        if (property.need == Need::Required) required.emplace_back(property.name);
    }
    json.end_object();
    json.member("required", required);
}

void write_schema(JsonWriter& json, const Schema& schema) {
    json.key(schema.name).begin_object().member("description", schema.description);
    if (schema.any_of.empty()) {
        write_object_schema(json, schema);
    } else {
        json.key("anyOf").begin_array();
        for (const auto& other : schema.any_of)
            write_reference(json, other);
        json.end_array();
    }
    json.end_object();
}

// ---- operations --------------------------------------------------------------------------------

std::vector<std::string_view> security_schemes(AuthKind auth) {
    switch (auth) {
        case AuthKind::Unset:
        case AuthKind::None:
            return {};
        case AuthKind::AgentKey:
            return {"agentKey"};
        case AuthKind::ScopedToken:
            return {"scopedToken"};
        case AuthKind::User:
            return {"userToken"};
        case AuthKind::ScopedTokenOrUser:
            return {"scopedToken", "userToken"};
        case AuthKind::SignedInUser:
        case AuthKind::Identity:
            return {"idToken"};
    }
    return {};
}

void write_security(JsonWriter& json, AuthKind auth) {
    json.key("security").begin_array();
    for (const auto& scheme : security_schemes(auth))
        json.begin_object().key(scheme).begin_array().end_array().end_object();
    json.end_array();
}

// "/v1/secrets/{secret_path+}" as OpenAPI writes it, and "secret_path".
std::string documented_path(std::string_view path) {
    std::string out(path);
    out.erase(std::remove(out.begin(), out.end(), '+'), out.end());
    return out;
}

std::string path_parameter(std::string_view path) {
    const auto open = path.find('{');
    if (open == std::string_view::npos) return {};
    return std::string(path.substr(open + 1, path.find_first_of("+}", open) - open - 1));
}

void write_path_parameter(JsonWriter& json, const std::string& name) {
    json.begin_object();
    json.member("name", name).member("in", "path").member("required", true);
    json.member("description",
                name == "secret_path"
                    ? "namespace/KEY: its slashes stand as they are, or as %2F within the "
                      "namespace. Segments of 1 to 128 characters of A-Z a-z 0-9 . _ ~ @ -"
                    : "An id (a UUID).");
    json.key("schema").begin_object().member("type", "string").end_object().end_object();
}

void write_query_parameter(JsonWriter& json, const QueryParameter& parameter, Need need) {
    json.begin_object();
    json.member("name", parameter.name).member("in", "query");
    json.member("required", need == Need::Required);
    json.member("description", parameter.description);
    json.key("schema").begin_object();
    write_type(json, parameter.type, Null::No);
    if (!parameter.one_of.empty()) write_enumeration(json, parameter.one_of, Null::No);
    json.end_object().end_object();
}

Need need_of(const Route& route, std::string_view name) {
    const auto& needed = route.required_query;
    return std::find(needed.begin(), needed.end(), name) != needed.end() ? Need::Required
                                                                         : Need::Optional;
}

void write_header_parameter(JsonWriter& json, std::string_view name, std::string_view description) {
    json.begin_object();
    json.member("name", name).member("in", "header").member("required", false);
    json.member("description", description);
    json.key("schema").begin_object().member("type", "string").end_object().end_object();
}

void write_header_parameters(JsonWriter& json, const Route& route) {
    if (core::identity::lets_people_in(route.auth))
        write_header_parameter(json,
                               "X-Tenant-Id",
                               "Which tenant a person means who belongs to several: its id, as GET "
                               "/v1/me lists it. Default: the one that they have belonged to for "
                               "longest. Without effect on agents.");
    if (is_change(route.method))
        write_header_parameter(json,
                               "Idempotency-Key",
                               "1 to 255 visible ASCII characters. The same request under the same "
                               "key within 24 hours gets the same answer and changes nothing.");
    if (route.method == Method::Put)
        write_header_parameter(json, "If-Match", "The version to replace, in quotes: \"3\".");
    if (route.method == Method::Get && route.path.find("secret_path") != std::string_view::npos)
        write_header_parameter(
            json, "If-None-Match", "A version that the caller has, in quotes; 304 if it is that.");
}

void write_parameters(JsonWriter& json, const Route& route) {
    const std::string in_path = path_parameter(route.path);
    const bool has_headers = is_change(route.method) || core::identity::lets_people_in(route.auth);
    if (in_path.empty() && route.query.empty() && !has_headers) return;
    json.key("parameters").begin_array();
    if (!in_path.empty()) write_path_parameter(json, in_path);
    for (const auto& name : route.query)
        if (const auto* known = schemas::find_query_parameter(name, route.response_schema))
            write_query_parameter(json, *known, need_of(route, name));
    write_header_parameters(json, route);
    json.end_array();
}

void write_content(JsonWriter& json,
                   std::string_view schema,
                   std::span<const std::string_view> other_content = {}) {
    json.key("content").begin_object().key("application/json").begin_object().key("schema");
    write_reference(json, schema);
    json.end_object();
    for (const auto& type : other_content) {
        json.key(type).begin_object().key("schema").begin_object();
        json.member("type", "string").end_object().end_object();
    }
    json.end_object();
}

// What the route adds to what every route of its kind can answer.
std::vector<ErrorCode> errors_of(const Route& route) {
    std::vector<ErrorCode> errors{ErrorCode::InvalidRequest};
    if (route.auth != AuthKind::None) {
        errors.push_back(ErrorCode::Unauthorized);
        errors.push_back(ErrorCode::ScopeDenied);
        errors.push_back(ErrorCode::RateLimited);
    }
    if (!route.request_schema.empty()) errors.push_back(ErrorCode::UnsupportedMediaType);
    if (is_change(route.method)) errors.push_back(ErrorCode::IdempotencyKeyReused);
    errors.push_back(ErrorCode::StoreUnavailable);
    errors.push_back(ErrorCode::Internal);
    errors.insert(errors.end(), route.errors.begin(), route.errors.end());
    return errors;
}

void write_responses(JsonWriter& json, const Route& route) {
    json.key("responses").begin_object();
    if (route.response_schema.empty()) {
        json.key("204").begin_object().member("description", "Done").end_object();
    } else {
        json.key("200").begin_object().member("description", "OK");
        write_content(json, route.response_schema, route.other_content);
        json.end_object();
        if (route.method == Method::Get && route.path.find("secret_path") != std::string_view::npos)
            json.key("304").begin_object().member("description", "Not Modified").end_object();
    }
    // Several codes can share a status: one response names them all.
    std::map<int, std::string> by_status;
    for (const auto error : errors_of(route)) {
        auto& codes = by_status[code_of(status_of(error))];
        codes.append(codes.empty() ? "" : ", ").append(wire_code(error));
    }
    for (const auto& [status, codes] : by_status) {
        json.key(std::to_string(status)).begin_object().member("description", codes);
        write_content(json, "Error");
        json.end_object();
    }
    json.end_object();
}

std::string method_key(Method method) {
    std::string out(to_string(method));
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return static_cast<char>(c - 'A' + 'a');
    });
    return out;
}

std::string_view required_scope(RequiredAction action) {
    switch (action) {
        case RequiredAction::None:
            return {};
        case RequiredAction::Read:
            return "a scope secrets:read:PATTERN";
        case RequiredAction::Write:
            return "a scope secrets:write:PATTERN";
        case RequiredAction::Namespaces:
            return "the scope namespaces:read or a scope secrets:read:PATTERN";
    }
    return {};
}

void write_operation(JsonWriter& json, const Route& route) {
    json.key(method_key(route.method)).begin_object();
    json.member("operationId", route.operation_id).member("summary", route.summary);
    if (const auto scope = required_scope(route.action); !scope.empty())
        json.member("description", "A scoped token needs " + std::string(scope) + ".");
    write_security(json, route.auth);
    if (route.role != core::identity::MemberRole::None)
        json.member("x-required-role", core::identity::to_string(route.role));
    write_parameters(json, route);
    if (!route.request_schema.empty()) {
        json.key("requestBody").begin_object();
        json.member("required", route.body == BodyNeed::Required);
        write_content(json, route.request_schema);
        json.end_object();
    }
    write_responses(json, route);
    json.end_object();
}

void write_paths(JsonWriter& json, std::span<const Route> table) {
    json.key("paths").begin_object();
    std::vector<std::string_view> written;
    for (const auto& first : table) {
        if (std::find(written.begin(), written.end(), first.path) != written.end()) continue;
        written.push_back(first.path);
        json.key(documented_path(first.path)).begin_object();
        for (const auto& route : table)
            if (route.path == first.path) write_operation(json, route);
        json.end_object();
    }
    json.end_object();
}

void write_security_scheme(JsonWriter& json, std::string_view name, std::string_view description) {
    json.key(name).begin_object();
    json.member("type", "http").member("scheme", "bearer").member("description", description);
    json.end_object();
}

void write_components(JsonWriter& json) {
    json.key("components").begin_object();
    json.key("securitySchemes").begin_object();
    write_security_scheme(json, "agentKey", "The long-lived key of an agent: ass_live_...");
    write_security_scheme(json, "scopedToken", "A token from POST /v1/tokens.");
    write_security_scheme(
        json, "userToken", "An ID token of a trusted issuer, or a personal token: ass_user_...");
    write_security_scheme(
        json, "idToken", "An ID token of a trusted issuer; a personal token won't do.");
    json.end_object();
    json.key("schemas").begin_object();
    for (const auto& schema : schemas::kAll)
        write_schema(json, schema);
    json.end_object().end_object();
}

}  // namespace

std::string write_openapi(std::span<const Route> table) {
    JsonWriter json;
    json.begin_object().member("openapi", "3.1.0");
    json.key("info").begin_object();
    json.member("title", "Agent Secret Store").member("version", SECRETSTORE_VERSION);
    json.member("description",
                "Agents trade a long-lived key for short-lived scoped tokens and read secrets with "
                "them. Every access is on record.");
    json.end_object();
    json.key("servers").begin_array().begin_object().member("url", "/").end_object().end_array();
    write_paths(json, table);
    write_components(json);
    json.end_object();
    return std::move(json).take_text();
}

const std::string& openapi_document() {
    static const std::string document = write_openapi(routes());
    return document;
}

}  // namespace fcgi
