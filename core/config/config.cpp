#include "core/config/config.h"

#include "core/base/clock.h"
#include "core/http/https_url.h"
#include "core/http/mail_address.h"
#include "core/http/smtp_client.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace core::config {
namespace {

// One key of the file: how its text becomes a value and back. `set` gives what is wanted instead
// when the text is not acceptable.
struct Setting {
    std::string key;  // section.name, or section.section.name
    std::function<std::optional<std::string>(Config&, const std::string&)> set;
    std::function<std::string(const Config&)> show;
};

using Wanted = std::optional<std::string>;

constexpr std::int64_t kMostThings = 10'000'000;

std::optional<std::int64_t> parse_integer(const std::string& text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return value;
}

// 250ms, or what parse_duration() reads.
std::optional<std::chrono::milliseconds> parse_milliseconds(const std::string& text) {
    if (text.ends_with("ms")) {
        const auto count = parse_integer(text.substr(0, text.size() - 2));
        if (!count || *count < 0 || *count > 86400000) return std::nullopt;
        return std::chrono::milliseconds(*count);
    }
    return parse_duration(text);
}

std::string show_milliseconds(std::chrono::milliseconds value) {
    if (value.count() % 1000 != 0) return std::to_string(value.count()) + "ms";
    return format_duration(std::chrono::duration_cast<std::chrono::seconds>(value));
}

template <class Access>
Setting text(std::string key, Access access) {
    return {std::move(key),
            [access](Config& config, const std::string& value) -> Wanted {
                if (value.empty()) return "a text that is not empty";
                access(config) = value;
                return std::nullopt;
            },
            [access](const Config& config) -> std::string { return access(config); }};
}

// `wanted` says what `is_fine` takes.
template <class Access>
Setting checked_text(std::string key,
                     const std::string& wanted,
                     bool (*is_fine)(const std::string&),
                     Access access) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                if (!is_fine(value)) return wanted;
                access(config) = value;
                return std::nullopt;
            },
            [access](const Config& config) -> std::string { return access(config); }};
}

bool is_mail_address(const std::string& text) {
    return http::is_mail_address(text);
}
bool is_smtp_url(const std::string& text) {
    return http::SmtpUrl::parse(text).has_value();
}
// Links are made by appending to it.
bool is_public_url(const std::string& text) {
    const auto url = http::HttpsUrl::parse(text);
    return url && url->query().empty() && !text.ends_with('/') && !text.ends_with('?');
}

template <class Access>
Setting integer(std::string key, std::int64_t low, std::int64_t high, Access access) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                const auto number = parse_integer(value);
                if (!number || *number < low || *number > high)
                    return "a whole number from " + std::to_string(low) + " to " +
                           std::to_string(high);
                access(config) = *number;
                return std::nullopt;
            },
            [access](const Config& config) { return std::to_string(access(config)); }};
}

template <class Access>
Setting boolean(std::string key, Access access) {
    return {std::move(key),
            [access](Config& config, const std::string& value) -> Wanted {
                if (value != "true" && value != "false") return "true or false";
                access(config) = value == "true";
                return std::nullopt;
            },
            [access](const Config& config) -> std::string {
                return access(config) ? "true" : "false";
            }};
}

template <class Access>
Setting duration(std::string key,
                 std::chrono::milliseconds low,
                 std::chrono::milliseconds high,
                 Access access) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                const auto parsed = parse_milliseconds(value);
                using Target = std::remove_reference_t<decltype(access(config))>;
                const auto exact = parsed ? std::chrono::duration_cast<Target>(*parsed) : Target{};
                if (!parsed || *parsed < low || *parsed > high || exact != *parsed)
                    return "a duration with its unit, from " + show_milliseconds(low) + " to " +
                           show_milliseconds(high);
                access(config) = exact;
                return std::nullopt;
            },
            [access](const Config& config) { return show_milliseconds(access(config)); }};
}

