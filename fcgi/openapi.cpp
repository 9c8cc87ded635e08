#include "fcgi/openapi.h"

#include "core/base/json.h"
#include "fcgi/error_response.h"
#include "fcgi/examples.h"
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
    if (type == ValueType::Object) json.member("additionalProperties", true);
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
    if (schema.properties.empty()) {
        json.member("additionalProperties", schema.members == Members::Any);
        return;
    }
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

// Any one of these is enough; nothing where a token's scopes don't matter.
std::vector<std::string_view> required_scopes(RequiredAction action) {
    switch (action) {
        case RequiredAction::None:
            return {};
        case RequiredAction::Read:
            return {"secrets:read:PATTERN"};
        case RequiredAction::Write:
            return {"secrets:write:PATTERN"};
        case RequiredAction::Namespaces:
            return {"namespaces:read", "secrets:read:PATTERN"};
    }
    return {};
}

// A scheme, and what its credential must allow or its person be (OpenAPI 3.1, Security Requirement
// Object: of other schemes than OAuth's the array names roles).
void write_requirement(JsonWriter& json, std::string_view scheme, std::string_view needed) {
    json.begin_object().key(scheme).begin_array();
    if (!needed.empty()) json.value(needed);
    json.end_array().end_object();
}

void write_token_requirements(JsonWriter& json, RequiredAction action) {
    if (action == RequiredAction::None) write_requirement(json, "scopedToken", {});
    for (const auto& scope : required_scopes(action))
        write_requirement(json, "scopedToken", scope);
}

void write_person_requirement(JsonWriter& json, std::string_view scheme, const Route& route) {
    const bool any_role = route.role == core::identity::MemberRole::None;
    write_requirement(
        json, scheme, any_role ? std::string_view{} : core::identity::to_string(route.role));
}

// Alternatives: one of them is enough.
void write_security(JsonWriter& json, const Route& route) {
    json.key("security").begin_array();
    switch (route.auth) {
        case AuthKind::Unset:
        case AuthKind::None:
            break;
        case AuthKind::Agent:
            write_requirement(json, "agentKey", {});
            break;
        case AuthKind::ScopedToken:
            write_token_requirements(json, route.action);
            break;
        case AuthKind::User:
            write_person_requirement(json, "userToken", route);
            break;
        case AuthKind::ScopedTokenOrUser:
            write_token_requirements(json, route.action);
            write_person_requirement(json, "userToken", route);
            break;
        case AuthKind::SignedInUser:
        case AuthKind::Identity:
            write_person_requirement(json, "idToken", route);
            break;
    }
    json.end_array();
}

// "/v1/secrets/{secret_path+}" as OpenAPI writes it.
std::string documented_path(std::string_view path) {
    std::string out(path);
    out.erase(std::remove(out.begin(), out.end(), '+'), out.end());
    return out;
}

void write_text_parameter(JsonWriter& json,
                          const TextParameter& parameter,
                          std::string_view in,
                          Need need) {
    json.begin_object();
    json.member("name", parameter.name).member("in", in);
    json.member("required", need == Need::Required);
    json.member("description", parameter.description);
    json.key("schema").begin_object().member("type", "string").end_object();
    json.member("example", parameter.example).end_object();
}

void write_query_parameter(JsonWriter& json, const QueryParameter& parameter, Need need) {
    json.begin_object();
    json.member("name", parameter.name).member("in", "query");
    json.member("required", need == Need::Required);
    json.member("description", parameter.description);
    json.key("schema").begin_object();
    write_type(json, parameter.type, Null::No);
    if (!parameter.one_of.empty()) write_enumeration(json, parameter.one_of, Null::No);
    json.end_object();
    json.key("example").raw(parameter.example).end_object();
}

Need need_of(const Route& route, std::string_view name) {
    const auto& needed = route.required_query;
    return std::find(needed.begin(), needed.end(), name) != needed.end() ? Need::Required
                                                                         : Need::Optional;
}

bool may_be_unmodified(const Route& route) {
    return route.method == Method::Get && argument_of(route.path) == "secret_path";
}

void write_header_parameters(JsonWriter& json, const Route& route) {
    if (core::identity::lets_people_in(route.auth))
        write_text_parameter(json, schemas::kTenantId, "header", Need::Optional);
    if (takes_idempotency_key(route))
        write_text_parameter(json, schemas::kIdempotencyKey, "header", Need::Optional);
    if (route.body == BodyNeed::Raw)
        write_text_parameter(json, schemas::kStripeSignature, "header", Need::Required);
    if (route.method == Method::Put)
        write_text_parameter(json, schemas::kIfMatch, "header", Need::Optional);
    if (may_be_unmodified(route))
        write_text_parameter(json, schemas::kIfNoneMatch, "header", Need::Optional);
}

