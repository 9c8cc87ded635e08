// Members that several bodies have, read and written in one way. Functions without state;
// thread-safe.
#pragma once

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/identity/member_role.h"
#include "core/service/secret_changes.h"
#include "fcgi/http.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fcgi {

// RFC 3339, or null.
core::JsonWriter& write_time(core::JsonWriter& json,
                             std::string_view name,
                             const std::optional<core::Timestamp>& time);

// Of a person. Errors: InvalidRequest.
core::Result<std::optional<core::identity::MemberRole>> decode_role(const core::JsonObject& object);

// secret_type, access_tier, metadata, and where the body may have it expires_at.
// Errors: InvalidRequest naming the member.
core::Result<core::service::SecretAttributes> decode_attributes(const core::JsonObject& object);

// A duration as 15m, 1h or 7d, or whole seconds as a number, as the official CLI sends it; not
// negative. Nothing where the member is absent or null. Errors: InvalidRequest.
core::Result<std::optional<std::chrono::seconds>> decode_duration(const core::JsonObject& object,
                                                                  std::string_view name);
// Members of what a token is asked for, or granted. Nothing where absent or null.
// Errors: InvalidRequest.
core::Result<std::optional<std::chrono::seconds>> decode_ttl(const core::JsonObject& object);
core::Result<std::optional<std::int64_t>> decode_max_uses(const core::JsonObject& object);

// The version that a change is to replace, as the member says it or the header If-Match; nothing
// where neither does. Errors: InvalidRequest, also where they differ.
core::Result<std::optional<std::int64_t>> decode_expected_version(
    const core::JsonObject& object, std::optional<std::string_view> if_match);

// What a person or an agent says for a reason: at most 500 characters. Nothing where absent or
// null. Errors: InvalidRequest.
core::Result<std::optional<std::string>> decode_reason(const core::JsonObject& object);

// true or false; nothing where absent or null. Errors: InvalidRequest.
core::Result<std::optional<bool>> optional_boolean(const core::JsonObject& object,
                                                   std::string_view name);

// A body of a request that takes none: an object without members.
// Errors: InvalidRequest naming the first member.
core::Result<void> decode_nothing(const HttpRequest& request);

}  // namespace fcgi
