#include "core/identity/invitation_token.h"

#include "core/crypto/random.h"

namespace core::identity {
namespace {

constexpr std::size_t kRandomSize = 43;  // 62^43 is just above 2^256

}  // namespace

InvitationToken InvitationToken::generate() {
    SecureBuffer text;
    text.reserve(kInvitationTokenPrefix.size() + kRandomSize);
    const auto prefix = as_bytes(kInvitationTokenPrefix);
    text.insert(text.end(), prefix.begin(), prefix.end());
    const auto random = crypto::random_base62(kRandomSize);
    text.insert(text.end(), random.begin(), random.end());
    return InvitationToken(Credential(std::move(text)));
}

std::optional<InvitationToken> InvitationToken::parse(ByteView text) {
    const std::string_view view = as_text(text);
    if (!view.starts_with(kInvitationTokenPrefix)) return std::nullopt;
    const auto random = view.substr(kInvitationTokenPrefix.size());
    if (random.size() != kRandomSize || !is_base62(random)) return std::nullopt;
    return InvitationToken(Credential::copy_of(text));
}

}  // namespace core::identity
