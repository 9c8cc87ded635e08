// From a raw target to a route. The attempts to escape from a path are in
// test/vectors/path_escapes.txt.
#include "fcgi/router.h"

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/scope/secret_path.h"
#include "fcgi/error_response.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(router)

namespace data = boost::unit_test::data;
using fcgi::NotRouted;
using fcgi::Routed;
using fcgi::Router;

namespace {

struct Attempt {
    std::string expected;
    std::string target;
};

std::ostream& operator<<(std::ostream& out, const Attempt& attempt) {
    return out << core::quoted_for_message(attempt.target);
}

// \\ is a backslash, \xNN a byte.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out.push_back(text[i]);
        } else if (text.substr(i + 1, 1) == "x") {
            const auto byte = core::from_hex(text.substr(i + 2, 2));
            out.push_back(static_cast<char>(byte.value().front()));
            i += 3;
        } else {
            out.push_back('\\');
            ++i;
        }
    }
    return out;
}

std::vector<Attempt> read_attempts() {
    std::vector<Attempt> out;
    std::ifstream file(std::string(SECRETSTORE_TEST_VECTORS) + "/path_escapes.txt");
    for (std::string line; std::getline(file, line);) {
        const auto tab = line.find('\t');
        if (line.empty() || line.front() == '#' || tab == std::string::npos) continue;
        out.push_back({line.substr(0, tab), unescaped(std::string_view(line).substr(tab + 1))});
    }
    return out;
}

const Router& table() {
    static const Router instance(fcgi::routes());
    return instance;
}

std::string status_text(fcgi::Status status) {
    return std::to_string(fcgi::code_of(status));
}

// What a handler would make of the path, in the words of the vector file.
std::string meaning_of(const Routed& routed) {
    const bool is_plain_secret = routed.route->path == "/v1/secrets/{secret_path+}";
    if (!is_plain_secret) return "route " + std::string(routed.route->operation_id);
    if (routed.path.raw_segments == 1) {
        const auto name_space = core::scope::Namespace::parse(routed.path.text);
        return name_space ? "namespace " + name_space->text()
                          : status_text(fcgi::status_of(name_space.error().code));
    }
    const auto path = core::scope::SecretPath::parse(routed.path.text);
    return path ? "secret " + path->text() : status_text(fcgi::status_of(path.error().code));
}

std::string outcome_of(std::string_view method, std::string_view target) {
    const auto routing = table().route(method, target);
    if (!routing) return status_text(fcgi::status_of(routing.error().code));
    if (const auto* nowhere = std::get_if<NotRouted>(&*routing))
        return status_text(nowhere->status);
    return meaning_of(std::get<Routed>(*routing));
}

