// core/crypto/key_provider: which root key files are taken, how they are made, and what the key
// gives. Known answers were computed with another implementation.
#include "core/crypto/key_provider.h"

#include "test/unit/crypto/root_key_fixture.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace key_provider_test {

using core::ErrorCode;
using core::KeyId;
using core::crypto::generate_root_key_file;
using core::crypto::load_root_key_file;
using core::crypto::testing::kRootKeyId;
using core::crypto::testing::kRootKeyText;
using core::crypto::testing::root_key_file;
using core::crypto::testing::RootKeyFixture;
namespace data = boost::unit_test::data;
namespace fs = std::filesystem;

namespace {

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

mode_t mode_of(const fs::path& path) {
    struct stat status {};
    BOOST_REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

// The message with which a file is refused; empty when it is taken.
std::string refusal_of(const fs::path& path) {
    const auto provider = load_root_key_file(path);
    if (provider || provider.error().code != ErrorCode::ConfigInvalid) return {};
    return provider.error().public_message;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const std::vector<int> kClosedModes{0400, 0600, 0500, 0700};
const std::vector<int> kOpenModes{
    0440, 0420, 0410, 0404, 0402, 0401, 0640, 0644, 0660, 0666, 0604, 0777};

// What stands in a file, and the line that its refusal names.
struct Malformed {
    std::string text;
    std::string line;
};
const std::string kGood = root_key_file(kRootKeyId, kRootKeyText);
const std::vector<Malformed> kMalformed{
    {"", "line 1"},
    {"\n" + kGood, "line 1"},
    {"\xef\xbb\xbf" + kGood, "line 1"},
    {"secretstore-root-key v2" + kGood.substr(23), "line 1"},
    {"secretstore-root-key v1", "line 1"},
    {"secretstore-root-key v1\r\nid: " + kRootKeyId + "\r\n", "line 1"},
    {"secretstore-root-key v1 \n", "line 1"},
    {"secretstore-root-key v1\n", "line 2"},
    {"secretstore-root-key v1\nkey: " + kRootKeyText + "\n", "line 2"},
    {root_key_file("", kRootKeyText), "line 2"},
    {root_key_file(kRootKeyId.substr(2), kRootKeyText), "line 2"},
    {root_key_file(kRootKeyId + "00", kRootKeyText), "line 2"},
    {root_key_file("g" + kRootKeyId.substr(1), kRootKeyText), "line 2"},
    {root_key_file(" " + kRootKeyId, kRootKeyText), "line 2"},
    {root_key_file(std::string(32, '0'), kRootKeyText), "line 2"},
    {root_key_file(kRootKeyId, ""), "line 3"},
    {root_key_file(kRootKeyId, kRootKeyText.substr(1)), "line 3"},
    {root_key_file(kRootKeyId, kRootKeyText + "A"), "line 3"},
    {root_key_file(kRootKeyId, kRootKeyText + "="), "line 3"},
    {root_key_file(kRootKeyId, kRootKeyText.substr(0, 42) + "B"), "line 3"},
    {root_key_file(kRootKeyId, "+" + kRootKeyText.substr(1)), "line 3"},
    {root_key_file(kRootKeyId, kRootKeyText + " "), "line 3"},
    {"secretstore-root-key v1\nid: " + kRootKeyId + "\n", "line 3"},
    {root_key_file(kRootKeyId, kRootKeyText, ""), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "0"), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "-1"), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "+1"), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "01"), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "1 "), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "1.0"), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "2147483648"), "line 4"},
    {root_key_file(kRootKeyId, kRootKeyText, "99999999999999999999"), "line 4"},
    {kGood.substr(0, kGood.size() - 1), "line 4"},
    {kGood + "\n", "line 5"},
    {kGood + "comment: x\n", "line 5"},
    {kGood + std::string(1, '\0'), "line 5"},
};

// A POSIX ACL as the kernel stores it (linux/posix_acl_xattr.h).
struct AclEntry {
    std::uint16_t tag;
    std::uint16_t permissions;
    std::uint32_t id;
};
constexpr std::uint32_t kNobody = 0xffffffffU;
constexpr std::uint32_t kStranger = 54321;

// False where the file system has no ACLs.
bool set_acl(const fs::path& path, const std::vector<AclEntry>& entries) {
    std::string value("\x02\0\0\0", 4);
    for (const auto& entry : entries)
        value.append(reinterpret_cast<const char*>(&entry), sizeof(entry));
    if (::setxattr(path.c_str(), "system.posix_acl_access", value.data(), value.size(), 0) == 0)
        return true;
    BOOST_TEST_MESSAGE("no ACLs on this file system: not tested");
    return false;
}