// One of a few words.
template <class Value, std::size_t N, class Access>
Setting choice(std::string key,
               const std::pair<std::string_view, Value> (&choices)[N],
               Access access) {
    return {std::move(key),
            [&choices, access](Config& config, const std::string& value) -> Wanted {
                std::string wanted = "one of";
                for (const auto& [name, named] : choices) {
                    if (name == value) {
                        access(config) = named;
                        return std::nullopt;
                    }
                    wanted.append(wanted.size() == 6 ? " " : ", ").append(name);
                }
                return wanted;
            },
            [&choices, access](const Config& config) -> std::string {
                for (const auto& [name, named] : choices)
                    if (named == access(config)) return std::string(name);
                return {};
            }};
}

constexpr std::string_view kUnlimited = "unlimited";

// A number from 1, or no limit at all: "unlimited", or 0.
template <class Access>
Setting limit(std::string key, std::int64_t high, Access access) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                const auto number = value == kUnlimited ? 0 : parse_integer(value).value_or(-1);
                if (number < 0 || number > high)
                    return "a whole number from 1 to " + std::to_string(high) + ", or unlimited";
                access(config) = number == 0 ? std::nullopt : std::optional(number);
                return std::nullopt;
            },
            [access](const Config& config) {
                const auto& number = access(config);
                return number ? std::to_string(*number) : std::string(kUnlimited);
            }};
}

// A duration from a day, or no limit at all.
template <class Access>
Setting retention(std::string key, Access access) {
    return {std::move(key),
            [access](Config& config, const std::string& value) -> Wanted {
                const auto parsed = parse_duration(value);
                if (value != kUnlimited && (!parsed || *parsed < std::chrono::hours(24)))
                    return "a duration with its unit, from 1d, or unlimited";
                access(config) = value == kUnlimited ? std::nullopt : parsed;
                return std::nullopt;
            },
            [access](const Config& config) {
                const auto& kept = access(config);
                return kept ? format_duration(*kept) : std::string(kUnlimited);
            }};
}

// What one plan allows.
template <class OfPlan>
std::vector<Setting> plan_settings(const std::string& section, OfPlan of) {
    return {
        limit(
            section + ".requests_per_minute",
            kMostRequestsPerMinute,
            [of](auto& c) -> auto& { return of(c).requests_per_minute; }),
        limit(
            section + ".agents", kMostThings, [of](auto& c) -> auto& { return of(c).agents; }),
        limit(
            section + ".secrets", kMostThings, [of](auto& c) -> auto& { return of(c).secrets; }),
        limit(
            section + ".members", kMostThings, [of](auto& c) -> auto& { return of(c).members; }),
        retention(
            section + ".audit_retention", [of](auto& c) -> auto& {
                return of(c).audit_retention;
            })};
}

constexpr std::pair<std::string_view, log::Level> kLevels[] = {{"error", log::Level::Error},
                                                               {"warning", log::Level::Warning},
                                                               {"info", log::Level::Info},
                                                               {"debug", log::Level::Debug}};

constexpr std::pair<std::string_view, Config::SignUp::Policy> kSignUpPolicies[] = {
    {"invited", Config::SignUp::Policy::Invited},
    {"domains", Config::SignUp::Policy::Domains},
    {"allow", Config::SignUp::Policy::Everybody}};

// A domain as it stands behind the @ of an address, in lower case.
bool is_domain(std::string_view text) {
    const bool bytes = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    });
    return bytes && !text.empty() && text.front() != '.' && text.back() != '.';
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

// Each of which `is_fine`, with commas between them.
template <class Access>
Setting text_list(std::string key,
                  const std::string& wanted,
                  bool (*is_fine)(std::string_view),
                  Access access) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                auto parts = split_at_commas(value);
                if (!std::all_of(parts.begin(), parts.end(), is_fine)) return wanted;
                access(config) = std::move(parts);
                return std::nullopt;
            },
            [access](const Config& config) {
                std::string list;
                for (const auto& part : access(config))
                    list.append(list.empty() ? "" : ",").append(part);
                return list;
            }};
}

// A folder, or what a name or an address of either family is written with.
bool is_database_host(std::string_view text) {
    if (text.starts_with('/')) return true;
    const bool bytes = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == ':' || c == '_';
    });
    return bytes && !text.empty();
}

