#include "core/service/token_terms.h"

#include "core/base/json.h"
#include "core/crypto/mac.h"
#include "core/identity/ip_allowlist.h"
#include "core/scope/scope_set.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace core::service {
namespace {

using Addresses = std::optional<std::vector<std::string>>;

Failure beyond(std::string message) {
    return failure(ErrorCode::InvalidRequest, std::move(message));
}

// As this program writes them: the database has a way of its own.
Addresses canonical(const Addresses& addresses) {
    if (!addresses) return std::nullopt;
    const auto parsed = identity::IpAllowlist::parse(std::span<const std::string>(*addresses));
    return parsed ? parsed->entries() : addresses;
}

Result<void> check_scopes_within(const std::vector<std::string>& granted,
                                 const std::vector<std::string>& asked) {
    const auto outer = scope::ScopeSet::parse(std::span<const std::string>(asked));
    if (!outer) return failure(outer);
    const auto inner = scope::ScopeSet::parse(std::span<const std::string>(granted));
    if (!inner) return failure(inner);
    for (const auto& scope : inner->scopes())
        if (!outer->contains(scope))
            return beyond("The scope '" + scope.text() +
                          "' lies in none of those that were asked for; approve what was asked "
                          "for, or less");
    return {};
}

}  // namespace

Bytes request_digest(const store::TokenTerms& terms) {
    std::vector<std::string> scopes = terms.scopes;
    std::sort(scopes.begin(), scopes.end());
    scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
    // JSON keeps the parts apart.
    JsonWriter writer;
    writer.begin_object().member("scopes", scopes).member("ttl", terms.ttl_seconds);
    writer.member("max_uses", terms.max_uses).member("ips", canonical(terms.ip_allowlist));
    const auto digest = crypto::sha256(as_bytes(std::move(writer.end_object()).take_text()));
    return {digest.begin(), digest.end()};
}

Result<void> check_within(const store::TokenTerms& granted, const store::TokenTerms& asked) {
    if (const auto within = check_scopes_within(granted.scopes, asked.scopes); !within)
        return failure(within);
    if (granted.ttl_seconds > asked.ttl_seconds)
        return beyond("The member 'ttl' may be at most what was asked for: " +
                      format_duration(std::chrono::seconds(asked.ttl_seconds)));
    if (asked.max_uses && (!granted.max_uses || *granted.max_uses > *asked.max_uses))
        return beyond("The member 'max_uses' may be at most what was asked for: " +
                      std::to_string(*asked.max_uses));
    if (canonical(granted.ip_allowlist) != canonical(asked.ip_allowlist))
        return beyond("The addresses are not those that were asked for");
    return {};
}

}  // namespace core::service
