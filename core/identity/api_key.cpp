#include "core/identity/api_key.h"

#include "core/crypto/crc32.h"
#include "core/crypto/random.h"

#include <algorithm>
#include <array>

namespace core::identity {
namespace {

constexpr std::size_t kPrefixSize = 9;
constexpr std::size_t kPublicIdSize = 10;
constexpr std::size_t kSecretSize = 32;
constexpr std::size_t kChecksumSize = 6;
constexpr std::size_t kCheckedSize = kPrefixSize + kPublicIdSize + kSecretSize;
constexpr std::size_t kKeySize = kCheckedSize + kChecksumSize;
constexpr std::size_t kShownSize = 13;
static_assert(kAgentKeyPrefix.size() == kPrefixSize && kUserKeyPrefix.size() == kPrefixSize);

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

using Checksum = std::array<std::uint8_t, kChecksumSize>;

// CRC-32 (ISO-HDLC, as zlib's) of everything before it as six base62 digits, most significant
// first. 62^6 is more than 2^32, so nothing is lost.
Checksum checksum_of(ByteView checked) {
    std::size_t value = crypto::crc32(checked);
    Checksum out{};
    for (auto digit = out.rbegin(); digit != out.rend(); ++digit) {
        *digit = static_cast<std::uint8_t>(kBase62[value % kBase62.size()]);
        value /= kBase62.size();
    }
    return out;
}

}  // namespace

template <class Kind>
ApiKey<Kind> ApiKey<Kind>::generate() {
    SecureBuffer text;
    text.reserve(kKeySize);
    const auto prefix = as_bytes(Kind::kPrefix);
    text.insert(text.end(), prefix.begin(), prefix.end());
    const auto random = crypto::random_base62(kPublicIdSize + kSecretSize);
    text.insert(text.end(), random.begin(), random.end());
    const auto checksum = checksum_of(text);
    text.insert(text.end(), checksum.begin(), checksum.end());

    ApiKey key;
    key.m_public_id = as_text(text).substr(kPrefixSize, kPublicIdSize);
    key.m_text = Credential(std::move(text));
    return key;
}

template <class Kind>
std::optional<ApiKey<Kind>> ApiKey<Kind>::parse(ByteView text) {
    const std::string_view view = as_text(text);
    if (view.size() != kKeySize || !view.starts_with(Kind::kPrefix)) return std::nullopt;
    const auto random = view.substr(kPrefixSize);
    if (!is_base62(random)) return std::nullopt;
    // The checksum catches slips, not attackers: it need not be compared in constant time.
    const auto checksum = checksum_of(text.first(kCheckedSize));
    if (!std::equal(checksum.begin(), checksum.end(), text.begin() + kCheckedSize))
        return std::nullopt;

    ApiKey key;
    key.m_public_id = random.substr(0, kPublicIdSize);
    key.m_text = Credential::copy_of(text);
    return key;
}

template <class Kind>
std::string ApiKey<Kind>::shown_prefix(std::string_view public_id) {
    return std::string(Kind::kPrefix).append(public_id).substr(0, kShownSize);
}

template <class Kind>
crypto::Digest ApiKey<Kind>::mac(crypto::HmacKey& pepper,
                                 const TenantId& tenant,
                                 const typename Kind::Holder& holder) const {
    // Every part has a fixed size, but for the label, which no other begins: the concatenation is
    // unambiguous.
    return pepper.mac({as_bytes(Kind::kLabel),
                       ByteView(tenant.bytes()),
                       ByteView(holder.bytes()),
                       m_text.expose()});
}

template class ApiKey<AgentKeyKind>;
template class ApiKey<UserKeyKind>;

}  // namespace core::identity
