// Agent keys: ass_live_ + 10 base62 public id + 32 base62 secret + 6 base62 CRC-32.
// security.md §1.3. The checksum is verified before any database query, so that a mistyped key
// costs nothing. (The scanner's pattern: \bass_(live|test)_[0-9A-Za-z]{48}\b.)
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/secret.h"
#include "core/crypto/mac.h"

#include <optional>
#include <string>
#include <string_view>

namespace core::identity {

inline constexpr std::string_view kAgentKeyPrefix = "ass_live_";
inline constexpr std::size_t kAgentKeySize = 57;

// What the API shows of a key: its first 13 characters.
std::string shown_prefix(std::string_view public_id);

class AgentKey {
  public:
    static AgentKey generate();
    // Nothing unless form and checksum are right.
    static std::optional<AgentKey> parse(ByteView text);

    // 10 characters; finds the row. Not secret.
    [[nodiscard]] const std::string& public_id() const { return m_public_id; }
    [[nodiscard]] const Credential& text() const { return m_text; }
    // Gives the key away, to be shown once.
    [[nodiscard]] Credential release() && { return std::move(m_text); }

    // HMAC-SHA-256(pepper, "ass/v1/agent-key" || tenant || agent || full key).
    [[nodiscard]] crypto::Digest mac(crypto::HmacKey& pepper,
                                     const TenantId& tenant,
                                     const AgentId& agent) const;

  private:
    AgentKey() = default;

    std::string m_public_id;
    Credential m_text;
};

}  // namespace core::identity
