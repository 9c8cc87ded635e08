// What PUT /v1/secrets/... takes, and what the handlers of secrets write.
#include "fcgi/handlers/secret_handlers.h"

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "fcgi/handlers/secret_change_handlers.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(secret_handlers)

namespace data = boost::unit_test::data;

namespace {

struct Fault {
    std::string members;  // beside a good "value"
    std::string_view named;
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.members;
}

const std::array<Fault, 24> kFaults{{
    {R"("secret_type":"password")", "'secret_type'"},
    {R"("secret_type":"API_KEY")", "'secret_type'"},
    {R"("secret_type":"")", "'secret_type'"},
    {R"("secret_type":7)", "'secret_type'"},
    {R"("access_tier":"secret")", "'access_tier'"},
    {R"("access_tier":"Standard")", "'access_tier'"},
    {R"("access_tier":1)", "'access_tier'"},
    {R"("metadata":"team")", "'metadata'"},
    {R"("metadata":["team"])", "'metadata'"},
    {R"("metadata":true)", "'metadata'"},
    {R"("expires_at":"tomorrow")", "'expires_at'"},
    {R"("expires_at":"2030-01-31")", "'expires_at'"},
    {R"("expires_at":"2030-01-31T12:00:00")", "'expires_at'"},
    {R"("expires_at":"2030-02-30T12:00:00Z")", "'expires_at'"},
    {R"("expires_at":1893456000)", "'expires_at'"},
    {R"("expires_at":"")", "'expires_at'"},
    {R"("expected_version":-1)", "'expected_version'"},
    {R"("expected_version":"1")", "'expected_version'"},
    {R"("expected_version":1.0)", "'expected_version'"},
    {R"("expected_version":99999999999999999999)", "'expected_version'"},
    {R"("expire_at":null)", "'expire_at'"},
    {R"("tier":"standard")", "'tier'"},
    {R"("namespace":"x")", "'namespace'"},
    {R"("Value":"x")", "'Value'"},
}};

const std::array<std::string_view, 6> kBadValues{R"({})",
                                                 R"({"value":null})",
                                                 R"({"value":""})",
                                                 R"({"value":7})",
                                                 R"({"value":["x"]})",
                                                 R"({"value":{"a":1}})"};

core::JsonDocument parse(const std::string& text) {
    auto document = core::JsonDocument::parse(core::Body::copy_of(text));
    BOOST_REQUIRE(document.has_value());
    return std::move(*document);
}

core::Result<core::service::PutRequest> decode(const std::string& text,
                                               std::optional<std::string_view> if_match = {}) {
    const auto document = parse(text);
    return fcgi::decode_put_request(document.root(), if_match);
}

std::string with_value(std::string_view members) {
    return R"({"value":"not-a-real-one",)" + std::string(members) + "}";
}

core::service::SecretInfo example() {
    return {.id = core::SecretId(core::UuidBytes{0x20}),
            .path = core::scope::SecretPath::parse("production/gemini/GEMINI_API_KEY").value(),
            .version = 3,
            .type = "api_key",
            .tier = core::scope::AccessTier::Sensitive,
            .metadata = R"({"team":"ml"})",
            .created_at = core::from_unix_seconds(1780309800),
            .updated_at = core::from_unix_seconds(1780309801),
            .expires_at = {},
            .expired = false};
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_example_of_the_reference_is_taken) {
    const auto document = parse(R"({"value":"gemini-api-key-example","secret_type":"api_key",
        "access_tier":"sensitive","metadata":{"team":"ml","env":"prod"}})");
    const auto put = fcgi::decode_put_request(document.root(), std::nullopt);

    BOOST_REQUIRE(put.has_value());
    BOOST_TEST(core::as_text(put->value.expose()) == "gemini-api-key-example");
    BOOST_TEST(put->attributes.type.value_or("") == "api_key");
    BOOST_TEST((put->attributes.tier == core::scope::AccessTier::Sensitive));
    BOOST_TEST(put->attributes.metadata.value_or("") == R"({"team":"ml","env":"prod"})");
}

BOOST_AUTO_TEST_CASE(what_is_absent_is_left_to_the_service) {
    const auto put = decode(R"({"value":"v"})");

    BOOST_REQUIRE(put.has_value());
    BOOST_TEST(!put->attributes.type.has_value());
    BOOST_TEST(!put->attributes.tier.has_value());
    BOOST_TEST(!put->attributes.metadata.has_value());
    BOOST_TEST(!put->attributes.expires_at.has_value());
    BOOST_TEST(!put->expected_version.has_value());
}

BOOST_AUTO_TEST_CASE(null_metadata_is_the_same_as_none) {
    const auto put = decode(with_value(R"("metadata":null)"));

    BOOST_REQUIRE(put.has_value());
    BOOST_TEST(!put->attributes.metadata.has_value());
}

