// What a request brings to be let in, and whether who was let in may call what it calls. Functions
// without state; thread-safe.
#pragma once

#include "core/base/result.h"
#include "core/identity/principal.h"

#include <optional>
#include <string_view>

namespace core::service {

struct KeylessRuntime;

// What a request says about who sends it. The views live as long as the request.
struct Credentials {
    std::optional<std::string_view> authorization;  // the value of the one header of that name
    std::optional<std::string_view> tenant;         // X-Tenant-Id, which chooses for people alone
};

// The credential of `Bearer <credential>` (RFC 6750 §2.1; the scheme's case does not matter, RFC
// 9110 §11.1). Nothing on any other form.
std::optional<std::string_view> bearer_of(std::string_view header);

// As messages call it: "an agent key".
std::string_view name_of_kind(identity::AuthKind wanted);

// Is it of a kind that `wanted` allows, and a person of at least its role? Errors: ScopeDenied,
// naming what is wanted (recorded as auth.failed); StoreUnavailable.
Result<void> check_access(const KeylessRuntime& runtime,
                          const identity::Access& wanted,
                          const identity::Principal& principal,
                          const identity::Origin& origin);

}  // namespace core::service
