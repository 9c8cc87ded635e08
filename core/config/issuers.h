// The list `issuers` of the configuration: what an entry may say, and what it stands for. An entry
// is a Firebase project, or any OpenID Connect issuer with the one audience that is believed.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace core::config {

// As it is written.
struct IssuerEntry {
    std::string firebase;  // the project's id; empty for any other issuer
    std::string issuer;
    std::string audience;
    std::string jwks_uri;    // empty: Firebase's own, or found by discovery
    std::string written_at;  // file:line
};

// The exact text of iss and aud in its tokens.
std::string issuer_of(const IssuerEntry& entry);
std::string audience_of(const IssuerEntry& entry);
// Where its key set is. Empty: its discovery document says so.
std::string key_set_address_of(const IssuerEntry& entry);

// What is wrong with one entry, or with it beside the others: a sentence without its place.
std::optional<std::string> fault_of(const IssuerEntry& entry);
std::optional<std::string> conflict_of(const IssuerEntry& entry,
                                       const std::vector<IssuerEntry>& others);

}  // namespace core::config
