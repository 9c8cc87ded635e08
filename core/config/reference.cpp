#include "core/config/reference.h"

#include "core/config/config.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>
#include <vector>

namespace core::config {
namespace {

struct Sentence {
    std::string_view key;
    std::string_view text;
};

// Of a section: what its keys have in common. Of a key: what it decides, and what follows from it.
// A star stands for any one part of a key: what is the same of every plan is said once.
constexpr Sentence kSentences[] = {
    {"database", "Where PostgreSQL is, and how long it may take."},
    {"database.host",
     "Directory of its unix socket. Or names or addresses, with commas between them, of a primary "
     "and the standbys that may take its place: the one that accepts writes is used. Those are "
     "reached with TLS 1.3 alone, certificates on both sides, and want a drop-in for the units, "
     "which have no network: README.Debian."},
    {"database.port", "Its port; part of the socket's name too."},
    {"database.name", "The database."},
    {"database.certificates",
     "For hosts of a network: the folder of ca.crt, which signed the servers' certificates, and of "
     "USER.crt and USER.key for each of the system's users that connect."},
    {"database.migrations", "Where 'secretstorectl db migrate' finds the migrations."},
    {"database.statement_timeout", "A statement that takes longer is cancelled: 503."},
    {"database.lock_timeout", "A statement that waits longer for a lock is cancelled: 503."},
    {"database.response_timeout",
     "A server that says nothing for so long is given up: 503. Longer than statement_timeout."},

    {"root_key", "The key above all keys. It is never in the database and never in this file."},
    {"root_key.file",
     "A file of mode 0400 that 'secretstorectl root-key generate' made. Unset: the systemd "
     "credential secretstore-root-key."},

    {"worker", "One process of the pool."},
    {"worker.threads", "Requests that it works on at a time."},
    {"worker.write_connections",
     "Its connections to the database, beside one that reads. All workers together must stay below "
     "max_connections."},
    {"worker.read_batch", "Reads that share one statement and one commit. 1: each runs alone."},

    {"tokens", "Scoped tokens, which agents trade their keys for."},
    {"tokens.issuer", "The name that this store signs into them. Changing it ends all of them."},
    {"tokens.default_ttl", "How long one lives that was asked for without a ttl."},
    {"tokens.max_ttl", "The longest ttl that can be asked for."},

    {"retention",
     "What 'secretstorectl maintain' removes in time; of the audit log: plans.*.audit_retention."},
    {"retention.deleted_secrets",
     "How long after a secret was deleted its versions stay in the database, where nobody reads "
     "them. Then they are removed, and only a backup has them."},

    {"approvals", "What people have to agree to."},
    {"approvals.pending_ttl", "A request that nobody decides expires after this."},

    {"members", "The people of a tenant."},
    {"members.invitation_ttl", "An invitation that nobody takes expires after this."},

    {"sign_up", "Who gets a tenant of their own by signing in first."},
    {"sign_up.policy",
     "invited: nobody, who is invited joins a tenant that is there. domains: who has a verified "
     "address of one of sign_up.domains. allow: everybody."},
    {"sign_up.domains", "Of verified e-mail addresses."},
    {"sign_up.most_per_hour", "New tenants in an hour, of the whole service."},

    {"policy", "What is allowed beyond the defaults."},
    {"policy.user_reads",
     "Whether people may read values with their own tokens, as the official command line client "
     "does for 'secrets get'."},

    {"local_issuer", "The built-in issuer of user tokens: 'secretstorectl user token'."},
    {"local_issuer.enabled", "Whether its tokens are accepted."},
    {"local_issuer.issuer", "The name that it signs into them."},
    {"local_issuer.audience", "Whom they are for."},

    {"egress", "What secretstore-egress does on the network."},
    {"egress.key_file",
     "A file of mode 0400 that 'secretstorectl egress-key export' made. Unset: the systemd "
     "credential secretstore-egress-key."},
    {"egress.ca_file",
     "A PEM bundle of the authorities that are believed. Unset: those of the system."},

    {"webhooks", "Messages to receivers that tenants name."},
    {"webhooks.allow_private",
     "Whether receivers may be on loopback and private networks: whoever makes a webhook then "
     "reaches them from this host."},

    {"mail", "Mail to people: sent where 'from' is set, by either smtp_url or sendmail."},
    {"mail.from", "Whom mails are from."},
    {"mail.smtp_url", "The server that takes them."},
    {"mail.smtp_user", "The user there; unset: none."},
    {"mail.password_file", "A file of mode 0400 with that user's password, one line."},
    {"mail.sendmail", "A program that takes mails as sendmail does."},
    {"mail.public_url", "What links in mails begin with: the address of this store."},

    {"billing",
     "Plans that are bought by Stripe: by a pool of workers of its own "
     "(secretstore-billing@.service) "
     "with the network and Stripe's key, and without the root key. README.Debian."},
    {"billing.enabled", "Whether plans are sold. Without it /v1/billing/... answers 404."},
    {"billing.api_base", "Where Stripe's API is."},
    {"billing.ca_file",
     "A PEM bundle of the authorities that are believed. Unset: those of the system."},
    {"billing.key_file",
     "A file of mode 0400 with Stripe's secret or restricted key, one line. Unset: the systemd "
     "credential secretstore-stripe-key."},
    {"billing.webhook_secret_file",
     "The same with the signing secret of Stripe's webhook. Unset: the systemd credential "
     "secretstore-stripe-webhook-secret."},
    {"billing.success_url", "Where Stripe's page leads after a plan was bought."},
    {"billing.cancel_url", "Where it leads when nothing was."},
    {"billing.return_url", "Where Stripe's portal leads back to."},
    {"billing.prices", "Ids of the prices at Stripe. What is unset is not sold."},
    {"billing.prices.pro_monthly", "Of the plan pro, paid every month."},
    {"billing.prices.pro_annual", "Of the plan pro, paid every year."},
    {"billing.prices.enterprise_monthly", "Of the plan enterprise, paid every month."},
    {"billing.prices.enterprise_annual", "Of the plan enterprise, paid every year."},
    {"billing.retired_prices",
     "Prices that are not sold any more, with commas between them. Who pays one keeps the plan; a "
     "price that stands nowhere here gives none."},
    {"billing.retired_prices.pro", "Older ones of the plan pro."},
    {"billing.retired_prices.enterprise", "Older ones of the plan enterprise."},

    {"log", "The journal; logfmt on stderr where there is no systemd."},
    {"log.level",
     "The least important lines that are written. 'systemctl kill -s HUP secretstore-worker@1' "
     "reads it again."},

    {"metrics", "What the admin listener shows: /metrics and /readyz."},
    {"metrics.file", "Where all workers of this host count what /metrics shows. On a tmpfs."},

    {"rate_limit",
     "How much one address, one credential or one tenant may ask. nginx's share of it is made by "
     "'secretstorectl nginx-limits', and wants to be made again after a change."},
    {"rate_limit.file",
     "Where all workers of this host count. On a tmpfs. They write no file but this and "
     "metrics.file."},
    {"rate_limit.failed_authentications",
     "Credentials that do not hold, in a minute, of one address (a /64 of IPv6); then 429 for it."},
    {"rate_limit.address_rate", "Requests in a second that nginx lets through of one address."},
    {"rate_limit.credential_rate", "The same of one credential."},
    {"rate_limit.address_connections",
     "Requests of one address that nginx lets be under way at a time."},

    {"plans",
     "What the plans allow that tenants are on. 'secretstorectl tenant plan' gives a tenant "
     "another "
     "one. A smaller one takes nothing away: it refuses what is new beyond it."},
    {"plans.free", "The plan of who signs up."},
    {"plans.pro", "A larger one."},
    {"plans.enterprise", "The largest; a tenant on it may have a number of requests of its own."},
    {"plans.*.requests_per_minute", "Of all credentials of a tenant together; beyond it 429."},
    {"plans.*.agents", "Active agents of a tenant."},
    {"plans.*.secrets", "Secrets of a tenant."},
    {"plans.*.members", "Members of a tenant."},
    {"plans.*.audit_retention", "For how long audit events are kept; older ones are removed."},
};

struct Known {
    std::string_view text;
    bool said = false;
};
using Sentences = std::map<std::string_view, Known, std::less<>>;

std::string join(const std::vector<std::string>& parts, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text.append(i == 0 ? "" : ".").append(parts[i]);
    return text;
}

// `key` with a star in place of its middle; one of two parts is its own.
std::string generic(const std::string& key) {
    const auto parts = parts_of(key);
    if (parts.size() < 3) return key;
    return parts.front() + ".*." + parts.back();
}

// The sentence of `key`; counts that it was said.
Result<std::string> say(Sentences& sentences, const std::string& key) {
    auto found = sentences.find(key);
    if (found == sentences.end()) found = sentences.find(generic(key));
    if (found == sentences.end())
        return failure(ErrorCode::Internal,
                       "'" + key + "' has no sentence in core/config/reference.cpp");
    found->second.said = true;
    return std::string(found->second.text);
}

// Writes one form of the reference. `depth` counts from 0.
class Form {
  public:
    Form() = default;
    Form(const Form&) = delete;
    Form& operator=(const Form&) = delete;
    Form(Form&&) = delete;
    Form& operator=(Form&&) = delete;
    virtual ~Form() = default;
    virtual void section(const std::string& key, std::size_t depth, const std::string& about) = 0;
    virtual void setting(const KnownSetting& setting,
                         std::size_t depth,
                         const std::string& about) = 0;
    [[nodiscard]] std::string text() const { return m_out.str(); }

