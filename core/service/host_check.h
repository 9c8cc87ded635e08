// Where the host of a webhook is. Workers have no network: they leave the question in the database,
// egress resolves the name and answers there. Functions without state; thread-safe.
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace core::service {

struct Runtime;

// Does `host` alone say that it is not on the public internet? A name or an address, as
// http::HttpsUrl gives it. Other names must be resolved to know.
bool is_private_host(std::string_view host);

// Unknown: egress is not running, or did not find out in time.
enum class HostVerdict : std::uint8_t { Allowed, Refused, Unknown };

// Waits for at most three seconds, holding no connection meanwhile. Every delivery looks again at
// the address that it connects to: what is allowed here may still turn out to be somewhere else.
// Errors: StoreUnavailable.
Result<HostVerdict> check_host(const Runtime& runtime,
                               const TenantId& tenant,
                               const std::string& host);

}  // namespace core::service
