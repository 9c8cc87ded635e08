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
#include <optional>
#include <string_view>

namespace fcgi {

// RFC 3339, or null.
core::JsonWriter& write_time(core::JsonWriter& json,
                             std::string_view name,
                             const std::optional<core::Timestamp>& time);

// A duration (15m, 1h, 7d), or seconds as a number, which is what the official CLI sends.
// Errors: InvalidRequest.
core::Result<std::optional<std::chrono::seconds>> decode_ttl(const core::JsonObject& object);

// Of a person. Errors: InvalidRequest.
core::Result<std::optional<core::identity::MemberRole>> decode_role(const core::JsonObject& object);

// secret_type, access_tier, metadata, and where the body may have it expires_at.
// Errors: InvalidRequest naming the member.
core::Result<core::service::SecretAttributes> decode_attributes(const core::JsonObject& object);

// true or false; nothing where absent or null. Errors: InvalidRequest.
core::Result<std::optional<bool>> optional_boolean(const core::JsonObject& object,
                                                   std::string_view name);

// A body of a request that takes none: an object without members.
// Errors: InvalidRequest naming the first member.
core::Result<void> decode_nothing(const HttpRequest& request);

}  // namespace fcgi
