#include "core/identity/agent_key.h"

#include "core/crypto/crc32.h"
#include "core/crypto/labels.h"
#include "core/crypto/random.h"

#include <algorithm>
#include <array>

namespace core::identity {
namespace {

constexpr std::size_t kPublicIdSize = 10;
constexpr std::size_t kSecretSize = 32;
constexpr std::size_t kChecksumSize = 6;
constexpr std::size_t kCheckedSize = kAgentKeySize - kChecksumSize;
constexpr std::size_t kShownSize = 13;
static_assert(kAgentKeyPrefix.size() + kPublicIdSize + kSecretSize + kChecksumSize ==
              kAgentKeySize);

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool is_base62(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

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

AgentKey AgentKey::generate() {
    SecureBuffer text;
    text.reserve(kAgentKeySize);
    const auto prefix = as_bytes(kAgentKeyPrefix);
    text.insert(text.end(), prefix.begin(), prefix.end());
    const auto random = crypto::random_base62(kPublicIdSize + kSecretSize);
    text.insert(text.end(), random.begin(), random.end());
    const auto checksum = checksum_of(text);
    text.insert(text.end(), checksum.begin(), checksum.end());

    AgentKey key;
    key.m_public_id = as_text(text).substr(kAgentKeyPrefix.size(), kPublicIdSize);
    key.m_text = Credential(std::move(text));
    return key;
}

std::optional<AgentKey> AgentKey::parse(ByteView text) {
    const std::string_view view = as_text(text);
    if (view.size() != kAgentKeySize || view.substr(0, kAgentKeyPrefix.size()) != kAgentKeyPrefix)
        return std::nullopt;
    const auto random = view.substr(kAgentKeyPrefix.size());
    if (!std::all_of(random.begin(), random.end(), is_base62)) return std::nullopt;
    // The checksum catches slips, not attackers: it need not be compared in constant time.
    const auto checksum = checksum_of(text.first(kCheckedSize));
    if (!std::equal(checksum.begin(), checksum.end(), text.begin() + kCheckedSize))
        return std::nullopt;

    AgentKey key;
    key.m_public_id = random.substr(0, kPublicIdSize);
    key.m_text = Credential::copy_of(text);
    return key;
}

std::string shown_prefix(std::string_view public_id) {
    return std::string(kAgentKeyPrefix).append(public_id).substr(0, kShownSize);
}

crypto::Digest AgentKey::mac(crypto::HmacKey& pepper,
                             const TenantId& tenant,
                             const AgentId& agent) const {
    // Every part but the last has a fixed size: the concatenation is unambiguous.
    return pepper.mac({as_bytes(crypto::labels::kAgentKey),
                       ByteView(tenant.bytes()),
                       ByteView(agent.bytes()),
                       m_text.expose()});
}

}  // namespace core::identity