  protected:
    std::ostringstream m_out;
};

// Not worth saying of a text.
std::string accepted(const KnownSetting& setting) {
    if (setting.accepts.starts_with("a text")) return {};
    return " Takes " + setting.accepts + ".";
}

std::string last_part(const std::string& key) {
    return key.substr(key.rfind('.') + 1);
}

class YamlForm final : public Form {
  public:
    void section(const std::string& key, std::size_t depth, const std::string& about) override {
        if (depth == 0) m_out << '\n';
        comment(about, depth);
        m_out << indent(depth) << last_part(key) << ":\n";
    }

    void setting(const KnownSetting& setting,
                 std::size_t depth,
                 const std::string& about) override {
        comment(about + accepted(setting), depth);
        m_out << indent(depth) << '#' << last_part(setting.key) << ": "
              << (setting.default_value.empty() ? "''" : setting.default_value) << '\n';
    }

  private:
    static std::string indent(std::size_t depth) { return std::string(2 * depth, ' '); }

    void comment(const std::string& text, std::size_t depth) {
        constexpr std::size_t kWidth = 96;
        std::istringstream words(text);
        std::string line;
        for (std::string word; words >> word;) {
            if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
                m_out << indent(depth) << "# " << line << '\n';
                line.clear();
            }
            line.append(line.empty() ? "" : " ").append(word);
        }
        m_out << indent(depth) << "# " << line << '\n';
    }
};

class ManualForm final : public Form {
  public:
    void section(const std::string& key, std::size_t /*depth*/, const std::string& about) override {
        m_out << ".SS " << key << '\n' << escaped(about) << '\n';
    }

