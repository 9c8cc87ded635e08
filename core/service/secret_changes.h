// Secrets as they change: stored, deleted, rotated, rolled back, imported. Every change is made
// exactly once (exactly_once.h). Thread-compatible: one object per request thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/principal.h"
#include "core/scope/access_tier.h"
#include "core/scope/secret_path.h"
#include "core/service/exactly_once.h"
#include "core/service/secrets.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::service {

inline constexpr std::size_t kMaxValueBytes = 65536;
inline constexpr std::size_t kMaxMetadataBytes = 8192;
inline constexpr std::size_t kMaxImportedKeys = 1000;

// What is said of a secret beside its value. Absent members keep what is stored; a new secret gets
// custom, standard, none, never.
struct SecretAttributes {
    std::optional<std::string> type;
    std::optional<scope::AccessTier> tier;
    std::optional<std::string> metadata;  // JSON text of an object, at most 8 KiB
    // Outer: was it sent? Inner: when, or never.
    std::optional<std::optional<Timestamp>> expires_at;
};

struct PutRequest {
    Plaintext value;  // 1 byte to 64 KiB of UTF-8
    SecretAttributes attributes;
    std::optional<std::int64_t> expected_version;  // 0: must not exist
};

struct RotatedSecret {
    scope::SecretPath path;
    std::int64_t version = 0;
    Timestamp rotated_at;
    std::int64_t revoked_tokens = 0;
    // Where the service made it; shown this once.
    const Plaintext* made_value = nullptr;
};

struct RolledBackSecret {
    SecretInfo info;
    std::int64_t from_version = 0;
};

struct ImportRequest {
    scope::Namespace name_space;
    std::string_view content;  // dotenv, see dotenv.h
    SecretAttributes attributes;
};

struct ImportedSecrets {
    std::vector<std::string> keys;  // that have a new version, in the order of the file
    std::int64_t skipped = 0;       // whose value was there already
};

class SecretChanges {
  public:
    // `runtime` must outlive this object.
    explicit SecretChanges(const Runtime& runtime);

    // A new version. The same value, type, tier and metadata as the newest one, by the same actor
    // within 120 s, is that version again: the official SDK sends a PUT up to four times.
    // Errors: InvalidRequest, ScopeDenied, VersionConflict, Unauthorized, StoreUnavailable.
    Result<Body> put(const identity::Principal& principal,
                     const identity::Origin& origin,
                     const scope::SecretPath& path,
                     const PutRequest& request,
                     const Rendering<SecretInfo>& render);

    // All of these or none: many secrets of one namespace, out of a dotenv file. Values that did
    // not change make no new version. Errors: as put(); InvalidRequest names the line.
    Result<Body> import_all(const identity::Principal& principal,
                            const identity::Origin& origin,
                            const ImportRequest& request,
                            const Rendering<ImportedSecrets>& render);

    // For people from here on. Softly: its name is free, its versions are purged later.
    // Errors: SecretNotFound, StoreUnavailable.
    Result<Body> remove(const identity::UserPrincipal& user,
                        const identity::Origin& origin,
                        const scope::SecretPath& path,
                        const Rendering<scope::SecretPath>& render);

    // A new version, and the end of every live token that may read the path. Without a value the
    // service makes one: 32 random bytes as base64url.
    // Errors: InvalidRequest, SecretNotFound, SecretExpired, StoreUnavailable.
    Result<Body> rotate(const identity::UserPrincipal& user,
                        const identity::Origin& origin,
                        const scope::SecretPath& path,
                        const std::optional<Plaintext>& value,
                        const Rendering<RotatedSecret>& render);

    // The value of `version` becomes the newest version; where it is that already, by the same
    // person within 120 s, that version is answered again. Errors: SecretNotFound,
    // StoreUnavailable.
    Result<Body> roll_back(const identity::UserPrincipal& user,
                           const identity::Origin& origin,
                           const scope::SecretPath& path,
                           std::int64_t version,
                           const Rendering<RolledBackSecret>& render);

  private:
    const Runtime& m_runtime;
    ExactlyOnce m_once;
};

}  // namespace core::service