// The grammar of contract §3, written once more.
bool is_within_grammar(std::string_view path) {
    std::size_t start = 0;
    while (start <= path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string_view segment = path.substr(start, end - start);
        const bool clean = segment.find_first_not_of(
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789._~@-") == std::string_view::npos;
        if (segment.empty() || segment == "." || segment == ".." || !clean) return false;
        start = end + 1;
    }
    return path.size() <= 512;
}

std::string allow_of(std::string_view method, std::string_view target) {
    const auto routing = table().route(method, target);
    const auto* nowhere = routing ? std::get_if<NotRouted>(&*routing) : nullptr;
    return nowhere != nullptr ? nowhere->allow : "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(there_are_at_least_200_attempts_to_escape) {
    BOOST_TEST(read_attempts().size() >= 200U);
}

BOOST_DATA_TEST_CASE(an_attempt_to_escape_ends_as_its_vector_says, read_attempts(), attempt) {
    BOOST_TEST(outcome_of("GET", attempt.target) == attempt.expected);
}

BOOST_DATA_TEST_CASE(no_attempt_reaches_a_path_outside_the_grammar, read_attempts(), attempt) {
    const std::string outcome = outcome_of("GET", attempt.target);
    const std::string path = outcome.substr(std::min(outcome.find(' ') + 1, outcome.size()));

    const bool is_status = outcome == "400" || outcome == "404" || outcome == "405";

    BOOST_TEST((is_status || is_within_grammar(path)));
}

BOOST_DATA_TEST_CASE(no_attempt_stores_anywhere_outside_the_grammar, read_attempts(), attempt) {
    const std::string outcome = outcome_of("PUT", attempt.target);
    const std::string path = outcome.substr(std::min(outcome.find(' ') + 1, outcome.size()));

    const bool is_status = outcome == "400" || outcome == "404" || outcome == "405";

    BOOST_TEST((is_status || is_within_grammar(path)));
}

BOOST_AUTO_TEST_CASE(one_encoded_namespace_and_raw_slashes_name_the_same_secret) {
    BOOST_TEST(outcome_of("GET", "/v1/secrets/production/gemini/K") ==
               outcome_of("GET", "/v1/secrets/production%2Fgemini/K"));
}

BOOST_AUTO_TEST_CASE(one_raw_segment_lists_a_nested_namespace) {
    BOOST_TEST(outcome_of("GET", "/v1/secrets/production%2Fgemini") ==
               "namespace production/gemini");
}

BOOST_AUTO_TEST_CASE(the_query_form_is_a_route_of_its_own) {
    BOOST_TEST(outcome_of("GET", "/v1/secrets?namespace=production%2Fgemini") ==
               "route listSecrets");
}

BOOST_AUTO_TEST_CASE(reserved_names_below_secrets_are_routes_of_their_own) {
    BOOST_TEST(outcome_of("GET", "/v1/secrets/namespaces") == "route listSecretNamespaces");
    BOOST_TEST(outcome_of("POST", "/v1/secrets/import") == "route importSecrets");
}

BOOST_AUTO_TEST_CASE(reserved_names_below_secrets_take_no_other_method) {
    BOOST_TEST(allow_of("DELETE", "/v1/secrets/namespaces") == "GET");
    BOOST_TEST(allow_of("GET", "/v1/secrets/import") == "POST");
}

BOOST_DATA_TEST_CASE(reserved_names_in_another_spelling_are_nothing,
                     data::make({"GET", "POST", "PUT", "DELETE"}),
                     method) {
    BOOST_TEST(outcome_of(method, "/v1/secrets/n%61mespaces") == "404");
    BOOST_TEST(outcome_of(method, "/v1/secrets/%69mport") == "404");
}

BOOST_AUTO_TEST_CASE(an_argument_may_stand_before_a_literal) {
    BOOST_TEST(outcome_of("POST", "/v1/secrets/a/b/KEY/rotate") == "route rotateSecret");
    BOOST_TEST(outcome_of("GET", "/v1/secrets/a/b/KEY/rotate") == "secret a/b/KEY/rotate");
    BOOST_TEST(outcome_of("POST", "/v1/agents/an%20agent/rotate-key") == "route rotateAgentKey");
}

BOOST_AUTO_TEST_CASE(an_argument_of_one_segment_takes_one) {
    BOOST_TEST(outcome_of("DELETE", "/v1/agents/a/b") == "404");
    BOOST_TEST(outcome_of("GET", "/v1/approvals/agent/x") == "route showApprovalToAgent");
    BOOST_TEST(outcome_of("GET", "/v1/approvals/agent") == "route showApproval");
}

BOOST_AUTO_TEST_CASE(a_secret_may_live_in_a_namespace_of_a_reserved_name) {
    BOOST_TEST(outcome_of("GET", "/v1/secrets/import/KEY") == "secret import/KEY");
}

BOOST_DATA_TEST_CASE(
    methods_outside_the_table_are_not_allowed,
    data::make(
        {"HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "Get", "GETX", "", "DELETE", "PATCH"}),
    method) {
    BOOST_TEST(outcome_of(method, "/v1/agents") == "405");
}

BOOST_AUTO_TEST_CASE(a_wrong_method_is_told_the_right_ones) {
    BOOST_TEST(allow_of("DELETE", "/v1/agents") == "POST, GET");
    BOOST_TEST(allow_of("POST", "/v1/secrets/production/KEY") == "GET, PUT, DELETE");
}

BOOST_AUTO_TEST_CASE(an_unknown_path_is_not_found_by_any_method) {
    BOOST_TEST(outcome_of("BREW", "/v1/coffee") == "404");
}

BOOST_AUTO_TEST_CASE(the_query_reaches_its_handler) {
    const auto routing = table().route("GET", "/v1/agents?page=7");

    BOOST_REQUIRE(routing.has_value());
    const auto* routed = std::get_if<Routed>(&*routing);
    BOOST_REQUIRE(routed != nullptr);
    BOOST_TEST(routed->query.find("page").value_or("") == "7");
}

BOOST_AUTO_TEST_SUITE_END()
