// What the programs make of the configuration: the parts that core's rooms take. For mains only.
#pragma once

#include "core/base/log.h"
#include "core/base/result.h"
#include "core/config/config.h"
#include "core/http/https_client.h"
#include "core/identity/id_token.h"
#include "core/store/endpoint.h"

#include <filesystem>
#include <vector>

namespace core::config {

store::Endpoint endpoint_of(const Config& config);

// The built-in one; whether it is enabled or not.
identity::TrustedIssuer local_issuer_of(const Config& config);
// Whose user tokens are believed.
std::vector<identity::TrustedIssuer> trusted_issuers_of(const Config& config);

// Where webhooks may point.
http::Destination webhook_destination_of(const Config& config);

// Reads the file again for this one setting. Errors: as load().
Result<log::Level> load_log_level(const std::filesystem::path& file);

}  // namespace core::config
