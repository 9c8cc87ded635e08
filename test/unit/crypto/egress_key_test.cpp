// core/crypto/egress_key: what is sealed for egress opens nowhere else, and its file is as strict
// as the root key's (key_provider_test.cpp has the rules of both).
#include "core/crypto/egress_key.h"

#include "core/crypto/key_file.h"
#include "test/unit/crypto/root_key_fixture.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace egress_key_test {

using core::as_bytes;
using core::Bytes;
using core::ErrorCode;
using core::KeyId;
using core::TenantId;
using core::crypto::EgressKey;
using core::crypto::ServiceKeyBytes;
using core::crypto::testing::kRootKeyId;
using core::crypto::testing::kRootKeyText;
using core::crypto::testing::root_key_file;
using core::crypto::testing::RootKeyFixture;
namespace data = boost::unit_test::data;

namespace {

core::UuidBytes filled(std::uint8_t byte) {
    core::UuidBytes out{};
    out.fill(byte);
    return out;
}

EgressKey key_of(std::uint8_t id, std::uint8_t byte) {
    return {KeyId(filled(id)), ServiceKeyBytes::copy_of(core::ByteView(Bytes(32, byte)))};
}

const TenantId kTenant(filled(0x11));
const std::string kLabel = "webhook-secret/11111111-1111-1111-1111-111111111111/1";

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string egress_key_file(const std::string& id, const std::string& key) {
    return "secretstore-egress-key v1\nid: " + id + "\nkey: " + key + "\n";
}

// What stands in a file, and the line that its refusal names.
struct Malformed {
    std::string text;
    std::string line;
};
const std::vector<Malformed> kMalformed{
    {"", "line 1"},
    // The root key would open everything: egress must not even be able to be given it.
    {root_key_file(kRootKeyId, kRootKeyText), "line 1"},
    {egress_key_file("", kRootKeyText), "line 2"},
    {egress_key_file(kRootKeyId, kRootKeyText.substr(1)), "line 3"},
    {egress_key_file(kRootKeyId, kRootKeyText) + "epoch: 1\n", "line 4"},
    {egress_key_file(kRootKeyId, kRootKeyText) + "\n", "line 4"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(egress_key_test, RootKeyFixture)

BOOST_AUTO_TEST_CASE(what_was_sealed_opens_in_its_row) {
    const auto key = key_of(0x31, 0x77);

    const auto opened = key.open(kTenant, kLabel, key.seal(kTenant, kLabel, as_bytes("s3cret")));

    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(core::as_text({opened->data(), opened->size()}) == "s3cret");
}

BOOST_AUTO_TEST_CASE(a_box_of_another_tenant_does_not_open) {
    const auto key = key_of(0x31, 0x77);

    const auto opened =
        key.open(TenantId(filled(0x12)), kLabel, key.seal(kTenant, kLabel, as_bytes("s3cret")));

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_box_of_another_row_does_not_open) {
    const auto key = key_of(0x31, 0x77);

    const auto opened =
        key.open(kTenant, kLabel + "0", key.seal(kTenant, kLabel, as_bytes("s3cret")));

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_box_under_another_egress_key_is_unavailable) {
    const auto box = key_of(0x31, 0x77).seal(kTenant, kLabel, as_bytes("s3cret"));

    const auto opened = key_of(0x32, 0x77).open(kTenant, kLabel, box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::KekUnavailable));
}

BOOST_AUTO_TEST_CASE(an_exported_key_opens_what_the_worker_sealed) {
    const auto key = key_of(0x31, 0x77);
    BOOST_REQUIRE(key.export_to(path("egress.key")).has_value());

    const auto loaded = EgressKey::load(path("egress.key"));

    BOOST_REQUIRE(loaded.has_value());
    BOOST_TEST((loaded->id() == key.id()));
    BOOST_TEST(
        loaded->open(kTenant, kLabel, key.seal(kTenant, kLabel, as_bytes("s3cret"))).has_value());
}

BOOST_AUTO_TEST_CASE(an_exported_file_can_be_read_by_its_owner_only) {
    BOOST_REQUIRE(key_of(0x31, 0x77).export_to(path("egress.key")).has_value());

    struct stat status {};
    BOOST_REQUIRE(::lstat(path("egress.key").c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777U) == 0400U);
}

BOOST_AUTO_TEST_CASE(an_export_never_overwrites_a_file) {
    write("something else", 0600, "egress.key");

    const auto exported = key_of(0x31, 0x77).export_to(path("egress.key"));

    BOOST_REQUIRE(!exported.has_value());
    BOOST_TEST((exported.error().code == ErrorCode::ConfigInvalid));
    std::ifstream file(path("egress.key"));
    BOOST_TEST(std::string(std::istreambuf_iterator<char>(file), {}) == "something else");
}

BOOST_AUTO_TEST_CASE(a_file_open_to_its_group_is_refused) {
    const auto loaded =
        EgressKey::load(write(egress_key_file(kRootKeyId, kRootKeyText), 0440, "egress.key"));

    BOOST_REQUIRE(!loaded.has_value());
    BOOST_TEST(contains(loaded.error().public_message, "The egress key file"));
    BOOST_TEST(contains(loaded.error().public_message, "chmod 0400"));
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_malformed_line_is_named_and_never_shown,
                       data::xrange(kMalformed.size()),
                       index) {
    const auto loaded = EgressKey::load(write(kMalformed[index].text, 0400, "egress.key"));

    BOOST_REQUIRE(!loaded.has_value());
    BOOST_TEST(contains(loaded.error().public_message, kMalformed[index].line + ":"));
    BOOST_TEST(!contains(loaded.error().public_message, kRootKeyText.substr(1, 20)));
}

BOOST_AUTO_TEST_CASE(an_egress_key_is_no_root_key) {
    const auto file = write(egress_key_file(kRootKeyId, kRootKeyText));

    BOOST_TEST(!core::crypto::load_root_key_file(file).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace egress_key_test
