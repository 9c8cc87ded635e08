// core/crypto/random: shape and order of identifiers, and that no character is favoured.
#include "core/crypto/random.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(random_test)

using core::Bytes;
using core::Timestamp;
using core::UuidBytes;
namespace crypto = core::crypto;
namespace data = boost::unit_test::data;

namespace {

constexpr Timestamp kNow{std::chrono::milliseconds(1780309800123)};

class FixedClock final : public core::Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return kNow; }
};

std::string text_of(const core::SecureBuffer& buffer) {
    return {buffer.begin(), buffer.end()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(two_random_secrets_differ) {
    BOOST_TEST((crypto::random_secret(32) != crypto::random_secret(32)));
}

// The kernel gives at most 256 bytes in one uninterruptible go, and a page or more in several.
BOOST_DATA_TEST_CASE(random_bytes_fill_the_whole_buffer,
                     data::make(std::vector<std::size_t>{64, 255, 256, 257, 4097, 100000}),
                     size) {
    Bytes out(size);

    crypto::fill_random(out);

    // A tail of 32 zeros has the probability 2^-256.
    BOOST_TEST(std::any_of(out.end() - 32, out.end(), [](auto byte) { return byte != 0; }));
}

BOOST_AUTO_TEST_CASE(no_bytes_are_no_failure) {
    crypto::fill_random({});

    BOOST_TEST(crypto::random_secret(0).empty());
}

// ---- base62
// --------------------------------------------------------------------------------------

BOOST_DATA_TEST_CASE(base62_has_the_length_asked_for, data::xrange(100), length) {
    BOOST_TEST(crypto::random_base62(static_cast<std::size_t>(length)).size() ==
               static_cast<std::size_t>(length));
}

BOOST_AUTO_TEST_CASE(base62_is_letters_and_digits) {
    const auto text = text_of(crypto::random_base62(10000));

    BOOST_TEST(text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "abcdefghijklmnopqrstuvwxyz") == std::string::npos);
}

// Chi-square with 61 degrees of freedom: above 160 once in 10^10 runs. Taking bytes modulo 62
// without rejection gives about 405.
BOOST_AUTO_TEST_CASE(base62_favours_no_character) {
    constexpr int kDraws = 62000;
    constexpr double kExpected = kDraws / 62.0;
    std::array<int, 256> counts{};

    for (const auto character : crypto::random_base62(kDraws))
        ++counts.at(character);
    double chi_square = 0;
    for (const int count : counts)
        if (count > 0) chi_square += (count - kExpected) * (count - kExpected) / kExpected;

    BOOST_TEST(std::count_if(counts.begin(), counts.end(), [](int n) { return n > 0; }) == 62);
    BOOST_TEST(chi_square < 160.0);
}

// ---- identifiers
// ---------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_uuid_v7_begins_with_the_time_in_milliseconds) {
    const auto text = core::uuid_to_text(crypto::uuid_v7(kNow));

    // 1780309800123 = 0x019e82bbb4bb
    BOOST_TEST(text.substr(0, 13) == "019e82bb-b4bb");
}

BOOST_DATA_TEST_CASE(a_uuid_v7_says_version_and_variant, data::xrange(32), round) {
    boost::ignore_unused(round);

    const auto uuid = crypto::uuid_v7(kNow);

    BOOST_TEST((uuid[6] & 0xf0) == 0x70);
    BOOST_TEST((uuid[8] & 0xc0) == 0x80);
}

BOOST_DATA_TEST_CASE(a_uuid_v4_says_version_and_variant, data::xrange(32), round) {
    boost::ignore_unused(round);

    const auto uuid = crypto::uuid_v4();

    BOOST_TEST((uuid[6] & 0xf0) == 0x40);
    BOOST_TEST((uuid[8] & 0xc0) == 0x80);
}

BOOST_AUTO_TEST_CASE(later_uuids_v7_sort_behind_earlier_ones) {
    std::vector<UuidBytes> uuids;
    uuids.reserve(1000);

    for (int i = 0; i < 1000; ++i)
        uuids.push_back(crypto::uuid_v7(kNow + std::chrono::milliseconds(i)));

    BOOST_TEST(std::is_sorted(uuids.begin(), uuids.end()));
}

BOOST_AUTO_TEST_CASE(uuids_v7_of_one_millisecond_differ) {
    std::set<UuidBytes> uuids;

    for (int i = 0; i < 10000; ++i)
        uuids.insert(crypto::uuid_v7(kNow));

    BOOST_TEST(uuids.size() == 10000U);
}

// Every bit that is not fixed is set once in 64 draws, and unset once.
BOOST_AUTO_TEST_CASE(all_free_bits_of_a_uuid_v7_are_random) {
    UuidBytes ever_set{};
    UuidBytes ever_unset{};

    for (int i = 0; i < 200; ++i) {
        const auto uuid = crypto::uuid_v7(kNow);
        for (std::size_t at = 0; at < uuid.size(); ++at) {
            ever_set.at(at) |= uuid.at(at);
            ever_unset.at(at) |= static_cast<std::uint8_t>(~uuid.at(at));
        }
    }

    BOOST_TEST(core::to_hex(ever_set).substr(12) == "7fffbfffffffffffffff");
    BOOST_TEST(core::to_hex(ever_unset).substr(12) == "8fff7fffffffffffffff");
}

BOOST_AUTO_TEST_CASE(a_new_id_takes_its_time_from_the_clock) {
    const auto id = crypto::new_id<core::AgentId>(FixedClock());

    BOOST_TEST(id.text().substr(0, 13) == "019e82bb-b4bb");
}

BOOST_AUTO_TEST_SUITE_END()