// owner r, one named user, group, mask r, others nothing.
std::vector<AclEntry> acl_for(std::uint32_t user, std::uint16_t group_permissions) {
    return {{0x01, 4, kNobody},
            {0x02, 4, user},
            {0x04, group_permissions, kNobody},
            {0x10, 4, kNobody},
            {0x20, 0, kNobody}};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(key_provider_test, RootKeyFixture)

// ---- which files are taken
// -----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_file_of_the_documented_form_is_taken) {
    const auto provider = load_root_key_file(write(root_key_file(kRootKeyId, kRootKeyText, "7")));

    BOOST_REQUIRE(provider.has_value());
    BOOST_TEST(core::to_hex((*provider)->id().bytes()) == kRootKeyId);
    BOOST_TEST((*provider)->token_epoch() == 7U);
}

BOOST_AUTO_TEST_CASE(the_largest_epoch_is_taken) {
    const auto provider =
        load_root_key_file(write(root_key_file(kRootKeyId, kRootKeyText, "2147483647")));

    BOOST_REQUIRE(provider.has_value());
    BOOST_TEST((*provider)->token_epoch() == 2147483647U);
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_file_closed_to_others_is_taken,
                       data::make(kClosedModes),
                       mode) {
    BOOST_TEST(load_root_key_file(write(kGood, static_cast<mode_t>(mode))).has_value());
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_file_open_to_group_or_others_is_refused,
                       data::make(kOpenModes),
                       mode) {
    BOOST_TEST(contains(refusal_of(write(kGood, static_cast<mode_t>(mode))), "chmod 0400"));
}

