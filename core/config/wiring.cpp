#include "core/config/wiring.h"

namespace core::config {

store::Endpoint endpoint_of(const Config& config) {
    return {.hosts = config.database.hosts,
            .port = static_cast<int>(config.database.port),
            .database = config.database.name,
            .certificates = config.database.certificates,
            .statement_timeout = config.database.statement_timeout,
            .lock_timeout = config.database.lock_timeout,
            .response_timeout = config.database.response_timeout};
}

identity::TrustedIssuer local_issuer_of(const Config& config) {
    return {.issuer = config.local_issuer.issuer,
            .audience = config.local_issuer.audience,
            .requires_auth_time = false};
}

std::vector<identity::TrustedIssuer> trusted_issuers_of(const Config& config) {
    std::vector<identity::TrustedIssuer> issuers;
    if (config.local_issuer.enabled) issuers.push_back(local_issuer_of(config));
    for (const auto& entry : config.issuers)
        issuers.push_back({.issuer = issuer_of(entry),
                           .audience = audience_of(entry),
                           .requires_auth_time = !entry.firebase.empty()});
    return issuers;
}

http::Destination webhook_destination_of(const Config& config) {
    return config.webhooks.allow_private ? http::Destination::Any : http::Destination::PublicOnly;
}

Result<log::Level> load_log_level(const std::filesystem::path& file) {
    const auto config = load(file);
    if (!config) return failure(config);
    return config->log.level;
}

}  // namespace core::config
