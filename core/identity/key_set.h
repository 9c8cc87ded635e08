// A JSON Web Key Set (RFC 7517 §5) of an issuer of ID tokens: RSA keys for signatures, by kid.
// Immutable; thread-safe.
#pragma once

#include "core/base/result.h"
#include "core/crypto/rsa.h"

#include <map>
#include <string>
#include <string_view>

namespace core::identity {

inline constexpr std::size_t kMaxKeySetBytes = 65536;

class KeySet {
  public:
    // Keys that are not RSA, not for signatures or not for RS256 are left out (as RFC 7517 §5
    // asks). Errors: InvalidRequest for bad JSON, more than 64 KiB, a usable key that is malformed,
    // weak or below 2048 bits, the same kid twice, private members in any key, or no usable key at
    // all: a set that must not replace a good one.
    static Result<KeySet> parse(std::string_view json);

    // nullptr when unknown. Valid as long as this object.
    [[nodiscard]] const crypto::RsaPublicKey* find(std::string_view kid) const;

  private:
    std::map<std::string, crypto::RsaPublicKey, std::less<>> m_keys;
};

// The set of one public key, as the local issuer publishes it.
std::string key_set_json(std::string_view kid, ByteView modulus, ByteView exponent);

}  // namespace core::identity
