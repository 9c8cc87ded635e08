// JWS compact serialisation (RFC 7515), as strict as security.md §2 asks. This only takes a token
// apart; who verifies it is decided by the key that its kid names, never by the token.
#pragma once

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/result.h"

#include <string>
#include <string_view>

namespace core::identity {

inline constexpr std::size_t kMaxCredentialBytes = 4096;
inline constexpr std::size_t kMaxJoseHeaderBytes = 512;
inline constexpr std::size_t kMaxClaimsBytes = 3072;

// A token taken apart; nothing in it has been verified. Keeps views of the text that was parsed,
// which must outlive it.
struct Jws {
    std::string alg;
    std::string typ;  // empty where the header has none
    std::string kid;
    std::string_view signing_input;  // the received bytes: header "." payload
    std::string_view payload;  // base64url, not decoded: claims are parsed after the signature
    Bytes signature;
};

// 20 to 4,096 bytes: three parts of strict base64url, none empty; a header of at most 512 bytes
// with only alg, typ, kid, none twice; kid [A-Za-z0-9_-]{1,64}. Errors: Unauthorized, whose detail
// (for the log) names the rule.
Result<Jws> parse_jws(std::string_view token);

// Decodes and parses the payload. Call it after the signature is verified. Errors: Unauthorized.
Result<JsonDocument> parse_claims(const Jws& jws);

// Readers of claims: Unauthorized with a detail where the claim is absent or of another type.
// Times are integers from 0 to 253402300799, the end of the year 9999.
Result<std::string_view> string_claim(const JsonValue& claims, std::string_view name);
Result<std::int64_t> time_claim(const JsonValue& claims, std::string_view name);

// The one answer to every credential that does not hold, whatever was wrong with it; `detail` is
// for the log.
Failure unauthorized(std::string detail);

}  // namespace core::identity
