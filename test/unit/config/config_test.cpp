// The configuration file, and what it says of issuers. Every fault names file and line.
#include "core/config/config.h"

#include "core/config/wiring.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(config)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::Result;
using core::config::Config;

namespace {

// A folder of its own with secretstore.yaml and conf.d/.
class Files {
  public:
    Files() {
        std::string name = std::filesystem::temp_directory_path() / "secretstore-config-XXXXXX";
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        m_folder = name;
        std::filesystem::create_directory(m_folder / "conf.d");
    }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    Files(Files&&) = delete;
    Files& operator=(Files&&) = delete;
    ~Files() { std::filesystem::remove_all(m_folder); }

    void write(const std::string& name, std::string_view text) const {
        std::ofstream(m_folder / name) << text;
    }
    [[nodiscard]] Result<Config> load() const {
        return core::config::load(m_folder / "secretstore.yaml");
    }
    [[nodiscard]] std::string path(const std::string& name) const { return m_folder / name; }

  private:
    std::filesystem::path m_folder;
};

Result<Config> load(std::string_view text) {
    const Files files;
    files.write("secretstore.yaml", text);
    return files.load();
}

struct Fault {
    std::string text;
    int line;
    std::string said;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.text;
}

const std::vector<Fault> kFaults{
    {"nonsense:\n  key: 1\n", 1, "unknown section 'nonsense'"},
    {"log:\n  level: info\nlog:\n  level: debug\n", 3, "section 'log' stands twice"},
    {"log:\n  colour: red\n", 2, "unknown key 'colour' in 'log'; known are level"},
    {"log:\n  level: info\n  level: debug\n", 3, "key 'level' stands twice"},
    {"log:\n  level: loud\n", 2, "'log.level' must be one of"},
    {"log:\n  level: [info]\n", 2, "'log.level' wants a single value"},
    {"log: info\n", 1, "'log' wants keys below it"},
    {"- log\n", 1, "sections are wanted"},
    {"log: [\n", 2, ""},
    {"database:\n  host: ''\n", 2, "'database.host' must be the folder of a socket, or"},
    {"database:\n  host: a.example,\n", 2, "'database.host' must be"},
    {"database:\n  host: 'a.example, b.example'\n", 2, "'database.host' must be"},
    {"database:\n  host: postgresql://a.example\n", 2, "'database.host' must be"},
    {"sign_up:\n  policy: everybody\n", 2, "must be one of invited, domains, allow"},
    {"sign_up:\n  policy: ''\n", 2, "must be one of"},
    {"sign_up:\n  domains: ''\n", 2, "domains in lower case"},
    {"sign_up:\n  domains: A.example\n", 2, "domains in lower case"},
    {"sign_up:\n  domains: 'a.example, b.example'\n", 2, "domains in lower case"},
    {"sign_up:\n  domains: a.example,\n", 2, "domains in lower case"},
    {"sign_up:\n  domains: .example\n", 2, "domains in lower case"},
    {"sign_up:\n  domains: '*'\n", 2, "domains in lower case"},
    {"sign_up:\n  domains: ann@a.example\n", 2, "domains in lower case"},
    {"sign_up:\n  domains: [a.example]\n", 2, "wants a single value"},
    {"sign_up:\n  most_per_hour: 0\n", 2, "a whole number from 1"},
    {"members:\n  invitation_ttl: 59s\n", 2, "a duration with its unit"},
    {"members:\n  invitation_ttl: 91d\n", 2, "a duration with its unit"},
    {"retention:\n  deleted_secrets: 23h\n", 2, "from 1d, or unlimited"},
    {"retention:\n  deleted_secrets: 30\n", 2, "from 1d, or unlimited"},
    {"retention:\n  deleted_secrets: 0\n", 2, "from 1d, or unlimited"},
    {"retention:\n  deleted_secrets: never\n", 2, "from 1d, or unlimited"},
    {"retention:\n  secrets: 30d\n", 2, "known are deleted_secrets"},
    {"issuers:\n  firebase: project-1\n", 2, "'issuers' wants a list"},
    {"issuers: project-1\n", 1, "'issuers' wants a list"},
    {"issuers:\n  - project-1\n", 2, "'issuers' wants keys below it"},
    {"issuers:\n  - firebase: project-1\n    color: red\n",
     3,
     "unknown key 'color' in 'issuers'; known are firebase, issuer, audience, jwks_uri"},
    {"issuers:\n  - firebase: project-1\n    firebase: project-2\n",
     3,
     "key 'firebase' stands twice"},
    {"issuers:\n  - firebase: [project-1]\n", 2, "'issuers.firebase' wants a single value"},
    {"issuers:\n  - firebase: ''\n", 2, "'issuers.firebase' must be a text that is not empty"},
    {"issuers:\n  - jwks_uri: https://a.example/keys\n", 2, "an issuer is 'firebase', or"},
    {"issuers:\n  - firebase: project-1\n    issuer: https://a.example\n    audience: a\n",
     2,
     "an issuer is 'firebase', or"},
    {"issuers:\n  - issuer: https://a.example\n", 2, "'audience' must be"},
    {"issuers:\n  - audience: a\n", 2, "'issuer' is missing"},
    {"issuers:\n  - firebase: https://securetoken.google.com/project-1\n",
     2,
     "'firebase' must be the id of a project"},
    {"issuers:\n  - firebase: project-1/\n", 2, "'firebase' must be the id of a project"},
    {"issuers:\n  - firebase: Project\n", 2, "'firebase' must be the id of a project"},
    {"issuers:\n  - issuer: https://securetoken.google.com/project-1\n    audience: project-1\n",
     2,
     "write 'firebase: PROJECT'"},
    {"issuers:\n  - issuer: http://a.example\n    audience: a\n",
     2,
     "'issuer' must begin with https://"},
    {"issuers:\n  - issuer: a.example\n    audience: a\n", 2, "'issuer' must begin with https://"},
    {"issuers:\n  - issuer: https://a.example/?x=1\n    audience: a\n", 2, "query"},
    {"issuers:\n  - issuer: https://a.example/#x\n    audience: a\n", 2, "fragment"},
    {"issuers:\n  - issuer: https://a.example//\n    audience: a\n", 2, "two slashes"},
    {"issuers:\n  - issuer: https://u:p@a.example\n    audience: a\n", 2, "user or password"},
    {"issuers:\n  - issuer: https://a.example\n    audience: 'a b'\n", 2, "'audience' must be"},
    {"issuers:\n  - issuer: https://a.example\n    audience: a\n    jwks_uri: http://a.example/k\n",
     2,
     "'jwks_uri' must begin with https://"},
    {"issuers:\n  - firebase: project-1\n    jwks_uri: ftp://a.example/k\n",
     2,
     "'jwks_uri' must begin with https://"},
    {"issuers:\n  - firebase: project-1\n  - firebase: project-1\n", 3, ":2 already"},
    {"issuers:\n  - issuer: https://a.example\n    audience: a\n"
     "  - issuer: https://a.example\n    audience: a\n",
     4,
     ":2 already"},
    {"issuers:\n  - issuer: https://a.example\n    audience: a\n"
     "  - issuer: https://a.example/\n    audience: a\n",
     4,
     "but for the slash at its end"},
    {"issuers:\n  - issuer: https://a.example\n    audience: a\n"
     "  - issuer: https://a.example\n    audience: b\n    jwks_uri: https://a.example/k\n",
     4,
     "has another 'jwks_uri' at"},
    {"local_issuer:\n  issuer: https://a.example\n"
     "issuers:\n  - issuer: https://a.example\n    audience: a\n",
     4,
     "has the name of 'local_issuer.issuer'"},
};

}  // namespace

