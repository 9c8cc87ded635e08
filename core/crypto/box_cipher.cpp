#include "core/crypto/box_cipher.h"

#include <botan/aead.h>
#include <botan/exceptn.h>

namespace core::crypto {
namespace {

constexpr const char* kCipher = "AES-256/GCM";

// Runs `gcm` over `text` in place. It is a thread's own and outlives the key, which the callers
// clear.
void run(Botan::AEAD_Mode& gcm, const BoxCipherInput& input, SecureBuffer& text) {
    gcm.set_key(input.key.data(), input.key.size());
    gcm.set_associated_data(input.associated.data(), input.associated.size());
    gcm.start(input.nonce.data(), input.nonce.size());
    gcm.finish(text);
}

}  // namespace

void encrypt_box_body(const BoxCipherInput& input, SecureBuffer& text) {
    thread_local const auto gcm =
        Botan::AEAD_Mode::create_or_throw(kCipher, Botan::Cipher_Dir::ENCRYPTION);
    run(*gcm, input, text);
    gcm->clear();
}

bool decrypt_box_body(const BoxCipherInput& input, SecureBuffer& text) {
    thread_local const auto gcm =
        Botan::AEAD_Mode::create_or_throw(kCipher, Botan::Cipher_Dir::DECRYPTION);
    bool verified = true;
    try {
        run(*gcm, input, text);
    } catch (const Botan::Exception&) {
        // Botan decrypts before it compares the tag.
        Botan::zap(text);
        verified = false;
    }
    gcm->clear();
    return verified;
}

}  // namespace core::crypto
