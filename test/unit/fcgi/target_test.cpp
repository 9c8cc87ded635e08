// Raw request targets and their queries: contract.md §1 and §3.
#include "fcgi/target.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(target)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using fcgi::Query;
using fcgi::Target;

namespace {

std::string message_of(const std::string& query) {
    const auto parsed = Query::parse(query);
    return parsed ? std::string() : parsed.error().public_message;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

const std::array kSecretQueries{"token=x",
                                "api_key=x",
                                "access_token=x",
                                "value=x",
                                "TOKEN=x",
                                "Api_Key=x",
                                "%74oken=x",
                                "page=1&token=x",
                                "token",
                                "token=",
                                "%61ccess%5Ftoken=x",
                                "api%5fkey=x"};

const std::array kBadQueries{"page=1&page=2",
                             "page=1&p%61ge=2",
                             "=1",
                             "page=%",
                             "page=%4",
                             "page=%zz",
                             "page=%00",
                             "page=%0a",
                             "%00=1",
                             "page=%7f",
                             "page=%c3%a9",
                             "%=1",
                             "page=%ff",
                             "+%00=1"};

const std::array kBadNumbers{
    "", "0", "201", "-1", "1.5", "1e2", "0x10", "one", "1 ", "+1", "%201", "99999999999999999999"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_path_is_cut_at_its_raw_slashes_and_not_decoded) {
    const auto target = Target::parse("/v1/secrets/a%2Fb/KEY");

    BOOST_REQUIRE(target.has_value());
    BOOST_REQUIRE_EQUAL(target->segments.size(), 4U);
    BOOST_TEST(target->segments[2] == "a%2Fb");
}

BOOST_AUTO_TEST_CASE(a_slash_in_the_query_is_no_segment) {
    const auto target = Target::parse("/v1/secrets?namespace=a/b");

    BOOST_REQUIRE(target.has_value());
    BOOST_TEST(target->segments.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_question_mark_without_parameters_is_fine) {
    BOOST_TEST(Target::parse("/v1/agents?").has_value());
}

BOOST_DATA_TEST_CASE(every_byte_that_is_not_printable_ascii_is_refused,
                     data::xrange(0, 0x21) + data::xrange(0x7f, 0x100),
                     byte) {
    std::string raw = "/v1/secrets/a?/KEY";
    raw[13] = static_cast<char>(byte);

    const auto target = Target::parse(raw);

    BOOST_REQUIRE(!target.has_value());
    BOOST_TEST((target.error().code == ErrorCode::InvalidRequest));
}

BOOST_DATA_TEST_CASE(such_bytes_are_refused_in_the_query_too,
                     data::make({"\x01", "\n", " ", "\x7f", "\x80", "#", "\\", ";"}),
                     byte) {
    BOOST_TEST(!Target::parse(std::string("/v1/agents?page=1") + byte).has_value());
}

BOOST_DATA_TEST_CASE(a_path_that_is_not_plain_is_refused,
                     data::make({"",
                                 "v1",
                                 "?page=1",
                                 "*",
                                 "//",
                                 "/",
                                 "/v1/",
                                 "/v1//a",
                                 "//v1",
                                 "/v1/a/?page=1",
                                 "/v1/a;b",
                                 "/v1/a\\b",
                                 "/v1/a#b"}),
                     raw) {
    BOOST_TEST(!Target::parse(raw).has_value());
}

BOOST_AUTO_TEST_CASE(names_and_values_of_a_query_are_decoded_once) {
    const auto query = Query::parse("n%61me=a%252Fb+c");

    BOOST_REQUIRE(query.has_value());
    BOOST_TEST(query->find("name").value_or("") == "a%2Fb c");
}

BOOST_AUTO_TEST_CASE(a_parameter_without_equals_sign_has_an_empty_value) {
    const auto query = Query::parse("recursive&page=2");

    BOOST_REQUIRE(query.has_value());
    BOOST_TEST((query->find("recursive") == std::string_view{}));
}

BOOST_AUTO_TEST_CASE(only_the_first_equals_sign_divides) {
    const auto query = Query::parse("name=a=b");

    BOOST_REQUIRE(query.has_value());
    BOOST_TEST(query->find("name").value_or("") == "a=b");
}

BOOST_DATA_TEST_CASE(a_parameter_that_carries_a_secret_is_refused_however_it_is_spelled,
                     data::make(kSecretQueries),
                     raw) {
    BOOST_TEST(contains(message_of(raw), "Secrets never go into a URL"));
}

BOOST_DATA_TEST_CASE(the_refusal_never_repeats_the_value,
                     data::make({"token=hidden-value", "value=hidden-value"}),
                     raw) {
    BOOST_TEST(!contains(message_of(raw), "hidden-value"));
}

BOOST_DATA_TEST_CASE(a_name_that_only_contains_such_a_name_is_another,
                     data::make({"token_id=x", "xtoken=x", "values=x", "api_key_prefix=x"}),
                     raw) {
    BOOST_TEST(Query::parse(raw).has_value());
}

BOOST_DATA_TEST_CASE(a_query_that_is_not_clean_is_refused, data::make(kBadQueries), raw) {
    BOOST_TEST(!Query::parse(raw).has_value());
}

BOOST_AUTO_TEST_CASE(a_repeated_parameter_is_named) {
    BOOST_TEST(contains(message_of("page=1&limit=2&page=3"), "'page'"));
}

BOOST_AUTO_TEST_CASE(an_unknown_parameter_is_named_with_those_that_are_known) {
    const std::array<std::string_view, 2> accepted{"page", "limit"};
    const auto query = Query::parse("page=1&lmit=5");
    BOOST_REQUIRE(query.has_value());

    const auto known = query->accept_only(accepted);

    BOOST_REQUIRE(!known.has_value());
    BOOST_TEST(known.error().public_message ==
               "Unknown query parameter 'lmit'; accepted are page, limit");
}

BOOST_AUTO_TEST_CASE(where_none_is_accepted_any_parameter_is_refused) {
    const auto query = Query::parse("x=1");
    BOOST_REQUIRE(query.has_value());

    BOOST_TEST(!query->accept_only({}).has_value());
}

BOOST_DATA_TEST_CASE(a_number_that_is_none_or_out_of_range_is_refused,
                     data::make(kBadNumbers),
                     text) {
    const auto query = Query::parse(std::string("limit=") + text);
    BOOST_REQUIRE(query.has_value());

    const auto number = query->integer("limit", 1, 200);

    BOOST_REQUIRE(!number.has_value());
    BOOST_TEST(number.error().public_message ==
               "The query parameter 'limit' must be a whole number from 1 to 200");
}

BOOST_DATA_TEST_CASE(both_ends_of_a_range_belong_to_it, data::make({"1", "200", "42"}), text) {
    const auto query = Query::parse(std::string("limit=") + text);
    BOOST_REQUIRE(query.has_value());

    const auto number = query->integer("limit", 1, 200);

    BOOST_REQUIRE(number.has_value());
    BOOST_TEST(std::to_string(number->value_or(0)) == text);
}

BOOST_AUTO_TEST_CASE(an_absent_number_is_nothing) {
    const auto number = Query{}.integer("limit", 1, 200);

    BOOST_REQUIRE(number.has_value());
    BOOST_TEST(!number->has_value());
}

BOOST_DATA_TEST_CASE(a_percent_sign_needs_two_hex_digits,
                     data::make({"%", "%2", "a%", "%zz", "%2g", "%g2", "%+2", "%-1", "%%32"}),
                     text) {
    BOOST_TEST(!fcgi::percent_decoded(text).has_value());
}

BOOST_AUTO_TEST_CASE(percent_decoding_takes_both_cases_of_hex) {
    BOOST_TEST(fcgi::percent_decoded("%2f%2F").value_or("") == "//");
}

BOOST_AUTO_TEST_SUITE_END()
