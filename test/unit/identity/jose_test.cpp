// Taking a JWS apart: rules 1 to 3 of security.md §2. What its claims and its signature are worth
// is shown in scoped_token_test.cpp and id_token_test.cpp.
#include "core/identity/jose.h"

#include "core/base/bytes.h"
#include "test/unit/identity/forge.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(jose)

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::identity::Jws;
using core::identity::parse_claims;
using core::identity::parse_jws;
using core::identity::string_claim;
using core::identity::time_claim;
using forge::encoded;
using Strings = std::vector<std::string>;

namespace {

const std::string kHeader = R"({"alg":"HS256","typ":"JWT","kid":"key-1"})";
const std::string kPayload = R"({"sub":"someone"})";

std::string token(std::string_view header, std::string_view payload = kPayload) {
    return forge::signing_input(header, payload) + '.' + encoded(std::string(32, 's'));
}

// The payload's text must outlive the Jws, so the claims are parsed in here.
core::Result<core::JsonDocument> claims_of(std::string_view payload) {
    const std::string text = encoded(payload);
    Jws jws;
    jws.payload = text;
    return parse_claims(jws);
}

void check_refused(const core::Error& error) {
    BOOST_CHECK(error.code == ErrorCode::Unauthorized);
    BOOST_TEST(error.public_message == core::identity::unauthorized("").value().public_message);
    BOOST_TEST(!error.detail.empty());
}

std::string header_with(std::string_view member) {
    return R"({"alg":"HS256","typ":"JWT","kid":"key-1",)" + std::string(member) + '}';
}

std::string header_with_kid(std::string_view kid) {
    return R"({"alg":"HS256","kid":")" + std::string(kid) + R"("})";
}

const Strings kForeignMembers{R"("crit":["exp"])",
                              R"("jwk":{"kty":"oct","k":"AAAA"})",
                              R"("jku":"https://127.0.0.1/keys")",
                              R"("x5u":"https://127.0.0.1/cert")",
                              R"("x5c":["AAAA"])",
                              R"("x5t":"AAAA")",
                              R"("x5t#S256":"AAAA")",
                              R"("zip":"DEF")",
                              R"("b64":false)",
                              R"("cty":"JWT")",
                              R"("enc":"A256GCM")",
                              R"("nonce":"1")",
                              R"("Alg":"none")",
                              R"("":1)",
                              R"("alg ":"none")"};

const Strings kBadHeaders{"",
                          " ",
                          "null",
                          "[]",
                          "\"\"",
                          "1",
                          "{}",
                          "{",
                          R"({"alg":"HS256"})",
                          R"({"kid":"key-1"})",
                          R"({"alg":"HS256","kid":""})",
                          R"({"alg":"HS256","kid":null})",
                          R"({"alg":"HS256","kid":1})",
                          R"({"alg":"HS256","kid":["key-1"]})",
                          R"({"alg":null,"kid":"key-1"})",
                          R"({"alg":256,"kid":"key-1"})",
                          R"({"alg":["HS256"],"kid":"key-1"})",
                          R"({"alg":"HS256","kid":"key-1","typ":null})",
                          R"({"alg":"HS256","kid":"key-1","typ":1})",
                          R"({"alg":"HS256","kid":"key-1"}x)",
                          R"({"alg":"HS256","kid":"key-1"}{})",
                          R"({"alg":"HS256","kid":"key-1",})",
                          R"({'alg':'HS256','kid':'key-1'})",
                          R"({"alg":"HS256","kid":"key-1"/**/})",
                          "\xef\xbb\xbf{\"alg\":\"HS256\",\"kid\":\"key-1\"}",
                          "{\"alg\":\"HS256\",\"kid\":\"key-1\",\"typ\":\"\xff\"}",
                          "{\"alg\":\"HS256\",\"kid\":\"key-1\",\"typ\":\"\xc0\xaf\"}",
                          "{\"alg\":\"HS256\",\"kid\":\"key-1\",\"typ\":\"\xed\xa0\x80\"}",
                          R"({"alg":"HS256","kid":"key-1","typ":"\ud800"})",
                          R"({"alg":"HS256","kid":"key-1","typ":"\u0000"})"};

const Strings kDoubledMembers{R"({"alg":"none","alg":"HS256","kid":"key-1"})",
                              R"({"alg":"HS256","alg":"none","kid":"key-1"})",
                              R"({"alg":"HS256","kid":"key-1","kid":"key-2"})",
                              R"({"alg":"HS256","kid":"key-1","typ":"JWT","typ":"JWT"})"};

const Strings kEscapedDoubles{R"({"alg":"HS256","\u0061lg":"none","kid":"key-1"})",
                              R"({"\u0061\u006c\u0067":"none","alg":"HS256","kid":"key-1"})",
                              R"({"alg":"HS256","kid":"key-1","k\u0069d":"key-2"})"};

const Strings kHostileKids{"../../../dev/null",
                           "/etc/passwd",
                           "..",
                           "key/1",
                           R"(key\\1)",
                           "' or 1=1 --",
                           "key-1'; drop table tokens; --",
                           R"(key-1\u0000)",
                           R"(\u0000)",
                           "key 1",
                           "key.1",
                           "key+1",
                           "key=1",
                           "key:1",
                           "key|id",
                           "$(id)",
                           "%00",
                           "\xc3\xa9"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_token_is_taken_apart) {
    const std::string text = token(kHeader);

    const auto jws = parse_jws(text);

    BOOST_REQUIRE(jws.has_value());
    BOOST_TEST(jws->alg == "HS256");
    BOOST_TEST(jws->typ == "JWT");
    BOOST_TEST(jws->kid == "key-1");
    BOOST_TEST(jws->signing_input == forge::signing_input(kHeader, kPayload));
    BOOST_TEST(jws->payload == encoded(kPayload));
    BOOST_TEST(core::as_text(jws->signature) == std::string(32, 's'));
}

BOOST_AUTO_TEST_CASE(a_header_without_typ_has_an_empty_one) {
    const std::string text = token(R"({"kid":"key-1","alg":"RS256"})");

    const auto jws = parse_jws(text);

    BOOST_REQUIRE(jws.has_value());
    BOOST_TEST(jws->typ == "");
}

BOOST_AUTO_TEST_CASE(every_refusal_gives_the_same_answer) {
    const auto short_text = parse_jws("x");
    const auto bad_header = parse_jws(token("{}"));

    BOOST_REQUIRE((!short_text.has_value() && !bad_header.has_value()));
    BOOST_TEST(short_text.error().public_message == bad_header.error().public_message);
    BOOST_TEST(short_text.error().detail != bad_header.error().detail);
}

BOOST_DATA_TEST_CASE(a_header_that_is_malformed_is_refused, data::make(kBadHeaders), header) {
    const auto jws = parse_jws(token(header));

    BOOST_REQUIRE(!jws.has_value());
    check_refused(jws.error());
}

BOOST_DATA_TEST_CASE(a_member_that_chooses_how_to_verify_is_refused,
                     data::make(kForeignMembers),
                     member) {
    BOOST_TEST(!parse_jws(token(header_with(member))).has_value());
}

BOOST_DATA_TEST_CASE(a_doubled_header_member_is_refused, data::make(kDoubledMembers), header) {
    BOOST_TEST(!parse_jws(token(header)).has_value());
}

BOOST_DATA_TEST_CASE(an_escaped_double_of_a_header_member_is_refused,
                     data::make(kEscapedDoubles),
                     header) {
    BOOST_TEST(!parse_jws(token(header)).has_value());
}

BOOST_DATA_TEST_CASE(a_kid_with_other_characters_is_refused, data::make(kHostileKids), kid) {
    BOOST_TEST(!parse_jws(token(header_with_kid(kid))).has_value());
}

BOOST_AUTO_TEST_CASE(a_kid_of_64_bytes_is_taken) {
    BOOST_TEST(parse_jws(token(header_with_kid(std::string(64, 'k')))).has_value());
}

BOOST_AUTO_TEST_CASE(a_kid_of_65_bytes_is_refused) {
    BOOST_TEST(!parse_jws(token(header_with_kid(std::string(65, 'k')))).has_value());
}

BOOST_AUTO_TEST_CASE(a_kid_of_10_kib_is_refused) {
    BOOST_TEST(!parse_jws(token(header_with_kid(std::string(10240, 'k')))).has_value());
}

BOOST_AUTO_TEST_CASE(a_header_of_512_bytes_is_taken) {
    const std::string header = kHeader + std::string(512 - kHeader.size(), ' ');

    BOOST_TEST(parse_jws(token(header)).has_value());
}

BOOST_AUTO_TEST_CASE(a_header_of_513_bytes_is_refused) {
    const std::string header = kHeader + std::string(513 - kHeader.size(), ' ');

    BOOST_TEST(!parse_jws(token(header)).has_value());
}

BOOST_AUTO_TEST_CASE(a_header_of_200_levels_is_refused) {
    const std::string header =
        R"({"alg":"HS256","kid":)" + std::string(200, '[') + std::string(200, ']') + '}';

    BOOST_TEST(!parse_jws(token(header)).has_value());
}

BOOST_DATA_TEST_CASE(a_token_must_have_exactly_three_parts,
                     data::make(Strings{encoded(kHeader) + "." + encoded(kPayload),
                                        encoded(kHeader),
                                        token(kHeader) + ".",
                                        "." + token(kHeader),
                                        token(kHeader) + "." + encoded("more"),
                                        token(kHeader) + ".." + encoded("x"),
                                        "....................",
                                        "aaaaaaaaaaaaaaaaaaaa"}),
                     text) {
    BOOST_TEST(!parse_jws(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_stripped_signature_is_refused) {
    BOOST_TEST(!parse_jws(forge::signing_input(kHeader, kPayload) + ".").has_value());
}

BOOST_AUTO_TEST_CASE(a_stripped_payload_is_refused) {
    BOOST_TEST(!parse_jws(encoded(kHeader) + ".." + encoded(std::string(32, 's'))).has_value());
}

// `text` put into each of the three parts must be refused: its encoding is not the strict one.
BOOST_DATA_TEST_CASE(each_part_is_strict_base64url,
                     data::xrange(3) * data::make(Strings{"=",
                                                          "==",
                                                          "+",
                                                          "/",
                                                          " ",
                                                          "\n",
                                                          "\t",
                                                          "\r\n",
                                                          "%3D",
                                                          "*",
                                                          "~",
                                                          "\xc3\xa9",
                                                          std::string(1, '\0')}),
                     part,
                     text) {
    Strings parts{encoded(kHeader), encoded(kPayload), encoded(std::string(32, 's'))};
    BOOST_REQUIRE(parse_jws(parts[0] + '.' + parts[1] + '.' + parts[2]).has_value());

    parts[static_cast<std::size_t>(part)] += text;

    BOOST_TEST(!parse_jws(parts[0] + '.' + parts[1] + '.' + parts[2]).has_value());
}

BOOST_AUTO_TEST_CASE(trailing_bits_of_the_signature_must_be_zero) {
    std::string text = token(kHeader);
    BOOST_REQUIRE(text.back() == 'M');  // four bits of the last byte, then two unused ones: 001100
    text.back() = 'N';

    BOOST_TEST(!parse_jws(text).has_value());
}

BOOST_AUTO_TEST_CASE(trailing_bits_of_the_payload_must_be_zero) {
    BOOST_TEST(!parse_jws(encoded(kHeader) + ".e31." + encoded("signature")).has_value());
    BOOST_TEST(parse_jws(encoded(kHeader) + ".e30." + encoded("signature")).has_value());
}

BOOST_DATA_TEST_CASE(white_space_around_a_token_is_refused,
                     data::make(Strings{" ", "\t", "\n", "\r\n"}),
                     space) {
    BOOST_TEST(!parse_jws(space + token(kHeader)).has_value());
    BOOST_TEST(!parse_jws(token(kHeader) + space).has_value());
}

BOOST_AUTO_TEST_CASE(a_token_of_19_bytes_is_refused) {
    BOOST_TEST(!parse_jws("eyJhbGciOi.e30.c2ln").has_value());
}

BOOST_AUTO_TEST_CASE(a_token_of_4096_bytes_is_taken) {
    // A quarter more for base64; the last part fills up to the byte.
    std::string text = token(kHeader, std::string(2700, 'x'));
    text = text.substr(0, text.rfind('.') + 1) + std::string(4096 - text.rfind('.') - 1, 'A');

    BOOST_TEST(text.size() == 4096U);
    BOOST_TEST(parse_jws(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_token_of_4097_bytes_is_refused) {
    std::string text = token(kHeader, std::string(2701, 'x'));
    text = text.substr(0, text.rfind('.') + 1) + std::string(4097 - text.rfind('.') - 1, 'A');

    BOOST_TEST(text.size() == 4097U);
    BOOST_TEST(!parse_jws(text).has_value());
}

BOOST_DATA_TEST_CASE(a_token_far_too_long_is_refused, data::make({8192, 65536}), size) {
    const std::string payload(static_cast<std::size_t>(size), 'x');

    BOOST_TEST(!parse_jws(token(kHeader, payload)).has_value());
}

BOOST_AUTO_TEST_CASE(claims_of_3072_bytes_are_taken) {
    const std::string claims = R"({"a":")" + std::string(3072 - 8, 'x') + R"("})";

    BOOST_TEST(claims.size() == 3072U);
    BOOST_TEST(claims_of(claims).has_value());
}

BOOST_AUTO_TEST_CASE(claims_of_3073_bytes_are_refused) {
    const auto claims = claims_of(R"({"a":")" + std::string(3073 - 8, 'x') + R"("})");

    BOOST_REQUIRE(!claims.has_value());
    check_refused(claims.error());
}

BOOST_DATA_TEST_CASE(claims_that_are_no_object_are_refused,
                     data::make(Strings{"",
                                        "null",
                                        "[]",
                                        "1",
                                        "\"a\"",
                                        "true",
                                        "{",
                                        "{}x",
                                        "{}{}",
                                        "{} ]",
                                        "{\"a\":\"\xff\"}",
                                        R"({"a":"\u0000"})",
                                        R"({"a":NaN})",
                                        R"({"a":01})",
                                        "{\"a\":\"\n\"}"}),
                     text) {
    const auto claims = claims_of(text);

    BOOST_REQUIRE(!claims.has_value());
    check_refused(claims.error());
}

BOOST_AUTO_TEST_CASE(claims_of_1000_levels_are_refused) {
    BOOST_TEST(
        !claims_of(R"({"a":)" + std::string(1000, '[') + std::string(1000, ']') + "}").has_value());
}

BOOST_DATA_TEST_CASE(doubled_claims_are_refused,
                     data::make(Strings{R"({"sub":"a","sub":"b"})",
                                        R"({"sub":"a","s\u0075b":"b"})",
                                        R"({"exp":1,"\u0065xp":9999999999})"}),
                     text) {
    BOOST_TEST(!claims_of(text).has_value());
}

BOOST_DATA_TEST_CASE(a_claim_that_is_no_string_is_refused,
                     data::make(Strings{R"({})",
                                        R"({"sub":null})",
                                        R"({"sub":1})",
                                        R"({"sub":["a"]})",
                                        R"({"sub":{"a":"b"}})",
                                        R"({"sub":true})",
                                        R"({"Sub":"a"})"}),
                     text) {
    const auto claims = claims_of(text);
    BOOST_REQUIRE(claims.has_value());

    BOOST_TEST(!string_claim(claims->root(), "sub").has_value());
}

BOOST_DATA_TEST_CASE(a_claim_that_is_no_time_is_refused,
                     data::make(Strings{R"({})",
                                        R"({"exp":null})",
                                        R"({"exp":"1900000000"})",
                                        R"({"exp":1900000000.0})",
                                        R"({"exp":1900000000.5})",
                                        R"({"exp":1.9e9})",
                                        R"({"exp":-1})",
                                        R"({"exp":1e300})",
                                        R"({"exp":253402300800})",
                                        R"({"exp":9007199254740993})",
                                        R"({"exp":9223372036854775807})",
                                        R"({"exp":18446744073709551615})",
                                        R"({"exp":99999999999999999999999999})",
                                        R"({"exp":[1900000000]})",
                                        R"({"exp":true})"}),
                     text) {
    const auto claims = claims_of(text);
    BOOST_REQUIRE(claims.has_value());

    const auto time = time_claim(claims->root(), "exp");

    BOOST_REQUIRE(!time.has_value());
    check_refused(time.error());
}

BOOST_DATA_TEST_CASE(
    whole_seconds_up_to_the_year_9999_are_times,
    data::make({std::int64_t{0}, std::int64_t{1900000000}, std::int64_t{253402300799}}),
    seconds) {
    const auto claims = claims_of("{\"exp\":" + std::to_string(seconds) + "}");
    BOOST_REQUIRE(claims.has_value());

    BOOST_TEST(time_claim(claims->root(), "exp").value() == seconds);
}

BOOST_AUTO_TEST_SUITE_END()
