#include "core/config/issuers.h"

#include "core/http/https_url.h"

#include <algorithm>
#include <string_view>

namespace core::config {
namespace {

using Fault = std::optional<std::string>;

constexpr std::string_view kFirebaseIssuer = "https://securetoken.google.com/";
constexpr std::string_view kFirebaseKeys =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
constexpr std::size_t kMaxProjectBytes = 100;
constexpr std::size_t kMaxIssuerBytes = 512;
constexpr std::size_t kMaxAudienceBytes = 256;

// Google's ids, the old ones with a domain included (example.com:project).
bool is_project_id(std::string_view text) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
    };
    return !text.empty() && text.size() <= kMaxProjectBytes &&
           std::all_of(text.begin(), text.end(), is_allowed);
}

bool is_visible_text(std::string_view text, std::size_t longest) {
    return !text.empty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Fault url_fault(const std::string& key, const std::string& text) {
    const auto url = http::HttpsUrl::parse(text);
    if (url) return std::nullopt;
    return "'" + key + "' " + url.error().public_message;
}

Fault issuer_fault(const std::string& issuer) {
    if (auto fault = url_fault("issuer", issuer)) return fault;
    const auto url = http::HttpsUrl::parse(issuer);
    // OpenID Connect Core §2: no query or fragment.
    if (issuer.find('?') != std::string::npos) return "'issuer' must not hold a query (?)";
    if (url->path().find("//") != std::string::npos)
        return "'issuer' must not hold two slashes in a row";
    if (issuer.size() > kMaxIssuerBytes) return "'issuer' must have at most 512 bytes";
    // By that way Firebase's own rules would not be asked for.
    if (issuer.starts_with(kFirebaseIssuer))
        return "write 'firebase: PROJECT' for an issuer of Firebase";
    return std::nullopt;
}

std::string without_slash(std::string text) {
    if (text.ends_with('/')) text.pop_back();
    return text;
}

Fault conflict_between(const IssuerEntry& entry, const IssuerEntry& other) {
    const std::string issuer = issuer_of(entry);
    if (issuer != issuer_of(other)) {
        if (without_slash(issuer) != without_slash(issuer_of(other))) return std::nullopt;
        return "this issuer is the one of " + other.written_at +
               " but for the slash at its end; write it exactly as its tokens do";
    }
    if (audience_of(entry) == audience_of(other))
        return "this issuer with this audience stands at " + other.written_at + " already";
    if (key_set_address_of(entry) != key_set_address_of(other))
        return "this issuer has another 'jwks_uri' at " + other.written_at;
    return std::nullopt;
}

}  // namespace

std::string issuer_of(const IssuerEntry& entry) {
    if (entry.firebase.empty()) return entry.issuer;
    return std::string(kFirebaseIssuer) + entry.firebase;
}

std::string audience_of(const IssuerEntry& entry) {
    return entry.firebase.empty() ? entry.audience : entry.firebase;
}

std::string key_set_address_of(const IssuerEntry& entry) {
    if (entry.firebase.empty() || !entry.jwks_uri.empty()) return entry.jwks_uri;
    return std::string(kFirebaseKeys);
}

Fault fault_of(const IssuerEntry& entry) {
    const bool is_firebase = !entry.firebase.empty();
    const bool is_other = !entry.issuer.empty() || !entry.audience.empty();
    if (is_firebase == is_other) return "an issuer is 'firebase', or 'issuer' with 'audience'";
    if (is_firebase && !is_project_id(entry.firebase))
        return "'firebase' must be the id of a project: lowercase letters, digits and '-'";
    if (is_other) {
        if (entry.issuer.empty()) return "'issuer' is missing beside 'audience'";
        if (auto fault = issuer_fault(entry.issuer)) return fault;
        if (!is_visible_text(entry.audience, kMaxAudienceBytes))
            return "'audience' must be 1 to 256 visible ASCII characters";
    }
    if (entry.jwks_uri.empty()) return std::nullopt;
    return url_fault("jwks_uri", entry.jwks_uri);
}

Fault conflict_of(const IssuerEntry& entry, const std::vector<IssuerEntry>& others) {
    for (const auto& other : others)
        if (auto conflict = conflict_between(entry, other)) return conflict;
    return std::nullopt;
}

}  // namespace core::config
