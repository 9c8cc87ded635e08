// A root key in shares of which some together give it back and fewer say nothing of it: threshold
// secret sharing (draft-mcgrew-tss-03, Botan's RTSS, with a SHA-256 checksum). For the copies that
// an operator keeps away from the host. Functions without state; thread-safe.
//
//     secretstore-root-key-share v1
//     id: <32 hex digits>                of the root key
//     epoch: <1 to 2^31-1>               its token epoch when it was split
//     share: <number> of <all>, <needed> are needed
//     data: <base64url>
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace core::crypto {

// 2 <= needed <= all <= 32.
struct ShareCount {
    std::uint8_t all = 5;
    std::uint8_t needed = 3;
};

// The text of each share. Errors: InvalidRequest for counts out of range; ConfigInvalid, as
// load_root_key_file().
Result<std::vector<SecureBuffer>> split_root_key_file(const std::filesystem::path& path,
                                                      const ShareCount& count);

// Writes the root key file (0400, never over one) that these shares give. Errors: InvalidRequest
// where they are too few, or not of one splitting; ConfigInvalid, naming a file that is no share,
// that others can read, or that can't be written.
Result<KeyId> join_root_key_shares(const std::vector<std::filesystem::path>& files,
                                   const std::filesystem::path& target);

}  // namespace core::crypto
