// What a body says of a webhook.
#include "fcgi/handlers/webhook_handlers.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(webhook_handlers)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::JsonDocument;

namespace {

JsonDocument parse(const std::string& text) {
    auto document = JsonDocument::parse(core::Body::copy_of(text));
    BOOST_REQUIRE(document.has_value());
    return std::move(*document);
}

struct Bad {
    std::string body;
    std::string named;
};
const std::vector<Bad> kBad{{"{}", "'url'"},
                            {R"({"url":null})", "'url'"},
                            {R"({"url":7})", "'url'"},
                            {R"({"url":"http://a.example/"})", "'url'"},
                            {R"({"url":"https://u@a.example/"})", "'url'"},
                            {R"({"url":"https://a.example/","events":"*"})", "'events'"},
                            {R"({"url":"https://a.example/","events":[]})", "'events'"},
                            {R"({"url":"https://a.example/","events":["x"]})", "'events'"},
                            {R"({"url":"https://a.example/","active":"yes"})", "'active'"},
                            {R"({"url":"https://a.example/","secret":"x"})", "secret"}};

}  // namespace

BOOST_AUTO_TEST_CASE(a_webhook_is_active_and_told_of_everything_unless_it_says_otherwise) {
    const auto document = parse(R"({"url":"https://hooks.example.com/a?b"})");

    const auto webhook = fcgi::decode_new_webhook(document.root());

    BOOST_REQUIRE(webhook.has_value());
    BOOST_TEST(webhook->url.text() == "https://hooks.example.com/a?b");
    BOOST_TEST(webhook->active);
    BOOST_TEST((webhook->events == std::vector<std::string>{"*"}));
    BOOST_TEST(!webhook->description.has_value());
}

BOOST_DATA_TEST_CASE(what_is_wrong_is_named, data::xrange(kBad.size()), index) {
    const auto document = parse(kBad[index].body);

    const auto webhook = fcgi::decode_new_webhook(document.root());

    BOOST_REQUIRE(!webhook.has_value());
    BOOST_TEST((webhook.error().code == ErrorCode::InvalidRequest));
    BOOST_TEST(webhook.error().public_message.find(kBad[index].named) != std::string::npos,
               webhook.error().public_message);
}

BOOST_AUTO_TEST_CASE(a_patch_leaves_alone_what_it_does_not_name) {
    const auto document = parse("{}");

    const auto patch = fcgi::decode_webhook_patch(document.root());

    BOOST_REQUIRE(patch.has_value());
    BOOST_TEST((!patch->url && !patch->description && !patch->events && !patch->active));
}

BOOST_AUTO_TEST_CASE(a_patch_takes_a_description_away_with_null) {
    const auto document = parse(R"({"description":null,"active":false})");

    const auto patch = fcgi::decode_webhook_patch(document.root());

    BOOST_REQUIRE(patch.has_value());
    BOOST_REQUIRE(patch->description.has_value());
    BOOST_TEST(!patch->description->has_value());
    BOOST_TEST((patch->active == false));
}

BOOST_AUTO_TEST_SUITE_END()