    void setting(const KnownSetting& setting,
                 std::size_t /*depth*/,
                 const std::string& about) override {
        m_out << ".TP\n.B " << last_part(setting.key) << '\n'
              << escaped(about + accepted(setting)) << "\nDefault: "
              << (setting.default_value.empty() ? "none" : escaped(setting.default_value)) << ".\n";
    }

  private:
    static std::string escaped(const std::string& text) {
        std::string out;
        for (const char c : text) {
            if (c == '\\') {
                out += "\\e";
            } else if (c == '-') {
                out += "\\-";
            } else if (c == '\'') {
                out += "\\(aq";
            } else {
                out += c;
            }
        }
        return out;
    }
};

Result<void> write_sections(Form& form,
                            Sentences& sentences,
                            const std::vector<std::string>& parts,
                            std::vector<std::string>& open) {
    const auto name = std::prev(parts.end());
    const auto fork = std::mismatch(open.begin(), open.end(), parts.begin(), name).first;
    open.erase(fork, open.end());
    while (open.size() + 1 < parts.size()) {
        open.push_back(parts[open.size()]);
        const std::string key = join(open, open.size());
        const auto about = say(sentences, key);
        if (!about) return failure(about);
        form.section(key, open.size() - 1, *about);
    }
    return {};
}

Result<void> write_all(Form& form) {
    Sentences sentences;
    for (const auto& sentence : kSentences)
        sentences.emplace(sentence.key, Known{sentence.text});
    std::vector<std::string> open;
    for (const auto& setting : known_settings()) {
        const auto parts = parts_of(setting.key);
        if (const auto done = write_sections(form, sentences, parts, open); !done)
            return failure(done);
        const auto about = say(sentences, setting.key);
        if (!about) return failure(about);
        form.setting(setting, open.size(), *about);
    }
    for (const auto& [key, sentence] : sentences)
        if (!sentence.said)
            return failure(
                ErrorCode::Internal,
                "core/config/reference.cpp speaks of '" + std::string(key) + "', which is no key");
    return {};
}

constexpr std::string_view kHead =
    "# Configuration of the Agent Secret Store: secretstore.yaml(5).\n"
    "#\n"
    "# Every key stands here with its default. Put changes here, or into conf.d/*.yaml beside "
    "this\n"
    "# file, which is read after it in the order of names. `secretstorectl config check` says\n"
    "# whether all of it is fine, `secretstorectl config dump` what differs from the defaults.\n"
    "# Changes take effect with `secretstorectl restart`.\n";

// Lists have no defaults, so they are shown by an example.
constexpr std::string_view kIssuersYaml =
    "\n"
    "# Whose user tokens are believed, beside those of local_issuer: Firebase projects, and any\n"
    "# OpenID Connect issuer with the audience that is yours. Entries of all files are taken.\n"
    "#issuers:\n"
    "#  - firebase: my-project-1\n"
    "#  - issuer: https://login.example.com/realms/main  # exactly as its tokens write iss\n"
    "#    audience: secretstore-console\n"
    "#    jwks_uri: https://login.example.com/keys  # where it has no discovery document\n";
constexpr std::string_view kIssuersManual =
    ".SS issuers\n"
    "A list: whose user tokens are believed, beside those of local_issuer. Entries of all files "
    "are\n"
    "taken. An entry has either\n"
    ".B firebase\n"
    "(a project id) or\n"
    ".BR issuer \" (exactly as its tokens write iss) and \" audience ,\n"
    "and where an issuer has no discovery document its\n"
    ".BR jwks_uri .\n";

}  // namespace

Result<std::string> reference_yaml() {
    YamlForm form;
    if (const auto done = write_all(form); !done) return failure(done);
    return std::string(kHead).append(form.text()).append(kIssuersYaml);
}

Result<std::string> reference_manual() {
    ManualForm form;
    if (const auto done = write_all(form); !done) return failure(done);
    return form.text().append(kIssuersManual);
}

}  // namespace core::config
