// Where the keys of an issuer come from: its JWKS address, given or discovered (OpenID Connect
// Discovery 1.0 §4). What comes from there is judged before anybody sees it.
#pragma once

#include "core/base/log.h"
#include "core/http/https_client.h"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

namespace core::egress {

// Why there is no new set; a closed list, and the words of the log and the database.
enum class KeySetTrouble {
    Unresolvable,
    Unreachable,
    Tls,
    TimedOut,
    TooLarge,
    BadStatus,          // not 200; redirects are not followed
    BadDiscovery,       // no JSON object with an https jwks_uri
    DiscoveryMismatch,  // it speaks for another issuer
    BadKeySet,          // not a set that identity::KeySet takes
    Stopped,            // nobody's fault: the program ends
    Failed,
};
log::Literal word_of(KeySetTrouble trouble);

struct FetchedKeySet {
    std::string json;  // taken by identity::KeySet::parse
    std::optional<std::chrono::seconds> max_age;
};

struct FetchFailure {
    KeySetTrouble trouble = KeySetTrouble::Failed;
    std::string detail;  // for the log
};

class KeySetSource {
  public:
    // `jwks_uri` empty: discovered at every fetch, for it may move.
    KeySetSource(std::string issuer, std::string jwks_uri, http::HttpsClient client);

    [[nodiscard]] const std::string& issuer() const { return m_issuer; }

    tl::expected<FetchedKeySet, FetchFailure> fetch(const std::stop_token& stop);

  private:
    tl::expected<http::Response, FetchFailure> get(const std::string& address,
                                                   const std::stop_token& stop);
    tl::expected<std::string, FetchFailure> discover(const std::stop_token& stop);

    std::string m_issuer;
    std::string m_jwks_uri;
    http::HttpsClient m_client;
};

}  // namespace core::egress
