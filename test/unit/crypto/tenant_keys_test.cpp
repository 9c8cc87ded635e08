// core/crypto/tenant_keys: root key, KEK, DEK, value, and that a row opens only as itself.
#include "core/crypto/tenant_keys.h"

#include "test/unit/crypto/root_key_fixture.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(tenant_keys_test)

using core::Bytes;
using core::ByteView;
using core::ErrorCode;
using core::KeyId;
using core::Plaintext;
using core::SecretId;
using core::TenantId;
using core::Timestamp;
using core::crypto::box_key_id;
using core::crypto::BoxContext;
using core::crypto::create_kek;
using core::crypto::Kek;
using core::crypto::kSealedBoxOverhead;
using core::crypto::open_value;
using core::crypto::PlainBoxKey;
using core::crypto::seal_box;
using core::crypto::seal_value;
using core::crypto::SealedValue;
using core::crypto::SecretRow;
using core::crypto::TenantKek;
using core::crypto::unwrap_kek;
using core::crypto::testing::RootKeyFixture;
namespace data = boost::unit_test::data;

namespace {

core::UuidBytes filled(std::uint8_t byte) {
    core::UuidBytes out{};
    out.fill(byte);
    return out;
}

const TenantId kTenant(filled(0x01));
const KeyId kKekId(filled(0x04));
constexpr std::uint64_t kGeneration = 2;
constexpr Timestamp kExpiry{std::chrono::microseconds(0x0006534e1f8a2000)};

TenantKek kek(std::uint8_t byte = 0x11, KeyId id = kKekId) {
    return {kTenant, id, kGeneration, Kek::copy_of(ByteView(Bytes(32, byte)))};
}

SecretRow row() {
    SecretRow out;
    out.tenant = kTenant;
    out.secret = SecretId(filled(0x02));
    out.name_space = "production/gemini";
    out.key = "GEMINI_API_KEY";
    out.version = 3;
    out.tier = 2;
    out.expires_at = kExpiry;
    return out;
}

Plaintext value_of(std::size_t size) {
    return Plaintext(core::SecureBuffer(size, 0x5a));
}

// Each makes another row of the one above.
using Change = std::function<void(SecretRow&)>;
const std::vector<Change> kChanges{
    [](SecretRow& r) { r.tenant = TenantId(filled(0x09)); },
    [](SecretRow& r) { r.secret = SecretId(filled(0x09)); },
    [](SecretRow& r) { r.name_space = "production/openai"; },
    [](SecretRow& r) { r.key = "OTHER_KEY"; },
    [](SecretRow& r) { r.version = 2; },
    [](SecretRow& r) { r.version = 4; },
    // Only the DEK box binds these.
    [](SecretRow& r) { r.tier = 0; },
    [](SecretRow& r) { r.tier = 1; },
    [](SecretRow& r) { r.expires_at.reset(); },
    [](SecretRow& r) { r.expires_at = kExpiry + std::chrono::microseconds(1); },
    [](SecretRow& r) { r.expires_at = kExpiry - std::chrono::hours(1); },
};

const std::vector<std::size_t> kSizes{0, 1, 59, 60, 61, 63, 64, 65, 124, 125, 65536};
// length(4) || value, up to the next multiple of 64.
const std::vector<std::size_t> kPaddedSizes{64, 64, 64, 64, 128, 128, 128, 128, 128, 192, 65600};

// A value box as seal_value makes it, around a plaintext of the test's choice.
SealedValue seal_raw(const Bytes& dek, ByteView padded) {
    BoxContext context;
    context.purpose = "value";
    context.tenant = row().tenant;
    context.secret = row().secret;
    context.name_space = row().name_space;
    context.key = row().key;
    context.version = row().version;
    auto value_box = seal_box(PlainBoxKey(KeyId(), dek), context, padded);

    constexpr std::array<std::uint8_t, 9> kLabel{2, 0, 0x06, 0x53, 0x4e, 0x1f, 0x8a, 0x20, 0};
    context.purpose = "dek";
    context.child_key = kKekId;
    context.label = core::as_text(kLabel);
    const auto key = kek();
    return {seal_box(PlainBoxKey(key.id, key.key.expose()), context, dek), std::move(value_box)};
}

Bytes padded_from(const std::string& hex, std::size_t size) {
    auto out = *core::from_hex(hex);
    out.resize(size);
    return out;
}

const Bytes kDek(32, 0x22);

struct Padding {
    const char* what;
    Bytes bytes;
};
const std::vector<Padding> kBadPaddings{
    {"nothing", {}},
    {"shorter than a length", padded_from("0000", 3)},
    {"a length only", padded_from("00000000", 4)},
    {"no multiple of 64", padded_from("0000000161", 63)},
    {"a block too many", padded_from("0000000161", 128)},
    {"a block too few", padded_from("0000003d", 64)},
    {"a length beyond the end", padded_from("00010000", 64)},
    {"the largest length", padded_from("ffffffff", 64)},
    {"a length that wraps around", padded_from("fffffffc", 64)},
    {"a byte in the padding", padded_from("000000016162", 64)},
};

}  // namespace

