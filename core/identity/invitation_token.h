// Invitation tokens: ass_invite_ + 43 base62 characters, 256 random bits. Shown once, stored as
// their SHA-256: with so many bits there is nothing to guess, and so nothing to slow down.
// (The scanner's pattern: \bass_invite_[0-9A-Za-z]{43}\b.)
#pragma once

#include "core/base/bytes.h"
#include "core/base/secret.h"
#include "core/crypto/mac.h"

#include <optional>
#include <string_view>

namespace core::identity {

inline constexpr std::string_view kInvitationTokenPrefix = "ass_invite_";

class InvitationToken {
  public:
    static InvitationToken generate();
    // Nothing unless the form is right.
    static std::optional<InvitationToken> parse(ByteView text);

    [[nodiscard]] const Credential& text() const { return m_text; }
    // Over the whole text; finds the row.
    [[nodiscard]] crypto::Digest digest() const { return crypto::sha256(m_text.expose()); }

  private:
    explicit InvitationToken(Credential&& text) : m_text(std::move(text)) {}

    Credential m_text;
};

}  // namespace core::identity
