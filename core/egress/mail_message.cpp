#include "core/egress/mail_message.h"

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/service/notifications.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

namespace core::egress {
namespace {

namespace event = service::event;

constexpr std::size_t kLongestLine = 76;
constexpr std::size_t kEscapedSize = 3;
// "Subject: " stands on the same line as the first.
constexpr std::size_t kLongestEncodedWord = 66;
constexpr std::size_t kLongestText = 200;
constexpr std::size_t kMostListed = 20;

bool is_printable(char c) {
    return c >= 0x20 && c < 0x7f;
}

// Does a character of UTF-8 begin here?
bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
}

std::string escaped(char c) {
    std::string out = "=";
    for (const char digit : to_hex(as_bytes(std::string_view(&c, 1))))
        out += digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
    return out;
}

// Within an encoded word even '?', '_' and space would mean something (RFC 2047 §4.2).
std::string word_piece(char c) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return plain ? std::string(1, c) : escaped(c);
}

// RFC 5322 §3.3.
std::string date_text(Timestamp now) {
    const std::time_t since_1970 = to_unix_seconds(now);
    std::tm parts{};
    ::gmtime_r(&since_1970, &parts);
    std::array<char, 64> text{};
    const auto size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &parts);
    return {text.data(), size};
}

// What happened, as the message tells it. A member that is missing reads as empty: a mail is better
// than none.
class Facts {
  public:
    explicit Facts(const std::string& payload)
        : m_document(JsonDocument::parse(Body::copy_of(payload))) {}

    [[nodiscard]] std::string text(std::string_view name) const {
        const auto member = find(name);
        if (!member) return {};
        if (member->kind() == JsonValue::Kind::String) return one_line(member->string());
        if (member->kind() == JsonValue::Kind::Integer) return std::to_string(member->integer());
        return {};
    }

    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
        std::vector<std::string> out;
        const auto member = find(name);
        if (!member || member->kind() != JsonValue::Kind::Array) return out;
        for (const auto& element : member->elements())
            if (element.kind() == JsonValue::Kind::String && out.size() < kMostListed)
                out.push_back(one_line(element.string()));
        return out;
    }

  private:
    [[nodiscard]] std::optional<JsonValue> find(std::string_view name) const {
        return m_document ? m_document->root().find(name) : std::nullopt;
    }

    Result<JsonDocument> m_document;
};

struct Text {
    std::string subject;
    std::string body;  // lines that end in '\n'
};

Text approval_requested(const Facts& facts, const std::string& public_url) {
    Text text;
    text.subject = "Approval wanted: " + facts.text("agent_name");
    text.body =
        "The agent " + facts.text("agent_name") + " asks for access that needs approval.\n\n";
    text.body += "  Tier:     " + facts.text("access_tier") + "\n";
    for (const auto& scope : facts.texts("requested_scopes"))
        text.body += "  Scope:    " + scope + "\n";
    text.body += "  Expires:  " + facts.text("expires_at") + "\n\n";
    text.body += "Look at it and decide, after signing in:\n\n";
    text.body += "  " + public_url + "/approvals/" + facts.text("approval_id") + "\n\n";
    text.body += "The link alone decides nothing. Approve only what you expect.\n";
    return text;
}

Text agent_created(const Facts& facts, const std::string& public_url) {
    Text text;
    text.subject = "New agent: " + facts.text("agent_name");
    text.body = "An agent was created: " + facts.text("agent_name") + " (" +
                facts.text("agent_id") + ").\n\n";
    for (const auto& scope : facts.texts("allowed_scopes"))
        text.body += "  May ask for:  " + scope + "\n";
    text.body += "\nIf nobody should have done that, revoke it:\n\n  " + public_url + "/agents\n";
    return text;
}

Text token_refused(const Facts& facts, const std::string& public_url) {
    Text text;
    text.subject = "An agent is refused again and again: " + facts.text("agent_name");
    text.body = "The agent " + facts.text("agent_name") + " (" + facts.text("agent_id") +
                ") was refused " + facts.text("refusals") + " times within five minutes, last at " +
                facts.text("last_at") + ".\n\nThe audit log says what it asked for:\n\n  " +
                public_url + "/audit\n";
    return text;
}

Text secret_expiring(const Facts& facts, const std::string& public_url) {
    const std::string path = facts.text("namespace") + "/" + facts.text("key");
    Text text;
    text.subject = "A secret expires: " + path;
    text.body = "The secret " + path + " (version " + facts.text("version") + ") expires at " +
                facts.text("expires_at") +
                ". From then on nobody can read it.\n\nStore a new version in time:\n\n  " +
                public_url + "/secrets\n";
    return text;
}

