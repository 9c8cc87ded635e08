#include "core/identity/scoped_token.h"

#include "core/base/bytes.h"
#include "core/base/json.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

namespace core::identity {
namespace {

constexpr std::chrono::seconds kSkew{30};
constexpr std::string_view kAlgorithm = "HS256";
constexpr std::size_t kRateLimitKeySize = 24;

// nginx cuts hint and key out of the encoded payload by position (architecture.md §5).
bool has_fixed_shape(std::string_view hint, std::string_view rate_limit_key) {
    const bool known = std::any_of(kAllPlans.begin(), kAllPlans.end(), [&](Plan plan) {
        return identity::plan_hint(plan) == hint;
    });
    return known && rate_limit_key.size() == kRateLimitKeySize &&
           std::all_of(rate_limit_key.begin(), rate_limit_key.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
           });
}

std::string header_text(std::string_view kid) {
    JsonWriter writer;
    writer.begin_object().member("alg", kAlgorithm).member("typ", kScopedTokenType);
    writer.member("kid", kid).end_object();
    return std::move(writer).take_text();
}

std::string claims_text(const ScopedTokenClaims& claims) {
    JsonWriter writer;
    writer.begin_object();
    writer.member("p", claims.plan_hint).member("rlk", claims.rate_limit_key);
    writer.member("iss", claims.issuer).member("aud", kScopedTokenAudience);
    writer.member("sub", claims.agent.text()).member("tid", claims.tenant.text());
    writer.member("jti", claims.token.text());
    writer.member("iat", to_unix_seconds(claims.issued_at));
    writer.member("nbf", to_unix_seconds(claims.issued_at));
    writer.member("exp", to_unix_seconds(claims.expires_at));
    writer.member("epo", std::int64_t{claims.epoch}).member("alv", claims.agent_limits);
    writer.member("scp", claims.scopes.texts());
    writer.member("tier", static_cast<std::int64_t>(claims.tier));
    if (claims.max_uses) writer.member("mxu", *claims.max_uses);
    if (claims.ips) writer.member("ips", claims.ips->entries());
    writer.end_object();
    return std::move(writer).take_text();
}

// ---- reading -----------------------------------------------------------------------------------

template <class IdType>
Result<IdType> id_claim(const JsonValue& claims, std::string_view name) {
    const auto text = string_claim(claims, name);
    if (!text) return failure(text);
    const auto id = IdType::parse(*text);
    if (!id) return unauthorized("claim " + std::string(name) + " is no id");
    return *id;
}

Result<std::int64_t> integer_claim(const JsonValue& claims,
                                   std::string_view name,
                                   std::int64_t lowest) {
    const auto value = claims.find(name);
    if (!value || value->kind() != JsonValue::Kind::Integer || value->integer() < lowest)
        return unauthorized("claim " + std::string(name) + " is missing or out of range");
    return value->integer();
}

// Who issued it to whom.
Result<void> read_parties(const JsonValue& claims,
                          std::string_view issuer,
                          ScopedTokenClaims& out) {
    const auto iss = string_claim(claims, "iss");
    if (!iss || *iss != issuer) return unauthorized("token is of another issuer");
    const auto aud = string_claim(claims, "aud");
    if (!aud || *aud != kScopedTokenAudience) return unauthorized("token is for another audience");
    const auto agent = id_claim<AgentId>(claims, "sub");
    if (!agent) return failure(agent);
    const auto tenant = id_claim<TenantId>(claims, "tid");
    if (!tenant) return failure(tenant);
    const auto token = id_claim<TokenId>(claims, "jti");
    if (!token) return failure(token);
    out.issuer = *iss;
    out.agent = *agent;
    out.tenant = *tenant;
    out.token = *token;
    return {};
}

Result<void> read_times(const JsonValue& claims, Timestamp now, ScopedTokenClaims& out) {
    const auto issued_at = time_claim(claims, "iat");
    if (!issued_at) return failure(issued_at);
    const auto not_before = time_claim(claims, "nbf");
    if (!not_before) return failure(not_before);
    const auto expires_at = time_claim(claims, "exp");
    if (!expires_at) return failure(expires_at);
    out.issued_at = from_unix_seconds(*issued_at);
    out.expires_at = from_unix_seconds(*expires_at);
    if (out.issued_at > now + kSkew || from_unix_seconds(*not_before) > now + kSkew)
        return unauthorized("token is not valid yet");
    if (out.expires_at <= out.issued_at) return unauthorized("token expires before its issue");
    return {};
}

// The plan's hint, the limiter's key, the epoch and the version of the agent's limits.
Result<void> read_versions(const JsonValue& claims, std::uint32_t epoch, ScopedTokenClaims& out) {
    const auto plan = string_claim(claims, "p");
    if (!plan) return failure(plan);
    const auto rate_limit_key = string_claim(claims, "rlk");
    if (!rate_limit_key) return failure(rate_limit_key);
    if (!has_fixed_shape(*plan, *rate_limit_key)) return unauthorized("claims p and rlk are bad");
    const auto signed_epoch = integer_claim(claims, "epo", 0);
    if (!signed_epoch) return failure(signed_epoch);
    // Equality, not order: a token of a later epoch was signed beside another database.
    if (*signed_epoch != std::int64_t{epoch}) return unauthorized("token is of another epoch");
    const auto agent_limits = integer_claim(claims, "alv", 0);
    if (!agent_limits) return failure(agent_limits);
    out.plan_hint = *plan;
    out.rate_limit_key = *rate_limit_key;
    out.epoch = epoch;
    out.agent_limits = *agent_limits;
    return {};
}

Result<std::vector<std::string_view>> strings_claim(const JsonObject& claims,
                                                    std::string_view name) {
    const auto strings = claims.optional_strings(name);
    if (!strings || !*strings) return unauthorized("claim " + std::string(name) + " is no list");
    return **strings;
}

// What the token allows.
Result<void> read_rights(const JsonObject& object, const JsonValue& root, ScopedTokenClaims& out) {
    const auto scope_texts = strings_claim(object, "scp");
    if (!scope_texts) return failure(scope_texts);
    auto scopes = scope::ScopeSet::parse(*scope_texts);
    if (!scopes) return unauthorized("claim scp: " + scopes.error().public_message);
    const auto tier_number = integer_claim(root, "tier", 0);
    const auto tier = tier_number ? scope::access_tier_from(*tier_number) : std::nullopt;
    if (!tier) return unauthorized("claim tier is missing or out of range");
    out.scopes = *std::move(scopes);
    out.tier = *tier;
    if (object.has("mxu")) {
        const auto max_uses = integer_claim(root, "mxu", 1);
        if (!max_uses) return failure(max_uses);
        out.max_uses = *max_uses;
    }
    if (object.has("ips")) {
        const auto ip_texts = strings_claim(object, "ips");
        if (!ip_texts) return failure(ip_texts);
        auto ips = IpAllowlist::parse(*ip_texts);
        if (!ips) return unauthorized("claim ips: " + ips.error().public_message);
        out.ips = *std::move(ips);
    }
    return {};
}

}  // namespace

