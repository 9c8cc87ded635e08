// core/base/log: what can be logged at all, and what a line looks like. core/base/secret: that
// secrets can't be printed, copied or taken for one another.
#include "core/base/log.h"

#include "core/base/secret.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace log_test {

namespace logging = core::log;
namespace data = boost::unit_test::data;
using core::Body;
using core::Credential;
using core::Plaintext;
using core::SecureBuffer;

namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
    out << value;
};
template <class T>
concept Comparable = requires(const T& a, const T& b) {
    a == b;
};

// What `print` writes to standard error.
template <class Print>
std::string stderr_of(const Print& print) {
    std::FILE* file = std::tmpfile();
    BOOST_REQUIRE(file != nullptr);
    const int saved = ::dup(STDERR_FILENO);
    ::dup2(::fileno(file), STDERR_FILENO);
    print();
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file))
        text.push_back(static_cast<char>(c));
    BOOST_REQUIRE(std::fclose(file) == 0);
    return text;
}

// Lines go to standard error, and the level is as at start, whatever ran before.
struct LogFixture {
    LogFixture() {
        ::unsetenv("JOURNAL_STREAM");
        logging::set_level(logging::Level::Info);
    }
    LogFixture(const LogFixture&) = delete;
    LogFixture& operator=(const LogFixture&) = delete;
    LogFixture(LogFixture&&) = delete;
    LogFixture& operator=(LogFixture&&) = delete;
    ~LogFixture() { logging::set_level(logging::Level::Info); }
};

struct Opted {
    static constexpr bool kLoggable = true;
    [[nodiscard]] std::string log_text() const { return "opted-in"; }
};
struct NotOpted {
    static constexpr bool kLoggable = false;
    [[nodiscard]] std::string log_text() const { return "hidden"; }
};
struct TestTag;

}  // namespace

// Nothing secret, and no run-time text, goes into a field.
static_assert(!logging::Loggable<Plaintext>);
static_assert(!logging::Loggable<Body>);
static_assert(!logging::Loggable<Credential>);
static_assert(!logging::Loggable<const Plaintext&>);
static_assert(!logging::Loggable<core::SecretBytes<TestTag>>);
static_assert(!logging::Loggable<SecureBuffer>);
static_assert(!logging::Loggable<core::Bytes>);
static_assert(!logging::Loggable<core::ByteView>);
static_assert(!logging::Loggable<std::string>);
static_assert(!logging::Loggable<std::string_view>);
static_assert(!logging::Loggable<const void*>);
static_assert(!logging::Loggable<const std::uint8_t*>);
static_assert(!logging::Loggable<double>);
static_assert(!logging::Loggable<NotOpted>);
static_assert(logging::Loggable<core::TokenId>);
static_assert(logging::Loggable<core::RequestId>);
static_assert(logging::Loggable<core::ErrorCode>);
static_assert(logging::Loggable<logging::Quoted>);
static_assert(logging::Loggable<int>);
static_assert(logging::Loggable<std::uint64_t>);
static_assert(logging::Loggable<bool>);
static_assert(logging::Loggable<Opted>);

// A secret is neither printable nor comparable, moves without throwing and is never copied; kinds
// do not convert, and nothing becomes a secret without saying so.
static_assert(!Streamable<Plaintext>);
static_assert(!Streamable<Credential>);
static_assert(!Comparable<Plaintext>);
static_assert(!std::is_copy_constructible_v<Credential>);
static_assert(!std::is_copy_assignable_v<Credential>);
static_assert(std::is_nothrow_move_constructible_v<Credential>);
static_assert(std::is_nothrow_move_assignable_v<Credential>);
static_assert(!std::is_constructible_v<Plaintext, Body>);
static_assert(!std::is_assignable_v<Plaintext&, Body>);
static_assert(!std::is_convertible_v<SecureBuffer, Plaintext>);
static_assert(!std::is_constructible_v<Plaintext, std::string>);
static_assert(!std::is_convertible_v<Plaintext, core::ByteView>);

BOOST_FIXTURE_TEST_SUITE(log_test, LogFixture)

BOOST_AUTO_TEST_CASE(a_line_names_level_event_and_fields) {
    const auto line = stderr_of([] { logging::info("key_loaded", {{"count", 3}, {"ok", true}}); });

    BOOST_TEST(line.starts_with("time=2"));
    BOOST_TEST(line.ends_with(" level=info event=key_loaded count=3 ok=true\n"));
}

// A pointer converts to bool more readily than to Literal.
BOOST_AUTO_TEST_CASE(a_literal_is_logged_as_its_text) {
    BOOST_TEST(logging::Field("reason", "expired").value() == "expired");
}