std::vector<Setting> settings_of_serving() {
    using std::chrono::hours;
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    return {
        text_list(
            "database.host",
            "the folder of a socket, or names or addresses with commas between them",
            is_database_host,
            [](auto& c) -> auto& { return c.database.hosts; }),
        integer(
            "database.port", 1, 65535, [](auto& c) -> auto& { return c.database.port; }),
        text(
            "database.name", [](auto& c) -> auto& { return c.database.name; }),
        text(
            "database.certificates", [](auto& c) -> auto& { return c.database.certificates; }),
        text(
            "database.migrations", [](auto& c) -> auto& { return c.database.migrations; }),
        duration(
            "database.statement_timeout", milliseconds(100), seconds(10), [](auto& c) -> auto& {
                return c.database.statement_timeout;
            }),
        duration(
            "database.lock_timeout", milliseconds(50), seconds(10), [](auto& c) -> auto& {
                return c.database.lock_timeout;
            }),
        duration(
            "database.response_timeout", milliseconds(200), seconds(15), [](auto& c) -> auto& {
                return c.database.response_timeout;
            }),
        text(
            "root_key.file", [](auto& c) -> auto& { return c.root_key.file; }),
        integer(
            "worker.threads", 1, 256, [](auto& c) -> auto& { return c.worker.threads; }),
        integer(
            "worker.write_connections", 1, 16, [](auto& c) -> auto& {
                return c.worker.write_connections;
            }),
        integer(
            "worker.read_batch", 1, 64, [](auto& c) -> auto& { return c.worker.read_batch; }),
        text(
            "tokens.issuer", [](auto& c) -> auto& { return c.tokens.issuer; }),
        duration(
            "tokens.default_ttl", seconds(1), hours(24 * 365), [](auto& c) -> auto& {
                return c.tokens.default_ttl;
            }),
        duration(
            "tokens.max_ttl", seconds(1), hours(24 * 365), [](auto& c) -> auto& {
                return c.tokens.max_ttl;
            }),
    };
}

std::vector<Setting> settings_of_people() {
    using std::chrono::hours;
    using std::chrono::minutes;
    using std::chrono::seconds;
    return {
        duration(
            "approvals.pending_ttl", seconds(60), hours(24 * 30), [](auto& c) -> auto& {
                return c.approvals.pending_ttl;
            }),
        duration(
            "members.invitation_ttl", minutes(1), hours(24 * 90), [](auto& c) -> auto& {
                return c.members.invitation_ttl;
            }),
        choice(
            "sign_up.policy", kSignUpPolicies, [](auto& c) -> auto& { return c.sign_up.policy; }),
        text_list(
            "sign_up.domains",
            "domains in lower case with commas between them, such as 'a.example,b.example'",
            is_domain,
            [](auto& c) -> auto& { return c.sign_up.domains; }),
        integer(
            "sign_up.most_per_hour", 1, 100000, [](auto& c) -> auto& {
                return c.sign_up.most_per_hour;
            }),
        boolean(
            "policy.user_reads", [](auto& c) -> auto& { return c.policy.user_reads; }),
        boolean(
            "local_issuer.enabled", [](auto& c) -> auto& { return c.local_issuer.enabled; }),
        text(
            "local_issuer.issuer", [](auto& c) -> auto& { return c.local_issuer.issuer; }),
        text(
            "local_issuer.audience", [](auto& c) -> auto& { return c.local_issuer.audience; }),
    };
}

