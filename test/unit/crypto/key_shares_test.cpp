// core/crypto/key_shares: enough shares give the file back, byte by byte; fewer, foreign, doubled
// and changed ones give nothing.
#include "core/crypto/key_shares.h"

#include "test/unit/crypto/root_key_fixture.h"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace key_shares_test {

using core::ErrorCode;
using core::crypto::join_root_key_shares;
using core::crypto::ShareCount;
using core::crypto::split_root_key_file;
using core::crypto::testing::kRootKeyId;
using core::crypto::testing::kRootKeyText;
using core::crypto::testing::root_key_file;
using core::crypto::testing::RootKeyFixture;

namespace {

using Paths = std::vector<std::filesystem::path>;
const std::string kOtherId = "ff0102030405060708090a0b0c0d0e0f";

struct Split : RootKeyFixture {
    Split() : shares(split(kRootKeyId, "share")) {}

    Paths split(const std::string& id, const std::string& name) const {
        const auto file = write(root_key_file(id, kRootKeyText, "7"), 0400, name + ".key");
        const auto texts = split_root_key_file(file, ShareCount{});
        BOOST_REQUIRE(texts.has_value());
        Paths paths;
        for (const auto& text : *texts)
            paths.push_back(write(
                std::string(text.begin(), text.end()), 0400, name + std::to_string(paths.size())));
        return paths;
    }

    [[nodiscard]] Paths some(std::initializer_list<std::size_t> which) const {
        Paths chosen;
        for (const auto index : which)
            chosen.push_back(shares.at(index));
        return chosen;
    }

    static std::string content(const std::filesystem::path& file) {
        std::ifstream stream(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    void check_refused(const Paths& paths, ErrorCode code, const std::string& words) const {
        const auto joined = join_root_key_shares(paths, path("joined"));
        BOOST_REQUIRE(!joined.has_value());
        BOOST_TEST((joined.error().code == code));
        BOOST_TEST(joined.error().public_message.find(words) != std::string::npos,
                   joined.error().public_message);
        BOOST_TEST(!std::filesystem::exists(path("joined")));
    }

    Paths shares;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_shares, Split)

BOOST_AUTO_TEST_CASE(any_three_of_five_give_the_file_back) {
    BOOST_REQUIRE(shares.size() == 5);
    for (const auto& chosen : {some({0, 1, 2}), some({4, 2, 0}), some({1, 3, 4})}) {
        const auto joined = join_root_key_shares(chosen, path("joined"));
        BOOST_REQUIRE(joined.has_value());
        BOOST_TEST(content(path("joined")) == root_key_file(kRootKeyId, kRootKeyText, "7"));
        std::filesystem::remove(path("joined"));
    }
}

BOOST_AUTO_TEST_CASE(no_share_holds_the_key) {
    for (const auto& share : shares)
        BOOST_TEST(content(share).find(kRootKeyText) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_are_too_few) {
    check_refused(some({0, 1}), ErrorCode::InvalidRequest, "3 shares are needed, 2 were given");
}

BOOST_AUTO_TEST_CASE(the_same_one_does_not_count_twice) {
    check_refused(some({0, 1, 1}), ErrorCode::InvalidRequest, "given twice");
}

BOOST_AUTO_TEST_CASE(one_of_another_key_is_named) {
    auto paths = some({0, 1});
    paths.push_back(split(kOtherId, "foreign").front());

    check_refused(paths, ErrorCode::InvalidRequest, "foreign0: is a share of another root key");
}

BOOST_AUTO_TEST_CASE(a_changed_one_gives_nothing) {
    auto text = content(shares[2]);
    const auto at = text.size() - 20;
    text[at] = text[at] == 'A' ? 'B' : 'A';
    std::filesystem::remove(shares[2]);
    write(text, 0400, shares[2].filename().string());

    check_refused(some({0, 1, 2}), ErrorCode::InvalidRequest, "one of them was changed");
}

BOOST_AUTO_TEST_CASE(one_that_others_can_read_is_refused) {
    std::filesystem::permissions(
        shares[1], std::filesystem::perms::group_read, std::filesystem::perm_options::add);

    check_refused(some({0, 1, 2}), ErrorCode::ConfigInvalid, shares[1].string());
}

BOOST_AUTO_TEST_CASE(counts_out_of_range_are_refused) {
    const auto file = path("share.key");
    for (const auto& count : {ShareCount{5, 1}, ShareCount{2, 3}, ShareCount{33, 3}})
        BOOST_TEST((split_root_key_file(file, count).error().code == ErrorCode::InvalidRequest));
}

BOOST_AUTO_TEST_CASE(a_root_key_file_is_never_overwritten) {
    const auto there = write("something", 0400, "joined");

    BOOST_TEST(!join_root_key_shares(some({0, 1, 2}), there).has_value());
    BOOST_TEST(content(there) == "something");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace key_shares_test
