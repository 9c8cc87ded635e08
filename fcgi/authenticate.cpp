#include "fcgi/authenticate.h"

#include "core/crypto/random.h"

#include <algorithm>
#include <utility>

namespace fcgi {
namespace {

// How many bytes the character at the front takes; 0 where it is no well-formed UTF-8
// (RFC 3629 §4: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const bool overlong = lead == 0xe0 && byte(1) < 0xa0;
        const bool surrogate = lead == 0xed && byte(1) > 0x9f;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool overlong = lead == 0xf0 && byte(1) < 0x90;
        const bool too_large = lead == 0xf4 && byte(1) > 0x8f;
        return continues(1) && continues(2) && continues(3) && !overlong && !too_large ? 4 : 0;
    }
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
        .user_agent = sanitised_user_agent(incoming.user_agent.value_or(std::string_view{}))};
}

core::Result<core::identity::Principal> authenticate(core::service::Services& services,
                                                     const Route& route,
                                                     const IncomingRequest& incoming,
                                                     const core::identity::Origin& origin) {
    if (route.auth == core::identity::AuthKind::None) return core::identity::Principal{};
    return services.authenticator.authenticate(route.auth, incoming.authorization, origin);
}

}  // namespace fcgi
