// The reader of .env files. What it makes of a text is written down in
// test/vectors/dotenv_corpus.json, which test/functional/dotenv.test.mjs holds against npm's
// dotenv.
#include "core/service/dotenv.h"

#include "core/base/json.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(dotenv)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::JsonDocument;
using core::JsonValue;
using core::service::DotenvEntry;
using core::service::parse_dotenv;

static_assert(std::is_same_v<decltype(DotenvEntry::value), core::Plaintext>);

namespace {

constexpr std::size_t kCases = 195;

JsonDocument load_corpus() {
    std::ifstream file(SECRETSTORE_TEST_VECTORS "/dotenv_corpus.json", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto document = JsonDocument::parse(core::Body::copy_of(text));
    BOOST_REQUIRE(document.has_value());
    return std::move(*document);
}

std::vector<JsonValue> corpus() {
    static const JsonDocument document = load_corpus();
    return document.root().find("cases")->elements();
}

// An entry as text, "KEY=VALUE (LINE)", to be compared and shown.
std::string shown(std::string_view key, std::string_view value, std::size_t line) {
    return std::string(key) + '=' + std::string(value) + " (" + std::to_string(line) + ")";
}

std::vector<std::string> shown(const std::vector<DotenvEntry>& entries) {
    std::vector<std::string> out;
    out.reserve(entries.size());
    for (const auto& entry : entries)
        out.push_back(shown(entry.key, core::as_text(entry.value.expose()), entry.line));
    return out;
}

std::vector<std::string> expected_entries(const JsonValue& vector) {
    std::vector<std::string> out;
    for (const auto& entry : vector.find("entries")->elements()) {
        const auto parts = entry.elements();
        out.push_back(shown(
            parts[0].string(), parts[1].string(), static_cast<std::size_t>(parts[2].integer())));
    }
    return out;
}

std::string message_of(std::string_view text) {
    const auto entries = parse_dotenv(text);
    BOOST_REQUIRE(!entries.has_value());
    BOOST_CHECK(entries.error().code == ErrorCode::InvalidRequest);
    return entries.error().public_message;
}

bool begins_with(const std::string& text, const std::string& prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

std::string repeated(std::string_view text, std::size_t bytes) {
    std::string out;
    out.reserve(bytes + text.size());
    while (out.size() < bytes)
        out += text;
    return out;
}

// Each fault, with a marker in every place that a message could quote.
const std::vector<std::string> kFaultsWithMarkers{"MARKER",
                                                  "MARKER MARKER=MARKER",
                                                  "export MARKER MARKER",
                                                  "MARKER:MARKER",
                                                  "MARKER:\nMARKER",
                                                  "MARKER='MARKER",
                                                  "MARKER=\"MARKER",
                                                  "MARKER='MARKER'MARKER",
                                                  "MARKER=\"MARKER\nMARKER\" MARKER",
                                                  "MARKER=MARKER\xe2\x80\xa8MARKER",
                                                  "# MARKER\xe2\x80\xa9MARKER",
                                                  "MARKER=1\nMARKER\nMARKER=2"};

// What a reader that goes back and forth takes longest for.
const std::vector<std::pair<std::string, std::string>> kLongTexts{
    {"white space", repeated(" ", 1 << 20)},
    {"wide white space", repeated("\xe2\x80\x80", 1 << 20)},
    {"blank lines", repeated("\n \r\n\t", 1 << 20)},
    {"one value", "A=" + repeated("b ", 1 << 20)},
    {"one key", repeated("A", 1 << 20) + "=b"},
    {"short entries", repeated("A=b\n", 1 << 20)},
    {"values closed by an escaped quote", repeated("A='\\'\n", 1 << 20)},
    {"one value with many escaped quotes", "A='" + repeated("\\' ", 1 << 20)},
    {"escaped quotes that cannot close", "A='" + repeated("\\'b", 1 << 20) + "\\'"},
    {"escaped quotes and lines", "A='" + repeated("\\'\n", 1 << 20) + "b' c"},
    {"quotes of two kinds", repeated("A='\\'\nB=`\\`\n", 1 << 20)},
    {"a quote that is not closed", "A=\"" + repeated("\\\\", 1 << 20)},
    {"comments with quotes", repeated("# 'b\n", 1 << 20)},
    {"comments behind values", repeated("A='b' #'\n", 1 << 20)}};

void require_fault(const core::Result<std::vector<DotenvEntry>>& entries, std::int64_t line) {
    BOOST_REQUIRE(!entries.has_value());
    BOOST_CHECK(entries.error().code == ErrorCode::InvalidRequest);
    const auto start = "The content in line " + std::to_string(line) + " ";
    BOOST_CHECK_MESSAGE(begins_with(entries.error().public_message, start),
                        entries.error().public_message);
}

void require_entries(const core::Result<std::vector<DotenvEntry>>& entries,
                     const JsonValue& vector) {
    BOOST_REQUIRE(entries.has_value());
    BOOST_TEST(shown(*entries) == expected_entries(vector), boost::test_tools::per_element());
}

}  // namespace

// Each number of the case below is one of them.
BOOST_AUTO_TEST_CASE(every_case_of_the_corpus_is_tried) {
    BOOST_TEST(corpus().size() == kCases);
}

BOOST_DATA_TEST_CASE(a_text_is_read_as_the_corpus_says, data::xrange(kCases), index) {
    const auto vector = corpus().at(index);
    BOOST_TEST_CONTEXT(vector.find("name")->string()) {
        const auto entries = parse_dotenv(vector.find("text")->string());

        if (const auto line = vector.find("error_line"))
            require_fault(entries, line->integer());
        else
            require_entries(entries, vector);
    }
}

BOOST_DATA_TEST_CASE(a_message_quotes_nothing_of_the_text, data::make(kFaultsWithMarkers), text) {
    BOOST_TEST(message_of(text).find("MARKER") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_message_says_what_a_line_can_be) {
    BOOST_TEST(message_of("A=1\nB\n") ==
               "The content in line 2 is no KEY=VALUE, comment or blank line; a key is made of "
               "A-Z a-z 0-9 . _ -");
}

BOOST_AUTO_TEST_CASE(a_message_tells_a_quote_that_is_never_closed) {
    BOOST_TEST(message_of("A='b\n\n") ==
               "The content in line 1 opens a quote that is never closed");
}

BOOST_AUTO_TEST_CASE(a_message_tells_how_a_backslash_is_written_in_double_quotes) {
    BOOST_TEST(message_of(R"(A="C:\")").find(R"(a backslash before a quote is written \\)") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_message_tells_where_the_quote_is_that_text_follows) {
    BOOST_TEST(message_of("\nA='b\nc' d\n") ==
               "The content in line 2 has other text than a comment behind its closing quote, on "
               "line 3");
}

BOOST_AUTO_TEST_CASE(a_message_tells_of_invisible_line_breaks) {
    BOOST_TEST(message_of("A=b\xe2\x80\xa8").find("U+2028") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_entry_is_returned_however_often_its_key_stands) {
    const auto entries = parse_dotenv(repeated("A=b\n", 4000));

    BOOST_REQUIRE(entries.has_value());
    BOOST_TEST(entries->size() == 1000U);
    BOOST_TEST(entries->back().line == 1000U);
}

BOOST_AUTO_TEST_CASE(a_value_can_be_long) {
    const auto value = repeated("0123456789abcdef", 65536);

    const auto entries = parse_dotenv("A=\"" + value + "\"\n");

    BOOST_REQUIRE(entries.has_value());
    BOOST_REQUIRE(entries->size() == 1U);
    BOOST_TEST(core::as_text(entries->front().value.expose()) == value);
}

BOOST_DATA_TEST_CASE(a_text_of_a_megabyte_takes_no_quadratic_time,
                     data::xrange(kLongTexts.size()),
                     index) {
    const auto& [name, text] = kLongTexts[index];
    BOOST_TEST_CONTEXT(name) {
        const auto start = std::chrono::steady_clock::now();

        const auto entries = parse_dotenv(text);

        // Some 10 ms; 10^12 steps take a quarter of an hour.
        BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(10)));
        BOOST_TEST((entries.has_value() ||
                    begins_with(entries.error().public_message, "The content in line ")));
    }
}

BOOST_AUTO_TEST_SUITE_END()