// How newer systemd hands a credential to a service that does not own it.
BOOST_AUTO_TEST_CASE(a_file_that_an_acl_opens_to_us_alone_is_taken) {
    write(kGood);
    if (!set_acl(path(), acl_for(::geteuid(), 0))) return;

    BOOST_TEST(mode_of(path()) == 0440U);
    BOOST_TEST(refusal_of(path()).empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_an_acl_opens_to_another_user_is_refused) {
    write(kGood);
    if (!set_acl(path(), acl_for(kStranger, 0))) return;

    BOOST_TEST(contains(refusal_of(path()), "open to its group"));
}

BOOST_AUTO_TEST_CASE(a_file_that_an_acl_opens_to_its_group_is_refused) {
    write(kGood);
    if (!set_acl(path(), acl_for(::geteuid(), 4))) return;

    BOOST_TEST(contains(refusal_of(path()), "open to its group"));
}

BOOST_AUTO_TEST_CASE(a_file_of_another_user_is_refused) {
    write(kGood);
    // Only root can give a file away.
    if (::chown(path().c_str(), kStranger, static_cast<gid_t>(-1)) != 0) return;

    BOOST_TEST(contains(refusal_of(path()), "another user"));
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_is_refused_whatever_it_names) {
    write(kGood);
    fs::create_symlink(path(), path("link"));

    BOOST_TEST(contains(refusal_of(path("link")), "symbolic link"));
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named_with_what_makes_it) {
    const auto provider = load_root_key_file(path("absent"));

    BOOST_REQUIRE(!provider.has_value());
    BOOST_TEST((provider.error().code == ErrorCode::FailedPrecondition));
    BOOST_TEST(contains(provider.error().public_message, path("absent").string()));
    BOOST_TEST(contains(provider.error().public_message, "root-key generate"));
}

BOOST_AUTO_TEST_CASE(a_directory_is_refused) {
    fs::create_directory(path("directory"));

    BOOST_TEST(contains(refusal_of(path("directory")), "not a regular file"));
}

// And does not wait for a writer.
BOOST_AUTO_TEST_CASE(a_pipe_is_refused) {
    BOOST_REQUIRE(::mkfifo(path("pipe").c_str(), 0600) == 0);

    BOOST_TEST(contains(refusal_of(path("pipe")), "not a regular file"));
}

BOOST_AUTO_TEST_CASE(a_device_is_refused) {
    BOOST_TEST(contains(refusal_of("/dev/zero"), "not a regular file"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_too_long_is_refused) {
    BOOST_TEST(contains(refusal_of(write(kGood + std::string(1024, '\n'))), "too long"));
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_malformed_line_is_named,
                       data::xrange(kMalformed.size()),
                       index) {
    BOOST_TEST(contains(refusal_of(write(kMalformed[index].text)), kMalformed[index].line + ":"));
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       a_refusal_never_shows_the_key,
                       data::xrange(kMalformed.size()),
                       index) {
    const auto provider = load_root_key_file(write(kMalformed[index].text));

    BOOST_REQUIRE(!provider.has_value());
    BOOST_TEST(!contains(provider.error().public_message + provider.error().detail,
                         kRootKeyText.substr(1, 20)));
}

// ---- how they are made
// ---------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_generated_file_loads_under_the_id_that_was_returned) {
    const auto id = generate_root_key_file(path());
    BOOST_REQUIRE(id.has_value());

    const auto provider = load_root_key_file(path());

    BOOST_REQUIRE(provider.has_value());
    BOOST_TEST(((*provider)->id() == *id));
    BOOST_TEST((*provider)->token_epoch() == 1U);
}

BOOST_AUTO_TEST_CASE(a_generated_file_can_be_read_by_its_owner_only) {
    BOOST_REQUIRE(generate_root_key_file(path()).has_value());

    BOOST_TEST(mode_of(path()) == 0400U);
}

BOOST_DATA_TEST_CASE_F(RootKeyFixture,
                       the_mode_does_not_depend_on_the_umask,
                       data::make(std::vector<int>{0000, 0022, 0777}),
                       mask) {
    const mode_t before = ::umask(static_cast<mode_t>(mask));

    const auto id = generate_root_key_file(path());

    ::umask(before);
    BOOST_REQUIRE(id.has_value());
    BOOST_TEST(mode_of(path()) == 0400U);
}

BOOST_AUTO_TEST_CASE(two_generated_keys_differ) {
    BOOST_REQUIRE(generate_root_key_file(path("one")).has_value());
    BOOST_REQUIRE(generate_root_key_file(path("two")).has_value());

    BOOST_TEST(content_of(path("one")) != content_of(path("two")));
}

BOOST_AUTO_TEST_CASE(an_existing_root_key_is_never_overwritten) {
    BOOST_REQUIRE(generate_root_key_file(path()).has_value());
    const auto before = content_of(path());

    const auto again = generate_root_key_file(path());

    BOOST_REQUIRE(!again.has_value());
    BOOST_TEST((again.error().code == ErrorCode::ConfigInvalid));
    BOOST_TEST(content_of(path()) == before);
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_not_overwritten_either) {
    write("");

    BOOST_TEST(!generate_root_key_file(path()).has_value());
    BOOST_TEST(content_of(path()).empty());
}

BOOST_AUTO_TEST_CASE(a_key_is_not_written_through_a_dangling_link) {
    fs::create_symlink(path("target"), path());

    BOOST_TEST(!generate_root_key_file(path()).has_value());
    BOOST_TEST(!fs::exists(path("target")));
}

BOOST_AUTO_TEST_CASE(a_missing_directory_is_a_clear_refusal) {
    const auto id = generate_root_key_file(path("absent") / "root.key");

    BOOST_REQUIRE(!id.has_value());
    BOOST_TEST(contains(id.error().public_message, "No such file or directory"));
}

// ---- what the key gives
// --------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_check_value_is_the_documented_hmac) {
    BOOST_TEST(core::to_hex(root_key()->check_value()) ==
               "679209bc77ebb1f9baf4bbb7e78ebbfaa6b1573a32c957fa77d89fa7f13f7830");
}

BOOST_AUTO_TEST_CASE(a_false_key_of_the_same_id_has_another_check_value) {
    BOOST_TEST((root_key()->check_value() != false_root_key()->check_value()));
}

BOOST_AUTO_TEST_CASE(the_key_of_a_box_depends_on_every_byte_of_its_header) {
    const auto provider = root_key();
    core::crypto::BoxHeader header{};
    const auto key = provider->key_for(header, {});

    for (std::size_t i = 0; i < header.size(); ++i) {
        header.at(i) ^= 1U;
        BOOST_TEST(!constant_time_equal(provider->key_for(header, {}), key));
        header.at(i) ^= 1U;
    }
}

BOOST_AUTO_TEST_CASE(the_key_of_a_box_depends_on_its_context) {
    const auto provider = root_key();
    const core::crypto::BoxHeader header{};

    const auto one = provider->key_for(header, core::as_bytes("context"));
    const auto other = provider->key_for(header, core::as_bytes("contexu"));

    BOOST_TEST(!constant_time_equal(one, other));
}

BOOST_AUTO_TEST_CASE(a_raised_epoch_is_one_higher_and_the_key_the_same) {
    const auto file = write(root_key_file(kRootKeyId, kRootKeyText, "41"));

    const auto raised = core::crypto::raise_token_epoch(file);

    BOOST_REQUIRE(raised.has_value());
    BOOST_TEST(*raised == 42U);
    std::ifstream stream(file, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    BOOST_TEST(text == root_key_file(kRootKeyId, kRootKeyText, "42"));
    struct stat status {};
    BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0400);
}

BOOST_AUTO_TEST_CASE(the_last_epoch_stays_the_last) {
    const auto file = write(root_key_file(kRootKeyId, kRootKeyText, "2147483647"));

    BOOST_TEST(!core::crypto::raise_token_epoch(file).has_value());
    BOOST_TEST(load_root_key_file(file).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace key_provider_test
