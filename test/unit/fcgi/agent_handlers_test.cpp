// What POST /v1/agents takes.
#include "fcgi/handlers/agent_handlers.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(agent_handlers)

namespace data = boost::unit_test::data;

namespace {

struct Fault {
    std::string body;
    std::string_view member;  // that the message must name
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.body;
}

const std::array<Fault, 14> kFaults{{
    {R"([])", "object"},
    {R"({"allowed_namespaces":["a"]})", "'name'"},
    {R"({"name":7,"allowed_namespaces":["a"]})", "'name'"},
    {R"({"name":null,"allowed_namespaces":["a"]})", "'name'"},
    {R"({"name":"n","description":7,"allowed_namespaces":["a"]})", "'description'"},
    {R"({"name":"n","allowed_namespaces":"a"})", "'allowed_namespaces'"},
    {R"({"name":"n","allowed_namespaces":[7]})", "'allowed_namespaces'"},
    {R"({"name":"n","allowed_scopes":{"a":1}})", "'allowed_scopes'"},
    {R"({"name":"n","allowed_namespaces":["a"],"ip_allowlist":"10.0.0.1"})", "'ip_allowlist'"},
    {R"({"name":"n","allowed_namespaces":["a"],"ip_allow_list":["10.0.0.1"]})", "'ip_allow_list'"},
    {R"({"name":"n","allowed_namespaces":["a"],"ip_allowlist":["10.0.0.1/8"]})", "10.0.0.1/8"},
    {R"({"name":"n"})", "allowed_"},
    {R"({"name":"n","allowed_namespaces":["a/../b"]})", ".."},
    {R"({"name":"n","allowed_scopes":["secrets:steal:*"]})", "secrets:steal:*"},
}};

core::Result<core::service::NewAgent> decode(const std::string& text) {
    const auto document = core::JsonDocument::parse(core::Body::copy_of(text));
    return fcgi::decode_new_agent(document.value().root());
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_example_of_the_reference_is_taken) {
    const auto agent = decode(R"({"name":"inference-agent",
        "description":"Runs nightly inference jobs","allowed_namespaces":["production/gemini"],
        "allowed_scopes":["secrets:read:production/gemini/*"],"ip_allowlist":null})");

    BOOST_REQUIRE(agent.has_value());
    BOOST_TEST(agent->name == "inference-agent");
    BOOST_TEST(agent->description.value_or("") == "Runs nightly inference jobs");
    BOOST_TEST(!agent->ips.has_value());
}

BOOST_AUTO_TEST_CASE(an_ip_allowlist_is_kept) {
    const auto agent =
        decode(R"({"name":"n","allowed_namespaces":["a"],"ip_allowlist":["10.0.0.0/8","::1"]})");

    BOOST_REQUIRE(agent.has_value());
    BOOST_REQUIRE(agent->ips.has_value());
    BOOST_TEST(agent->ips->entries().size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_empty_ip_allowlist_is_refused) {
    BOOST_TEST(!decode(R"({"name":"n","allowed_namespaces":["a"],"ip_allowlist":[]})").has_value());
}

BOOST_DATA_TEST_CASE(a_fault_is_refused_and_named, data::make(kFaults), fault) {
    const auto agent = decode(fault.body);

    BOOST_REQUIRE(!agent.has_value());
    BOOST_TEST((agent.error().code == core::ErrorCode::InvalidRequest));
    BOOST_TEST(agent.error().public_message.find(fault.member) != std::string::npos,
               agent.error().public_message);
}

BOOST_AUTO_TEST_SUITE_END()
