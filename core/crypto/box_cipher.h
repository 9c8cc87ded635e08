// AES-256-GCM with a 96-bit nonce and a 128-bit tag (NIST SP 800-38D), as a sealed box uses it, and
// for nothing else: the nonce is an argument here, and whoever may choose one may repeat it, which
// ends all secrecy under that key. seal_box() derives a key and a nonce for each box. It stands
// apart so that published test vectors run through the same lines. Stateless; thread-safe.
#pragma once

#include "core/base/bytes.h"
#include "core/base/secret.h"

#include <cstddef>

namespace core::crypto {

inline constexpr std::size_t kBoxNonceSize = 12;
inline constexpr std::size_t kBoxTagSize = 16;

// Views: what they show must live as long as the call.
struct BoxCipherInput {
    ByteView key;         // 32 bytes
    ByteView nonce;       // kBoxNonceSize bytes
    ByteView associated;  // authenticated, not encrypted
};

// Encrypts in place and appends the tag.
void encrypt_box_body(const BoxCipherInput& input, SecureBuffer& text);

// Decrypts in place and takes the tag off. False where text, tag or associated data are not what
// was sealed under this key and nonce; `text` is empty then, so nobody reads what was not verified.
[[nodiscard]] bool decrypt_box_body(const BoxCipherInput& input, SecureBuffer& text);

}  // namespace core::crypto
