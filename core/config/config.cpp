#include "core/config/config.h"

#include "core/config/settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace core::config {
namespace {

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
    Config defaults;
    Config shown = config;
    YAML::Emitter out;
    std::vector<std::string> open;  // sections
    const auto close_down_to = [&](std::size_t depth) {
        for (; open.size() > depth; open.pop_back())
            out << YAML::EndMap;
    };
    out << YAML::BeginMap;
    for (const auto& setting : settings()) {
        const std::string value = setting.show(shown);
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
    Config defaults;
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