BOOST_AUTO_TEST_CASE(deleted_secrets_are_kept_for_30_days_unless_it_says_otherwise) {
    const auto kept = [](std::string_view text) {
        return load(text).value().retention.deleted_secrets;
    };

    BOOST_TEST((kept("") == std::chrono::hours(30 * 24)));
    BOOST_TEST((kept("retention:\n  deleted_secrets: 1d\n") == std::chrono::hours(24)));
    BOOST_TEST((kept("retention:\n  deleted_secrets: 36h\n") == std::chrono::hours(36)));
    BOOST_TEST(!kept("retention:\n  deleted_secrets: unlimited\n").has_value());
}

BOOST_AUTO_TEST_CASE(a_database_can_be_on_several_hosts) {
    const auto config = load("database:\n  host: a.example,192.0.2.1,2001:db8::1\n");

    BOOST_REQUIRE(config.has_value());
    const std::vector<std::string> wanted{"a.example", "192.0.2.1", "2001:db8::1"};
    BOOST_TEST(core::config::endpoint_of(*config).hosts == wanted);
    BOOST_TEST(core::config::endpoint_of(*config).certificates == "/etc/secretstore/database");
}

BOOST_DATA_TEST_CASE(a_fault_is_told_with_file_and_line, data::make(kFaults), fault) {
    const Files files;
    files.write("secretstore.yaml", fault.text);

    const auto config = files.load();

    BOOST_REQUIRE(!config.has_value());
    BOOST_CHECK(config.error().code == ErrorCode::ConfigInvalid);
    const std::string& message = config.error().public_message;
    BOOST_TEST(message.starts_with(files.path("secretstore.yaml") + ":" +
                                   std::to_string(fault.line) + ": "),
               message);
    BOOST_TEST(message.find(fault.said) != std::string::npos, message);
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_all_defaults) {
    BOOST_TEST(core::config::dump(load("").value()) == "{}");
}

