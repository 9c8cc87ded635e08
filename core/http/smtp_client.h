// Mail by SMTP, over libcurl. Used by one thread at a time. TLS is asked for and verified: with
// smtps:// from the first byte, with smtp:// by STARTTLS. Only to a server on this very machine a
// mail goes without, where that offers none. Every mail makes a connection of its own: they are
// few.
#pragma once

#include "core/base/result.h"
#include "core/base/secret.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace core::http {

// smtp://host[:port] (587) or smtps://host[:port] (465), and nothing behind it. Immutable value.
class SmtpUrl {
  public:
    // Nothing for any other text.
    static std::optional<SmtpUrl> parse(std::string_view text);
    // With its port.
    [[nodiscard]] const std::string& text() const { return m_text; }
    // localhost or 127.0.0.1.
    [[nodiscard]] bool is_local() const { return m_is_local; }

  private:
    SmtpUrl() = default;
    std::string m_text;
    bool m_is_local = false;
};

struct SmtpOptions {
    SmtpUrl url;
    std::filesystem::path ca_file;  // empty: the system's
    std::string user;               // empty: without signing in
    Credential password;
    std::chrono::milliseconds timeout{20000};
};

enum class SmtpFault : std::uint8_t {
    Unreachable,  // no connection, or it broke
    Tls,          // no TLS, or a certificate that does not hold
    SignIn,       // user and password are not taken
    Refused,      // the server does not take this mail: see the status
    TimedOut,
    Stopped,
    Failed,
};

struct SmtpFailure {
    SmtpFault fault = SmtpFault::Failed;
    int status = 0;      // what the server answered last; 0: nothing
    std::string detail;  // libcurl's words, for the log
};

class SmtpClient {
  public:
    // Errors: ConfigInvalid where the CA file can't be read; Internal.
    static Result<SmtpClient> create(SmtpOptions options);

    SmtpClient(SmtpClient&&) noexcept;
    SmtpClient& operator=(SmtpClient&&) noexcept;
    SmtpClient(const SmtpClient&) = delete;
    SmtpClient& operator=(const SmtpClient&) = delete;
    ~SmtpClient();

    // Precondition: both addresses are mail addresses (mail_address.h); `message` is RFC 5322 with
    // CRLF. Gives the server's status. Ends within a second of a stop.
    tl::expected<int, SmtpFailure> send(const std::string& from,
                                        const std::string& to,
                                        std::string_view message,
                                        const std::stop_token& stop);

  private:
    struct Impl;
    explicit SmtpClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace core::http
