// Long-lived keys, of agents and of people, of one form: a prefix that tells whose it is + 10
// base62 public id + 32 base62 secret + 6 base62 CRC-32. security.md §1.3. The checksum is verified
// before any database query, so that a mistyped key costs nothing. (The scanner's pattern:
// \bass_(live|test|user)_[0-9A-Za-z]{48}\b.)
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/secret.h"
#include "core/crypto/labels.h"
#include "core/crypto/mac.h"

#include <optional>
#include <string>
#include <string_view>

namespace core::identity {

// What a key of one kind begins with, and what its MAC binds it to.
struct AgentKeyKind {
    using Holder = AgentId;
    static constexpr std::string_view kPrefix = "ass_live_";
    static constexpr std::string_view kLabel = crypto::labels::kAgentKey;
};
struct UserKeyKind {
    using Holder = PersonalTokenId;
    static constexpr std::string_view kPrefix = "ass_user_";
    static constexpr std::string_view kLabel = crypto::labels::kUserKey;
};

inline constexpr std::string_view kAgentKeyPrefix = AgentKeyKind::kPrefix;
inline constexpr std::string_view kUserKeyPrefix = UserKeyKind::kPrefix;

template <class Kind>
class ApiKey {
  public:
    static ApiKey generate();
    // Nothing unless form and checksum are right.
    static std::optional<ApiKey> parse(ByteView text);
    // What the API shows of a key: its first 13 characters.
    static std::string shown_prefix(std::string_view public_id);

    // 10 characters; finds the row. Not secret.
    [[nodiscard]] const std::string& public_id() const { return m_public_id; }
    [[nodiscard]] const Credential& text() const { return m_text; }

    // HMAC-SHA-256(pepper, label || tenant || holder || full key).
    [[nodiscard]] crypto::Digest mac(crypto::HmacKey& pepper,
                                     const TenantId& tenant,
                                     const typename Kind::Holder& holder) const;

  private:
    ApiKey() = default;

    std::string m_public_id;
    Credential m_text;
};

extern template class ApiKey<AgentKeyKind>;
extern template class ApiKey<UserKeyKind>;

// Of an agent.
using AgentKey = ApiKey<AgentKeyKind>;
// A personal token: the key of a person, for what can't sign in.
using UserKey = ApiKey<UserKeyKind>;

}  // namespace core::identity
