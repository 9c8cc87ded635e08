// Keys of agents and of people: form, checksum and MAC. security.md §1.3.
#include "core/identity/api_key.h"

#include "core/base/bytes.h"
#include "core/crypto/mac.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <regex>
#include <set>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(api_key)

namespace data = boost::unit_test::data;
using core::AgentId;
using core::as_bytes;
using core::as_text;
using core::PersonalTokenId;
using core::TenantId;
using core::identity::AgentKey;
using core::identity::UserKey;

namespace {

// Checksums by another implementation: Python's zlib.crc32, written in base62.
const std::string kZeros = "ass_live_" + std::string(42, '0') + "0Z7uKJ";
const std::string kUserZeros = "ass_user_" + std::string(42, '0') + "2fx7lH";
const std::string kPattern = "ass_live_abcdefghijABCDEFGHIJKLMNOPQRSTUVWXYZ0123450bOh5p";

std::string text_of(const AgentKey& key) {
    return std::string(as_text(key.text().expose()));
}

core::crypto::HmacKey pepper(char fill) {
    return core::crypto::HmacKey(as_bytes(std::string(32, fill)));
}

TenantId tenant(std::uint8_t fill) {
    core::UuidBytes bytes{};
    bytes.fill(fill);
    return TenantId(bytes);
}

AgentId agent(std::uint8_t fill) {
    return AgentId(tenant(fill).bytes());
}

AgentKey parsed(const std::string& text) {
    return AgentKey::parse(as_bytes(text)).value();
}

std::string with(std::string text, std::size_t position, char c) {
    text[position] = c;
    return text;
}

const std::vector<std::string> kMalformed{"",
                                          "ass_live_",
                                          kZeros.substr(0, 56),
                                          kZeros + "0",
                                          " " + kZeros,
                                          kZeros + " ",
                                          kZeros + "\n",
                                          "ass_test_" + kZeros.substr(9),
                                          "ass_user_" + kZeros.substr(9),
                                          kUserZeros,
                                          "ASS_LIVE_" + kZeros.substr(9),
                                          "ass-live-" + kZeros.substr(9),
                                          with(kZeros, 20, '-'),
                                          with(kZeros, 20, '_'),
                                          with(kZeros, 20, '\0'),
                                          with(kZeros, 20, ' '),
                                          with(kZeros, 20, '\xff'),
                                          with(kZeros, 56, '.'),
                                          std::string(57, '\0'),
                                          std::string(57, '0')};

}  // namespace

BOOST_AUTO_TEST_CASE(a_generated_key_has_the_published_form) {
    const auto key = AgentKey::generate();

    BOOST_TEST(std::regex_match(text_of(key), std::regex("ass_live_[0-9A-Za-z]{48}")));
}

BOOST_AUTO_TEST_CASE(a_generated_key_can_be_read_back) {
    const auto key = AgentKey::generate();

    const auto again = AgentKey::parse(key.text().expose());

    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->public_id() == key.public_id());
    BOOST_TEST(text_of(*again) == text_of(key));
}

BOOST_AUTO_TEST_CASE(generated_keys_differ) {
    std::set<std::string> ids;
    std::set<std::string> keys;

    for (int i = 0; i < 200; ++i) {
        const auto key = AgentKey::generate();
        ids.insert(key.public_id());
        keys.insert(text_of(key));
    }

    BOOST_TEST(ids.size() == 200U);
    BOOST_TEST(keys.size() == 200U);
}

BOOST_DATA_TEST_CASE(the_checksum_is_the_crc_of_zlib_in_base62,
                     data::make(std::vector<std::string>{kZeros, kPattern}),
                     text) {
    BOOST_TEST(AgentKey::parse(as_bytes(text)).has_value());
}

BOOST_AUTO_TEST_CASE(the_public_id_is_what_follows_the_prefix) {
    BOOST_TEST(parsed(kPattern).public_id() == "abcdefghij");
}