void write_parameters(JsonWriter& json, const Route& route) {
    const auto* in_path = schemas::find_path_parameter(argument_of(route.path));
    const bool has_headers = is_change(route.method) || core::identity::lets_people_in(route.auth);
    if (in_path == nullptr && route.query.empty() && !has_headers) return;
    json.key("parameters").begin_array();
    if (in_path != nullptr) write_text_parameter(json, *in_path, "path", Need::Required);
    for (const auto& name : route.query)
        if (const auto* known = schemas::find_query_parameter(name, route.response_schema))
            write_query_parameter(json, *known, need_of(route, name));
    write_header_parameters(json, route);
    json.end_array();
}

// ---- bodies ------------------------------------------------------------------------------------

// As it goes over the wire. Whether it is JSON at all is for a test to say.
std::string compact(std::string_view json) {
    const auto document = core::JsonDocument::parse(core::Body::copy_of(json));
    return document ? document->root().to_text() : std::string(json);
}

void write_examples(JsonWriter& json, std::string_view schema) {
    json.key("examples").begin_object();
    for (const auto& example : examples::kAll) {
        if (example.schema != schema) continue;
        json.key(example.name).begin_object().member("summary", example.summary);
        json.key("value").raw(compact(example.json)).end_object();
    }
    json.end_object();
}

void write_json_content(JsonWriter& json, std::string_view schema) {
    json.key("application/json").begin_object().key("schema");
    write_reference(json, schema);
    if (examples::has(schema)) write_examples(json, schema);
    json.end_object();
}

void write_content(JsonWriter& json,
                   std::string_view schema,
                   std::span<const std::string_view> other_content = {}) {
    json.key("content").begin_object();
    write_json_content(json, schema);
    for (const auto& type : other_content) {
        json.key(type).begin_object().key("schema").begin_object();
        json.member("type", "string").end_object();
        write_examples(json, type);
        json.end_object();
    }
    json.end_object();
}

// ---- errors ------------------------------------------------------------------------------------

std::string_view example_message(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidRequest:
            return "Unknown member 'ip_allow_list'; accepted are name, description, "
                   "allowed_namespaces, allowed_scopes, ip_allowlist";
        case ErrorCode::UnsupportedMediaType:
            return "The body must be JSON: send it with Content-Type: application/json";
        case ErrorCode::IdempotencyKeyReused:
            return "This Idempotency-Key was sent with another request within the last 24 hours; "
                   "use a new one for each request";
        case ErrorCode::Unauthorized:
            return "The credential is missing, malformed, unknown, expired or revoked";
        case ErrorCode::ScopeDenied:
            return "Token scope does not cover path 'production/stripe/STRIPE_SECRET_KEY'";
        case ErrorCode::PlanLimitReached:
            return "The plan 'free' allows 5 agents and there are 5; revoke one, or change the "
                   "plan";
        case ErrorCode::SecretNotFound:
            return "There is no secret 'production/gemini/GEMINI_API_KEY'";
        case ErrorCode::NotFound:
            return "There is nothing of this id";
        case ErrorCode::StripeCustomerNotFound:
            return "This tenant is no customer of Stripe yet; begin with POST /v1/billing/checkout";
        case ErrorCode::VersionConflict:
            return "The secret 'production/gemini/GEMINI_API_KEY' is at version 3; read it again "
                   "and retry";
        case ErrorCode::AlreadyRevoked:
            return "The token was revoked before";
        case ErrorCode::ApprovalNotPending:
            return "The request has been decided already";
        case ErrorCode::ApprovalExpired:
            return "The request expired before anybody decided";
        case ErrorCode::SecretExpired:
            return "The secret 'production/gemini/GEMINI_API_KEY' has expired";
        case ErrorCode::RateLimited:
            return "Too many requests; wait for the seconds in Retry-After";
        case ErrorCode::IssuerUnavailable:
        case ErrorCode::StripeUnavailable:
        case ErrorCode::StoreUnavailable:
        case ErrorCode::StoreUninitialised:
        case ErrorCode::AuditUnavailable:
        case ErrorCode::PlanChanged:
            return "The service is not available at this moment. Try again after the seconds in "
                   "Retry-After.";
        case ErrorCode::ConfigInvalid:
        case ErrorCode::FailedPrecondition:
        case ErrorCode::IntegrityFailure:
        case ErrorCode::KekUnavailable:
        case ErrorCode::Internal:
            return "The server failed. Its log has this request's X-Request-Id.";
    }
    return {};
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
    if (takes_idempotency_key(route)) errors.push_back(ErrorCode::IdempotencyKeyReused);
    errors.push_back(ErrorCode::StoreUnavailable);
    errors.push_back(ErrorCode::Internal);
    errors.insert(errors.end(), route.errors.begin(), route.errors.end());
    return errors;
}

