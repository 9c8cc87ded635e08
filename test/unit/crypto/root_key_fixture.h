// A directory of its own for each case, with a root key file whose key is 01..20 and whose id is
// 00..0f: known bytes, so that answers can be computed elsewhere.
#pragma once

#include "core/crypto/key_provider.h"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

namespace core::crypto::testing {

inline const std::string kRootKeyId = "000102030405060708090a0b0c0d0e0f";
inline const std::string kRootKeyText = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";

inline std::string root_key_file(const std::string& id,
                                 const std::string& key,
                                 const std::string& epoch = "1") {
    return "secretstore-root-key v1\nid: " + id + "\nkey: " + key + "\nepoch: " + epoch + "\n";
}

class RootKeyFixture {
  public:
    RootKeyFixture() {
        std::string name =
            (std::filesystem::temp_directory_path() / "secretstore-unit-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        m_directory = name;
    }
    RootKeyFixture(const RootKeyFixture&) = delete;
    RootKeyFixture& operator=(const RootKeyFixture&) = delete;
    RootKeyFixture(RootKeyFixture&&) = delete;
    RootKeyFixture& operator=(RootKeyFixture&&) = delete;
    ~RootKeyFixture() { std::filesystem::remove_all(m_directory); }

    [[nodiscard]] std::filesystem::path path(const std::string& name = "root.key") const {
        return m_directory / name;
    }

    std::filesystem::path write(const std::string& text,
                                mode_t mode = 0400,
                                const std::string& name = "root.key") const {
        std::ofstream(path(name), std::ios::binary) << text;
        BOOST_REQUIRE(::chmod(path(name).c_str(), mode) == 0);
        return path(name);
    }

    [[nodiscard]] std::unique_ptr<KeyProvider> load(const std::string& id,
                                                    const std::string& key) const {
        auto provider = load_root_key_file(write(root_key_file(id, key)));
        std::filesystem::remove(path());
        BOOST_REQUIRE(provider.has_value());
        return std::move(*provider);
    }
    [[nodiscard]] std::unique_ptr<KeyProvider> root_key() const {
        return load(kRootKeyId, kRootKeyText);
    }
    // The same id, another key.
    [[nodiscard]] std::unique_ptr<KeyProvider> false_root_key() const {
        return load(kRootKeyId, std::string(43, 'A'));
    }
    // Another id, another key.
    [[nodiscard]] std::unique_ptr<KeyProvider> other_root_key() const {
        return load(std::string(32, 'b'), std::string(43, 'A'));
    }

  private:
    std::filesystem::path m_directory;
};

}  // namespace core::crypto::testing
