// The way out for mails: an SMTP server, or the sendmail program of the host. Used by one thread.
#pragma once

#include "core/base/result.h"
#include "core/http/smtp_client.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace core::egress {

struct MailOutcome {
    std::optional<std::int64_t> status;  // of SMTP; of sendmail, its exit code
    // Nothing where the mail was taken; else a word that the delivery shows.
    std::optional<std::string> error;
    // Another attempt would end the same.
    bool is_final = false;
    std::string detail;  // for the log
};

class MailTransport {
  public:
    MailTransport() = default;
    MailTransport(const MailTransport&) = delete;
    MailTransport& operator=(const MailTransport&) = delete;
    MailTransport(MailTransport&&) = delete;
    MailTransport& operator=(MailTransport&&) = delete;
    virtual ~MailTransport() = default;

    // Precondition: both are mail addresses; `message` is RFC 5322 with CRLF. Ends within 30 s, and
    // within a second of a stop.
    virtual MailOutcome send(const std::string& from,
                             const std::string& to,
                             std::string_view message,
                             const std::stop_token& stop) = 0;
};

class SmtpTransport final : public MailTransport {
  public:
    explicit SmtpTransport(http::SmtpClient client) : m_client(std::move(client)) {}
    MailOutcome send(const std::string& from,
                     const std::string& to,
                     std::string_view message,
                     const std::stop_token& stop) override;

  private:
    http::SmtpClient m_client;
};

// Called as `PROGRAM -i -f FROM -- TO`, the mail on its stdin with the host's own line ends.
class SendmailTransport final : public MailTransport {
  public:
    explicit SendmailTransport(std::filesystem::path program) : m_program(std::move(program)) {}
    MailOutcome send(const std::string& from,
                     const std::string& to,
                     std::string_view message,
                     const std::stop_token& stop) override;

  private:
    std::filesystem::path m_program;
};

}  // namespace core::egress