std::vector<Setting> settings_of_the_network() {
    return {
        text(
            "egress.key_file", [](auto& c) -> auto& { return c.egress.key_file; }),
        text(
            "egress.ca_file", [](auto& c) -> auto& { return c.egress.ca_file; }),
        boolean(
            "webhooks.allow_private", [](auto& c) -> auto& { return c.webhooks.allow_private; }),
        checked_text(
            "mail.from", "a mail address", is_mail_address, [](auto& c) -> auto& {
                return c.mail.from;
            }),
        checked_text(
            "mail.smtp_url",
            "smtp://HOST[:PORT] or smtps://HOST[:PORT]",
            is_smtp_url,
            [](auto& c) -> auto& { return c.mail.smtp_url; }),
        text(
            "mail.smtp_user", [](auto& c) -> auto& { return c.mail.smtp_user; }),
        text(
            "mail.password_file", [](auto& c) -> auto& { return c.mail.password_file; }),
        text(
            "mail.sendmail", [](auto& c) -> auto& { return c.mail.sendmail; }),
        checked_text(
            "mail.public_url",
            "an https address without a '/' at its end",
            is_public_url,
            [](auto& c) -> auto& { return c.mail.public_url; }),
        text(
            "metrics.file", [](auto& c) -> auto& { return c.metrics.file; }),
        choice(
            "log.level", kLevels, [](auto& c) -> auto& { return c.log.level; }),
    };
}

bool is_api_base(const std::string& text) {
    const auto url = http::HttpsUrl::parse(text);
    return url && url->path() == "/" && url->query().empty() && !text.ends_with('/') &&
           !text.ends_with('?');
}
bool is_https_url(const std::string& text) {
    return http::HttpsUrl::parse(text).has_value();
}
// An id of Stripe: price_…
bool is_price(std::string_view text) {
    constexpr std::size_t kLongest = 255;
    return !text.empty() && text.size() <= kLongest &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '_';
           });
}
bool is_single_price(const std::string& text) {
    return is_price(text);
}

template <class Access>
Setting price(std::string key, Access access) {
    return checked_text(
        std::move(key), "the id of a price at Stripe, such as price_1Abc", is_single_price, access);
}

template <class Access>
Setting prices(std::string key, Access access) {
    return text_list(
        std::move(key), "ids of prices at Stripe, with commas between them", is_price, access);
}

std::vector<Setting> billing_settings() {
    return {
        boolean(
            "billing.enabled", [](auto& c) -> auto& { return c.billing.enabled; }),
        checked_text(
            "billing.api_base",
            "an https address without a path, such as https://api.stripe.com",
            is_api_base,
            [](auto& c) -> auto& { return c.billing.api_base; }),
        text(
            "billing.ca_file", [](auto& c) -> auto& { return c.billing.ca_file; }),
        text(
            "billing.key_file", [](auto& c) -> auto& { return c.billing.key_file; }),
        text(
            "billing.webhook_secret_file",
            [](auto& c) -> auto& { return c.billing.webhook_secret_file; }),
        checked_text(
            "billing.success_url", "an https address", is_https_url, [](auto& c) -> auto& {
                return c.billing.success_url;
            }),
        checked_text(
            "billing.cancel_url", "an https address", is_https_url, [](auto& c) -> auto& {
                return c.billing.cancel_url;
            }),
        checked_text(
            "billing.return_url", "an https address", is_https_url, [](auto& c) -> auto& {
                return c.billing.return_url;
            }),
        price(
            "billing.prices.pro_monthly",
            [](auto& c) -> auto& { return c.billing.prices.pro_monthly; }),
        price(
            "billing.prices.pro_annual",
            [](auto& c) -> auto& { return c.billing.prices.pro_annual; }),
        price(
            "billing.prices.enterprise_monthly",
            [](auto& c) -> auto& { return c.billing.prices.enterprise_monthly; }),
        price(
            "billing.prices.enterprise_annual",
            [](auto& c) -> auto& { return c.billing.prices.enterprise_annual; }),
        prices(
            "billing.retired_prices.pro",
            [](auto& c) -> auto& { return c.billing.retired_prices.pro; }),
        prices(
            "billing.retired_prices.enterprise",
            [](auto& c) -> auto& { return c.billing.retired_prices.enterprise; }),
    };
}