BOOST_AUTO_TEST_CASE(a_null_expiry_is_sent_and_means_never) {
    const auto put = decode(with_value(R"("expires_at":null)"));

    BOOST_REQUIRE(put.has_value());
    BOOST_REQUIRE(put->attributes.expires_at.has_value());
    BOOST_TEST(!put->attributes.expires_at->has_value());
}

BOOST_AUTO_TEST_CASE(an_expiry_may_have_any_offset) {
    const auto put = decode(with_value(R"("expires_at":"2030-01-31T14:00:00+02:00")"));

    BOOST_REQUIRE(put.has_value());
    BOOST_REQUIRE(put->attributes.expires_at.value_or(std::nullopt).has_value());
    BOOST_TEST(core::format_rfc3339(**put->attributes.expires_at) == "2030-01-31T12:00:00Z");
}

BOOST_DATA_TEST_CASE(a_value_is_a_string_of_at_least_a_byte, data::make(kBadValues), body) {
    const auto put = decode(std::string(body));

    BOOST_REQUIRE(!put.has_value());
    BOOST_TEST(put.error().public_message.find("'value'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_value_has_at_most_64_kib) {
    BOOST_TEST(decode(R"({"value":")" + std::string(65536, 'v') + "\"}").has_value());
    BOOST_TEST(!decode(R"({"value":")" + std::string(65537, 'v') + "\"}").has_value());
}

BOOST_AUTO_TEST_CASE(metadata_has_at_most_8_kib_as_compact_json) {
    const std::string frame = R"({"a":""})";
    const auto metadata = [&](std::size_t bytes) {
        return with_value(R"("metadata":{ "a" : ")" + std::string(bytes - frame.size(), 'm') +
                          "\" }");
    };

    BOOST_TEST(decode(metadata(8192)).has_value());
    BOOST_TEST(!decode(metadata(8193)).has_value());
}

BOOST_DATA_TEST_CASE(a_fault_is_refused_and_named, data::make(kFaults), fault) {
    const auto put = decode(with_value(fault.members));

    BOOST_REQUIRE(!put.has_value());
    BOOST_TEST((put.error().code == core::ErrorCode::InvalidRequest));
    BOOST_TEST(put.error().public_message.find(fault.named) != std::string::npos,
               put.error().public_message);
}

BOOST_DATA_TEST_CASE(no_refusal_repeats_the_value, data::make(kFaults), fault) {
    const auto put = decode(with_value(fault.members));

    BOOST_REQUIRE(!put.has_value());
    BOOST_TEST(put.error().public_message.find("not-a-real-one") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(if_match_is_the_expected_version) {
    const auto put = decode(R"({"value":"v"})", "\"4\"");

    BOOST_REQUIRE(put.has_value());
    BOOST_TEST(put->expected_version.value_or(-1) == 4);
}

BOOST_AUTO_TEST_CASE(header_and_member_may_agree) {
    BOOST_TEST(decode(R"({"value":"v","expected_version":4})", "\"4\"").has_value());
}

BOOST_AUTO_TEST_CASE(header_and_member_must_not_differ) {
    BOOST_TEST(!decode(R"({"value":"v","expected_version":4})", "\"5\"").has_value());
}

BOOST_DATA_TEST_CASE(an_if_match_that_names_no_version_is_refused,
                     data::make({"*", "W/\"4\"", "\"4\", \"5\"", "4"}),
                     header) {
    BOOST_TEST(!decode(R"({"value":"v"})", header).has_value());
}

BOOST_AUTO_TEST_CASE(a_stored_secret_is_shown_without_its_value) {
    core::JsonWriter json;
    json.begin_object();
    fcgi::write_stored_members(json, example());
    json.end_object();
    const std::string text = std::move(json).take_text();

    BOOST_TEST(text ==
               R"({"id":"20000000-0000-0000-0000-000000000000","namespace":"production/gemini",)"
               R"("key":"GEMINI_API_KEY","version":3,"secret_type":"api_key",)"
               R"("access_tier":"sensitive","metadata":{"team":"ml"},)"
               R"("created_at":"2026-06-01T10:30:00Z","updated_at":"2026-06-01T10:30:01Z",)"
               R"("expires_at":null})");
}

BOOST_AUTO_TEST_CASE(a_value_is_written_as_one_json_string) {
    const core::service::SecretWithValue secret{
        example(), core::Plaintext::copy_of(std::string_view("line\n\"quoted\" \\ \xc3\xa9"))};
    core::JsonWriter json;
    fcgi::write_secret(json, secret);

    const auto document = parse(std::move(json).take_text());

    BOOST_TEST(document.root().find("value")->string() == "line\n\"quoted\" \\ \xc3\xa9");
}

BOOST_AUTO_TEST_SUITE_END()