BOOST_AUTO_TEST_CASE(a_project_of_firebase_is_an_issuer_with_its_rules) {
    const auto config = load("issuers:\n  - firebase: project-1\n");

    BOOST_REQUIRE(config.has_value());
    const auto issuers = core::config::trusted_issuers_of(*config);
    BOOST_REQUIRE(issuers.size() == 2);
    BOOST_TEST(issuers[1].issuer == "https://securetoken.google.com/project-1");
    BOOST_TEST(issuers[1].audience == "project-1");
    BOOST_TEST(issuers[1].requires_auth_time);
    BOOST_TEST(core::config::key_set_address_of(config->issuers[0]) ==
               "https://www.googleapis.com/service_accounts/v1/jwk/"
               "securetoken@system.gserviceaccount.com");
}

BOOST_AUTO_TEST_CASE(any_other_issuer_is_found_by_discovery_unless_its_keys_address_is_given) {
    const auto config = load(
        "issuers:\n"
        "  - issuer: https://login.example\n    audience: console\n"
        "  - issuer: https://other.example/realm\n    audience: console\n"
        "    jwks_uri: https://keys.example/jwks?x=1\n");

    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(core::config::key_set_address_of(config->issuers[0]) == "");
    BOOST_TEST(core::config::key_set_address_of(config->issuers[1]) ==
               "https://keys.example/jwks?x=1");
    BOOST_TEST(!core::config::trusted_issuers_of(*config)[1].requires_auth_time);
}

BOOST_AUTO_TEST_CASE(an_issuer_may_end_in_a_slash_where_its_tokens_do) {
    BOOST_TEST(load("issuers:\n  - issuer: https://a.example/\n    audience: a\n").has_value());
}

BOOST_AUTO_TEST_CASE(an_issuer_may_have_two_audiences) {
    BOOST_TEST(load("issuers:\n  - issuer: https://a.example\n    audience: a\n"
                    "  - issuer: https://a.example\n    audience: b\n")
                   .has_value());
}

BOOST_AUTO_TEST_CASE(the_local_issuer_is_not_trusted_where_it_is_disabled) {
    const auto config =
        load("local_issuer:\n  enabled: false\nissuers:\n  - firebase: project-1\n");

    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(core::config::trusted_issuers_of(*config).size() == 1);
}

BOOST_AUTO_TEST_CASE(nobody_signs_up_unless_the_operator_says_so) {
    BOOST_CHECK(load("").value().sign_up.policy == Config::SignUp::Policy::Invited);
}

BOOST_AUTO_TEST_CASE(domains_stand_one_behind_the_other) {
    const auto config = load("sign_up:\n  policy: domains\n  domains: a.example,b-1.example\n");

    BOOST_REQUIRE(config.has_value());
    BOOST_CHECK(config->sign_up.policy == Config::SignUp::Policy::Domains);
    BOOST_CHECK((config->sign_up.domains == std::vector<std::string>{"a.example", "b-1.example"}));
    BOOST_TEST(core::config::dump(*config) ==
               "sign_up:\n  policy: domains\n  domains: a.example,b-1.example");
}

