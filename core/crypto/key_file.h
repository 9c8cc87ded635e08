// Files that hold one key each: strict text, closed to all but their owner. Functions without
// state; thread-safe.
//
//     secretstore-root-key v1            what it is
//     id: <32 hex digits>
//     key: <43 characters of base64url>
//     epoch: <1 to 2^31-1>               only where the kind has one
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace core::crypto {

// The kinds of such files. A file of one kind is never taken for another.
struct KeyFileKind {
    std::string_view name;  // as messages call it: "root key"
    std::string_view magic_line;
    bool has_epoch = false;
    std::string_view made_by;  // what to run where it is not there
};
inline constexpr KeyFileKind kRootKeyFile{
    "root key",
    "secretstore-root-key v1",
    true,
    "run 'secretstorectl root-key generate', or bring the one that this database is sealed under"};
inline constexpr KeyFileKind kEgressKeyFile{"egress key",
                                            "secretstore-egress-key v1",
                                            false,
                                            "run 'secretstorectl egress-key export FILE'"};

struct KeyFile {
    KeyId id;
    SecureBuffer key;  // 32 bytes
    std::uint32_t epoch = 0;
};

// At most 1024 bytes of a file that is kept from others: a regular one that neither group nor
// others can read or write; `%d/NAME` under systemd's credentials directory satisfies that. `name`
// is what messages call it. Errors: ConfigInvalid, naming the file and what to do; never its
// content.
Result<SecureBuffer> read_closed_file(const std::filesystem::path& path, std::string_view name);

// The same, and its text. Errors: FailedPrecondition where it is not there; ConfigInvalid.
Result<KeyFile> read_key_file(const std::filesystem::path& path, const KeyFileKind& kind);

// Mode 0400, never over an existing file; durable when it returns. Errors: ConfigInvalid.
Result<void> write_key_file(const std::filesystem::path& path,
                            const KeyFileKind& kind,
                            const KeyFile& content);

// In the place of the one that is there, and its owner's as that was; whoever reads meanwhile finds
// the old or the new one. Durable when it returns. Errors: ConfigInvalid.
Result<void> replace_key_file(const std::filesystem::path& path,
                              const KeyFileKind& kind,
                              const KeyFile& file);

}  // namespace core::crypto