BOOST_AUTO_TEST_CASE(a_bool_is_logged_as_a_word) {
    BOOST_TEST(logging::Field("ok", false).value() == "false");
}

BOOST_AUTO_TEST_CASE(an_error_code_is_logged_by_its_name) {
    BOOST_TEST(logging::Field("code", core::ErrorCode::KekUnavailable).value() == "KekUnavailable");
}

BOOST_AUTO_TEST_CASE(an_id_is_logged_as_its_text) {
    BOOST_TEST(logging::Field("id", core::TokenId()).value() ==
               "00000000-0000-0000-0000-000000000000");
}

BOOST_AUTO_TEST_CASE(a_type_that_opted_in_is_logged_as_it_says) {
    BOOST_TEST(logging::Field("x", Opted()).value() == "opted-in");
}

BOOST_AUTO_TEST_CASE(a_level_above_the_chosen_one_is_dropped) {
    logging::set_level(logging::Level::Warning);

    const auto line = stderr_of([] { logging::info("dropped"); });

    BOOST_TEST(line.empty());
}

BOOST_AUTO_TEST_CASE(debug_is_off_at_start) {
    BOOST_TEST(stderr_of([] { logging::debug("anyone_can_cause_this"); }).empty());
}

BOOST_AUTO_TEST_CASE(the_chosen_level_and_those_below_are_written) {
    logging::set_level(logging::Level::Warning);

    const auto lines = stderr_of([] {
        logging::warning("first");
        logging::error("second");
    });

    BOOST_TEST(lines.find("level=warning event=first\n") != std::string::npos);
    BOOST_TEST(lines.find("level=error event=second\n") != std::string::npos);
}

// Text from outside can't begin a line of its own.
BOOST_AUTO_TEST_CASE(quoted_text_stays_on_its_line) {
    const auto line = stderr_of([] {
        logging::info("refused", {{"why", logging::quoted("x\nlevel=error event=forged")}});
    });

    BOOST_TEST(line.find('\n') == line.size() - 1);
}

BOOST_AUTO_TEST_CASE(a_value_with_spaces_is_quoted) {
    const auto line = stderr_of([] { logging::info("e", {{"why", logging::quoted("a b")}}); });

    BOOST_TEST(line.ends_with(" why=\"a b\"\n"));
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_quoted) {
    const auto line = stderr_of([] { logging::info("e", {{"why", logging::quoted("")}}); });

    BOOST_TEST(line.ends_with(" why=\"\"\n"));
}

const std::vector<std::string> kOutside{
    "plain", "a\"b", "a\\b", "\r\n\t", "\x1b[31m", "\xc3\xa9", "\x7f"};
const std::vector<std::string> kEscaped{
    "plain", R"(a\"b)", R"(a\\b)", R"(\x0d\x0a\x09)", R"(\x1b[31m)", R"(\xc3\xa9)", R"(\x7f)"};

BOOST_DATA_TEST_CASE(outside_text_is_escaped,
                     data::make(kOutside) ^ data::make(kEscaped),
                     outside,
                     escaped) {
    BOOST_TEST(logging::quoted(outside).text() == escaped);
}

BOOST_AUTO_TEST_CASE(outside_text_is_cut_at_200_bytes) {
    const std::string longest(200, 'x');

    BOOST_TEST(logging::quoted(longest).text() == longest);
    BOOST_TEST(logging::quoted(longest + "x").text() == longest + "...");
}

BOOST_AUTO_TEST_CASE(a_nul_in_outside_text_does_not_end_it) {
    BOOST_TEST(logging::quoted(std::string_view("a\0b", 3)).text() == R"(a\x00b)");
}

BOOST_AUTO_TEST_CASE(the_journal_is_known_by_device_and_inode) {
    struct stat status {};
    BOOST_REQUIRE(::fstat(STDERR_FILENO, &status) == 0);
    const std::string device = std::to_string(status.st_dev);

    const auto is_stream = [](const std::string& variable) {
        return logging::is_journal_stream(variable.c_str(), STDERR_FILENO);
    };
    BOOST_TEST(is_stream(device + ":" + std::to_string(status.st_ino)));
    BOOST_TEST(!is_stream(device + ":" + std::to_string(status.st_ino + 1)));
    BOOST_TEST(!is_stream(""));
    BOOST_TEST(!logging::is_journal_stream(nullptr, STDERR_FILENO));
}

BOOST_AUTO_TEST_CASE(a_moved_secret_leaves_nothing_behind) {
    auto first = Plaintext::copy_of(std::string_view("not-a-real-value"));

    const Plaintext second = std::move(first);

    // NOLINTNEXTLINE(bugprone-use-after-move): the claim is about what is left.
    BOOST_TEST(first.empty());
    BOOST_TEST(core::as_text(second.expose()) == "not-a-real-value");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace log_test
