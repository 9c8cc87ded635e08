// core/ctl/backup_manifest: what is written is read again; anything else is refused by name.
#include "core/ctl/backup_manifest.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace backup_manifest_test {

using core::ErrorCode;
using core::ctl::BackupManifest;
using core::ctl::read_manifest;
using core::ctl::write_manifest;
namespace data = boost::unit_test::data;

namespace {

struct Folder {
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "manifest-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }

    void write(const std::string& text) const {
        std::ofstream(path / core::ctl::kManifestFile) << text;
    }

    std::filesystem::path path;
};

BackupManifest example() {
    core::UuidBytes id{};
    id.fill(0x11);
    BackupManifest manifest;
    manifest.product_version = "0.1.0";
    manifest.server_version = "15.8";
    manifest.taken_at = *core::parse_rfc3339("2026-06-01T10:30:00Z");
    manifest.schema = 19;
    manifest.root_keys.push_back({core::KeyId(id), core::Bytes(32, 0x22)});
    manifest.dump_bytes = 12345;
    manifest.dump_sha256 = std::string(64, 'a');
    manifest.revivable = {1, 2, 3, 4, 5, 6};
    manifest.tables = {{"agents", 7}, {"tenants", 8}};
    return manifest;
}

// What stands in the file, and the word that its refusal names.
struct Wrong {
    std::string text;
    std::string word;
};
std::ostream& operator<<(std::ostream& stream, const Wrong& wrong) {
    return stream << wrong.word;
}
const std::vector<Wrong> kWrong{
    {"", "folder of a backup"},
    {"not JSON", "manifest.json"},
    {R"({"format":2})", "format is 2"},
    {R"({"format":1,"product_version":"1","postgresql":"15","taken_at":"now","schema":1})",
     "taken_at"},
    {R"({"format":1,"product_version":"1","postgresql":"15","taken_at":"2026-06-01T10:30:00Z",)"
     R"("schema":1,"root_keys":[{"id":"x","check_value":"00"}]})",
     "root key"},
    {R"({"format":1,"product_version":"1","postgresql":"15","taken_at":"2026-06-01T10:30:00Z",)"
     R"("schema":1,"root_keys":[],"dump":{"bytes":1}})",
     "sha256"}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(backup_manifest, Folder)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_again) {
    const auto wanted = example();

    BOOST_REQUIRE(write_manifest(path, wanted).has_value());
    const auto found = read_manifest(path);

    BOOST_REQUIRE(found.has_value());
    BOOST_TEST((found->taken_at == wanted.taken_at));
    BOOST_TEST(found->product_version == wanted.product_version);
    BOOST_TEST(found->server_version == wanted.server_version);
    BOOST_TEST(found->schema == wanted.schema);
    BOOST_REQUIRE(found->root_keys.size() == 1);
    BOOST_TEST((found->root_keys[0].id == wanted.root_keys[0].id));
    BOOST_TEST(found->root_keys[0].check_value == wanted.root_keys[0].check_value);
    BOOST_TEST(found->dump_bytes == wanted.dump_bytes);
    BOOST_TEST(found->dump_sha256 == wanted.dump_sha256);
    BOOST_TEST(found->revivable.approvals == 6);
    BOOST_TEST((found->tables == wanted.tables));
}

BOOST_AUTO_TEST_CASE(a_folder_without_one_is_no_backup) {
    const auto found = read_manifest(path);

    BOOST_REQUIRE(!found.has_value());
    BOOST_TEST((found.error().code == ErrorCode::ConfigInvalid));
}

BOOST_DATA_TEST_CASE(what_is_no_manifest_is_refused_by_name, data::make(kWrong), wrong) {
    write(wrong.text);

    const auto found = read_manifest(path);

    BOOST_REQUIRE(!found.has_value());
    BOOST_TEST((found.error().code == ErrorCode::ConfigInvalid));
    BOOST_TEST(found.error().public_message.find(wrong.word) != std::string::npos,
               found.error().public_message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace backup_manifest_test
