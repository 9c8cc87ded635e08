// core/base/json: the fence around RapidJSON, against the input that strangers send.
#include "core/base/json.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(json_test)

using core::Body;
using core::ErrorCode;
using core::JsonDocument;
using core::JsonObject;
using core::JsonValue;
using core::JsonWriter;
using core::Result;
namespace data = boost::unit_test::data;

static_assert(!std::is_copy_constructible_v<JsonDocument>);
static_assert(!std::is_copy_constructible_v<JsonWriter>);
static_assert(std::is_nothrow_move_constructible_v<JsonDocument>);

namespace {

Result<JsonDocument> parse(std::string_view text) {
    return JsonDocument::parse(Body::copy_of(text));
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i)
        text += open;
    text += "0";
    for (std::size_t i = 0; i < depth; ++i)
        text += close;
    return text;
}

// The message of a text that must not parse; empty when it does.
std::string message_of(std::string_view text) {
    const auto document = parse(text);
    if (document || document.error().code != ErrorCode::InvalidRequest) return {};
    return document.error().public_message;
}

// The string in {"a":TEXT}; "(refused)" when the text does not parse.
std::string string_in(const std::string& json_string) {
    const auto document = parse("{\"a\":" + json_string + "}");
    if (!document) return "(refused)";
    return std::string(document->root().find("a")->string());
}

JsonValue::Kind kind_of(std::string_view text) {
    const auto document = parse(text);
    BOOST_REQUIRE(document.has_value());
    return document->root().kind();
}

const std::vector<std::string> kNotJson{
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[}",
    "{]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{a:1}",
    "{'a':1}",
    "{\"a\":1 \"b\":2}",
    "{1:2}",
    "nul",
    "NULL",
    "True",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "\"",
    "\"abc",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\n\"",
    "\"\t\"",
    "\"\x1f\"",
    "// comment\n1",
    "/* comment */1",
    "\xef\xbb\xbf{}",
    "\xff\xfe{}",
    "{\"a\":1}x",
    "{\"a\":1}{\"b\":2}",
    "{} null",
    "1 2",
    "[]]",
    "{}}",
    "01",
    "-",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "0x10",
    "1_000",
    "--1",
    "1e309",
    "-1e309",
    "1e99999999999999999999",
    std::string(400, '9'),
};

// Inside a string, as raw bytes.
const std::vector<std::string> kBadUtf8{
    "\x80",              // a continuation alone
    "\xbf",              //
    "\xc0\x80",          // overlong NUL
    "\xc1\xbf",          // overlong
    "\xe0\x80\xaf",      // overlong slash
    "\xe0\x9f\xbf",      //
    "\xf0\x80\x80\xaf",  //
    "\xf0\x8f\xbf\xbf",  //
    "\xc3",              // cut short
    "\xe2\x82",          //
    "\xf0\x9f\x98",      //
    "\xc3(",             // not continued
    "\xe2(\xa1",         //
    "\xe2\x82(",         //
    "\xf0(\x8c\xbc",     //
    "\xf0\x90(\xbc",     //
    "\xed\xa0\x80",      // surrogates
    "\xed\xbf\xbf",      //
    "\xf4\x90\x80\x80",  // beyond U+10FFFF
    "\xf5\x80\x80\x80",  //
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
};

const std::vector<std::string> kLoneSurrogates{
    R"("\ud800")",
    R"("\udbff")",
    R"("\udc00")",
    R"("\udfff")",
    R"("\ud83dx")",
    R"("\ud83d\n")",
    R"("\ud83d\u0041")",
    R"("\ud83d\ud83d")",
    R"("\ude00\ud83d")",
    R"("x\udc00y")",
};

const std::vector<std::string> kEscapes{
    R"("\"\\\/\b\f\n\r\t")", R"("\u0041")", R"("\u00e9")", R"("\ud83d\ude00")", R"("\uFFFF")"};