std::string_view plan_hint(Plan plan) {
    switch (plan) {
        case Plan::Free:
            return "fre";
        case Plan::Pro:
            return "pro";
        case Plan::Enterprise:
            return "ent";
    }
    return "fre";
}

void ScopedTokenKeys::add(std::string kid, ByteView key) {
    if (m_keys.empty()) m_signing_kid = kid;
    m_keys.insert_or_assign(std::move(kid), crypto::HmacKey(key));
}

bool ScopedTokenKeys::knows(std::string_view kid) const {
    return m_keys.find(kid) != m_keys.end();
}

Result<Credential> ScopedTokenKeys::sign(const ScopedTokenClaims& claims, std::string_view kid) {
    const auto key = m_keys.find(kid);
    if (key == m_keys.end() || !has_fixed_shape(claims.plan_hint, claims.rate_limit_key))
        return failure(ErrorCode::Internal,
                       "The token could not be issued",
                       "unknown kid, plan hint or rate limit key");
    const std::string payload = claims_text(claims);
    std::string text = to_base64url(as_bytes(header_text(kid)));
    text += '.' + to_base64url(as_bytes(payload)) + '.';
    const auto digest =
        key->second.mac({as_bytes(std::string_view(text).substr(0, text.size() - 1))});
    const std::string signature = to_base64url(digest);
    if (payload.size() > kMaxClaimsBytes || text.size() + signature.size() > kMaxCredentialBytes)
        return failure(ErrorCode::InvalidRequest,
                       "The token would be longer than " + std::to_string(kMaxCredentialBytes) +
                           " bytes; ask for fewer or shorter scopes");
    // Without its signature the text is no credential; what follows is in wiped memory.
    SecureBuffer out(text.begin(), text.end());
    out.insert(out.end(), signature.begin(), signature.end());
    return Credential(std::move(out));
}

Result<ScopedTokenClaims> ScopedTokenKeys::verify(const Jws& jws,
                                                  std::string_view issuer,
                                                  std::uint32_t epoch,
                                                  Timestamp now) {
    const auto key = m_keys.find(jws.kid);
    if (key == m_keys.end()) return unauthorized("kid is unknown");
    if (jws.alg != kAlgorithm) return unauthorized("algorithm is not HS256");
    if (jws.typ != kScopedTokenType) return unauthorized("token is of another type");
    if (!key->second.verify({as_bytes(jws.signing_input)}, jws.signature))
        return unauthorized("signature does not verify");

    const auto document = parse_claims(jws);
    if (!document) return failure(document);
    // Only we sign these, so a claim that is not known here is one of a later release, and what it
    // restricts would not be heeded.
    const auto object = JsonObject::decode(document->root(),
                                           {"p",
                                            "rlk",
                                            "iss",
                                            "aud",
                                            "sub",
                                            "tid",
                                            "jti",
                                            "iat",
                                            "nbf",
                                            "exp",
                                            "epo",
                                            "alv",
                                            "scp",
                                            "tier",
                                            "mxu",
                                            "ips"});
    if (!object) return unauthorized("claims: " + object.error().public_message);

    const JsonValue root = document->root();
    ScopedTokenClaims out;
    if (const auto read = read_parties(root, issuer, out); !read) return failure(read);
    if (const auto read = read_versions(root, epoch, out); !read) return failure(read);
    if (const auto read = read_times(root, now, out); !read) return failure(read);
    if (const auto read = read_rights(*object, root, out); !read) return failure(read);
    return out;
}

}  // namespace core::identity
