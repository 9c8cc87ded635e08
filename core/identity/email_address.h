// An e-mail address as invitations and sign-ups compare it: the part before the @ byte for byte,
// for only its host may say what that means (RFC 5321 §2.4); the domain in lower case.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace core::identity {

class EmailAddress {
  public:
    // 3 to 254 visible ASCII characters (RFC 5321 §4.5.3.1, less its brackets), something on both
    // sides of the one @ and a domain of letters, digits, '.' and '-'. Nothing for any other text.
    static std::optional<EmailAddress> parse(std::string_view text);

    // As it was given, but for the case of the domain.
    [[nodiscard]] const std::string& text() const { return m_text; }
    [[nodiscard]] std::string_view domain() const {
        return std::string_view(m_text).substr(m_domain);
    }

    bool operator==(const EmailAddress& other) const { return m_text == other.m_text; }

  private:
    EmailAddress() = default;

    std::string m_text;
    std::size_t m_domain = 0;  // where it begins
};

}  // namespace core::identity
