// Only what Stripe signed, and signed lately, passes. The known answer was made with Node's crypto;
// test/functional holds it against Stripe's own library.
#include "core/stripe/signature.h"

#include "core/crypto/mac.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <ostream>
#include <string>

BOOST_AUTO_TEST_SUITE(stripe_signature)

namespace data = boost::unit_test::data;
using core::stripe::verify_signature;
using core::stripe::WebhookSecret;

namespace {

const std::string kBody = R"({"id":"evt_1","object":"event"})";
const std::string kSecretText = "whsec_a-test-secret";
constexpr std::int64_t kTime = 1764158400;

WebhookSecret secret(const std::string& text = kSecretText) {
    return WebhookSecret::copy_of(text);
}

std::string mac(const std::string& time, const std::string& body, const std::string& key) {
    core::crypto::Digest out{};
    core::crypto::hmac_sha256(core::as_bytes(key),
                              {core::as_bytes(time), core::as_bytes("."), core::as_bytes(body)},
                              out);
    return core::to_hex(out);
}

std::string signed_at(std::int64_t seconds) {
    const auto time = std::to_string(seconds);
    return "t=" + time + ",v1=" + mac(time, kBody, kSecretText);
}

bool holds(const std::string& header,
           const std::string& body = kBody,
           const std::string& key = kSecretText) {
    return verify_signature(
               header, core::as_bytes(body), secret(key), core::from_unix_seconds(kTime))
        .has_value();
}

const std::string kRight = mac(std::to_string(kTime), kBody, kSecretText);
const std::string kT = "t=" + std::to_string(kTime);

struct Case {
    std::string what;
    std::string header;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << one.what;
}

const Case kRefused[] = {
    {"nothing", ""},
    {"no time", "v1=" + kRight},
    {"no signature", kT},
    {"an empty time", "t=,v1=" + kRight},
    {"a time that is no number", "t=soon,v1=" + kRight},
    {"a negative time", "t=-1,v1=" + kRight},
    {"a time beyond all years", "t=99999999999999999999,v1=" + kRight},
    {"two times", kT + "," + kT + ",v1=" + kRight},
    {"another scheme", kT + ",v0=" + kRight},
    {"a cut signature", kT + ",v1=" + kRight.substr(0, 62)},
    {"a longer signature", kT + ",v1=" + kRight + "00"},
    {"a signature that is no hex", kT + ",v1=" + std::string(64, 'g')},
    {"a flipped signature", kT + ",v1=" + (kRight[0] == '0' ? "1" : "0") + kRight.substr(1)},
    {"the signature of another time", "t=" + std::to_string(kTime + 1) + ",v1=" + kRight},
    {"white space", kT + ", v1=" + kRight},
    {"a header of 5,000 bytes", kT + ",v1=" + kRight + "," + std::string(5000, 'x')},
};

const Case kAccepted[] = {
    {"one signature", kT + ",v1=" + kRight},
    {"the signature first", "v1=" + kRight + "," + kT},
    {"an older secret's beside it", kT + ",v1=" + std::string(64, '0') + ",v1=" + kRight},
    {"a newer secret's beside it", kT + ",v1=" + kRight + ",v1=" + std::string(64, '0')},
    {"other schemes beside it", kT + ",v0=00,v2=x,v1=" + kRight},
    {"a broken one beside it", kT + ",v1=zz,v1=" + kRight},
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_known_answer_holds) {
    BOOST_TEST(mac("1764158400", kBody, kSecretText) ==
               "768b98c257143c4e7f718a88e7a314013299ff940df63b7cc84fc0011e29834d");
}

BOOST_DATA_TEST_CASE(a_header_that_is_right_is_accepted, data::make(kAccepted), one) {
    BOOST_TEST(holds(one.header));
}

BOOST_DATA_TEST_CASE(a_header_that_is_wrong_is_refused, data::make(kRefused), one) {
    BOOST_TEST(!holds(one.header));
}

BOOST_AUTO_TEST_CASE(another_body_is_refused) {
    BOOST_TEST(!holds(signed_at(kTime), kBody + " "));
}

BOOST_AUTO_TEST_CASE(another_secret_is_refused) {
    BOOST_TEST(!holds(signed_at(kTime), kBody, "whsec_another-test-secret"));
}

BOOST_DATA_TEST_CASE(a_signature_within_five_minutes_is_accepted,
                     data::make({-300, -1, 0, 1, 300}),
                     seconds) {
    BOOST_TEST(holds(signed_at(kTime + seconds)));
}

BOOST_DATA_TEST_CASE(a_signature_further_away_is_refused,
                     data::make({-86400, -301, 301, 86400}),
                     seconds) {
    BOOST_TEST(!holds(signed_at(kTime + seconds)));
}

BOOST_AUTO_TEST_CASE(who_lacks_the_secret_is_not_told_of_the_time) {
    const auto old = std::to_string(kTime - 1000);
    const auto refused = verify_signature("t=" + old + ",v1=" + std::string(64, '0'),
                                          core::as_bytes(kBody),
                                          secret(),
                                          core::from_unix_seconds(kTime));

    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().public_message.find("minutes") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
