#include "core/config/settings.h"

#include "core/base/clock.h"
#include "core/http/https_url.h"
#include "core/http/mail_address.h"
#include "core/http/smtp_client.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <type_traits>
#include <utility>

namespace core::config {
namespace {

// A member of the configuration. Not a type of its own for each of them: what is made of each type
// took longer to compile than all else here.
template <class Value>
using Member = Value& (*)(Config&);

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

template <class Value>
Setting any_text(std::string key, Member<Value> member) {
    return {std::move(key),
            [member](Config& config, const std::string& value) -> Wanted {
                if (value.empty()) return "a text that is not empty";
                member(config) = value;
                return std::nullopt;
            },
            [member](Config& config) -> std::string { return member(config); }};
}

Setting text(std::string key, Member<std::string> member) {
    return any_text(std::move(key), member);
}
Setting text(std::string key, Member<std::filesystem::path> member) {
    return any_text(std::move(key), member);
}

// `wanted` says what `is_fine` takes.
Setting checked_text(std::string key,
                     const std::string& wanted,
                     bool (*is_fine)(const std::string&),
                     Member<std::string> member) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                if (!is_fine(value)) return wanted;
                member(config) = value;
                return std::nullopt;
            },
            [member](Config& config) -> std::string { return member(config); }};
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

Setting integer(std::string key, std::int64_t low, std::int64_t high, Member<std::int64_t> member) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                const auto number = parse_integer(value);
                if (!number || *number < low || *number > high)
                    return "a whole number from " + std::to_string(low) + " to " +
                           std::to_string(high);
                member(config) = *number;
                return std::nullopt;
            },
            [member](Config& config) { return std::to_string(member(config)); }};
}

Setting boolean(std::string key, Member<bool> member) {
    return {std::move(key),
            [member](Config& config, const std::string& value) -> Wanted {
                if (value != "true" && value != "false") return "true or false";
                member(config) = value == "true";
                return std::nullopt;
            },
            [member](Config& config) -> std::string { return member(config) ? "true" : "false"; }};
}

template <class Unit>
Setting any_duration(std::string key,
                     std::chrono::milliseconds low,
                     std::chrono::milliseconds high,
                     Member<Unit> member) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                const auto parsed = parse_milliseconds(value);
                const auto exact = parsed ? std::chrono::duration_cast<Unit>(*parsed) : Unit{};
                if (!parsed || *parsed < low || *parsed > high || exact != *parsed)
                    return "a duration with its unit, from " + show_milliseconds(low) + " to " +
                           show_milliseconds(high);
                member(config) = exact;
                return std::nullopt;
            },
            [member](Config& config) { return show_milliseconds(member(config)); }};
}

Setting duration(std::string key,
                 std::chrono::milliseconds low,
                 std::chrono::milliseconds high,
                 Member<std::chrono::seconds> member) {
    return any_duration(std::move(key), low, high, member);
}
Setting duration(std::string key,
                 std::chrono::milliseconds low,
                 std::chrono::milliseconds high,
                 Member<std::chrono::milliseconds> member) {
    return any_duration(std::move(key), low, high, member);
}

// One of a few words.
template <class Value, std::size_t N>
Setting choice(std::string key,
               const std::pair<std::string_view, Value> (&choices)[N],
               std::type_identity_t<Member<Value>> member) {
    return {std::move(key),
            [&choices, member](Config& config, const std::string& value) -> Wanted {
                std::string wanted = "one of";
                for (const auto& [name, named] : choices) {
                    if (name == value) {
                        member(config) = named;
                        return std::nullopt;
                    }
                    wanted.append(wanted.size() == 6 ? " " : ", ").append(name);
                }
                return wanted;
            },
            [&choices, member](Config& config) -> std::string {
                for (const auto& [name, named] : choices)
                    if (named == member(config)) return std::string(name);
                return {};
            }};
}

constexpr std::string_view kUnlimited = "unlimited";

// A number from 1, or no limit at all: "unlimited", or 0.
Setting limit(std::string key, std::int64_t high, Member<std::optional<std::int64_t>> member) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                const auto number = value == kUnlimited ? 0 : parse_integer(value).value_or(-1);
                if (number < 0 || number > high)
                    return "a whole number from 1 to " + std::to_string(high) + ", or unlimited";
                member(config) = number == 0 ? std::nullopt : std::optional(number);
                return std::nullopt;
            },
            [member](Config& config) {
                const auto& number = member(config);
                return number ? std::to_string(*number) : std::string(kUnlimited);
            }};
}

// A duration from a day, or no limit at all.
Setting retention(std::string key, Member<std::optional<std::chrono::seconds>> member) {
    return {std::move(key),
            [member](Config& config, const std::string& value) -> Wanted {
                const auto parsed = parse_duration(value);
                if (value != kUnlimited && (!parsed || *parsed < std::chrono::hours(24)))
                    return "a duration with its unit, from 1d, or unlimited";
                member(config) = value == kUnlimited ? std::nullopt : parsed;
                return std::nullopt;
            },
            [member](Config& config) {
                const auto& kept = member(config);
                return kept ? format_duration(*kept) : std::string(kUnlimited);
            }};
}

// What one plan allows.
template <PlanLimits Plans::*OfPlan>
std::vector<Setting> plan_settings(const std::string& section) {
    return {limit(
                section + ".requests_per_minute", kMostRequestsPerMinute, [](auto& c) -> auto& {
                    return (c.plans.*OfPlan).requests_per_minute;
                }),
            limit(
                section + ".agents", kMostThings, [](auto& c) -> auto& {
                    return (c.plans.*OfPlan).agents;
                }),
            limit(
                section + ".secrets", kMostThings, [](auto& c) -> auto& {
                    return (c.plans.*OfPlan).secrets;
                }),
            limit(
                section + ".members", kMostThings, [](auto& c) -> auto& {
                    return (c.plans.*OfPlan).members;
                }),
            retention(
                section + ".audit_retention",
                [](auto& c) -> auto& { return (c.plans.*OfPlan).audit_retention; })};
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
Setting text_list(std::string key,
                  const std::string& wanted,
                  bool (*is_fine)(std::string_view),
                  Member<std::vector<std::string>> member) {
    return {std::move(key),
            [=](Config& config, const std::string& value) -> Wanted {
                auto parts = split_at_commas(value);
                if (!std::all_of(parts.begin(), parts.end(), is_fine)) return wanted;
                member(config) = std::move(parts);
                return std::nullopt;
            },
            [member](Config& config) {
                std::string list;
                for (const auto& part : member(config))
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
        retention(
            "retention.deleted_secrets",
            [](auto& c) -> auto& { return c.retention.deleted_secrets; }),
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

Setting price(std::string key, Member<std::string> member) {
    return checked_text(
        std::move(key), "the id of a price at Stripe, such as price_1Abc", is_single_price, member);
}

Setting prices(std::string key, Member<std::vector<std::string>> member) {
    return text_list(
        std::move(key), "ids of prices at Stripe, with commas between them", is_price, member);
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
    add(plan_settings<&Plans::free>("plans.free"));
    add(plan_settings<&Plans::pro>("plans.pro"));
    add(plan_settings<&Plans::enterprise>("plans.enterprise"));
    return all;
}

}  // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all = all_settings();
    return all;
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

}  // namespace core::config
