#include "fcgi/handlers/members.h"

#include "core/scope/access_tier.h"
#include "core/service/text_rules.h"
#include "core/service/token_terms.h"
#include "fcgi/handlers/etag.h"
#include "fcgi/schemas.h"

#include <algorithm>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::JsonObject;
using core::JsonValue;
using core::identity::MemberRole;
using core::service::SecretAttributes;

// Longer than any maximum that can be configured; keeps arithmetic with times from overflowing.
constexpr std::int64_t kLongestSeconds = 100LL * 366 * 86400;

core::Result<void> decode_kind(const JsonObject& object, SecretAttributes& out) {
    const auto type = object.optional_string("secret_type");
    if (!type) return core::failure(type);
    const auto& known = schemas::kSecretTypes;
    if (*type && std::find(known.begin(), known.end(), **type) == known.end())
        return core::invalid(
            "The member 'secret_type' must be one of api_key, oauth_token, db_credential, ssh_key, "
            "certificate, custom");
    if (*type) out.type = std::string(**type);

    const auto tier = object.optional_string("access_tier");
    if (!tier) return core::failure(tier);
    if (*tier) out.tier = core::scope::parse_access_tier(**tier);
    if (*tier && !out.tier)
        return core::invalid(
            "The member 'access_tier' must be one of standard, sensitive, critical");
    return {};
}

core::Result<void> decode_metadata(const JsonObject& object, SecretAttributes& out) {
    const auto metadata = object.optional_object("metadata");
    if (!metadata) return core::failure(metadata);
    if (!*metadata) return {};
    out.metadata = (*metadata)->to_text();
    if (out.metadata->size() > core::service::kMaxMetadataBytes)
        return core::invalid("The member 'metadata' must have at most 8192 bytes as compact JSON");
    return {};
}

core::Result<void> decode_expiry(const JsonObject& object, SecretAttributes& out) {
    if (!object.has("expires_at")) return {};
    const auto text = object.optional_string("expires_at");
    if (!text) return core::failure(text);
    out.expires_at.emplace();
    if (!*text) return {};
    const auto time = core::parse_rfc3339(**text);
    if (!time)
        return core::invalid(
            "The member 'expires_at' must be null or a time with its offset (RFC 3339), such as "
            "'2030-01-31T12:00:00Z'");
    out.expires_at = std::optional<core::Timestamp>(time);
    return {};
}

}  // namespace

core::JsonWriter& write_time(core::JsonWriter& json,
                             std::string_view name,
                             const std::optional<core::Timestamp>& time) {
    json.key(name);
    return time ? json.value(core::format_rfc3339(*time)) : json.value(nullptr);
}

core::Result<std::optional<MemberRole>> decode_role(const JsonObject& object) {
    const auto text = object.optional_string("role");
    if (!text) return core::failure(text);
    if (!*text) return std::nullopt;
    const auto role = core::identity::parse_member_role(**text);
    if (!role)
        return core::invalid("The member 'role' must be one of owner, admin, approver, viewer");
    return role;
}

core::Result<SecretAttributes> decode_attributes(const JsonObject& object) {
    SecretAttributes out;
    if (const auto kind = decode_kind(object, out); !kind) return core::failure(kind);
    if (const auto metadata = decode_metadata(object, out); !metadata)
        return core::failure(metadata);
    if (const auto expiry = decode_expiry(object, out); !expiry) return core::failure(expiry);
    return out;
}

core::Result<std::optional<std::chrono::seconds>> decode_duration(const JsonObject& object,
                                                                  std::string_view name) {
    const auto member = object.find(name);
    if (!member || member->kind() == JsonValue::Kind::Null) return std::nullopt;
    std::optional<std::chrono::seconds> duration;
    if (member->kind() == JsonValue::Kind::String)
        duration = core::parse_duration(member->string());
    if (member->kind() == JsonValue::Kind::Integer && member->integer() >= 0)
        duration = std::chrono::seconds(std::min(member->integer(), kLongestSeconds));
    if (!duration)
        return core::invalid(
            "The member '" + std::string(name) +
            "' must be a duration such as '15m', '1h' or '7d', or whole seconds as a "
            "number");
    return duration;
}

core::Result<std::optional<std::chrono::seconds>> decode_ttl(const JsonObject& object) {
    auto ttl = decode_duration(object, "ttl");
    if (ttl && *ttl && (*ttl)->count() < 1)
        return core::invalid("The member 'ttl' must be at least 1 second");
    return ttl;
}

core::Result<std::optional<std::int64_t>> decode_max_uses(const JsonObject& object) {
    auto uses = object.optional_integer("max_uses");
    if (uses && *uses && (**uses < 1 || **uses > core::service::kMostTokenUses))
        return core::invalid(
            "The member 'max_uses' must be null or a whole number from 1 to 1000000");
    return uses;
}

core::Result<std::optional<std::int64_t>> decode_expected_version(
    const JsonObject& object, std::optional<std::string_view> if_match) {
    const auto member = object.optional_integer("expected_version");
    if (!member) return core::failure(member);
    if (*member && **member < 0)
        return core::invalid(
            "The member 'expected_version' must be a whole number: the version to replace, or 0 "
            "where there must be none yet");
    if (!if_match) return *member;
    const auto header = version_of_if_match(*if_match);
    if (!header) return core::failure(header);
    if (*member && **member != *header)
        return core::invalid(
            "The header If-Match and the member 'expected_version' name different versions; send "
            "one of them");
    return *header;
}

core::Result<std::optional<std::string>> decode_reason(const JsonObject& object) {
    const auto text = object.optional_string("reason");
    if (!text) return core::failure(text);
    std::optional<std::string> reason;
    if (*text) reason = std::string(**text);
    if (const auto fine = core::service::check_reason(reason); !fine) return core::failure(fine);
    return reason;
}

core::Result<std::optional<bool>> optional_boolean(const JsonObject& object,
                                                   std::string_view name) {
    const auto member = object.find(name);
    if (!member || member->kind() == JsonValue::Kind::Null) return std::nullopt;
    if (member->kind() == JsonValue::Kind::Bool) return member->boolean();
    return core::invalid("The member '" + std::string(name) + "' must be true or false");
}

core::Result<void> decode_nothing(const HttpRequest& request) {
    const auto object = JsonObject::decode(request.body->root(), {});
    if (!object) return core::failure(object);
    return {};
}

}  // namespace fcgi
