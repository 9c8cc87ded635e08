// What the verbs of secretstorectl share: a connection and keys for one command, and how results
// are printed.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/config/config.h"
#include "core/crypto/root_key_ring.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace core::ctl {

// To stdout. A closed stdout is the caller's business; main checks it once at the end.
// print() is for texts that have a form of their own: tokens, keys, configurations.
void print(std::string_view text);
// What a verb tells of its work.
void print_line(std::string text);
void print_json(JsonWriter&& json);

// From here on what is told is kept, for one JSON object at the end: `messages`, a list of lines.
void keep_messages();
// Prints it, unless the verb has printed a text of its own, before which stands what was told.
void print_kept_messages();

// One line for the operator, on stderr.
void complain(std::string_view text);

// What an operator is told of an error: what to do, or at least what it was.
std::string message_of(const Error& error);

// Errors: InvalidRequest, saying where ids are shown.
Result<TenantId> parse_tenant(const std::string& text);

// Who acts in `tenant`: the operator at the host.
service::Actor operator_of(const TenantId& tenant);

// For one command; refused where this program can't work with the schema. Errors: as
// store::Connection::open() and store::check_schema_version().
Result<store::Connection> open_database(const store::Endpoint& endpoint, store::Role role);

// What the services need, opened for one command. Not movable: its parts refer to each other.
class Session {
  public:
    // Its connections are refused as those of open_database().
    Session(const config::Config& config, store::Role role);

    // Errors: ConfigInvalid.
    Result<void> open_root_key(const config::Config& config);
    // The root key and the keys below it. Errors: ConfigInvalid, IntegrityFailure,
    // StoreUnavailable.
    Result<void> open_keys(const config::Config& config);

    // Precondition: open_keys().
    service::Runtime runtime();

    store::ConnectionPool& connections() { return m_connections; }
    const crypto::KeyProvider& root_key() { return *m_root_keys; }
    const crypto::RootKeyRing& root_keys() { return *m_root_keys; }
    const identity::TrustedIssuer& issuer() { return m_issuer; }
    const Clock& clock() { return m_clock; }

  private:
    SystemClock m_clock;
    service::Policy m_policy;
    store::ConnectionPool m_connections;
    identity::TrustedIssuer m_issuer;
    std::unique_ptr<crypto::RootKeyRing> m_root_keys;
    service::Keyring m_keyring;
    std::vector<identity::TrustedIssuer> m_no_issuers;
};

}  // namespace core::ctl
