// Where the root key lives. It never leaves its provider: it is used only as an HMAC key
// (security.md §1.2), so a file, a systemd credential and later a hardware module are
// interchangeable. Immutable after load; thread-safe.
#pragma once

#include "core/base/result.h"
#include "core/crypto/mac.h"
#include "core/crypto/sealed_box.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace core::crypto {

class KeyProvider : public BoxKeySource {
  public:
    // HMAC(root key, "ass/v1/check" || 0x00 || id): what the database keeps to recognise a wrong
    // root key at start.
    [[nodiscard]] virtual Digest check_value() const = 0;

    // A number that is signed into every scoped token and kept beside the root key, outside the
    // database. Restoring an old database raises it, so that revoked tokens stay dead.
    [[nodiscard]] virtual std::uint32_t token_epoch() const = 0;
};

// Reads a root key file:
//     secretstore-root-key v1
//     id: <32 hex digits>
//     key: <43 characters of base64url>
//     epoch: <1 to 2^31-1>
// The file must be a regular one that neither group nor others can read or write; `%d/NAME` under
// systemd's credentials directory satisfies that.
// Errors: ConfigInvalid, naming the file and what to do; never its content.
Result<std::unique_ptr<KeyProvider>> load_root_key_file(const std::filesystem::path& path);

// Creates such a file with a fresh key, mode 0400, never over an existing one; durable when it
// returns. A key that follows another one takes its epoch over. Errors: ConfigInvalid.
inline constexpr std::uint32_t kFirstTokenEpoch = 1;
Result<KeyId> generate_root_key_file(const std::filesystem::path& path,
                                     std::uint32_t epoch = kFirstTokenEpoch);

// Writes the file again with its token epoch one higher, durably, and gives that. Who reads it
// meanwhile sees the old or the new one. Errors: ConfigInvalid.
Result<std::uint32_t> raise_token_epoch(const std::filesystem::path& path);

}  // namespace core::crypto