std::vector<Setting> rate_limit_settings() {
    return {
        text(
            "rate_limit.file", [](auto& c) -> auto& { return c.rate_limit.file; }),
        limit(
            "rate_limit.failed_authentications", kMostRequestsPerMinute, [](auto& c) -> auto& {
                return c.rate_limit.failed_authentications;
            }),
        limit(
            "rate_limit.address_rate", kMostRequestsPerMinute, [](auto& c) -> auto& {
                return c.rate_limit.address_rate;
            }),
        limit(
            "rate_limit.credential_rate", kMostRequestsPerMinute, [](auto& c) -> auto& {
                return c.rate_limit.credential_rate;
            }),
        limit(
            "rate_limit.address_connections", kMostRequestsPerMinute, [](auto& c) -> auto& {
                return c.rate_limit.address_connections;
            }),
    };
}

std::vector<Setting> all_settings() {
    auto all = settings_of_serving();
    const auto add = [&all](std::vector<Setting> more) {
        std::move(more.begin(), more.end(), std::back_inserter(all));
    };
    add(settings_of_people());
    add(settings_of_the_network());
    add(billing_settings());
    add(rate_limit_settings());
    add(plan_settings(
        "plans.free", [](auto& c) -> auto& { return c.plans.free; }));
    add(plan_settings(
        "plans.pro", [](auto& c) -> auto& { return c.plans.pro; }));
    add(plan_settings(
        "plans.enterprise", [](auto& c) -> auto& { return c.plans.enterprise; }));
    return all;
}

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all = all_settings();
    return all;
}

constexpr const char* kIssuers = "issuers";

// One key of an entry of the list `issuers`.
struct IssuerKey {
    std::string_view name;
    std::string IssuerEntry::*value;
};
constexpr std::array<IssuerKey, 4> kIssuerKeys{{{"firebase", &IssuerEntry::firebase},
                                                {"issuer", &IssuerEntry::issuer},
                                                {"audience", &IssuerEntry::audience},
                                                {"jwks_uri", &IssuerEntry::jwks_uri}}};

const IssuerKey* find_issuer_key(std::string_view name) {
    for (const auto& key : kIssuerKeys)
        if (key.name == name) return &key;
    return nullptr;
}

const Setting* find_setting(std::string_view key) {
    for (const auto& setting : settings())
        if (setting.key == key) return &setting;
    return nullptr;
}

bool is_section(std::string_view name) {
    const std::string prefix = std::string(name) + ".";
    return std::any_of(settings().begin(), settings().end(), [&](const Setting& setting) {
        return setting.key.starts_with(prefix);
    });
}

// One level of a key: `plans.free` in one word would be a second way to say the same.
bool is_name(const std::string& text) {
    return text.find('.') == std::string::npos;
}

// The keys and sections of a section.
std::string known_keys_of(std::string_view section) {
    const std::string prefix = std::string(section) + ".";
    std::string list;
    std::string last;
    const auto add = [&](std::string_view name) {
        if (name != last) list.append(list.empty() ? "" : ", ").append(name);
        last = name;
    };
    for (const auto& setting : settings()) {
        if (!setting.key.starts_with(prefix)) continue;
        const std::string_view rest = std::string_view(setting.key).substr(prefix.size());
        add(rest.substr(0, rest.find('.')));
    }
    if (section == kIssuers)
        for (const auto& key : kIssuerKeys)
            add(key.name);
    return list;
}

std::string unknown_key(const std::string& section, const std::string& name) {
    return "unknown key '" + name + "' in '" + section + "'; known are " + known_keys_of(section);
}

// Reads one file into the configuration. yaml-cpp lets duplicate keys pass: this walker does not.
class Reader {
  public:
    Reader(std::filesystem::path file, Config& config)
        : m_file(std::move(file)), m_config(config) {}

