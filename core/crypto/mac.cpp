#include "core/crypto/mac.h"

#include <botan/hash.h>
#include <botan/kdf.h>
#include <botan/mac.h>

#include <cstdlib>

namespace core::crypto {
namespace {

constexpr std::size_t kShortestKey = 16;
constexpr std::size_t kLongestKey = 4096;  // what Botan's HMAC takes

std::unique_ptr<Botan::MessageAuthenticationCode> new_hmac() {
    return Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
}

void finish(Botan::MessageAuthenticationCode& mac,
            std::initializer_list<ByteView> parts,
            std::span<std::uint8_t, 32> out) {
    for (const auto& part : parts)
        mac.update(part.data(), part.size());
    mac.final(out.data());
}

}  // namespace

// Looking an algorithm up by name costs as much as using it (0.9 µs): one object a thread.

Digest sha256(ByteView message) {
    return sha256({message});
}

Digest sha256(std::initializer_list<ByteView> parts) {
    thread_local const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
    Digest out{};
    for (const auto part : parts)
        hash->update(part.data(), part.size());
    hash->final(out.data());
    return out;
}

void hmac_sha256(ByteView key,
                 std::initializer_list<ByteView> parts,
                 std::span<std::uint8_t, 32> out) {
    thread_local const auto mac = new_hmac();
    mac->set_key(key.data(), key.size());
    finish(*mac, parts, out);
    mac->clear();  // the object outlives the key
}

void hkdf_sha256(ByteView secret, ByteView salt, ByteView info, std::span<std::uint8_t> out) {
    thread_local const auto kdf = Botan::KDF::create_or_throw("HKDF(SHA-256)");
    // Botan would stop short of what HKDF can't give, and leave the rest of `out` as it was.
    const auto written = kdf->kdf(out.data(),
                                  out.size(),
                                  secret.data(),
                                  secret.size(),
                                  salt.data(),
                                  salt.size(),
                                  info.data(),
                                  info.size());
    if (written != out.size()) std::abort();
}

struct HmacKey::Impl {
    std::unique_ptr<Botan::MessageAuthenticationCode> mac = new_hmac();
};

HmacKey::HmacKey(ByteView key) : m_impl(std::make_unique<Impl>()) {
    if (key.size() < kShortestKey || key.size() > kLongestKey) std::abort();
    m_impl->mac->set_key(key.data(), key.size());
}
HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;
HmacKey::~HmacKey() = default;

Digest HmacKey::mac(std::initializer_list<ByteView> parts) {
    Digest out{};
    finish(*m_impl->mac, parts, out);
    return out;
}

bool HmacKey::verify(std::initializer_list<ByteView> parts, ByteView expected) {
    return constant_time_equal(mac(parts), expected);
}

}  // namespace core::crypto
