// manifest.json of a backup: what it holds and of when, so that it can be judged without being
// restored, and compared with what came of a restore. Nothing in it is secret.
#pragma once

#include "core/base/result.h"
#include "core/store/backup_store.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace core::ctl {

struct BackupManifest {
    std::string product_version;
    std::string server_version;
    Timestamp taken_at;
    std::int64_t schema = 0;  // the newest migration
    std::vector<store::RootKeyStored> root_keys;
    std::int64_t dump_bytes = 0;
    std::string dump_sha256;  // 64 hex digits
    store::Revivable revivable;
    std::vector<store::TableRows> tables;
};

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kDumpFile = "database.dump";

// Durable when it returns. Errors: ConfigInvalid.
Result<void> write_manifest(const std::filesystem::path& folder, const BackupManifest& manifest);

// Errors: ConfigInvalid, naming the file: not there, or no manifest of this format.
Result<BackupManifest> read_manifest(const std::filesystem::path& folder);

}  // namespace core::ctl
