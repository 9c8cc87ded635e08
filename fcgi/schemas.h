// The shapes of bodies and query parameters, as constants from which the OpenAPI document is
// written. A test compares them with what the handlers really write.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace fcgi {

enum class ValueType : std::uint8_t {
    String,
    Uuid,
    Time,  // RFC 3339, UTC
    Integer,
    Boolean,
    Object,   // free JSON
    Strings,  // array of strings
    Ttl,      // "15m" or seconds
    Ref,      // another schema
    Refs,     // array of another schema
};

enum class Need : std::uint8_t { Required, Optional };
enum class Null : std::uint8_t { No, Yes };

struct Property {
    std::string_view name;
    ValueType type;
    Need need = Need::Required;
    Null null = Null::No;
    std::string_view description{};
    std::string_view ref{};                      // of Ref and Refs
    std::span<const std::string_view> one_of{};  // of String
};

struct Schema {
    std::string_view name;
    std::string_view description;
    std::span<const Property> properties{};
    std::span<const std::string_view> any_of{};  // instead of properties: other schemas
};

struct QueryParameter {
    std::string_view name;
    ValueType type;
    Need need;
    std::string_view description;
};

namespace schemas {

inline constexpr std::array<std::string_view, 6> kSecretTypes{
    "api_key", "oauth_token", "db_credential", "ssh_key", "certificate", "custom"};
inline constexpr std::array<std::string_view, 3> kAccessTiers{"standard", "sensitive", "critical"};
inline constexpr std::array<std::string_view, 3> kActorTypes{"agent", "user", "operator"};
inline constexpr std::array<std::string_view, 2> kHealthStates{"ok", "degraded"};

inline constexpr std::array kError{
    Property{.name = "error", .type = ValueType::Ref, .ref = "ErrorCode"},
    Property{.name = "detail", .type = ValueType::String, .description = "The same message."},
};
inline constexpr std::array kErrorCode{
    Property{.name = "code", .type = ValueType::String},
    Property{.name = "message",
             .type = ValueType::String,
             .description = "What was wrong and what to do."},
};

inline constexpr std::array kNewAgent{
    Property{.name = "name",
             .type = ValueType::String,
             .description = "1 to 64 characters of A-Z a-z 0-9 _ . - and space."},
    Property{.name = "description",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters."},
    Property{.name = "allowed_namespaces",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default: those that allowed_scopes name. '*' stands for all."},
    Property{.name = "allowed_scopes",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default: secrets:read:NAMESPACE/* of each allowed namespace."},
    Property{.name = "ip_allowlist",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 64 IPv4 or IPv6 addresses or CIDR ranges."},
};

inline constexpr std::array kAgent{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "tenant_id", .type = ValueType::Uuid},
    Property{.name = "name", .type = ValueType::String},
    Property{.name = "description", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "api_key_prefix", .type = ValueType::String},
    Property{.name = "allowed_namespaces", .type = ValueType::Strings},
    Property{.name = "allowed_scopes", .type = ValueType::Strings},
    Property{.name = "ip_allowlist", .type = ValueType::Strings, .null = Null::Yes},
    Property{.name = "active", .type = ValueType::Boolean},
    Property{.name = "created_at", .type = ValueType::Time},
    Property{.name = "last_active_at", .type = ValueType::Time, .null = Null::Yes},
};

inline constexpr std::array kCreatedAgent{
    kAgent[0],
    kAgent[1],
    kAgent[2],
    kAgent[3],
    kAgent[4],
    kAgent[5],
    kAgent[6],
    kAgent[7],
    kAgent[8],
    kAgent[9],
    kAgent[10],
    Property{.name = "api_key",
             .type = ValueType::String,
             .description = "Shown this once: it cannot be retrieved again."},
};
static_assert(kCreatedAgent.size() == kAgent.size() + 1);

inline constexpr std::array kAgentPage{
    Property{.name = "items", .type = ValueType::Refs, .ref = "Agent"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kTokenRequest{
    Property{.name = "scopes",
             .type = ValueType::Strings,
             .description = "1 to 32 scopes: secrets:ACTION:PATTERN or namespaces:read."},
    Property{.name = "ttl",
             .type = ValueType::Ttl,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "A duration such as 15m, 1h or 7d, or whole seconds. Default 1h."},
    Property{.name = "max_uses",
             .type = ValueType::Integer,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 1000000; null: any number."},
    Property{.name = "ip_allowlist",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 64 IPv4 or IPv6 addresses or CIDR ranges."},
    Property{.name = "reason",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters; approvers see it."},
};

inline constexpr std::array kTokenAnswer{
    Property{.name = "token",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "null while an approval is pending."},
    Property{.name = "token_id", .type = ValueType::Uuid, .null = Null::Yes},
    Property{.name = "expires_at", .type = ValueType::Time, .null = Null::Yes},
    Property{.name = "requires_approval", .type = ValueType::Boolean},
    Property{.name = "approval_id", .type = ValueType::Uuid, .null = Null::Yes},
    Property{.name = "scopes", .type = ValueType::Strings},
    Property{.name = "agent_id", .type = ValueType::Uuid},
};

inline constexpr std::array kSecretWrite{
    Property{.name = "value", .type = ValueType::String, .description = "1 byte to 64 KiB."},
    Property{.name = "secret_type",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default custom.",
             .one_of = kSecretTypes},
    Property{.name = "access_tier",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default standard. A scoped token never lowers it.",
             .one_of = kAccessTiers},
    Property{.name = "metadata",
             .type = ValueType::Object,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 8 KiB. Absent or null: what is stored is kept."},
    Property{.name = "expires_at",
             .type = ValueType::Time,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "null: never. Absent: what is stored is kept."},
    Property{.name = "expected_version",
             .type = ValueType::Integer,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "The version to replace, or 0 for a secret that must not exist. "
                            "The same as If-Match."},
};

inline constexpr Property kNamespaceMember{.name = "namespace", .type = ValueType::String};
inline constexpr Property kKeyMember{.name = "key", .type = ValueType::String};
inline constexpr Property kVersionMember{.name = "version", .type = ValueType::Integer};
inline constexpr Property kTypeMember{
    .name = "secret_type", .type = ValueType::String, .one_of = kSecretTypes};
inline constexpr Property kTierMember{
    .name = "access_tier", .type = ValueType::String, .one_of = kAccessTiers};
inline constexpr Property kMetadataMember{
    .name = "metadata", .type = ValueType::Object, .null = Null::Yes};
inline constexpr Property kCreatedMember{.name = "created_at", .type = ValueType::Time};
inline constexpr Property kUpdatedMember{.name = "updated_at", .type = ValueType::Time};
inline constexpr Property kExpiresMember{
    .name = "expires_at", .type = ValueType::Time, .null = Null::Yes};

inline constexpr std::array kStoredSecret{
    Property{.name = "id", .type = ValueType::Uuid},
    kNamespaceMember,
    kKeyMember,
    kVersionMember,
    kTypeMember,
    kTierMember,
    kMetadataMember,
    kCreatedMember,
    kUpdatedMember,
    kExpiresMember,
};

inline constexpr std::array kSecret{
    Property{.name = "value", .type = ValueType::String},
    kNamespaceMember,
    kKeyMember,
    kVersionMember,
    kTypeMember,
    kTierMember,
    kMetadataMember,
    kCreatedMember,
    kUpdatedMember,
    kExpiresMember,
};

inline constexpr std::array kSecretListItem{
    kNamespaceMember,
    kKeyMember,
    kVersionMember,
    kTypeMember,
    kTierMember,
    kMetadataMember,
    kCreatedMember,
    kUpdatedMember,
    kExpiresMember,
    Property{.name = "expired", .type = ValueType::Boolean},
};

inline constexpr std::array kSecretListing{
    kNamespaceMember,
    Property{.name = "items", .type = ValueType::Refs, .ref = "SecretListItem"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array<std::string_view, 2> kSecretOrListing{"Secret", "SecretListing"};

inline constexpr std::array kAuditEvent{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "event_type", .type = ValueType::String},
    Property{.name = "actor_id", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "actor_type", .type = ValueType::String, .one_of = kActorTypes},
    Property{.name = "resource_type", .type = ValueType::String},
    Property{.name = "resource_id", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "metadata", .type = ValueType::Object},
    Property{.name = "ip_address", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "user_agent", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "created_at", .type = ValueType::Time},
};

inline constexpr std::array kAuditPage{
    Property{.name = "events", .type = ValueType::Refs, .ref = "AuditEvent"},
    Property{.name = "total", .type = ValueType::Integer},
    Property{.name = "page", .type = ValueType::Integer},
    Property{.name = "limit", .type = ValueType::Integer},
};

inline constexpr std::array kHealth{
    Property{.name = "status", .type = ValueType::String, .one_of = kHealthStates},
    Property{.name = "version", .type = ValueType::String},
    Property{.name = "service", .type = ValueType::String},
};

// In the order of the document.
inline constexpr std::array kAll{
    Schema{.name = "NewAgent", .description = "An agent to create.", .properties = kNewAgent},
    Schema{.name = "Agent", .description = "An agent, without its key.", .properties = kAgent},
    Schema{.name = "CreatedAgent",
           .description = "An agent with its key.",
           .properties = kCreatedAgent},
    Schema{.name = "AgentPage", .description = "Agents, oldest first.", .properties = kAgentPage},
    Schema{.name = "TokenRequest",
           .description = "What a scoped token is to allow.",
           .properties = kTokenRequest},
    Schema{.name = "TokenAnswer",
           .description = "The token, or the approval that it waits for.",
           .properties = kTokenAnswer},
    Schema{.name = "SecretWrite",
           .description = "A new version of a secret.",
           .properties = kSecretWrite},
    Schema{.name = "StoredSecret",
           .description = "What was stored, without its value.",
           .properties = kStoredSecret},
    Schema{.name = "Secret", .description = "A secret with its value.", .properties = kSecret},
    Schema{.name = "SecretListItem",
           .description = "A secret in a listing, without its value.",
           .properties = kSecretListItem},
    Schema{.name = "SecretListing",
           .description = "The secrets of one namespace that the caller may read.",
           .properties = kSecretListing},
    Schema{.name = "SecretOrListing",
           .description = "A secret; the listing where the path names a namespace.",
           .any_of = kSecretOrListing},
    Schema{.name = "AuditEvent", .description = "One event.", .properties = kAuditEvent},
    Schema{.name = "AuditPage", .description = "Events, newest first.", .properties = kAuditPage},
    Schema{.name = "Health", .description = "The state of the service.", .properties = kHealth},
    Schema{.name = "OpenApiDocument", .description = "This document."},
    Schema{.name = "Error", .description = "Every answer but a 2xx.", .properties = kError},
    Schema{.name = "ErrorCode", .description = "Code and message.", .properties = kErrorCode},
};

inline constexpr std::array kQueryParameters{
    QueryParameter{.name = "page",
                   .type = ValueType::Integer,
                   .need = Need::Optional,
                   .description = "From 1. Default 1."},
    QueryParameter{.name = "limit",
                   .type = ValueType::Integer,
                   .need = Need::Optional,
                   .description = "1 to 200. Default 50, for audit events 100."},
    QueryParameter{.name = "namespace",
                   .type = ValueType::String,
                   .need = Need::Required,
                   .description = "Exactly this namespace."},
    QueryParameter{.name = "version",
                   .type = ValueType::Integer,
                   .need = Need::Optional,
                   .description = "An older version. Default: the newest."},
};

constexpr bool is_known(std::string_view name) {
    for (const auto& schema : kAll)
        if (schema.name == name) return true;
    return false;
}

constexpr const QueryParameter* find_query_parameter(std::string_view name) {
    for (const auto& parameter : kQueryParameters)
        if (parameter.name == name) return &parameter;
    return nullptr;
}

// Every schema that another one names exists.
constexpr bool all_references_known() {
    for (const auto& schema : kAll) {
        for (const auto& property : schema.properties)
            if (!property.ref.empty() && !is_known(property.ref)) return false;
        for (const auto& other : schema.any_of)
            if (!is_known(other)) return false;
    }
    return true;
}
static_assert(all_references_known());

}  // namespace schemas
}  // namespace fcgi
