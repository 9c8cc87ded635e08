// Keys of the service itself, sealed under the root key: token signing keys, the pepper of agent
// keys, the local issuer's RSA key, the egress key. Pure functions over bytes, as tenant_keys.h.
// Thread-safe.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/crypto/key_provider.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace core::crypto {

// What a service key is for; the text is stored in the row and bound into its box as the label.
namespace service_key_purpose {
inline constexpr std::string_view kTokenSigning = "token-signing";
inline constexpr std::string_view kAgentKeyPepper = "agent-key-pepper";
inline constexpr std::string_view kLocalIssuer = "local-issuer";
inline constexpr std::string_view kEgress = "egress";
}  // namespace service_key_purpose

struct ServiceKeyTag;
// 32 random bytes, or a PKCS#8 private key for the local issuer.
using ServiceKeyBytes = SecretBytes<ServiceKeyTag>;

struct ServiceKeyRow {
    KeyId id;
    std::string_view purpose;
    std::uint64_t generation = 0;
};

Bytes seal_service_key(const KeyProvider& root_key,
                       const ServiceKeyRow& row,
                       const ServiceKeyBytes& key);

// Errors: KekUnavailable when another root key sealed it; IntegrityFailure.
Result<ServiceKeyBytes> open_service_key(const KeyProvider& root_key,
                                         const ServiceKeyRow& row,
                                         ByteView box);

}  // namespace core::crypto