    Result<void> read() {
        YAML::Node root;
        try {
            root = YAML::LoadFile(m_file.string());
        } catch (const YAML::BadFile&) {
            return failure(ErrorCode::ConfigInvalid, m_file.string() + ": can't be read");
        } catch (const YAML::Exception& error) {
            return fault(error.mark, error.msg);
        }
        if (root.IsNull()) return {};
        if (!root.IsMap()) return fault(root.Mark(), "sections are wanted: 'database:', 'log:', …");
        std::set<std::string> seen;
        for (const auto& entry : root) {
            const std::string section = entry.first.Scalar();
            if (section != kIssuers && (!is_name(section) || !is_section(section)))
                return fault(entry.first.Mark(), "unknown section '" + section + "'");
            if (!seen.insert(section).second)
                return fault(entry.first.Mark(), "section '" + section + "' stands twice");
            const auto done = section == kIssuers ? read_issuers(entry.second)
                                                  : read_section(section, entry.second);
            if (!done) return failure(done);
        }
        return {};
    }

  private:
    Result<void> read_section(const std::string& section, const YAML::Node& node) {
        if (node.IsNull()) return {};
        const auto key_of = [&](const std::string& name) { return section + "." + name; };
        return read_map(
            section,
            node,
            [&](const std::string& name) {
                const std::string key = key_of(name);
                return is_name(name) && (find_setting(key) != nullptr || is_section(key));
            },
            [&](const std::string& name, const YAML::Node& value) {
                const std::string key = key_of(name);
                const Setting* setting = find_setting(key);
                if (setting == nullptr) return read_section(key, value);
                return read_value(
                    key, value, [&](const auto& text) { return setting->set(m_config, text); });
            });
    }

    // Behind what another file has listed.
    Result<void> read_issuers(const YAML::Node& node) {
        if (node.IsNull()) return {};
        if (!node.IsSequence())
            return fault(node.Mark(), "'issuers' wants a list, each entry with a '-' before it");
        for (const auto& element : node)
            if (const auto done = read_issuer(element); !done) return failure(done);
        return {};
    }

    Result<void> read_issuer(const YAML::Node& node) {
        IssuerEntry issuer;
        issuer.written_at = place_of(node.Mark());
        auto done = read_map(
            kIssuers,
            node,
            [](const std::string& name) { return find_issuer_key(name) != nullptr; },
            [&](const std::string& name, const YAML::Node& value) {
                return read_value(
                    std::string(kIssuers) + "." + name, value, [&](const std::string& text) {
                        issuer.*(find_issuer_key(name)->value) = text;
                        return text.empty() ? Wanted("a text that is not empty") : std::nullopt;
                    });
            });
        if (!done) return done;
        if (const auto wrong = fault_of(issuer)) return fault(node.Mark(), *wrong);
        if (const auto wrong = conflict_of(issuer, m_config.issuers))
            return fault(node.Mark(), *wrong);
        m_config.issuers.push_back(std::move(issuer));
        return {};
    }

    // Walks a map in which no key stands twice. `knows` tells which names there are; `take` reads
    // what one of them stands for.
    template <class Knows, class Take>
    Result<void> read_map(const std::string& section,
                          const YAML::Node& node,
                          const Knows& knows,
                          const Take& take) {
        if (!node.IsMap()) return fault(node.Mark(), "'" + section + "' wants keys below it");
        std::set<std::string> seen;
        for (const auto& entry : node) {
            const std::string name = entry.first.Scalar();
            if (!knows(name)) return fault(entry.first.Mark(), unknown_key(section, name));
            if (!seen.insert(name).second)
                return fault(entry.first.Mark(),
                             std::string("key '").append(name).append("' stands twice"));
            if (auto done = take(name, entry.second); !done) return done;
        }
        return {};
    }

    // `set` takes the text, or gives what is wanted instead.
    template <class Set>
    Result<void> read_value(const std::string& key, const YAML::Node& node, const Set& set) {
        if (!node.IsScalar()) return fault(node.Mark(), "'" + key + "' wants a single value");
        if (const Wanted wanted = set(node.Scalar()))
            return fault(node.Mark(), "'" + key + "' must be " + *wanted);
        return {};
    }

    std::string place_of(const YAML::Mark& mark) const {
        return m_file.string() + ":" + std::to_string(mark.line + 1);
    }

    Failure fault(const YAML::Mark& mark, const std::string& what) const {
        return failure(ErrorCode::ConfigInvalid, place_of(mark) + ": " + what);
    }

