// The configuration file: typed, every default in one place (here), unknown and duplicate keys
// refused with file and line. Only a main reads it.
//
// YAML, `section: {key: value}`; a section may have sections of its own, and there are lists of
// such maps. Beside the file, conf.d/*.yaml is read in the order of names; later values win,
// entries of lists are added. Secrets never stand in it.
#pragma once

#include "core/base/log.h"
#include "core/base/plan.h"
#include "core/base/result.h"
#include "core/config/issuers.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace core::config {

struct Config {
    struct Database {
        std::vector<std::string> hosts{"/run/postgresql"};
        std::int64_t port = 5432;
        std::string name = "secretstore";
        std::filesystem::path certificates = "/etc/secretstore/database";
        std::filesystem::path migrations = "/usr/share/secretstore/migrations";
        std::chrono::milliseconds statement_timeout{2000};
        std::chrono::milliseconds lock_timeout{1000};
        std::chrono::milliseconds response_timeout{3000};
    };
    struct RootKey {
        // Empty: the credential secretstore-root-key that systemd hands over
        // ($CREDENTIALS_DIRECTORY).
        std::filesystem::path file;
    };
    struct Worker {
        std::int64_t threads = 32;
        std::int64_t write_connections = 3;
        std::int64_t read_batch = 64;
    };
    struct Tokens {
        std::string issuer = "secretstore";
        std::chrono::seconds default_ttl{3600};
        std::chrono::seconds max_ttl{86400};
    };
    // What maintenance removes in time. Plans say what it removes of the audit log.
    struct Retention {
        // Of a deleted secret and its versions, from its deletion on. Nothing: for ever.
        std::optional<std::chrono::seconds> deleted_secrets = std::chrono::hours(30 * 24);
    };
    struct Approvals {
        std::chrono::seconds pending_ttl{86400};
    };
    struct Members {
        std::chrono::seconds invitation_ttl{7 * 86400};
    };
    // Who gets a tenant of their own by signing in with an ID token that is not of the local
    // issuer.
    struct SignUp {
        enum class Policy { Invited, Domains, Everybody };
        Policy policy = Policy::Invited;   // nobody: who is invited joins a tenant that is there
        std::vector<std::string> domains;  // of verified e-mail addresses
        std::int64_t most_per_hour = 100;  // new tenants, of the whole service
    };
    struct Policy {
        bool user_reads = false;
    };
    struct LocalIssuer {
        bool enabled = true;
        std::string issuer = "urn:secretstore:local";
        std::string audience = "secretstore";
    };
    struct Egress {
        // Empty: the credential secretstore-egress-key that systemd hands over.
        std::filesystem::path key_file;
        // PEM bundle of the authorities that are believed. Empty: the system's.
        std::filesystem::path ca_file;
    };
    struct Webhooks {
        // May they point to loopback and private networks?
        bool allow_private = false;
    };
    // Mails are sent where `from` is set, by exactly one of the two ways.
    struct Mail {
        std::string from;
        std::string smtp_url;
        std::string smtp_user;
        // The one line in it is the password; closed to all but its owner.
        std::filesystem::path password_file;
        std::filesystem::path sendmail;
        // What links in mails begin with.
        std::string public_url;
    };
    // Plans are sold where it is enabled, by workers with `--pool billing`.
    struct Billing {
        bool enabled = false;
        std::string api_base = "https://api.stripe.com";
        // PEM bundle of the authorities that are believed. Empty: the system's.
        std::filesystem::path ca_file;
        // The one line in each is the secret; closed to all but their owner. Empty: the credentials
        // secretstore-stripe-key and secretstore-stripe-webhook-secret that systemd hands over.
        std::filesystem::path key_file;
        std::filesystem::path webhook_secret_file;
        // Where Stripe's pages lead back to.
        std::string success_url;
        std::string cancel_url;
        std::string return_url;
        // Ids of Stripe. What is empty is not sold.
        struct Prices {
            std::string pro_monthly;
            std::string pro_annual;
            std::string enterprise_monthly;
            std::string enterprise_annual;
        };
        Prices prices;
        // Not sold any more; who pays one of these keeps the plan.
        struct RetiredPrices {
            std::vector<std::string> pro;
            std::vector<std::string> enterprise;
        };
        RetiredPrices retired_prices;
    };
    struct RateLimit {
        // Where all workers of this host count.
        std::filesystem::path file = "/run/secretstore/limits";
        // From here on numbers of nothing mean: no limit.
        // A minute and client address.
        std::optional<std::int64_t> failed_authentications = 30;
        // What nginx lets through: requests a second, and connections with a request under way.
        std::optional<std::int64_t> address_rate = 1000;
        std::optional<std::int64_t> credential_rate = 1000;
        std::optional<std::int64_t> address_connections = 512;
    };
    struct Metrics {
        // Where all workers of this host count what /metrics shows. They write no other file but
        // this and that of the limits.
        std::filesystem::path file = "/run/secretstore/metrics";
    };
    struct Log {
        log::Level level = log::Level::Info;
    };

    Database database;
    RootKey root_key;
    Worker worker;
    Tokens tokens;
    Retention retention;
    Approvals approvals;
    Members members;
    SignUp sign_up;
    Policy policy;
    LocalIssuer local_issuer;
    std::vector<IssuerEntry> issuers;
    Egress egress;
    Webhooks webhooks;
    Mail mail;
    Billing billing;
    RateLimit rate_limit;
    Plans plans;
    Metrics metrics;
    Log log;
};

// Errors: ConfigInvalid; the message begins with file:line where there is one.
Result<Config> load(const std::filesystem::path& file);

// Where the root key is, by the configuration. Errors: ConfigInvalid where neither a file nor a
// systemd credential is given.
Result<std::filesystem::path> root_key_file(const Config& config);

// Where the key of secretstore-egress is. Errors: ConfigInvalid, as above.
Result<std::filesystem::path> egress_key_file(const Config& config);
// Where the password of mail.smtp_user is. Errors: ConfigInvalid, as above.
Result<std::filesystem::path> mail_password_file(const Config& config);
// Where Stripe's key is, and the secret of its webhook. Errors: ConfigInvalid, as above.
Result<std::filesystem::path> stripe_key_file(const Config& config);
Result<std::filesystem::path> stripe_webhook_secret_file(const Config& config);

// What differs from the defaults, as YAML that load() takes (as postconf -n).
std::string dump(const Config& config);

// One key of the file, for whoever reads about it.
struct KnownSetting {
    std::string key;  // section.name
    std::string default_value;
    std::string accepts;  // "a whole number from 1 to 256"
};
// All of them, in the order in which dump() prints them.
std::vector<KnownSetting> known_settings();
// A key, cut at its points: the sections, and the name last.
std::vector<std::string> parts_of(const std::string& key);

}  // namespace core::config
