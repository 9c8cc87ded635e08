// Makes tokens as an attacker would: any header, any payload, any signature.
#pragma once

#include "core/base/bytes.h"
#include "core/crypto/rsa.h"

#include <botan/mac.h>

#include <memory>
#include <string>
#include <string_view>

namespace forge {

inline std::string encoded(std::string_view text) {
    return core::to_base64url(core::as_bytes(text));
}

inline std::string signing_input(std::string_view header, std::string_view payload) {
    return encoded(header) + '.' + encoded(payload);
}

inline std::string with_signature(const std::string& input, core::ByteView signature) {
    return input + '.' + core::to_base64url(signature);
}

// HMAC-SHA-256 straight from the library: these tests also forge with keys that HmacKey refuses.
inline std::string hs256_over(const std::string& input, core::ByteView key) {
    const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
    mac->set_key(key.data(), key.size());
    mac->update(input);
    const auto signature = mac->final();
    return with_signature(input, {signature.data(), signature.size()});
}

inline std::string hs256(core::ByteView key, std::string_view header, std::string_view payload) {
    return hs256_over(signing_input(header, payload), key);
}

inline std::string rs256(const core::crypto::RsaPrivateKey& key,
                         std::string_view header,
                         std::string_view payload) {
    const std::string input = signing_input(header, payload);
    return with_signature(input, key.sign(core::as_bytes(input)));
}

// `text` with its first `from` replaced by `to`; `text` itself where there is none, so that a test
// whose forgery does not take place can see it.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace forge