    std::filesystem::path m_file;
    Config& m_config;
};

Result<std::vector<std::filesystem::path>> drop_ins(const std::filesystem::path& file) {
    std::vector<std::filesystem::path> files;
    const auto directory = file.parent_path() / "conf.d";
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error))
        if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    if (error)
        return failure(ErrorCode::ConfigInvalid, directory.string() + ": " + error.message());
    std::sort(files.begin(), files.end());
    return files;
}

// Both would have their keys under the one name.
Result<void> check_local_issuer(const Config& config) {
    if (!config.local_issuer.enabled) return {};
    for (const auto& issuer : config.issuers)
        if (issuer_of(issuer) == config.local_issuer.issuer)
            return failure(ErrorCode::ConfigInvalid,
                           issuer.written_at +
                               ": this issuer has the name of 'local_issuer.issuer'; disable that "
                               "one or name it otherwise");
    return {};
}

void dump_issuers(YAML::Emitter& out, const std::vector<IssuerEntry>& issuers) {
    if (issuers.empty()) return;
    out << YAML::Key << kIssuers << YAML::Value << YAML::BeginSeq;
    for (const auto& issuer : issuers) {
        out << YAML::BeginMap;
        for (const auto& key : kIssuerKeys)
            if (const std::string& value = issuer.*(key.value); !value.empty())
                out << YAML::Key << std::string(key.name) << YAML::Value << value;
        out << YAML::EndMap;
    }
    out << YAML::EndSeq;
}

// What the settings of mails say together: nothing at all, or enough to send one.
Result<void> check_mail(const Config::Mail& mail) {
    const auto fault = [](const std::string& what) {
        return failure(ErrorCode::ConfigInvalid, what);
    };
    const bool by_smtp = !mail.smtp_url.empty();
    const bool by_program = !mail.sendmail.empty();
    if (mail.from.empty() && (by_smtp || by_program)) return fault("'mail.from' is missing");
    if (mail.from.empty()) return {};
    if (by_smtp == by_program)
        return fault("one of 'mail.smtp_url' and 'mail.sendmail' is wanted beside 'mail.from'");
    if (mail.public_url.empty()) return fault("'mail.public_url' is missing: mails link to it");
    if (!by_smtp && !mail.smtp_user.empty())
        return fault("'mail.smtp_user' is for 'mail.smtp_url' alone");
    return {};
}

// Each price is of one plan, and where anything is sold there are pages to come back to.
Result<void> check_billing(const Config::Billing& billing) {
    const auto fault = [](const std::string& what) {
        return failure(ErrorCode::ConfigInvalid, what);
    };
    const auto& sold = billing.prices;
    std::vector<std::string> all;
    for (const auto& one :
         {sold.pro_monthly, sold.pro_annual, sold.enterprise_monthly, sold.enterprise_annual})
        if (!one.empty()) all.push_back(one);
    if (billing.enabled && all.empty())
        return fault("'billing.enabled' is true, and 'billing.prices' names none");
    for (const auto* url : {&billing.success_url, &billing.cancel_url, &billing.return_url})
        if (billing.enabled && url->empty())
            return fault(
                "'billing.success_url', 'billing.cancel_url' and 'billing.return_url' are wanted "
                "where 'billing.enabled' is true");
    for (const auto* retired : {&billing.retired_prices.pro, &billing.retired_prices.enterprise})
        all.insert(all.end(), retired->begin(), retired->end());
    std::sort(all.begin(), all.end());
    const auto twice = std::adjacent_find(all.begin(), all.end());
    if (twice != all.end()) return fault("the price " + *twice + " stands twice in 'billing'");
    return {};
}

// A file that the configuration names, or what systemd hands over.
Result<std::filesystem::path> file_or_credential(const std::filesystem::path& file,
                                                 const std::string& what,
                                                 const std::string& setting,
                                                 const std::string& credential) {
    if (!file.empty()) return file;
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    if (credentials != nullptr) return std::filesystem::path(credentials) / credential;
    return failure(ErrorCode::ConfigInvalid,
                   "no " + what + ": set '" + setting + "', or load the systemd credential '" +
                       credential + "'");
}

}  // namespace

