// core/crypto/root_key_ring: two root keys while one follows the other.
#include "core/crypto/root_key_ring.h"

#include "core/crypto/tenant_keys.h"
#include "test/unit/crypto/root_key_fixture.h"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(root_key_ring)

using core::ErrorCode;
using core::KeyId;
using core::TenantId;
using core::crypto::create_kek;
using core::crypto::load_root_key_ring;
using core::crypto::seal_kek;
using core::crypto::unwrap_kek;
using core::crypto::testing::kRootKeyId;
using core::crypto::testing::kRootKeyText;
using core::crypto::testing::root_key_file;
using core::crypto::testing::RootKeyFixture;

namespace {

const std::string kNextId(32, 'b');
const std::string kNextKey(43, 'A');

// root.key, and beside it root.key-next.
struct TwoFiles : RootKeyFixture {
    TwoFiles() {
        write(root_key_file(kRootKeyId, kRootKeyText, "3"));
        write(root_key_file(kNextId, kNextKey, "7"), 0400, "root.key-next");
    }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_key_without_a_successor_is_a_ring_of_one, RootKeyFixture) {
    write(root_key_file(kRootKeyId, kRootKeyText));

    const auto ring = load_root_key_ring(path());

    BOOST_REQUIRE(ring.has_value());
    BOOST_TEST((*ring)->next() == nullptr);
    BOOST_TEST((*ring)->holds((*ring)->id()));
}

BOOST_FIXTURE_TEST_CASE(a_ring_seals_under_the_present_key, TwoFiles) {
    const auto ring = load_root_key_ring(path());
    BOOST_REQUIRE(ring.has_value());

    const auto made = create_kek(**ring, TenantId(), KeyId(), 1);

    BOOST_TEST(unwrap_kek((*ring)->current(), TenantId(), KeyId(), 1, made.box).has_value());
    BOOST_TEST(!unwrap_kek(*(*ring)->next(), TenantId(), KeyId(), 1, made.box).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_ring_opens_what_either_key_sealed, TwoFiles) {
    const auto ring = load_root_key_ring(path());
    BOOST_REQUIRE(ring.has_value());
    const auto made = create_kek((*ring)->current(), TenantId(), KeyId(), 1);

    const auto moved = seal_kek(*(*ring)->next(), made.kek);

    BOOST_TEST(unwrap_kek(**ring, TenantId(), KeyId(), 1, made.box).has_value());
    BOOST_TEST(unwrap_kek(**ring, TenantId(), KeyId(), 1, moved).has_value());
    BOOST_TEST(!unwrap_kek((*ring)->current(), TenantId(), KeyId(), 1, moved).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_box_under_a_third_key_is_of_a_key_that_is_not_there, TwoFiles) {
    const auto ring = load_root_key_ring(path());
    BOOST_REQUIRE(ring.has_value());
    const auto third = load(std::string(32, 'c'), std::string(43, 'A'));
    const auto made = create_kek(*third, TenantId(), KeyId(), 1);

    const auto opened = unwrap_kek(**ring, TenantId(), KeyId(), 1, made.box);

    BOOST_REQUIRE(!opened.has_value());
    BOOST_CHECK(opened.error().code == ErrorCode::KekUnavailable);
}

BOOST_FIXTURE_TEST_CASE(the_epoch_is_the_higher_of_the_two, TwoFiles) {
    const auto ring = load_root_key_ring(path());
    BOOST_REQUIRE(ring.has_value());

    BOOST_TEST((*ring)->token_epoch() == 7U);
}

// A commit that was interrupted must not keep workers from starting.
BOOST_FIXTURE_TEST_CASE(the_same_key_twice_follows_nobody, RootKeyFixture) {
    write(root_key_file(kRootKeyId, kRootKeyText));
    write(root_key_file(kRootKeyId, kRootKeyText), 0400, "root.key-next");

    const auto ring = load_root_key_ring(path());

    BOOST_REQUIRE(ring.has_value());
    BOOST_TEST((*ring)->next() == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_successor_that_others_can_read_is_refused, RootKeyFixture) {
    write(root_key_file(kRootKeyId, kRootKeyText));
    write(root_key_file(kNextId, kNextKey), 0444, "root.key-next");

    BOOST_TEST(!load_root_key_ring(path()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
