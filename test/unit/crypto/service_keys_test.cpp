// core/crypto/service_keys: a service key opens only as what it was sealed for.
#include "core/crypto/service_keys.h"

#include "test/unit/crypto/root_key_fixture.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

namespace service_keys_test {

using core::Bytes;
using core::ErrorCode;
using core::KeyId;
using core::crypto::open_service_key;
using core::crypto::seal_service_key;
using core::crypto::ServiceKeyBytes;
using core::crypto::ServiceKeyRow;
using core::crypto::testing::RootKeyFixture;
namespace data = boost::unit_test::data;
namespace purpose = core::crypto::service_key_purpose;

namespace {

core::UuidBytes filled(std::uint8_t byte) {
    core::UuidBytes out{};
    out.fill(byte);
    return out;
}

const ServiceKeyRow kRow{KeyId(filled(0x31)), purpose::kTokenSigning, 4};

using Change = std::function<void(ServiceKeyRow&)>;
const std::vector<Change> kChanges{
    [](ServiceKeyRow& row) { row.id = KeyId(filled(0x32)); },
    [](ServiceKeyRow& row) { row.purpose = purpose::kAgentKeyPepper; },
    [](ServiceKeyRow& row) { row.purpose = purpose::kLocalIssuer; },
    [](ServiceKeyRow& row) { row.purpose = ""; },
    [](ServiceKeyRow& row) { row.generation = 5; },
};

ServiceKeyBytes some_key(std::size_t size = 32) {
    return ServiceKeyBytes::copy_of(core::ByteView(Bytes(size, 0x77)));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(service_keys_test, RootKeyFixture)

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_sealed_service_key_opens,
                       data::make(std::vector<std::size_t>{32, 1217}),
                       size) {
    const auto root = root_key();

    const auto key = open_service_key(*root, kRow, seal_service_key(*root, kRow, some_key(size)));

    BOOST_REQUIRE(key.has_value());
    BOOST_TEST(constant_time_equal(*key, some_key(size)));
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_service_key_does_not_open_in_another_row,
                       data::xrange(kChanges.size()),
                       index) {
    const auto root = root_key();
    const auto box = seal_service_key(*root, kRow, some_key());
    ServiceKeyRow other = kRow;

    kChanges[index](other);
    const auto key = open_service_key(*root, other, box);

    BOOST_REQUIRE(!key.has_value());
    BOOST_TEST((key.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_CASE(a_service_key_under_another_root_key_is_unavailable) {
    const auto box = seal_service_key(*root_key(), kRow, some_key());

    const auto key = open_service_key(*other_root_key(), kRow, box);

    BOOST_REQUIRE(!key.has_value());
    BOOST_TEST((key.error().code == ErrorCode::KekUnavailable));
}

BOOST_AUTO_TEST_CASE(a_service_key_does_not_open_under_a_false_root_key) {
    const auto box = seal_service_key(*root_key(), kRow, some_key());

    const auto key = open_service_key(*false_root_key(), kRow, box);

    BOOST_REQUIRE(!key.has_value());
    BOOST_TEST((key.error().code == ErrorCode::IntegrityFailure));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace service_keys_test