// The status too: one code of the wire can stand for several errors.
std::string error_example_name(ErrorCode code) {
    return std::string(wire_code(code)) + "_" + std::to_string(code_of(status_of(code)));
}

// An example for each code, by the code: a client's author reads there what may come.
void write_error_examples(JsonWriter& json, const std::map<std::string_view, ErrorCode>& codes) {
    json.key("examples").begin_object();
    for (const auto& [wire, code] : codes) {
        json.key(wire).begin_object();
        json.member("$ref", "#/components/examples/" + error_example_name(code));
        json.end_object();
    }
    json.end_object();
}

// Several codes can share a status: one response names them all.
void write_error_response(JsonWriter& json,
                          Status status,
                          const std::map<std::string_view, ErrorCode>& codes,
                          std::string_view schema) {
    std::string description;
    for (const auto& [wire, code] : codes)
        description.append(description.empty() ? "" : ", ").append(wire);
    json.key(std::to_string(code_of(status))).begin_object().member("description", description);
    json.key("content").begin_object();
    if (schema == "Error") {
        json.key("application/json").begin_object().key("schema");
        write_reference(json, schema);
        write_error_examples(json, codes);
        json.end_object();
    } else {
        write_json_content(json, schema);
    }
    json.end_object().end_object();
}

void write_success(JsonWriter& json, const Route& route) {
    if (route.response_schema.empty()) {
        json.key("204").begin_object().member("description", "Done").end_object();
        return;
    }
    json.key("200").begin_object().member("description", "OK");
    write_content(json, route.response_schema, route.other_content);
    json.end_object();
    if (may_be_unmodified(route))
        json.key("304").begin_object().member("description", "Not Modified").end_object();
}

void write_responses(JsonWriter& json, const Route& route) {
    json.key("responses").begin_object();
    write_success(json, route);
    std::map<Status, std::map<std::string_view, ErrorCode>> by_status;
    for (const auto error : errors_of(route))
        by_status[status_of(error)].emplace(wire_code(error), error);
    for (const auto& [status, codes] : by_status)
        write_error_response(json,
                             status,
                             codes,
                             status == Status::ServiceUnavailable ? route.unavailable_schema
                                                                  : std::string_view("Error"));
    json.end_object();
}

// Those that some route can answer, once each.
void write_error_example_components(JsonWriter& json, std::span<const Route> table) {
    std::map<std::string, ErrorCode> by_name;
    for (const auto& route : table)
        for (const auto error : errors_of(route))
            by_name.emplace(error_example_name(error), error);
    json.key("examples").begin_object();
    for (const auto& [name, code] : by_name) {
        json.key(name).begin_object().key("value").begin_object();
        write_error_members(json, wire_code(code), example_message(code));
        json.end_object().end_object();
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

// "a or b"
std::string alternatives(const std::vector<std::string_view>& names) {
    std::string out;
    for (const auto& name : names)
        out.append(out.empty() ? "" : " or ").append(name);
    return out;
}

void write_required_scope(JsonWriter& json, RequiredAction action) {
    const auto scopes = required_scopes(action);
    if (scopes.empty()) return;
    json.member("description", "A scoped token needs the scope " + alternatives(scopes) + ".");
    json.member("x-required-scope", std::vector<std::string>(scopes.begin(), scopes.end()));
}

void write_operation(JsonWriter& json, const Route& route) {
    json.key(method_key(route.method)).begin_object();
    json.member("operationId", route.operation_id).member("summary", route.summary);
    write_required_scope(json, route.action);
    write_security(json, route);
    if (route.role != core::identity::MemberRole::None)
        json.member("x-required-role", core::identity::to_string(route.role));
    write_parameters(json, route);
    if (!route.request_schema.empty()) {
        json.key("requestBody").begin_object();
        json.member("required", route.body != BodyNeed::Optional);
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

void write_components(JsonWriter& json, std::span<const Route> table) {
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
    json.end_object();
    write_error_example_components(json, table);
    json.end_object();
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
    json.key("license").begin_object();
    json.member("name", "Apache License 2.0").member("identifier", "Apache-2.0").end_object();
    json.end_object();
    json.key("servers").begin_array().begin_object().member("url", "/").end_object().end_array();
    write_paths(json, table);
    write_components(json, table);
    json.end_object();
    return std::move(json).take_text();
}

const std::string& openapi_document() {
    static const std::string document = write_openapi(routes());
    return document;
}

}  // namespace fcgi