// ---- values
// --------------------------------------------------------------------------------------

BOOST_DATA_TEST_CASE(a_sealed_value_opens, data::make(kSizes), size) {
    const auto sealed = seal_value(kek(), row(), value_of(size));

    const auto opened = open_value(kek(), row(), sealed.dek_box, sealed.value_box);

    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(constant_time_equal(*opened, value_of(size)));
}

BOOST_DATA_TEST_CASE(a_box_shows_the_length_of_its_value_to_64_bytes_only,
                     data::make(kSizes) ^ data::make(kPaddedSizes),
                     size,
                     padded) {
    const auto sealed = seal_value(kek(), row(), value_of(size));

    BOOST_TEST(sealed.value_box.size() == padded + kSealedBoxOverhead);
    BOOST_TEST(sealed.dek_box.size() == 32 + kSealedBoxOverhead);
}

BOOST_AUTO_TEST_CASE(a_value_without_expiry_opens) {
    SecretRow eternal = row();
    eternal.expires_at.reset();
    const auto sealed = seal_value(kek(), eternal, value_of(10));

    BOOST_TEST(open_value(kek(), eternal, sealed.dek_box, sealed.value_box).has_value());
}

BOOST_DATA_TEST_CASE(a_value_does_not_open_in_another_row, data::xrange(kChanges.size()), index) {
    const auto sealed = seal_value(kek(), row(), value_of(10));
    SecretRow other = row();

    kChanges[index](other);
    const auto opened = open_value(kek(), other, sealed.dek_box, sealed.value_box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_value_under_another_kek_is_unavailable) {
    const auto sealed = seal_value(kek(), row(), value_of(10));

    const auto opened =
        open_value(kek(0x11, KeyId(filled(0x05))), row(), sealed.dek_box, sealed.value_box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::KekUnavailable));
}