BOOST_AUTO_TEST_CASE(a_policy_of_domains_lists_one_at_least) {
    const auto config = load("sign_up:\n  policy: domains\n");

    BOOST_REQUIRE(!config.has_value());
    BOOST_TEST(config.error().public_message.find("'sign_up.domains' lists none") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_drop_in_adds_issuers_and_replaces_values) {
    const Files files;
    files.write("secretstore.yaml", "log:\n  level: debug\nissuers:\n  - firebase: project-1\n");
    files.write("conf.d/10-more.yaml", "log:\n  level: error\nissuers:\n  - firebase: project-2\n");

    const auto config = files.load();

    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(config->issuers.size() == 2);
    BOOST_CHECK(config->log.level == core::log::Level::Error);
}

BOOST_AUTO_TEST_CASE(an_issuer_that_a_drop_in_repeats_is_refused_there) {
    const Files files;
    files.write("secretstore.yaml", "issuers:\n  - firebase: project-1\n");
    files.write("conf.d/10-more.yaml", "# again\nissuers:\n  - firebase: project-1\n");

    const auto config = files.load();

    BOOST_REQUIRE(!config.has_value());
    BOOST_TEST(config.error().public_message.starts_with(files.path("conf.d/10-more.yaml") + ":3"));
    BOOST_TEST(config.error().public_message.find(files.path("secretstore.yaml") + ":2") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_dump_is_read_as_the_same_configuration) {
    const std::string text =
        "log:\n  level: debug\n"
        "issuers:\n"
        "  - firebase: project-1\n"
        "    jwks_uri: https://localhost:8443/jwks\n"
        "  - issuer: https://a.example\n"
        "    audience: a";

    const std::string dumped = core::config::dump(load(text).value());

    BOOST_TEST(dumped == text);
    BOOST_TEST(core::config::dump(load(dumped).value()) == dumped);
}

BOOST_AUTO_TEST_CASE(plans_are_not_sold_unless_it_is_asked_for) {
    const auto config = load("");

    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(!config->billing.enabled);
    BOOST_TEST(config->billing.api_base == "https://api.stripe.com");
}

BOOST_AUTO_TEST_CASE(what_is_sold_is_read_with_its_prices) {
    const auto config = load(
        "billing:\n  enabled: true\n  success_url: https://a.example/s?id={CHECKOUT_SESSION_ID}\n"
        "  cancel_url: https://a.example/c\n  return_url: https://a.example/r\n"
        "  prices:\n    pro_monthly: price_1\n    enterprise_annual: price_2\n"
        "  retired_prices:\n    pro: price_3,price_4\n");

    BOOST_REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().public_message));
    BOOST_TEST(config->billing.prices.pro_monthly == "price_1");
    BOOST_TEST(config->billing.prices.pro_annual.empty());
    BOOST_TEST(config->billing.prices.enterprise_annual == "price_2");
    BOOST_TEST(config->billing.retired_prices.pro ==
               (std::vector<std::string>{"price_3", "price_4"}));
}

BOOST_DATA_TEST_CASE(billing_that_can_not_work_is_refused,
                     data::make({"{enabled: true}",
                                 "{enabled: true, prices: {pro_monthly: price_1}}",
                                 "{prices: {pro_monthly: price_1, pro_annual: price_1}}",
                                 "{prices: {pro_monthly: price_1}, retired_prices: {pro: price_1}}",
                                 "{prices: {pro_monthly: 'price 1'}}",
                                 "{prices: {free_monthly: price_1}}",
                                 "{retired_prices: {pro: 'price_1,'}}",
                                 "{api_base: 'http://api.stripe.com'}",
                                 "{api_base: 'https://api.stripe.com/'}",
                                 "{api_base: 'https://api.stripe.com/v1'}",
                                 "{return_url: 'http://a.example/'}",
                                 "{key: sk_test_1}"}),
                     section) {
    const auto config = load(std::string("billing: ") + section + "\n");

    BOOST_REQUIRE(!config.has_value());
    BOOST_CHECK(config.error().code == ErrorCode::ConfigInvalid);
}

BOOST_AUTO_TEST_SUITE_END()
