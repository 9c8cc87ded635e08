#include "core/store/migrations.h"

#include "test/store/database.h"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(migrations)

namespace {

using core::ErrorCode;
using core::store::apply_migrations;
using core::store::load_migrations;
using store_test::create_empty_database;
using store_test::endpoint;
using store_test::migrations_directory;
using store_test::Psql;

// A copy of the migrations that a test may change.
class Copy {
  public:
    Copy()
        : m_path(std::filesystem::temp_directory_path() /
                 ("migrations-" + core::uuid_to_text(store_test::fresh_uuid()))) {
        std::filesystem::copy(migrations_directory(), m_path);
    }
    ~Copy() { std::filesystem::remove_all(m_path); }
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;
    Copy(Copy&&) = delete;
    Copy& operator=(Copy&&) = delete;

    void append(const std::string& file, const std::string& text) const {
        std::ofstream(m_path / file, std::ios::app) << text;
    }
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

  private:
    std::filesystem::path m_path;
};

std::size_t apply_all(const std::string& database, const std::filesystem::path& directory) {
    const auto migrations = load_migrations(directory);
    BOOST_REQUIRE(migrations.has_value());
    std::size_t count = 0;
    const auto done =
        apply_migrations(endpoint(database), *migrations, [&count](const auto&) { ++count; });
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().public_message));
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(applying_twice_does_nothing_the_second_time) {
    const auto database = create_empty_database();

    const auto first = apply_all(database, migrations_directory());
    const auto second = apply_all(database, migrations_directory());

    BOOST_TEST(first == load_migrations(migrations_directory())->size());
    BOOST_TEST(second == 0U);
}

BOOST_AUTO_TEST_CASE(eight_runners_at_once_apply_each_migration_once) {
    const auto database = create_empty_database();
    const auto migrations = load_migrations(migrations_directory());
    BOOST_REQUIRE(migrations.has_value());
    std::atomic<std::size_t> applied{0};
    std::atomic<int> failed{0};
    std::vector<std::thread> runners;
    runners.reserve(8);

    for (int i = 0; i < 8; ++i)
        runners.emplace_back([&] {
            const auto done = apply_migrations(
                endpoint(database), *migrations, [&applied](const auto&) { ++applied; });
            if (!done) ++failed;
        });
    for (auto& runner : runners)
        runner.join();

    BOOST_TEST(failed == 0);
    BOOST_TEST(applied == migrations->size());
}

BOOST_AUTO_TEST_CASE(a_file_that_was_changed_after_it_had_been_applied_is_refused) {
    const auto database = create_empty_database();
    const Copy copy;
    apply_all(database, copy.path());
    copy.append("0003_create_agents_and_tokens.sql", "\n-- changed\n");

    const auto done =
        apply_migrations(endpoint(database), *load_migrations(copy.path()), [](const auto&) {});

    BOOST_REQUIRE(!done.has_value());
    BOOST_CHECK(done.error().code == ErrorCode::ConfigInvalid);
    BOOST_TEST(done.error().public_message.find("0003_create_agents_and_tokens") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_migration_that_fails_leaves_nothing_behind_and_those_before_it_stay) {
    const auto database = create_empty_database();
    const Copy copy;
    const auto before = load_migrations(copy.path())->size();
    std::string name = std::to_string(before + 1);
    name.insert(0, 4 - name.size(), '0');
    copy.append(name + "_break.sql",
                "create table store.left_behind (n int);\nselect no_such_column;\n");

    const auto done =
        apply_migrations(endpoint(database), *load_migrations(copy.path()), [](const auto&) {});

    BOOST_REQUIRE(!done.has_value());
    Psql psql("postgres", database);
    BOOST_TEST(psql.value("select count(*) from store.schema_migrations") ==
               std::to_string(before));
    BOOST_TEST(psql.value("select to_regclass('store.left_behind') is null") == "t");
}

BOOST_AUTO_TEST_CASE(a_gap_in_the_numbers_is_refused) {
    const Copy copy;
    copy.append("0099_later.sql", "select 1;\n");

    const auto loaded = load_migrations(copy.path());

    BOOST_REQUIRE(!loaded.has_value());
    BOOST_TEST(loaded.error().public_message.find("0099_later.sql") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_with_another_name_is_refused) {
    const Copy copy;
    copy.append("notes.sql", "select 1;\n");

    BOOST_TEST(!load_migrations(copy.path()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