Result<Config> load(const std::filesystem::path& file) {
    Config config;
    if (const auto done = Reader(file, config).read(); !done) return failure(done);
    const auto more = drop_ins(file);
    if (!more) return failure(more);
    for (const auto& drop_in : *more)
        if (const auto done = Reader(drop_in, config).read(); !done) return failure(done);
    if (config.tokens.default_ttl > config.tokens.max_ttl)
        return failure(ErrorCode::ConfigInvalid,
                       file.string() + ": 'tokens.default_ttl' is above 'tokens.max_ttl'");
    if (const auto fine = check_local_issuer(config); !fine) return failure(fine);
    if (config.sign_up.policy == Config::SignUp::Policy::Domains && config.sign_up.domains.empty())
        return failure(ErrorCode::ConfigInvalid,
                       file.string() +
                           ": 'sign_up.policy' is domains, and 'sign_up.domains' lists "
                           "none");
    for (const auto& fine : {check_mail(config.mail), check_billing(config.billing)})
        if (!fine)
            return failure(ErrorCode::ConfigInvalid,
                           file.string() + ": " + fine.error().public_message);
    return config;
}

Result<std::filesystem::path> root_key_file(const Config& config) {
    return file_or_credential(
        config.root_key.file, "root key", "root_key.file", "secretstore-root-key");
}

Result<std::filesystem::path> egress_key_file(const Config& config) {
    return file_or_credential(
        config.egress.key_file, "egress key", "egress.key_file", "secretstore-egress-key");
}

Result<std::filesystem::path> mail_password_file(const Config& config) {
    return file_or_credential(config.mail.password_file,
                              "mail password",
                              "mail.password_file",
                              "secretstore-mail-password");
}

Result<std::filesystem::path> stripe_key_file(const Config& config) {
    return file_or_credential(
        config.billing.key_file, "Stripe key", "billing.key_file", "secretstore-stripe-key");
}

Result<std::filesystem::path> stripe_webhook_secret_file(const Config& config) {
    return file_or_credential(config.billing.webhook_secret_file,
                              "Stripe webhook secret",
                              "billing.webhook_secret_file",
                              "secretstore-stripe-webhook-secret");
}

std::vector<std::string> parts_of(const std::string& key) {
    std::vector<std::string> parts;
    std::istringstream stream(key);
    for (std::string part; std::getline(stream, part, '.');)
        parts.push_back(part);
    return parts;
}

std::string dump(const Config& config) {
    const Config defaults;
    YAML::Emitter out;
    std::vector<std::string> open;  // sections
    const auto close_down_to = [&](std::size_t depth) {
        for (; open.size() > depth; open.pop_back())
            out << YAML::EndMap;
    };
    out << YAML::BeginMap;
    for (const auto& setting : settings()) {
        const std::string value = setting.show(config);
        if (value == setting.show(defaults)) continue;
        const auto parts = parts_of(setting.key);
        const auto name = std::prev(parts.end());
        const auto fork = std::mismatch(open.begin(), open.end(), parts.begin(), name).first;
        close_down_to(static_cast<std::size_t>(fork - open.begin()));
        for (auto section = parts.begin() + static_cast<std::ptrdiff_t>(open.size());
             section != name;
             ++section) {
            out << YAML::Key << *section << YAML::Value << YAML::BeginMap;
            open.push_back(*section);
        }
        out << YAML::Key << *name << YAML::Value << value;
    }
    close_down_to(0);
    dump_issuers(out, config.issuers);
    out << YAML::EndMap;
    return out.c_str();
}

std::vector<KnownSetting> known_settings() {
    const Config defaults;
    std::vector<KnownSetting> known;
    for (const auto& setting : settings()) {
        // Nothing takes an empty text, and whatever refuses one says what it wants instead.
        Config scratch;
        known.push_back({setting.key,
                         setting.show(defaults),
                         setting.set(scratch, std::string()).value_or("anything")});
    }
    return known;
}

}  // namespace core::config
