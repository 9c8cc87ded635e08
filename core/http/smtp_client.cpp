#include "core/http/smtp_client.h"

#include "core/http/curl_handles.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace core::http {
namespace {

constexpr std::string_view kPlain = "smtp://";
constexpr std::string_view kTls = "smtps://";
constexpr std::size_t kLongestHost = 253;

bool is_host_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
}

bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= kLongestHost &&
           std::all_of(text.begin(), text.end(), is_host_byte);
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, port);
    return parsed.ec == std::errc{} && parsed.ptr == end && port != 0;
}

// What the callbacks of one mail see.
struct Mail {
    std::string_view left;
    const std::stop_token& stop;
};

std::size_t give(char* buffer, std::size_t one, std::size_t count, void* context) {
    auto& mail = *static_cast<Mail*>(context);
    const std::size_t size = std::min(one * count, mail.left.size());
    std::memcpy(buffer, mail.left.data(), size);
    mail.left.remove_prefix(size);
    return size;
}

int look_for_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Mail*>(context)->stop.stop_requested() ? 1 : 0;
}

SmtpFault fault_of(CURLcode code, const std::stop_token& stop) {
    if (stop.stop_requested()) return SmtpFault::Stopped;
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_GOT_NOTHING:
        case CURLE_WEIRD_SERVER_REPLY:
            return SmtpFault::Unreachable;
        case CURLE_USE_SSL_FAILED:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return SmtpFault::Tls;
        case CURLE_LOGIN_DENIED:
            return SmtpFault::SignIn;
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
            // libcurl says so too where the server refuses sender, recipient or text.
            return SmtpFault::Refused;
        case CURLE_OPERATION_TIMEDOUT:
            return SmtpFault::TimedOut;
        default:
            return SmtpFault::Failed;
    }
}

}  // namespace

std::optional<SmtpUrl> SmtpUrl::parse(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with(kTls))
        rest.remove_prefix(kTls.size());
    else if (rest.starts_with(kPlain))
        rest.remove_prefix(kPlain.size());
    else
        return std::nullopt;
    const auto colon = rest.find(':');
    const auto host = rest.substr(0, colon);
    if (!is_host(host)) return std::nullopt;
    if (colon != std::string_view::npos && !is_port(rest.substr(colon + 1))) return std::nullopt;
    SmtpUrl url;
    url.m_text = text;
    // libcurl's own default for smtp:// is 25, where servers talk to servers.
    if (colon == std::string_view::npos) url.m_text += text.starts_with(kTls) ? ":465" : ":587";
    url.m_is_local = host == "localhost" || host == "127.0.0.1";
    return url;
}

struct SmtpClient::Impl {
    SmtpOptions options;
    Easy easy;

    // Every option anew: nothing of the mail before stays.
    void prepare(const std::string& from, const curl_slist* to, Mail& mail) {
        CURL* handle = easy.get();
        curl_easy_reset(handle);
        curl_easy_setopt(handle, CURLOPT_URL, options.url.text().c_str());
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from.c_str());
        curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, to);
        prepare_tls();
        prepare_signing_in();
        prepare_callbacks(mail);
    }

    void prepare_tls() {
        CURL* handle = easy.get();
        const long wanted = options.url.is_local() ? CURLUSESSL_TRY : CURLUSESSL_ALL;
        curl_easy_setopt(handle, CURLOPT_USE_SSL, wanted);
        verify_tls(handle, options.ca_file);
    }

    void prepare_signing_in() {
        if (options.user.empty()) return;
        CURL* handle = easy.get();
        curl_easy_setopt(handle, CURLOPT_USERNAME, options.user.c_str());
        // libcurl copies it into memory of its own, which nobody wipes.
        const std::string password(as_text(options.password.expose()));
        curl_easy_setopt(handle, CURLOPT_PASSWORD, password.c_str());
    }

    void prepare_callbacks(Mail& mail) {
        CURL* handle = easy.get();
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(handle, CURLOPT_READDATA, &mail);
        curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look_for_stop);
        curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &mail);
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    }
};

SmtpClient::SmtpClient(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
SmtpClient::SmtpClient(SmtpClient&&) noexcept = default;
SmtpClient& SmtpClient::operator=(SmtpClient&&) noexcept = default;
SmtpClient::~SmtpClient() = default;

Result<SmtpClient> SmtpClient::create(SmtpOptions options) {
    if (auto readable = check_ca_file(options.ca_file); !readable)
        return failure(std::move(readable));
    auto easy = create_easy();
    if (!easy) return failure(std::move(easy));
    return SmtpClient(
        std::make_unique<Impl>(Impl{.options = std::move(options), .easy = std::move(*easy)}));
}

tl::expected<int, SmtpFailure> SmtpClient::send(const std::string& from,
                                                const std::string& to,
                                                std::string_view message,
                                                const std::stop_token& stop) {
    const List recipients = list_of({to});
    Mail mail{message, stop};
    m_impl->prepare(from, recipients.get(), mail);
    const CURLcode code = curl_easy_perform(m_impl->easy.get());
    long status = 0;
    curl_easy_getinfo(m_impl->easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) return static_cast<int>(status);
    return tl::unexpected(
        SmtpFailure{fault_of(code, stop), static_cast<int>(status), curl_easy_strerror(code)});
}

}  // namespace core::http
