#include "core/egress/key_set_source.h"

#include "core/base/json.h"
#include "core/identity/key_set.h"

#include <utility>

namespace core::egress {
namespace {

using http::Fault;

constexpr int kOk = 200;
constexpr std::string_view kDiscoveryPath = "/.well-known/openid-configuration";

tl::unexpected<FetchFailure> trouble(KeySetTrouble kind, std::string detail) {
    return tl::unexpected(FetchFailure{kind, std::move(detail)});
}

KeySetTrouble trouble_of(Fault fault) {
    switch (fault) {
        case Fault::Unresolvable:
            return KeySetTrouble::Unresolvable;
        case Fault::Unreachable:
            return KeySetTrouble::Unreachable;
        case Fault::Tls:
            return KeySetTrouble::Tls;
        case Fault::TimedOut:
            return KeySetTrouble::TimedOut;
        case Fault::TooLarge:
            return KeySetTrouble::TooLarge;
        case Fault::Stopped:
            return KeySetTrouble::Stopped;
        case Fault::AddressRefused:
        case Fault::Malformed:
        case Fault::Failed:
            return KeySetTrouble::Failed;
    }
    return KeySetTrouble::Failed;
}

// §4: a slash at the issuer's end is taken away first.
std::string discovery_address(const std::string& issuer) {
    const bool slash = issuer.ends_with('/');
    return issuer.substr(0, issuer.size() - (slash ? 1 : 0)).append(kDiscoveryPath);
}

std::optional<std::string> text_member(const JsonDocument& document, std::string_view name) {
    const auto value = document.root().find(name);
    if (!value || value->kind() != JsonValue::Kind::String) return std::nullopt;
    return std::string(value->string());
}

}  // namespace

log::Literal word_of(KeySetTrouble trouble) {
    switch (trouble) {
        case KeySetTrouble::Unresolvable:
            return "unresolvable";
        case KeySetTrouble::Unreachable:
            return "unreachable";
        case KeySetTrouble::Tls:
            return "tls";
        case KeySetTrouble::TimedOut:
            return "timed_out";
        case KeySetTrouble::TooLarge:
            return "too_large";
        case KeySetTrouble::BadStatus:
            return "bad_status";
        case KeySetTrouble::BadDiscovery:
            return "bad_discovery";
        case KeySetTrouble::DiscoveryMismatch:
            return "discovery_mismatch";
        case KeySetTrouble::BadKeySet:
            return "bad_key_set";
        case KeySetTrouble::Stopped:
            return "stopped";
        case KeySetTrouble::Failed:
            return "failed";
    }
    return "failed";
}

KeySetSource::KeySetSource(std::string issuer, std::string jwks_uri, http::HttpsClient client)
    : m_issuer(std::move(issuer)), m_jwks_uri(std::move(jwks_uri)), m_client(std::move(client)) {}

tl::expected<FetchedKeySet, FetchFailure> KeySetSource::fetch(const std::stop_token& stop) {
    std::string address = m_jwks_uri;
    if (address.empty()) {
        auto discovered = discover(stop);
        if (!discovered) return tl::unexpected(std::move(discovered).error());
        address = std::move(*discovered);
    }
    auto answer = get(address, stop);
    if (!answer) return tl::unexpected(std::move(answer).error());
    if (const auto keys = identity::KeySet::parse(answer->body); !keys)
        return trouble(KeySetTrouble::BadKeySet, keys.error().public_message);
    return FetchedKeySet{std::move(answer->body), answer->max_age};
}

tl::expected<std::string, FetchFailure> KeySetSource::discover(const std::stop_token& stop) {
    const auto answer = get(discovery_address(m_issuer), stop);
    if (!answer) return tl::unexpected(answer.error());
    const auto document = JsonDocument::parse(Body::copy_of(answer->body));
    if (!document) return trouble(KeySetTrouble::BadDiscovery, document.error().public_message);
    // §4.3: exactly the issuer that was asked for, or whoever runs the host could speak for it.
    const auto issuer = text_member(*document, "issuer");
    if (issuer != m_issuer)
        return trouble(KeySetTrouble::DiscoveryMismatch,
                       "the document is of the issuer " + quoted_for_message(issuer.value_or("")));
    auto address = text_member(*document, "jwks_uri");
    if (!address) return trouble(KeySetTrouble::BadDiscovery, "there is no jwks_uri");
    return *std::move(address);
}

tl::expected<http::Response, FetchFailure> KeySetSource::get(const std::string& address,
                                                             const std::stop_token& stop) {
    const auto url = http::HttpsUrl::parse(address);
    // Given ones were checked with the configuration: this one was discovered.
    if (!url) return trouble(KeySetTrouble::BadDiscovery, "jwks_uri " + url.error().public_message);
    auto answer = m_client.get(*url, {{"Accept", "application/json"}}, stop);
    if (!answer) return trouble(trouble_of(answer.error().fault), answer.error().detail);
    if (answer->status != kOk)
        return trouble(KeySetTrouble::BadStatus, "status " + std::to_string(answer->status));
    return *std::move(answer);
}

}  // namespace core::egress
