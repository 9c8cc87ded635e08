// Keys as credentials of systemd: where they lie on this host, and how they get there. A unit gets
// them decrypted; the operator's command, which no unit started, fetches them here.
//
//   /etc/credstore.encrypted/NAME   encrypted for this machine, by `systemd-creds encrypt`
//   /etc/credstore/NAME             plain, 0400: where there is no systemd-creds
#pragma once

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/crypto/root_key_ring.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace core::ctl {

inline constexpr const char* kRootKeyCredential = "secretstore-root-key";
// That of the key which follows it, while it is being replaced (crypto/root_key_ring.h).
inline constexpr const char* kNextRootKeyCredential = "secretstore-root-key-next";
inline constexpr const char* kEgressKeyCredential = "secretstore-egress-key";
inline constexpr const char* kStripeKeyCredential = "secretstore-stripe-key";
inline constexpr const char* kStripeWebhookCredential = "secretstore-stripe-webhook-secret";

enum class CredentialForm { Encrypted, Plain };

struct Credential {
    std::string name;
    CredentialForm form = CredentialForm::Encrypted;

    [[nodiscard]] std::filesystem::path file() const;
};

// The one of that name that is there. Nothing where none is, or where the caller may not look.
std::optional<Credential> find_credential(const std::string& name);

// A folder in memory (/run) that only root can enter, gone with this object.
class TransientFolder {
  public:
    // Errors: Internal.
    static Result<TransientFolder> create();

    TransientFolder(TransientFolder&& other) noexcept;
    TransientFolder& operator=(TransientFolder&&) = delete;
    TransientFolder(const TransientFolder&) = delete;
    TransientFolder& operator=(const TransientFolder&) = delete;
    ~TransientFolder();
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

  private:
    explicit TransientFolder(std::filesystem::path path) : m_path(std::move(path)) {}
    std::filesystem::path m_path;
};

// Makes the credential of a plain file; never over an existing one. Errors: ConfigInvalid with
// what systemd-creds said; Internal.
Result<void> store_credential(const Credential& credential, const std::filesystem::path& plain);
// The same, in the place of the one that is there.
Result<void> replace_credential(const Credential& credential, const std::filesystem::path& plain);
// The plain file of a credential: itself, or a decrypted copy in `folder`. Errors: as above.
Result<std::filesystem::path> reveal_credential(const Credential& credential,
                                                const TransientFolder& folder);

// FailedPrecondition, saying what to run.
Failure no_root_key();

// The root keys that the configuration, a unit or this host has, in this order. Errors:
// no_root_key(); ConfigInvalid.
Result<std::unique_ptr<crypto::RootKeyRing>> open_root_keys(const config::Config& config);

// One higher, wherever that key lies; the new one. Every scoped token of before is dead once the
// workers have been restarted. Errors: no_root_key(); FailedPrecondition while the root key is
// being replaced; ConfigInvalid, Internal.
Result<std::uint32_t> raise_token_epoch(const config::Config& config);

}  // namespace core::ctl
