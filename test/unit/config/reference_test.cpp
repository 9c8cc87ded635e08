#include "core/config/reference.h"

#include "core/config/config.h"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

BOOST_AUTO_TEST_SUITE(reference)

using core::config::reference_manual;
using core::config::reference_yaml;

namespace {

// A file that is there as long as this object.
class WrittenFile {
  public:
    explicit WrittenFile(const std::string& text) {
        std::string name = (std::filesystem::temp_directory_path() / "reference-XXXXXX").string();
        m_folder = ::mkdtemp(name.data());
        std::ofstream(path()) << text;
    }
    WrittenFile(const WrittenFile&) = delete;
    WrittenFile& operator=(const WrittenFile&) = delete;
    WrittenFile(WrittenFile&&) = delete;
    WrittenFile& operator=(WrittenFile&&) = delete;
    ~WrittenFile() { std::filesystem::remove_all(m_folder); }
    [[nodiscard]] std::filesystem::path path() const { return m_folder / "secretstore.yaml"; }

  private:
    std::filesystem::path m_folder;
};

template <class T>
std::string trouble_of(const core::Result<T>& result) {
    return result ? std::string() : result.error().public_message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_key_of_the_configuration_has_a_sentence) {
    const auto yaml = reference_yaml();

    BOOST_REQUIRE_MESSAGE(yaml.has_value(), trouble_of(yaml));
}

BOOST_AUTO_TEST_CASE(the_installed_file_changes_nothing) {
    const WrittenFile file(reference_yaml().value());

    const auto config = core::config::load(file.path());

    BOOST_REQUIRE_MESSAGE(config.has_value(), trouble_of(config));
    BOOST_TEST(core::config::dump(*config) == core::config::dump({}));
}

BOOST_AUTO_TEST_CASE(what_it_shows_as_defaults_is_accepted_when_the_marks_are_taken_away) {
    const std::regex marked(R"(^( +)#(\w+: (?!'').*)$)", std::regex::multiline);
    const WrittenFile file(std::regex_replace(reference_yaml().value(), marked, "$1$2"));

    const auto config = core::config::load(file.path());

    BOOST_REQUIRE_MESSAGE(config.has_value(), trouble_of(config));
    BOOST_TEST(core::config::dump(*config) == core::config::dump({}));
}

BOOST_AUTO_TEST_CASE(the_manual_says_what_each_key_accepts) {
    const std::string manual = reference_manual().value();

    BOOST_TEST(manual.find(".B threads\n") != std::string::npos);
    BOOST_TEST(manual.find("Takes a whole number from 1 to 256.\nDefault: 32.") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
