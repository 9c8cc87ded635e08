// Known answers, so that a broken library or processor stops a program before it uses a key.
#include "core/crypto/mac.h"
#include "core/crypto/rsa.h"
#include "core/crypto/sealed_box.h"

#include <botan/exceptn.h>

#include <algorithm>
#include <string>

namespace core::crypto {
namespace {

// KAT-1 of security.md §1.1.
constexpr std::string_view kKat1Box =
    "0101a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
    "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
    "9d23af024fa0aa34e5811de774e6efd7adc1598205b7c4cf25187e910be22070"
    "cd4f4af59a680e34fa71428d73f3773040e23437cb3b98d75a6cc1522690e4bf"
    "28448bcb8ccdc5451a2efab178a758d78cbb81da0bde120e2317de5bd4fa7572"
    "bfc3cf6ade37196dc89d19addc7f663d";
constexpr std::string_view kKat1Value = "gemini-api-key-example";

// RFC 7515 appendix A.2.
constexpr std::string_view kRs256Message =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr std::string_view kRs256Modulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
    "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
    "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr std::string_view kRs256Signature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
    "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS"
    "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
    "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

template <std::size_t N>
std::array<std::uint8_t, N> counted_from(std::uint8_t first) {
    std::array<std::uint8_t, N> out{};
    for (auto& byte : out)
        byte = first++;
    return out;
}

// FIPS 180-2 appendix B.1.
bool sha256_holds() {
    return to_hex(sha256(as_bytes("abc"))) ==
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
}

// RFC 4231 §4.2.
bool hmac_holds() {
    const Bytes key(20, 0x0b);
    return to_hex(HmacKey(key).mac({as_bytes("Hi "), as_bytes("There")})) ==
           "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
}

bool kat1_holds() {
    const auto key = counted_from<32>(0x00);
    const PlainBoxKey source(KeyId(counted_from<16>(0xa0)), key);
    BoxContext context;
    context.purpose = "value";
    context.tenant = TenantId(counted_from<16>(0x10));
    context.secret = SecretId(counted_from<16>(0x20));
    context.name_space = "production/gemini";
    context.key = "GEMINI_API_KEY";
    context.version = 1;
    Bytes plaintext{0, 0, 0, static_cast<std::uint8_t>(kKat1Value.size())};
    append(plaintext, as_bytes(kKat1Value));
    plaintext.resize(64);

    const Bytes box =
        seal_box_with_salt(source, context, plaintext, counted_from<kBoxSaltSize>(0x40));
    if (to_hex(box) != kKat1Box) return false;
    const auto opened = open_box(source, context, box);
    if (!opened || !constant_time_equal({opened->data(), opened->size()}, plaintext)) return false;
    // One that opens anything would have passed so far.
    Bytes damaged = box;
    damaged.back() ^= 1U;
    context.version = 2;
    return !open_box(source, context, box) && !open_box(source, context, damaged);
}

// Verifying only: the local issuer's programs are the only ones that sign.
bool rs256_holds() {
    const auto modulus = from_base64url(kRs256Modulus);
    auto signature = from_base64url(kRs256Signature);
    if (!modulus || !signature) return false;
    const auto key = RsaPublicKey::create(*modulus, Bytes{1, 0, 1});
    if (!key || !key->verify(as_bytes(kRs256Message), *signature)) return false;
    signature->back() ^= 1U;
    return !key->verify(as_bytes(kRs256Message), *signature);
}

struct KnownAnswer {
    const char* name;
    bool (*holds)();
};
constexpr std::array<KnownAnswer, 4> kKnownAnswers{{
    {"SHA-256", sha256_holds},
    {"HMAC-SHA-256", hmac_holds},
    {"sealed box KAT-1", kat1_holds},
    {"RS256", rs256_holds},
}};

}  // namespace

Result<void> self_test() {
    for (const auto& answer : kKnownAnswers) {
        bool holds = false;
        try {
            holds = answer.holds();
        } catch (const Botan::Exception&) {
            holds = false;  // an algorithm that the library does not have
        }
        if (!holds) {
            return failure(ErrorCode::IntegrityFailure,
                           std::string("The power-on self-test failed: ") + answer.name);
        }
    }
    return {};
}

}  // namespace core::crypto
