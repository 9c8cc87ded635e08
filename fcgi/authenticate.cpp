#include "fcgi/authenticate.h"

#include "core/crypto/mac.h"
#include "core/crypto/random.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fcgi {
namespace {

// The well-formed sequences of UTF-8 (RFC 3629 §4): no overlong forms, no surrogates, nothing above
// U+10FFFF. What the second byte may be depends on the first; all behind it are 80 to BF.
struct Form {
    unsigned first_low;
    unsigned first_high;
    unsigned second_low;
    unsigned second_high;
    std::size_t size;
};
constexpr std::array<Form, 9> kForms{{{0x00, 0x7f, 0x00, 0x00, 1},
                                      {0xc2, 0xdf, 0x80, 0xbf, 2},
                                      {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                      {0xe1, 0xec, 0x80, 0xbf, 3},
                                      {0xed, 0xed, 0x80, 0x9f, 3},
                                      {0xee, 0xef, 0x80, 0xbf, 3},
                                      {0xf0, 0xf0, 0x90, 0xbf, 4},
                                      {0xf1, 0xf3, 0x80, 0xbf, 4},
                                      {0xf4, 0xf4, 0x80, 0x8f, 4}}};

bool lies_between(char c, unsigned low, unsigned high) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= low && byte <= high;
}

bool has_form(std::string_view text, const Form& form) {
    if (text.size() < form.size || !lies_between(text[0], form.first_low, form.first_high))
        return false;
    if (form.size > 1 && !lies_between(text[1], form.second_low, form.second_high)) return false;
    for (std::size_t i = 2; i < form.size; ++i)
        if (!lies_between(text[i], 0x80, 0xbf)) return false;
    return true;
}

// How many bytes the character at the front takes; 0 where it is not well-formed.
std::size_t character_size(std::string_view text) {
    for (const auto& form : kForms)
        if (has_form(text, form)) return form.size;
    return 0;
}

// C0, DEL and C1 (U+0080 to U+009F).
bool is_control(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character.front());
    if (character.size() == 1) return lead < 0x20 || lead == 0x7f;
    return lead == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

std::string sanitised_user_agent(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
        text.remove_prefix(character.size());
        const std::string_view kept = size == 0 || is_control(character) ? "?" : character;
        if (out.size() + kept.size() > kMaxUserAgentBytes) break;
        out += kept;
    }
    return out;
}

core::RequestId request_id_of(std::string_view text) {
    if (auto given = core::RequestId::parse(text)) return *std::move(given);
    auto fresh = core::RequestId::parse(core::uuid_to_text(core::crypto::uuid_v4()));
    return fresh ? *std::move(fresh) : core::RequestId{};
}

core::Result<core::identity::Origin> origin_of(const IncomingRequest& incoming,
                                               const core::RequestId& request_id) {
    auto address = core::identity::IpAddress::parse(incoming.remote_address);
    if (!address)
        return core::failure(core::ErrorCode::Internal, "", "REMOTE_ADDR is not an address");
    return core::identity::Origin{
        .request_id = request_id,
        .address = std::move(*address),
        .user_agent = sanitised_user_agent(incoming.user_agent.value_or(std::string_view{})),
        .idempotency_key = {},
        .plan_version = {}};
}

core::Result<std::optional<core::identity::IdempotencyKey>> idempotency_key_of(
    const IncomingRequest& incoming, const core::Body& body) {
    if (!incoming.idempotency_key) return std::nullopt;
    if (incoming.idempotency_keys > 1)
        return core::failure(core::ErrorCode::InvalidRequest,
                             "The header Idempotency-Key stands there more than once; send one");
    const std::string_view text = *incoming.idempotency_key;
    const bool visible =
        std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (text.empty() || text.size() > kMaxIdempotencyKeyBytes || !visible)
        return core::failure(
            core::ErrorCode::InvalidRequest,
            "The header Idempotency-Key must have 1 to 255 visible ASCII characters");
    // Neither method nor target holds a NUL.
    constexpr std::string_view kEnd("\0", 1);
    return core::identity::IdempotencyKey{std::string(text),
                                          core::crypto::sha256({core::as_bytes(incoming.method),
                                                                core::as_bytes(kEnd),
                                                                core::as_bytes(incoming.target),
                                                                core::as_bytes(kEnd),
                                                                body.expose()})};
}

namespace {

// Is it for the credential that the request was refused, and not for what else it says or for us?
bool is_of_credential(core::ErrorCode code) {
    return code == core::ErrorCode::Unauthorized || code == core::ErrorCode::ScopeDenied;
}

}  // namespace

core::Result<core::identity::Principal> identify(Backend& backend,
                                                 const Route& route,
                                                 const IncomingRequest& incoming,
                                                 const core::identity::Origin& origin) {
    if (route.auth == core::identity::AuthKind::None) return core::identity::Principal{};
    const core::identity::Access wanted{route.auth, route.role};
    const core::service::Credentials credentials{incoming.authorization, incoming.tenant};
    if (!credentials.authorization) return backend.identify(wanted, credentials, origin);
    auto& limits = backend.rate_limits();
    if (auto admitted = limits.admit_address(origin.address); !admitted)
        return core::failure(std::move(admitted));
    auto principal = backend.identify(wanted, credentials, origin);
    if (principal || !is_of_credential(principal.error().code)) return principal;
    return tl::unexpected(limits.count_failure(origin.address, std::move(principal).error()));
}

}  // namespace fcgi
