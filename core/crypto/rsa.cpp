#include "core/crypto/rsa.h"

#include <botan/bigint.h>
#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/system_rng.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace core::crypto {
namespace {

constexpr std::size_t kFewestBits = 2048;
constexpr std::size_t kMostBits = 4096;
// Botan's name of RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) with SHA-256.
constexpr const char* kScheme = "EMSA3(SHA-256)";

bool is_accepted_size(std::size_t bits) {
    return bits >= kFewestBits && bits <= kMostBits;
}

// ROCA (CVE-2017-15361): the primes of some chips are powers of 65537 modulo each small prime, so
// their products are, too, and can be factored. Of the fingerprint that its finders published
// (Nemec et al., "The Return of Coppersmith's Attack", CCS 2017) these are the primes that tell
// most; another key has it once in about 2^28.
bool has_roca_fingerprint(const Botan::BigInt& modulus) {
    constexpr std::array<std::uint32_t, 17> kPrimes{
        11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157};
    constexpr std::uint32_t kGenerator = 65537;
    return std::all_of(kPrimes.begin(), kPrimes.end(), [&](std::uint32_t prime) {
        const auto wanted = static_cast<std::uint32_t>(modulus % prime);
        std::uint32_t power = 1;
        do
            power = power * (kGenerator % prime) % prime;
        while (power != wanted && power != 1);
        return power == wanted;
    });
}

Bytes big_endian(const Botan::BigInt& number) {
    Bytes out(number.bytes());
    number.binary_encode(out.data());
    return out;
}

}  // namespace

struct RsaPublicKey::Impl {
    Botan::RSA_PublicKey key;
    std::size_t signature_size;
};

RsaPublicKey::RsaPublicKey(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
RsaPublicKey::RsaPublicKey(RsaPublicKey&&) noexcept = default;
RsaPublicKey& RsaPublicKey::operator=(RsaPublicKey&&) noexcept = default;
RsaPublicKey::~RsaPublicKey() = default;

Result<RsaPublicKey> RsaPublicKey::create(ByteView modulus, ByteView exponent) {
    // Some issuers write a leading zero byte; more would only be work for the parser of numbers.
    constexpr std::size_t kMostModulusBytes = kMostBits / 8 + 1;
    constexpr std::size_t kMostExponentBytes = 5;
    if (modulus.size() > kMostModulusBytes)
        return invalid("An RSA key must have a modulus of 2048 to 4096 bits");
    if (exponent.size() > kMostExponentBytes)
        return invalid("An RSA key's exponent must be an odd number from 3 to 2^32-1");
    const Botan::BigInt n(modulus.data(), modulus.size());
    const Botan::BigInt e(exponent.data(), exponent.size());
    if (!is_accepted_size(n.bits()))
        return invalid("An RSA key must have a modulus of 2048 to 4096 bits");
    if (n.is_even()) return invalid("An RSA key's modulus must be odd");
    if (has_roca_fingerprint(n))
        return invalid("An RSA key has the weakness of CVE-2017-15361 (ROCA): make another one");
    if (e.is_even() || e.bits() < 2 || e.bits() > 32)
        return invalid("An RSA key's exponent must be an odd number from 3 to 2^32-1");
    try {
        return RsaPublicKey(std::make_unique<Impl>(Impl{Botan::RSA_PublicKey(n, e), n.bytes()}));
    } catch (const Botan::Exception&) {
        return invalid("An RSA key's numbers are not accepted");
    }
}

bool RsaPublicKey::verify(ByteView message, ByteView signature) const {
    // RFC 8017 §8.2.2 step 1; Botan would take a shorter one as a number with leading zeros.
    if (signature.size() != m_impl->signature_size) return false;
    try {
        // A verifier holds the hash's state, so threads can't share one.
        Botan::PK_Verifier verifier(m_impl->key, kScheme);
        return verifier.verify_message(
            message.data(), message.size(), signature.data(), signature.size());
    } catch (const Botan::Exception&) {
        return false;
    }
}

struct RsaPrivateKey::Impl {
    Botan::RSA_PrivateKey key;
};

RsaPrivateKey::RsaPrivateKey(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
RsaPrivateKey::RsaPrivateKey(RsaPrivateKey&&) noexcept = default;
RsaPrivateKey& RsaPrivateKey::operator=(RsaPrivateKey&&) noexcept = default;
RsaPrivateKey::~RsaPrivateKey() = default;

RsaPrivateKey RsaPrivateKey::generate(std::size_t bits) {
    if (!is_accepted_size(bits)) std::abort();
    return RsaPrivateKey(
        std::make_unique<Impl>(Impl{Botan::RSA_PrivateKey(Botan::system_rng(), bits)}));
}

Result<RsaPrivateKey> RsaPrivateKey::decode(const ServiceKeyBytes& pkcs8) {
    const auto refused = [](const char* detail) {
        return failure(ErrorCode::IntegrityFailure, "A stored key can't be read", detail);
    };
    try {
        Botan::DataSource_Memory source(pkcs8.expose().data(), pkcs8.size());
        const auto loaded = Botan::PKCS8::load_key(source);
        const auto* key = dynamic_cast<const Botan::RSA_PrivateKey*>(loaded.get());
        if (key == nullptr) return refused("an RSA private key is wanted, another kind is stored");
        if (!is_accepted_size(key->get_n().bits()))
            return refused("a stored RSA key is not of 2048 to 4096 bits");
        return RsaPrivateKey(std::make_unique<Impl>(Impl{*key}));
    } catch (const Botan::Exception&) {
        return refused("a stored private key is no PKCS#8");
    }
}

ServiceKeyBytes RsaPrivateKey::encode() const {
    return ServiceKeyBytes(Botan::PKCS8::BER_encode(m_impl->key));
}

Bytes RsaPrivateKey::sign(ByteView message) const {
    Botan::PK_Signer signer(m_impl->key, Botan::system_rng(), kScheme);
    return signer.sign_message(message.data(), message.size(), Botan::system_rng());
}

Bytes RsaPrivateKey::modulus() const {
    return big_endian(m_impl->key.get_n());
}
Bytes RsaPrivateKey::exponent() const {
    return big_endian(m_impl->key.get_e());
}

}  // namespace core::crypto