Text key_set_trouble(const Facts& facts, const std::string& public_url) {
    const auto issuer = facts.text("issuer");
    const auto refused_from = facts.text("refused_from");
    Text text;
    text.subject = "Sign-in is in trouble: " + issuer;
    text.body = "People of this tenant sign in with\n\n  " + issuer +
                "\n\nwhich has given no keys that its tokens could be checked with for " +
                facts.text("failures") + " attempts in a row (" + facts.text("reason") + ").\n\n";
    text.body += refused_from.empty() ? "Until it does nobody of it can sign in here.\n"
                                      : "The keys of before serve until " + refused_from +
                                            "; from then on nobody of it can sign in here.\n";
    text.body +=
        "Agents and personal tokens are not concerned. Who runs the store finds the cause in "
        "the\nlog of secretstore-egress.\n\n  " +
        public_url + "\n";
    return text;
}

Text member_invited(const Facts& facts, const std::string& public_url, std::string_view token) {
    Text text;
    text.subject = "You are invited";
    text.body = "You are invited to join as " + facts.text("role") + ".\n\nSign in at\n\n  " +
                public_url +
                "/invitations\n\nwith this mail address, and use this code, once, "
                "until " +
                facts.text("expires_at") + ":\n\n  " + std::string(token) +
                "\n\nIf you expect no invitation, ignore this mail.\n";
    return text;
}

Text text_of(const store::ClaimedMail& mail,
             const std::string& public_url,
             std::string_view token) {
    const Facts facts(mail.delivery.payload);
    const auto& type = mail.delivery.event_type;
    if (type == event::kApprovalRequested) return approval_requested(facts, public_url);
    if (type == event::kAgentCreated) return agent_created(facts, public_url);
    if (type == event::kTokenRefusedRepeatedly) return token_refused(facts, public_url);
    if (type == event::kSecretExpiring) return secret_expiring(facts, public_url);
    if (type == event::kKeySetTrouble) return key_set_trouble(facts, public_url);
    if (type == event::kMemberInvited) return member_invited(facts, public_url, token);
    if (type == event::kMailTest)
        return {"Mail works", "This is a test: the Agent Secret Store can send you mail.\n"};
    return {type, "This happened: " + type + ".\n\n  " + public_url + "\n"};
}

}  // namespace

std::string one_line(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i >= kLongestText && begins_character(text[i])) return out + "...";
        const auto byte = static_cast<unsigned char>(text[i]);
        // U+0080 to U+009F are control characters too.
        const bool c1 =
            byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (c1) ++i;
        out += c1 || byte < 0x20 || byte == 0x7f ? ' ' : text[i];
    }
    return out;
}

std::string header_text(std::string_view text) {
    if (std::all_of(text.begin(), text.end(), is_printable)) return std::string(text);
    constexpr std::string_view kBegin = "=?UTF-8?Q?";
    constexpr std::string_view kEnd = "?=";
    std::string out(kBegin);
    std::size_t length = kBegin.size();
    for (std::size_t i = 0; i < text.size();) {
        std::string character = word_piece(text[i]);
        while (++i < text.size() && !begins_character(text[i]))
            character += word_piece(text[i]);
        if (length + character.size() + kEnd.size() > kLongestEncodedWord) {
            out += std::string(kEnd) + "\r\n " + std::string(kBegin);
            length = kBegin.size();
        }
        out += character;
        length += character.size();
    }
    return out.append(kEnd);
}

std::string quoted_printable(std::string_view text) {
    std::string out;
    std::size_t length = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') {
            out += "\r\n";
            length = 0;
            continue;
        }
        const bool ends_line = i + 1 == text.size() || text[i + 1] == '\n';
        if (length + kEscapedSize + (ends_line ? 0 : 1) > kLongestLine) {
            out += "=\r\n";
            length = 0;
        }
        // A dot at the beginning of a line is SMTP's own; a space at its end gets lost.
        const bool plain =
            is_printable(c) && c != '=' && !(c == ' ' && ends_line) && !(c == '.' && length == 0);
        const std::string piece = plain ? std::string(1, c) : escaped(c);
        out += piece;
        length += piece.size();
    }
    return out;
}

std::string compose_mail(const store::ClaimedMail& mail,
                         const MailSettings& settings,
                         std::string_view token,
                         Timestamp now) {
    const auto text = text_of(mail, settings.public_url, token);
    const auto tenant = one_line(mail.tenant_name);
    const auto domain = settings.from.substr(settings.from.find('@') + 1);
    std::string out = "From: Agent Secret Store <" + settings.from + ">\r\n";
    out += "To: <" + mail.recipient + ">\r\n";
    out += "Subject: " + header_text("[" + tenant + "] " + text.subject) + "\r\n";
    out += "Date: " + date_text(now) + "\r\n";
    // The same in every attempt: a mailbox may see that it has it already.
    out += "Message-ID: <" + mail.delivery.delivery.text() + "@" + domain + ">\r\n";
    out += "MIME-Version: 1.0\r\n";
    out += "Content-Type: text/plain; charset=utf-8\r\n";
    out += "Content-Transfer-Encoding: quoted-printable\r\n";
    // RFC 3834: no machine is to answer.
    out += "Auto-Submitted: auto-generated\r\n\r\n";
    return out + quoted_printable(text.body + "\n-- \nAgent Secret Store, tenant " + tenant + "\n");
}

}  // namespace core::egress
