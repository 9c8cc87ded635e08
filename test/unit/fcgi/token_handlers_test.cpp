// What POST /v1/tokens takes.
#include "fcgi/handlers/token_handlers.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(token_handlers)

namespace data = boost::unit_test::data;

namespace {

struct Ttl {
    std::string_view json;
    std::int64_t seconds;
};
std::ostream& operator<<(std::ostream& out, const Ttl& ttl) {
    return out << ttl.json;
}

const std::array<Ttl, 8> kTtls{{{"\"15m\"", 900},
                                {"\"1h\"", 3600},
                                {"\"7d\"", 604800},
                                {"\"90s\"", 90},
                                {"3600", 3600},
                                {"1", 1},
                                {"\"1s\"", 1},
                                {"9223372036854775807", 3162240000}}};

struct Fault {
    std::string members;  // beside a good "scopes"
    std::string_view named;
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.members;
}

const std::array<Fault, 25> kFaults{{
    {R"("ttl":"1 h")", "'ttl'"},
    {R"("ttl":"1H")", "'ttl'"},
    {R"("ttl":"3600")", "'ttl'"},
    {R"("ttl":"")", "'ttl'"},
    {R"("ttl":"-1h")", "'ttl'"},
    {R"("ttl":"1h30m")", "'ttl'"},
    {R"("ttl":"0s")", "'ttl'"},
    {R"("ttl":0)", "'ttl'"},
    {R"("ttl":-5)", "'ttl'"},
    {R"("ttl":1.5)", "'ttl'"},
    {R"("ttl":1e3)", "'ttl'"},
    {R"("ttl":true)", "'ttl'"},
    {R"("ttl":["1h"])", "'ttl'"},
    {R"("ttl":99999999999999999999)", "'ttl'"},
    {R"("max_uses":0)", "'max_uses'"},
    {R"("max_uses":-1)", "'max_uses'"},
    {R"("max_uses":1000001)", "'max_uses'"},
    {R"("max_uses":1.0)", "'max_uses'"},
    {R"("max_uses":"1")", "'max_uses'"},
    {R"("max_uses":99999999999999999999)", "'max_uses'"},
    {R"("reason":7)", "'reason'"},
    {R"("ip_allowlist":"10.0.0.1")", "'ip_allowlist'"},
    {R"("ip_allowlist":["10.0.0.300"])", "10.0.0.300"},
    {R"("max_use":1)", "'max_use'"},
    {R"("agent_id":"x")", "'agent_id'"},
}};

std::string with_scopes(std::string_view members) {
    return R"({"scopes":["secrets:read:a/*"],)" + std::string(members) + "}";
}

// The request keeps views of the document: only what does not is looked at behind it.
core::Result<core::service::TokenRequest> decode(const std::string& text) {
    const auto document = core::JsonDocument::parse(core::Body::copy_of(text));
    return fcgi::decode_token_request(document.value().root());
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_example_of_the_reference_is_taken) {
    const auto request = decode(R"({"scopes":["secrets:read:production/gemini/*"],"ttl":"1h",
                                    "max_uses":null,"ip_allowlist":null})");

    BOOST_REQUIRE(request.has_value());
    BOOST_TEST(request->scopes.size() == 1U);
    BOOST_TEST(!request->max_uses.has_value());
    BOOST_TEST(!request->ips.has_value());
}

BOOST_DATA_TEST_CASE(a_ttl_is_a_duration_or_seconds, data::make(kTtls), ttl) {
    const auto request = decode(with_scopes("\"ttl\":" + std::string(ttl.json)));

    BOOST_REQUIRE(request.has_value());
    BOOST_REQUIRE(request->ttl.has_value());
    BOOST_TEST(request->ttl->count() == ttl.seconds);
}

BOOST_DATA_TEST_CASE(an_absent_or_null_ttl_is_left_to_the_service,
                     data::make({R"("max_uses":1)", R"("ttl":null)"}),
                     members) {
    const auto request = decode(with_scopes(members));

    BOOST_REQUIRE(request.has_value());
    BOOST_TEST(!request->ttl.has_value());
}

BOOST_DATA_TEST_CASE(max_uses_goes_from_one_to_a_million, data::make({1, 1000000}), uses) {
    const auto request = decode(with_scopes("\"max_uses\":" + std::to_string(uses)));

    BOOST_REQUIRE(request.has_value());
    BOOST_TEST(request->max_uses.value_or(0) == uses);
}

BOOST_DATA_TEST_CASE(scopes_must_be_an_array_of_strings,
                     data::make({R"({})",
                                 R"({"scopes":null})",
                                 R"({"scopes":"secrets:read:a/*"})",
                                 R"({"scopes":[7]})",
                                 R"({"scopes":[null]})"}),
                     body) {
    const auto request = decode(body);

    BOOST_REQUIRE(!request.has_value());
    BOOST_TEST(request.error().public_message.find("'scopes'") != std::string::npos);
}

BOOST_DATA_TEST_CASE(a_fault_is_refused_and_named, data::make(kFaults), fault) {
    const auto request = decode(with_scopes(fault.members));

    BOOST_REQUIRE(!request.has_value());
    BOOST_TEST((request.error().code == core::ErrorCode::InvalidRequest));
    BOOST_TEST(request.error().public_message.find(fault.named) != std::string::npos,
               request.error().public_message);
}

BOOST_AUTO_TEST_CASE(a_reason_has_500_characters_whatever_their_bytes) {
    std::string reason;
    for (int i = 0; i < 500; ++i)
        reason += "\xc3\xa9";

    BOOST_TEST(decode(with_scopes("\"reason\":\"" + reason + "\"")).has_value());
    BOOST_TEST(!decode(with_scopes("\"reason\":\"" + reason + "x\"")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
