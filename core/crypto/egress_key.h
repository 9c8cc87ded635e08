// The egress key: what secretstore-egress is given instead of the root key. Workers seal under it
// the few secrets that must leave the host: the signing secrets of webhooks and the single-use
// tokens that stand in mails. So a copy of the database shows none of them, and whoever takes
// egress over opens nothing else. Immutable; thread-safe.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/crypto/service_keys.h"

#include <filesystem>
#include <string_view>
#include <utility>

namespace core::crypto {

class EgressKey {
  public:
    // `key`: 32 bytes, a service key of the purpose `egress`.
    EgressKey(KeyId id, ServiceKeyBytes key) : m_id(id), m_key(std::move(key)) {}

    // A file that export_to() made. Errors: ConfigInvalid, as read_key_file().
    static Result<EgressKey> load(const std::filesystem::path& file);
    // Never over an existing file. Errors: ConfigInvalid, as write_key_file().
    Result<void> export_to(const std::filesystem::path& file) const;

    [[nodiscard]] const KeyId& id() const { return m_id; }

    // `label` names the row, and what of it; core/README.md lists them.
    [[nodiscard]] Bytes seal(const TenantId& tenant,
                             std::string_view label,
                             ByteView plaintext) const;
    // Errors: KekUnavailable when another egress key sealed it; IntegrityFailure.
    [[nodiscard]] Result<SecureBuffer> open(const TenantId& tenant,
                                            std::string_view label,
                                            ByteView box) const;

  private:
    KeyId m_id;
    ServiceKeyBytes m_key;
};

}  // namespace core::crypto
