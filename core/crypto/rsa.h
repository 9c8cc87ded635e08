// RSASSA-PKCS1-v1_5 with SHA-256, called RS256 in RFC 7518 §3.3. For ID tokens only. These types
// share nothing with HmacKey, so an RSA key can't be handed to an HMAC.
#pragma once

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/crypto/service_keys.h"

#include <memory>

namespace core::crypto {

// Immutable; verify() is thread-safe.
class RsaPublicKey {
  public:
    // Big-endian unsigned integers, as a JWK has them (RFC 7518 §6.3.1). Errors: InvalidRequest
    // for a modulus outside 2048 to 4096 bits, an even modulus or one that ROCA made
    // (CVE-2017-15361), or an exponent that is not an odd number from 3 to 2^32-1.
    static Result<RsaPublicKey> create(ByteView modulus, ByteView exponent);

    RsaPublicKey(RsaPublicKey&&) noexcept;
    RsaPublicKey& operator=(RsaPublicKey&&) noexcept;
    RsaPublicKey(const RsaPublicKey&) = delete;
    RsaPublicKey& operator=(const RsaPublicKey&) = delete;
    ~RsaPublicKey();

    [[nodiscard]] bool verify(ByteView message, ByteView signature) const;

  private:
    struct Impl;
    explicit RsaPublicKey(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

// The local issuer's key.
class RsaPrivateKey {
  public:
    // 2048 to 4096 bits; aborts on another number.
    static RsaPrivateKey generate(std::size_t bits);
    // PKCS#8, unencrypted, RSA of 2048 to 4096 bits. Errors: IntegrityFailure.
    static Result<RsaPrivateKey> decode(const ServiceKeyBytes& pkcs8);

    RsaPrivateKey(RsaPrivateKey&&) noexcept;
    RsaPrivateKey& operator=(RsaPrivateKey&&) noexcept;
    RsaPrivateKey(const RsaPrivateKey&) = delete;
    RsaPrivateKey& operator=(const RsaPrivateKey&) = delete;
    ~RsaPrivateKey();

    [[nodiscard]] ServiceKeyBytes encode() const;
    [[nodiscard]] Bytes sign(ByteView message) const;
    // Big-endian, without leading zeros.
    [[nodiscard]] Bytes modulus() const;
    [[nodiscard]] Bytes exponent() const;

  private:
    struct Impl;
    explicit RsaPrivateKey(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace core::crypto