BOOST_AUTO_TEST_CASE(thirteen_characters_are_shown) {
    BOOST_TEST(AgentKey::shown_prefix(parsed(kPattern).public_id()) == "ass_live_abcd");
}

BOOST_DATA_TEST_CASE(a_text_of_another_form_is_no_key, data::make(kMalformed), text) {
    BOOST_TEST(!AgentKey::parse(as_bytes(text)).has_value());
}

BOOST_DATA_TEST_CASE(a_slip_at_any_place_is_noticed, data::xrange(9, 57), position) {
    const auto place = static_cast<std::size_t>(position);
    const char other = kPattern[place] == 'x' ? 'y' : 'x';

    BOOST_TEST(!AgentKey::parse(as_bytes(with(kPattern, place, other))).has_value());
}

BOOST_DATA_TEST_CASE(two_characters_that_change_places_are_noticed, data::xrange(9, 50), position) {
    std::string text = kPattern;
    std::swap(text[static_cast<std::size_t>(position)],
              text[static_cast<std::size_t>(position) + 1]);

    BOOST_TEST(!AgentKey::parse(as_bytes(text)).has_value());
}

BOOST_AUTO_TEST_CASE(the_mac_is_over_label_tenant_agent_and_key) {
    auto key_of_mac = pepper('p');
    const std::string message =
        "ass/v1/agent-key" + std::string(16, '\1') + std::string(16, '\2') + kPattern;

    const auto mac = parsed(kPattern).mac(key_of_mac, tenant(1), agent(2));

    BOOST_CHECK(mac == key_of_mac.mac({as_bytes(message)}));
}

BOOST_AUTO_TEST_CASE(the_mac_depends_on_every_input) {
    auto p = pepper('p');
    auto q = pepper('q');
    const auto key = parsed(kPattern);
    const auto other = parsed(kZeros);

    const auto mac = key.mac(p, tenant(1), agent(2));

    BOOST_CHECK(mac != key.mac(q, tenant(1), agent(2)));
    BOOST_CHECK(mac != key.mac(p, tenant(3), agent(2)));
    BOOST_CHECK(mac != key.mac(p, tenant(1), agent(3)));
    BOOST_CHECK(mac != key.mac(p, tenant(2), agent(1)));
    BOOST_CHECK(mac != other.mac(p, tenant(1), agent(2)));
}

BOOST_AUTO_TEST_CASE(a_key_of_a_person_has_a_prefix_of_its_own) {
    const auto key = UserKey::generate();

    BOOST_TEST(std::regex_match(std::string(as_text(key.text().expose())),
                                std::regex("ass_user_[0-9A-Za-z]{48}")));
    BOOST_TEST(UserKey::parse(key.text().expose()).has_value());
    BOOST_TEST(UserKey::shown_prefix(key.public_id()).substr(0, 9) == "ass_user_");
}

BOOST_AUTO_TEST_CASE(the_checksum_covers_the_prefix) {
    BOOST_TEST(UserKey::parse(as_bytes(kUserZeros)).has_value());
    BOOST_TEST(!UserKey::parse(as_bytes("ass_user_" + kZeros.substr(9))).has_value());
}

BOOST_AUTO_TEST_CASE(a_key_of_an_agent_is_none_of_a_person) {
    BOOST_TEST(!UserKey::parse(as_bytes(kZeros)).has_value());
    BOOST_TEST(!AgentKey::parse(as_bytes(kUserZeros)).has_value());
}

BOOST_AUTO_TEST_CASE(the_mac_of_a_person_s_key_has_a_label_of_its_own) {
    auto key_of_mac = pepper('p');
    const std::string message =
        "ass/v1/user-key" + std::string(16, '\1') + std::string(16, '\2') + kUserZeros;

    const auto mac = UserKey::parse(as_bytes(kUserZeros))
                         ->mac(key_of_mac, tenant(1), PersonalTokenId(agent(2).bytes()));

    BOOST_CHECK(mac == key_of_mac.mac({as_bytes(message)}));
}

BOOST_AUTO_TEST_SUITE_END()
