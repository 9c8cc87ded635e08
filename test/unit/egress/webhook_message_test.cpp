// What a webhook is sent. The signatures were computed with Node's crypto.
#include "core/egress/webhook_message.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <string>

BOOST_AUTO_TEST_SUITE(webhook_message)

using core::as_bytes;
using core::ByteView;
using core::egress::message_body;
using core::egress::message_headers;
using core::egress::signature;

namespace {

const std::string kSecret = "whsec_" + std::string(43, 'A');
const std::string kPrevious = "whsec_" + std::string(43, 'B');
const core::Timestamp kSentAt = core::from_unix_seconds(1780309800);
const std::string kBody =
    R"({"id":"01900000-0000-7000-8000-000000000001","type":"agent.created",)"
    R"("created_at":"2026-06-01T10:30:00Z","tenant_id":"01900000-0000-7000-8000-00000000000a",)"
    R"("data":{"agent_name":"nightly"}})";
const std::string kMac = "fd63a4a48be65fb08c0a9a9ebe1bf6f0b0ac798df6fbe0b6c1ea2bd764437bd5";
const std::string kMacOfPrevious =
    "9b3db8f6675e1ed760971aa79c9cf6f963aa8e207491dec3e348d2ad6692ac9b";
const std::string kMacOfNothing =
    "09f07cc1aec8cf5c22d5fd8402cf717f2307297f973fc2c1d4fce82f9e003862";

core::store::ClaimedDelivery delivery() {
    core::store::ClaimedDelivery out;
    out.tenant = *core::TenantId::parse("01900000-0000-7000-8000-00000000000a");
    out.message = *core::MessageId::parse("01900000-0000-7000-8000-000000000001");
    out.event_type = "agent.created";
    out.payload = R"({"agent_name":"nightly"})";
    out.created_at = kSentAt;
    return out;
}

std::string header(const std::vector<core::http::Header>& headers, const std::string& name) {
    const auto found = std::find_if(
        headers.begin(), headers.end(), [&](const auto& one) { return one.name == name; });
    return found == headers.end() ? std::string() : found->value;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_message_is_signed_with_its_time_and_body) {
    const std::array<ByteView, 1> secrets{as_bytes(kSecret)};

    BOOST_TEST(signature(secrets, kSentAt, kBody) == "v1=" + kMac);
}

BOOST_AUTO_TEST_CASE(during_a_rotation_both_secrets_sign) {
    const std::array<ByteView, 2> secrets{as_bytes(kSecret), as_bytes(kPrevious)};

    BOOST_TEST(signature(secrets, kSentAt, kBody) == "v1=" + kMac + ",v1=" + kMacOfPrevious);
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_signed_too) {
    const std::array<ByteView, 1> secrets{as_bytes(kSecret)};

    BOOST_TEST(signature(secrets, kSentAt, "") == "v1=" + kMacOfNothing);
}

BOOST_AUTO_TEST_CASE(another_time_is_another_signature) {
    const std::array<ByteView, 1> secrets{as_bytes(kSecret)};

    BOOST_TEST(signature(secrets, kSentAt + std::chrono::seconds(1), kBody) != "v1=" + kMac);
}

BOOST_AUTO_TEST_CASE(the_body_says_what_happened_when_and_to_whom) {
    BOOST_TEST(message_body(delivery()) == kBody);
}

BOOST_AUTO_TEST_CASE(the_headers_name_the_message_and_prove_it) {
    const std::array<ByteView, 1> secrets{as_bytes(kSecret)};

    const auto headers = message_headers(delivery(), secrets, kSentAt, kBody);

    BOOST_TEST(header(headers, "X-Secretstore-Id") == "01900000-0000-7000-8000-000000000001");
    BOOST_TEST(header(headers, "X-Secretstore-Event") == "agent.created");
    BOOST_TEST(header(headers, "X-Secretstore-Timestamp") == "1780309800");
    BOOST_TEST(header(headers, "X-Secretstore-Signature") == "v1=" + kMac);
    BOOST_TEST(header(headers, "Content-Type") == "application/json");
}

BOOST_AUTO_TEST_SUITE_END()
