// Plans and limits in the configuration file; what else it refuses is in config_test.cpp.
#include "core/config/config.h"
#include "core/crypto/random.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>

BOOST_AUTO_TEST_SUITE(plans)

namespace data = boost::unit_test::data;
using core::Plan;
using core::TenantPlan;
using core::config::Config;
using core::config::load;

namespace {

// A folder with one configuration file.
class ConfigFile {
  public:
    explicit ConfigFile(const std::string& text)
        : m_folder(std::filesystem::temp_directory_path() /
                   ("config-" + core::uuid_to_text(core::crypto::uuid_v4()))) {
        std::filesystem::create_directory(m_folder);
        std::ofstream(path()) << text;
    }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;
    ConfigFile(ConfigFile&&) = delete;
    ConfigFile& operator=(ConfigFile&&) = delete;
    ~ConfigFile() { std::filesystem::remove_all(m_folder); }

    [[nodiscard]] std::filesystem::path path() const { return m_folder / "secretstore.yaml"; }

  private:
    std::filesystem::path m_folder;
};

core::Result<Config> config_of(const std::string& text) {
    return load(ConfigFile(text).path());
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_shipped_plans_are_those_of_the_contract) {
    const core::Plans plans;

    BOOST_TEST(plans.of(Plan::Free).requests_per_minute.value() == 100);
    BOOST_TEST(plans.of(Plan::Pro).requests_per_minute.value() == 1000);
    BOOST_TEST(!plans.of(Plan::Enterprise).requests_per_minute.has_value());
}

BOOST_AUTO_TEST_CASE(a_plan_gets_the_numbers_of_the_file_and_keeps_its_others) {
    const auto read = config_of(
        "plans:\n  free:\n    requests_per_minute: 7\n    audit_retention: 90d\n"
        "  enterprise: {agents: 12, secrets: unlimited}\n");

    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->plans.free.requests_per_minute.value() == 7);
    BOOST_TEST(read->plans.free.audit_retention.value().count() == 90L * 86400);
    BOOST_TEST(read->plans.free.agents.value() == core::Plans{}.free.agents.value());
    BOOST_TEST(read->plans.enterprise.agents.value() == 12);
}

BOOST_DATA_TEST_CASE(no_limit_is_said_in_two_ways, data::make({"0", "unlimited"}), word) {
    const auto read = config_of("plans: {free: {secrets: " + std::string(word) + "}}\n");

    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(!read->plans.free.secrets.has_value());
}

BOOST_AUTO_TEST_CASE(what_was_dumped_reads_as_the_same) {
    Config config;
    config.plans.free.requests_per_minute = 5;
    config.plans.free.members.reset();
    config.plans.pro.audit_retention.reset();
    config.rate_limit.failed_authentications.reset();
    config.log.level = core::log::Level::Debug;

    const auto read = config_of(dump(config));

    BOOST_REQUIRE_MESSAGE(read.has_value(), dump(config));
    BOOST_TEST(dump(*read) == dump(config));
    BOOST_TEST(read->plans.free.requests_per_minute.value() == 5);
    BOOST_TEST(!read->plans.free.members.has_value());
    BOOST_TEST(!read->plans.pro.audit_retention.has_value());
}

BOOST_AUTO_TEST_CASE(nothing_is_dumped_of_the_defaults) {
    BOOST_TEST(dump(Config{}) == "{}");
}

BOOST_DATA_TEST_CASE(what_is_not_understood_is_refused_with_its_line,
                     data::make({"plans: {gold: {agents: 1}}",
                                 "plans: {free: {agent: 1}}",
                                 "plans: {free: 100}",
                                 "plans: {free: {agents: {most: 1}}}",
                                 "plans: {free: {agents: -1}}",
                                 "plans: {free: {agents: 1.5}}",
                                 "plans: {free: {agents: many}}",
                                 "plans: {free: {requests_per_minute: 5000001}}",
                                 "plans: {free: {audit_retention: 23h}}",
                                 "plans: {free: {audit_retention: 30}}",
                                 "plans: {free: {agents: 1, agents: 2}}",
                                 "plans: {free: {agents: 1}, free: {agents: 2}}",
                                 "plans.free: {agents: 1}",
                                 "plans: {free.agents: 1}"}),
                     text) {
    const auto read = config_of(std::string(text) + "\n");

    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST(read.error().public_message.find(".yaml:1: ") != std::string::npos,
               read.error().public_message);
}

BOOST_AUTO_TEST_CASE(a_tenant_s_own_number_goes_before_that_of_its_plan) {
    const core::Plans plans;

    BOOST_TEST(!plans.requests_per_minute(TenantPlan{Plan::Enterprise, 1, {}}).has_value());
    BOOST_TEST(plans.requests_per_minute(TenantPlan{Plan::Enterprise, 1, 40}).value() == 40);
    BOOST_TEST(plans.requests_per_minute(TenantPlan{Plan::Free, 1, {}}).value() == 100);
    BOOST_TEST(!plans.requests_per_minute(TenantPlan{Plan::Enterprise, 1, 0}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