const std::vector<std::string> kUnescaped{
    "\"\\/\b\f\n\r\t", "A", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xef\xbf\xbf"};

// The same member twice, in whatever spelling.
const std::vector<std::string> kRepeated{
    R"({"a":1,"a":1})",
    R"({"a":1,"b":2,"a":3})",
    R"({"a":1,"\u0061":2})",
    R"({"\u0061":1,"\u0061":2})",
    R"({"":1,"":2})",
    R"({"outer":{"a":1,"a":2}})",
    R"([{"a":1},{"a":1,"a":2}])",
    R"({"/":1,"\/":2})",
};

const std::vector<std::string> kIntegers{
    "0", "-0", "1", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"};
const std::vector<std::int64_t> kIntegerValues{0,
                                               0,
                                               1,
                                               -1,
                                               9007199254740993,
                                               std::numeric_limits<std::int64_t>::max(),
                                               std::numeric_limits<std::int64_t>::min()};

const std::vector<std::string> kOtherNumbers{"1.0",
                                             "1e0",
                                             "0.5",
                                             "-1.5e3",
                                             "1e300",
                                             "1e-400",
                                             "9223372036854775808",
                                             "18446744073709551615",
                                             "18446744073709551616",
                                             "-9223372036854775809",
                                             "99999999999999999999999999999999"};

}  // namespace

// ---- what is refused
// -----------------------------------------------------------------------------

BOOST_DATA_TEST_CASE(what_is_not_json_is_an_invalid_request, data::make(kNotJson), text) {
    BOOST_TEST(!message_of(text).empty());
}

BOOST_DATA_TEST_CASE(bad_utf_8_in_a_string_is_refused, data::make(kBadUtf8), bytes) {
    BOOST_TEST(!message_of("{\"a\":\"" + bytes + "\"}").empty());
}

BOOST_DATA_TEST_CASE(bad_utf_8_in_a_name_is_refused, data::make(kBadUtf8), bytes) {
    BOOST_TEST(!message_of("{\"" + bytes + "\":1}").empty());
}

// Such a string would be no UTF-8 once unescaped, and neither PostgreSQL nor a writer takes it.
BOOST_DATA_TEST_CASE(a_lone_surrogate_in_a_string_is_refused, data::make(kLoneSurrogates), text) {
    BOOST_TEST(string_in(text) == "(refused)");
}

BOOST_DATA_TEST_CASE(a_lone_surrogate_in_a_name_is_refused, data::make(kLoneSurrogates), text) {
    BOOST_TEST(!message_of("{" + text + ":1}").empty());
}

BOOST_DATA_TEST_CASE(a_member_that_stands_twice_is_refused, data::make(kRepeated), text) {
    BOOST_TEST(message_of(text).find("stands twice") != std::string::npos);
}

// Found by the fuzzer: it was read as infinity, and writing that ended the process.
BOOST_AUTO_TEST_CASE(a_number_beyond_all_doubles_is_refused) {
    BOOST_TEST(message_of("[" + std::string(40, '5') + "1e300]").find("too large") !=
               std::string::npos);
}

// Found by the fuzzer: RapidJSON read on behind the end (AddressSanitizer shows it).
BOOST_DATA_TEST_CASE(a_text_that_ends_inside_a_character_is_refused,
                     data::make(std::vector<std::string>{"\"\xf0", "\"\xe2\x82", "\"\xc3"}),
                     text) {
    BOOST_TEST(!message_of(text).empty());
}

BOOST_AUTO_TEST_CASE(names_that_differ_in_case_are_two_members) {
    BOOST_TEST(message_of(R"({"a":1,"A":2})").empty());
}

BOOST_AUTO_TEST_CASE(the_same_name_in_two_objects_is_no_repetition) {
    BOOST_TEST(message_of(R"({"a":{"a":1},"b":{"a":2}})").empty());
}

BOOST_AUTO_TEST_CASE(a_raw_nul_is_refused) {
    BOOST_TEST(message_of(std::string("{\"a\":\"b\0c\"}", 11)).find("NUL") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_nul_behind_the_value_is_refused) {
    BOOST_TEST(!message_of(std::string("{}\0", 3)).empty());
}

BOOST_AUTO_TEST_CASE(an_escaped_nul_in_a_value_is_refused_by_its_member) {
    BOOST_TEST(message_of(R"({"good":1,"bad":"a\u0000b"})") ==
               "The member 'bad' holds a NUL character");
}

BOOST_AUTO_TEST_CASE(an_escaped_nul_in_a_name_is_refused) {
    BOOST_TEST(message_of(R"({"a\u0000b":1})").find("NUL") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_escaped_nul_deep_in_an_array_is_refused) {
    BOOST_TEST(message_of(R"({"a":[[{"b":["\u0000"]}]]})").find("NUL") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_escaped_nul_behind_an_escaped_backslash_is_plain_text) {
    BOOST_TEST(string_in(R"("\\u0000")") == "\\u0000");
}

// ---- depth
// ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(sixteen_levels_of_arrays_are_accepted) {
    BOOST_TEST(message_of(nested(16, "[", "]")).empty());
}

BOOST_AUTO_TEST_CASE(seventeen_levels_of_arrays_are_refused) {
    BOOST_TEST(message_of(nested(17, "[", "]")).find("16") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(sixteen_levels_of_objects_are_accepted) {
    BOOST_TEST(message_of(nested(16, "{\"a\":", "}")).empty());
}

BOOST_AUTO_TEST_CASE(seventeen_levels_of_objects_are_refused) {
    BOOST_TEST(!message_of(nested(17, "{\"a\":", "}")).empty());
}

BOOST_AUTO_TEST_CASE(brackets_side_by_side_are_not_depth) {
    std::string text = "[0";
    for (int i = 0; i < 1000; ++i)
        text += ",[]";

    BOOST_TEST(message_of(text + "]").empty());
}

BOOST_AUTO_TEST_CASE(brackets_in_a_string_are_not_depth) {
    BOOST_TEST(string_in("\"" + std::string(100, '[') + "\"") == std::string(100, '['));
}

// A quote that is escaped does not end the string, so the brackets behind it are still text.
BOOST_AUTO_TEST_CASE(brackets_behind_an_escaped_quote_are_not_depth) {
    BOOST_TEST(string_in("\"\\\"" + std::string(100, '{') + "\"") == "\"" + std::string(100, '{'));
}

BOOST_AUTO_TEST_CASE(brackets_behind_a_string_that_ends_in_a_backslash_are_depth) {
    BOOST_TEST(message_of("[\"\\\\\"," + nested(16, "[", "]") + "]").find("16") !=
               std::string::npos);
}

// RapidJSON's default parser and its writer recurse here until the stack ends.
BOOST_AUTO_TEST_CASE(a_megabyte_of_opening_brackets_is_refused) {
    BOOST_TEST(!message_of(std::string(1U << 20U, '[')).empty());
}

BOOST_AUTO_TEST_CASE(a_megabyte_of_opening_braces_is_refused) {
    std::string text;
    while (text.size() < 1U << 20U)
        text += "{\"a\":";

    BOOST_TEST(!message_of(text).empty());
}

BOOST_AUTO_TEST_CASE(a_megabyte_of_white_space_is_refused) {
    BOOST_TEST(!message_of(std::string(1U << 20U, ' ')).empty());
}

BOOST_AUTO_TEST_CASE(a_megabyte_of_digits_is_refused) {
    BOOST_TEST(!message_of(std::string(1U << 20U, '7')).empty());
}

BOOST_AUTO_TEST_CASE(a_megabyte_of_members_is_searched_for_repetition) {
    std::string text = "{\"twice\":0";
    for (int i = 0; text.size() < 1U << 20U; ++i)
        text += ",\"n" + std::to_string(i) + "\":0";

    BOOST_TEST(message_of(text + ",\"twice\":0}").find("'twice'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_message_never_quotes_the_text) {
    const std::string message = message_of(R"({"value":"marker-that-must-not-show)");

    BOOST_TEST(!message.empty());
    BOOST_TEST(message.find("marker") == std::string::npos);
}

// ---- values
// --------------------------------------------------------------------------------------

BOOST_DATA_TEST_CASE(an_escape_becomes_what_it_stands_for,
                     data::make(kEscapes) ^ data::make(kUnescaped),
                     text,
                     expected) {
    BOOST_TEST(string_in(text) == expected);
}

BOOST_DATA_TEST_CASE(a_whole_number_within_int64_is_an_integer,
                     data::make(kIntegers) ^ data::make(kIntegerValues),
                     text,
                     expected) {
    const auto document = parse(text);

    BOOST_REQUIRE(document.has_value());
    BOOST_REQUIRE((document->root().kind() == JsonValue::Kind::Integer));
    BOOST_TEST(document->root().integer() == expected);
}

BOOST_DATA_TEST_CASE(any_other_number_is_no_integer, data::make(kOtherNumbers), text) {
    BOOST_TEST((kind_of(text) == JsonValue::Kind::Number));
}

BOOST_AUTO_TEST_CASE(every_kind_is_told_apart) {
    BOOST_TEST((kind_of("null") == JsonValue::Kind::Null));
    BOOST_TEST((kind_of("false") == JsonValue::Kind::Bool));
    BOOST_TEST((kind_of("\"\"") == JsonValue::Kind::String));
    BOOST_TEST((kind_of("[]") == JsonValue::Kind::Array));
    BOOST_TEST((kind_of(" {} ") == JsonValue::Kind::Object));
}

BOOST_AUTO_TEST_CASE(views_outlive_a_move_of_their_document) {
    auto first = parse(R"({"a":"short"})");
    BOOST_REQUIRE(first.has_value());
    const auto value = first->root().find("a");

    const JsonDocument second = std::move(*first);

    BOOST_TEST(value->string() == "short");
}

BOOST_AUTO_TEST_CASE(elements_stand_in_their_order) {
    const auto document = parse("[3,1,2]");
    BOOST_REQUIRE(document.has_value());

    const auto elements = document->root().elements();

    BOOST_REQUIRE(elements.size() == 3U);
    BOOST_TEST(elements[0].integer() == 3);
    BOOST_TEST(elements[2].integer() == 2);
}

BOOST_AUTO_TEST_CASE(find_in_what_is_no_object_finds_nothing) {
    const auto document = parse("[\"a\"]");
    BOOST_REQUIRE(document.has_value());

    BOOST_TEST(!document->root().find("a").has_value());
}

BOOST_AUTO_TEST_CASE(a_value_is_written_as_compact_text) {
    const auto document = parse(" { \"b\" : [ 1 , 2.5 , null ] , \"a\" : \"\\u0041\\n\" } ");
    BOOST_REQUIRE(document.has_value());

    BOOST_TEST(document->root().to_text() == R"({"b":[1,2.5,null],"a":"A\n"})");
}

// ---- objects
// -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_unknown_member_is_named_with_what_is_accepted) {
    const auto document = parse(R"({"name":"a","ip_allow_list":[]})");
    BOOST_REQUIRE(document.has_value());

    const auto object = JsonObject::decode(document->root(), {"name", "ip_allowlist"});

    BOOST_REQUIRE(!object.has_value());
    BOOST_TEST(object.error().public_message ==
               "Unknown member 'ip_allow_list'; accepted are name, ip_allowlist");
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_not_decoded) {
    const auto document = parse("[]");
    BOOST_REQUIRE(document.has_value());

    BOOST_TEST(!JsonObject::decode(document->root(), {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_missing_string_is_named) {
    const auto document = parse("{}");
    BOOST_REQUIRE(document.has_value());
    const auto object = JsonObject::decode(document->root(), {"value"});

    const auto value = object->required_string("value");

    BOOST_REQUIRE(!value.has_value());
    BOOST_TEST(value.error().public_message.find("'value'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_required_string_may_not_be_null) {
    const auto document = parse(R"({"value":null})");
    BOOST_REQUIRE(document.has_value());
    const auto object = JsonObject::decode(document->root(), {"value"});

    BOOST_TEST(!object->required_string("value").has_value());
}

struct ReaderFixture {
    Result<JsonDocument> document = parse(R"({"null":null,"text":"t","number":7,"float":7.0,)"
                                          R"("list":["a","b"],"mixed":["a",1],"o":{}})");
    Result<JsonObject> object = JsonObject::decode(
        document->root(), {"null", "text", "number", "float", "list", "mixed", "o"});
};

BOOST_FIXTURE_TEST_CASE(absent_and_null_are_nothing_to_every_reader, ReaderFixture) {
    BOOST_TEST(!object->optional_string("absent")->has_value());
    BOOST_TEST(!object->optional_string("null")->has_value());
    BOOST_TEST(!object->optional_integer("null")->has_value());
    BOOST_TEST(!object->optional_strings("null")->has_value());
    BOOST_TEST(!object->optional_object("null")->has_value());
}

BOOST_FIXTURE_TEST_CASE(readers_give_what_is_there, ReaderFixture) {
    BOOST_TEST(**object->optional_string("text") == "t");
    BOOST_TEST(**object->optional_integer("number") == 7);
    BOOST_TEST((**object->optional_strings("list") == std::vector<std::string_view>{"a", "b"}));
    BOOST_TEST(object->optional_object("o")->has_value());
}

BOOST_FIXTURE_TEST_CASE(readers_refuse_another_type, ReaderFixture) {
    BOOST_TEST(!object->required_string("number").has_value());
    BOOST_TEST(!object->optional_string("number").has_value());
    BOOST_TEST(!object->optional_integer("text").has_value());
    BOOST_TEST(!object->optional_integer("float").has_value());
    BOOST_TEST(!object->optional_strings("text").has_value());
    BOOST_TEST(!object->optional_strings("mixed").has_value());
    BOOST_TEST(!object->optional_object("list").has_value());
}

BOOST_FIXTURE_TEST_CASE(a_refusal_names_the_member, ReaderFixture) {
    const auto refused = object->optional_integer("float");

    BOOST_TEST(refused.error().public_message ==
               "The member 'float' must be a whole number or null");
}

BOOST_FIXTURE_TEST_CASE(null_is_present_and_null, ReaderFixture) {
    BOOST_TEST(object->has("null"));
    BOOST_TEST(object->is_null("null"));
    BOOST_TEST(!object->has("absent"));
    BOOST_TEST(!object->is_null("absent"));
}

// ---- messages
// ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(quoted_text_is_cut_and_printable) {
    BOOST_TEST(core::quoted_for_message("a\nb\x7f"
                                        "c\xff") == "'a?b?c?'");
    BOOST_TEST(core::quoted_for_message(std::string(65, 'x')) ==
               "'" + std::string(64, 'x') + "...'");
}

// ---- writer
// --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_object_is_written_compactly) {
    JsonWriter writer;

    writer.begin_object()
        .member("text", "a\"b\\c\n")
        .member("number", 42)
        .member("large", std::numeric_limits<std::int64_t>::min())
        .member("yes", true)
        .member("nothing", nullptr)
        .member("maybe", std::optional<std::string>())
        .member("list", std::vector<std::string>{"x", "y"})
        .end_object();
    const auto text = std::move(writer).take_text();

    BOOST_TEST(text == R"({"text":"a\"b\\c\n","number":42,"large":-9223372036854775808,"yes":true,)"
                       R"("nothing":null,"maybe":null,"list":["x","y"]})");
}

BOOST_AUTO_TEST_CASE(what_is_written_parses_as_the_same_text) {
    std::string every_character;
    for (char c = 1; c < 127; ++c)
        every_character.push_back(c);
    every_character += "\xc3\xa9\xf0\x9f\x98\x80";
    JsonWriter writer;

    writer.begin_object().member("a", every_character).end_object();
    const auto document = JsonDocument::parse(std::move(writer).take());

    BOOST_REQUIRE(document.has_value());
    BOOST_TEST(document->root().find("a")->string() == every_character);
}

BOOST_AUTO_TEST_CASE(raw_json_is_written_as_it_stands) {
    JsonWriter writer;

    writer.begin_object().key("metadata").raw(R"({"a":[1,2]})").member("b", 1).end_object();
    const auto text = std::move(writer).take_text();

    BOOST_TEST(text == R"({"metadata":{"a":[1,2]},"b":1})");
}

BOOST_AUTO_TEST_CASE(an_empty_secret_is_an_empty_string) {
    JsonWriter writer;

    writer.begin_array().secret({}).end_array();
    const auto text = std::move(writer).take_text();

    BOOST_TEST(text == R"([""])");
}

BOOST_AUTO_TEST_CASE(a_large_secret_is_written_whole) {
    const std::string large(1U << 17U, 's');
    JsonWriter writer;

    writer.begin_array().secret(core::as_bytes(large)).end_array();
    const auto text = std::move(writer).take_text();

    BOOST_TEST((text == "[\"" + large + "\"]"));
}

BOOST_AUTO_TEST_SUITE_END()
