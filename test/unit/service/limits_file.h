// A path for a file of counters, removed with it.
#pragma once

#include "core/crypto/random.h"

#include <filesystem>

class LimitsFile {
  public:
    LimitsFile()
        : m_path(std::filesystem::temp_directory_path() /
                 ("limits-" + core::uuid_to_text(core::crypto::uuid_v4()))) {}
    LimitsFile(const LimitsFile&) = delete;
    LimitsFile& operator=(const LimitsFile&) = delete;
    LimitsFile(LimitsFile&&) = delete;
    LimitsFile& operator=(LimitsFile&&) = delete;
    ~LimitsFile() { std::filesystem::remove(m_path); }

    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

  private:
    std::filesystem::path m_path;
};