BOOST_AUTO_TEST_CASE(a_value_does_not_open_under_a_false_kek) {
    const auto sealed = seal_value(kek(), row(), value_of(10));

    const auto opened = open_value(kek(0x12), row(), sealed.dek_box, sealed.value_box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(the_value_box_of_another_sealing_does_not_open) {
    const auto one = seal_value(kek(), row(), value_of(10));
    const auto two = seal_value(kek(), row(), value_of(10));

    const auto opened = open_value(kek(), row(), one.dek_box, two.value_box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(the_two_boxes_can_not_be_exchanged) {
    const auto sealed = seal_value(kek(), row(), value_of(10));

    BOOST_TEST(!open_value(kek(), row(), sealed.value_box, sealed.dek_box).has_value());
    BOOST_TEST(!open_value(kek(), row(), sealed.dek_box, sealed.dek_box).has_value());
}

BOOST_AUTO_TEST_CASE(purged_boxes_do_not_open) {
    BOOST_TEST(!open_value(kek(), row(), {}, {}).has_value());
}

// A value box names no key, so there is none to be unavailable.
BOOST_AUTO_TEST_CASE(a_value_box_that_names_a_key_is_an_integrity_failure) {
    auto sealed = seal_value(kek(), row(), value_of(10));

    sealed.value_box.at(5) ^= 1U;
    const auto opened = open_value(kek(), row(), sealed.dek_box, sealed.value_box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(the_dek_box_names_its_kek_and_the_value_box_no_key) {
    const auto sealed = seal_value(kek(), row(), value_of(10));

    BOOST_TEST((box_key_id(sealed.dek_box) == kKekId));
    BOOST_TEST((box_key_id(sealed.value_box) == KeyId()));
}

// Pins contexts, label and padding as core/README.md has them.
BOOST_AUTO_TEST_CASE(boxes_made_by_the_specification_open) {
    const auto sealed = seal_raw(kDek, padded_from("0000000568656c6c6f", 64));

    const auto opened = open_value(kek(), row(), sealed.dek_box, sealed.value_box);

    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(core::as_text(opened->expose()) == "hello");
}

BOOST_DATA_TEST_CASE(a_value_with_another_padding_does_not_open,
                     data::xrange(kBadPaddings.size()),
                     index) {
    BOOST_TEST_CONTEXT(kBadPaddings[index].what) {
        const auto sealed = seal_raw(kDek, kBadPaddings[index].bytes);

        const auto opened = open_value(kek(), row(), sealed.dek_box, sealed.value_box);

        BOOST_REQUIRE(!opened.has_value());
        BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
    }
}

BOOST_DATA_TEST_CASE(a_dek_of_another_size_is_refused,
                     data::make(std::vector<std::size_t>{0, 16, 31, 33}),
                     size) {
    auto sealed = seal_raw(kDek, padded_from("0000000161", 64));
    const auto key = kek();
    constexpr std::array<std::uint8_t, 9> kLabel{2, 0, 0x06, 0x53, 0x4e, 0x1f, 0x8a, 0x20, 0};
    BoxContext context;
    context.purpose = "dek";
    context.tenant = row().tenant;
    context.secret = row().secret;
    context.name_space = row().name_space;
    context.key = row().key;
    context.version = row().version;
    context.child_key = kKekId;
    context.label = core::as_text(kLabel);
    sealed.dek_box = seal_box(PlainBoxKey(key.id, key.key.expose()), context, Bytes(size, 0x22));

    const auto opened = open_value(key, row(), sealed.dek_box, sealed.value_box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

// ---- KEKs
// ----------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_new_kek_comes_back_from_its_box, RootKeyFixture) {
    const auto root = root_key();
    const auto made = create_kek(*root, kTenant, kKekId, kGeneration);

    const auto unwrapped = unwrap_kek(*root, kTenant, kKekId, kGeneration, made.box);

    BOOST_REQUIRE(unwrapped.has_value());
    BOOST_TEST(constant_time_equal(unwrapped->key, made.kek.key));
    BOOST_TEST((unwrapped->tenant == kTenant && unwrapped->id == kKekId));
    BOOST_TEST(unwrapped->generation == kGeneration);
}

BOOST_FIXTURE_TEST_CASE(two_new_keks_differ, RootKeyFixture) {
    const auto root = root_key();
    const auto one = create_kek(*root, kTenant, kKekId, kGeneration);
    const auto two = create_kek(*root, kTenant, kKekId, kGeneration);

    BOOST_TEST(!constant_time_equal(one.kek.key, two.kek.key));
    BOOST_TEST(one.kek.key.size() == 32U);
}

struct KekFixture : RootKeyFixture {
    Bytes box = create_kek(*root_key(), kTenant, kKekId, kGeneration).box;
};

BOOST_FIXTURE_TEST_CASE(a_kek_does_not_open_for_another_tenant, KekFixture) {
    const auto opened = unwrap_kek(*root_key(), TenantId(filled(0x09)), kKekId, kGeneration, box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_FIXTURE_TEST_CASE(a_kek_does_not_open_under_another_id, KekFixture) {
    BOOST_TEST(
        !unwrap_kek(*root_key(), kTenant, KeyId(filled(0x09)), kGeneration, box).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_kek_does_not_open_as_another_generation, KekFixture) {
    BOOST_TEST(!unwrap_kek(*root_key(), kTenant, kKekId, kGeneration + 1, box).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_kek_under_another_root_key_is_unavailable, KekFixture) {
    const auto opened = unwrap_kek(*other_root_key(), kTenant, kKekId, kGeneration, box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::KekUnavailable));
}

BOOST_FIXTURE_TEST_CASE(a_kek_does_not_open_under_a_false_root_key, KekFixture) {
    const auto opened = unwrap_kek(*false_root_key(), kTenant, kKekId, kGeneration, box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_kek_of_another_size_is_refused,
                       data::make(std::vector<std::size_t>{0, 16, 31, 33}),
                       size) {
    BoxContext context;
    context.purpose = "kek";
    context.tenant = kTenant;
    context.child_key = kKekId;
    context.generation = kGeneration;
    const auto root = root_key();
    const auto box = seal_box(*root, context, Bytes(size, 0x11));

    const auto opened = unwrap_kek(*root, kTenant, kKekId, kGeneration, box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_SUITE_END()
