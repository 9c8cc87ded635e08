#include "core/http/https_client.h"

#include "core/http/address.h"
#include "core/http/cache_control.h"
#include "core/http/curl_handles.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace core::http {
namespace {

// Of all headers of an answer together; nginx and Apache send less than 8 KiB.
constexpr std::size_t kMaxHeaderBytes = 65536;
constexpr std::string_view kCacheControl = "cache-control:";

// What the callbacks of one request see.
struct Exchange {
    const ClientOptions& options;
    const std::stop_token& stop;
    Response response;
    std::size_t header_bytes = 0;
    bool too_large = false;
    bool address_refused = false;
};

bool has_prefix_ignoring_case(std::string_view text, std::string_view lower_prefix) {
    if (text.size() < lower_prefix.size()) return false;
    return std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin(), [](char a, char b) {
        return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
    });
}

// libcurl takes a count other than the one given for a failure, and ends the transfer.
std::size_t take_body(char* data, std::size_t /*one*/, std::size_t count, void* context) {
    auto& exchange = *static_cast<Exchange*>(context);
    if (exchange.options.answer == Answer::StatusOnly) return CURL_WRITEFUNC_ERROR;
    if (exchange.response.body.size() + count > exchange.options.max_body_bytes) {
        exchange.too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    exchange.response.body.append(data, count);
    return count;
}

std::size_t take_header(char* data, std::size_t /*one*/, std::size_t count, void* context) {
    auto& exchange = *static_cast<Exchange*>(context);
    exchange.header_bytes += count;
    if (exchange.header_bytes > kMaxHeaderBytes) {
        exchange.too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    std::string_view line(data, count);
    if (!has_prefix_ignoring_case(line, kCacheControl)) return count;
    line.remove_prefix(kCacheControl.size());
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    exchange.response.max_age = max_age_of(line);
    return count;
}

int look_for_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Exchange*>(context)->stop.stop_requested() ? 1 : 0;
}

// Called for each address that a connection is tried to, numeric ones included.
curl_socket_t open_socket(void* context, curlsocktype purpose, curl_sockaddr* address) {
    auto& exchange = *static_cast<Exchange*>(context);
    if (exchange.options.destination == Destination::PublicOnly) {
        const auto bits = address_of(address->addr);
        if (purpose != CURLSOCKTYPE_IPCXN || !bits || !is_public(*bits)) {
            exchange.address_refused = true;
            return CURL_SOCKET_BAD;
        }
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

Fault fault_of(CURLcode code, const Exchange& exchange) {
    if (exchange.stop.stop_requested()) return Fault::Stopped;
    if (exchange.too_large) return Fault::TooLarge;
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return Fault::Unresolvable;
        case CURLE_COULDNT_CONNECT:
            return exchange.address_refused ? Fault::AddressRefused : Fault::Unreachable;
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
            return Fault::Unreachable;
        case CURLE_OPERATION_TIMEDOUT:
            return Fault::TimedOut;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return Fault::Tls;
        case CURLE_FILESIZE_EXCEEDED:
            return Fault::TooLarge;
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
            return Fault::Malformed;
        default:
            return Fault::Failed;
    }
}

// Whatever became of the rest: a status of 200 or more is the last of an answer (RFC 9110 §15.2).
bool has_all(const Exchange& exchange) {
    return exchange.options.answer == Answer::StatusOnly && exchange.response.status >= 200;
}

std::vector<std::string> lines_of(const std::vector<Header>& headers) {
    std::vector<std::string> lines;
    lines.reserve(headers.size());
    for (const auto& header : headers)
        lines.push_back(header.name + ": " + header.value);
    return lines;
}

}  // namespace

struct HttpsClient::Impl {
    ClientOptions options;
    Easy easy;

    // Every option anew: nothing of the request before stays.
    void prepare(const HttpsUrl& url, Exchange& exchange) {
        CURL* handle = easy.get();
        curl_easy_reset(handle);
        curl_easy_setopt(handle, CURLOPT_URL, url.text().c_str());
        curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        curl_easy_setopt(handle, CURLOPT_USERAGENT, "secretstore/" SECRETSTORE_VERSION);
        // A proxy would be whom the address is checked of. Empty: not even the environment's.
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
        verify_tls(handle, options.ca_file);
        prepare_limits();
        prepare_callbacks(exchange);
    }

    void prepare_limits() {
        CURL* handle = easy.get();
        const auto milliseconds = [](std::chrono::milliseconds time) {
            return static_cast<long>(time.count());
        };
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout));
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(options.total_timeout));
        // Timeouts without SIGALRM, and no waiting for a resolver that hangs beyond them.
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
        curl_easy_setopt(
            handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.max_body_bytes));
    }

    void prepare_callbacks(Exchange& exchange) {
        CURL* handle = easy.get();
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
        curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
        curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
        curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &exchange);
        curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, look_for_stop);
        curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
    }

    HttpResult<Response> perform(const HttpsUrl& url,
                                 const std::vector<Header>& headers,
                                 const std::string_view* body,
                                 const std::stop_token& stop) {
        const List list = list_of(lines_of(headers));
        Exchange exchange{options, stop, {}, 0, false, false};
        prepare(url, exchange);
        curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, list.get());
        if (body != nullptr) {
            curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body->data());
            curl_easy_setopt(
                easy.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
        }
        std::array<char, CURL_ERROR_SIZE> said{};
        curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, said.data());
        const CURLcode code = curl_easy_perform(easy.get());
        // The buffers of this request must not be known to the next one.
        curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
        long status = 0;
        curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
        exchange.response.status = static_cast<int>(status);
        if (code == CURLE_OK || has_all(exchange)) return std::move(exchange.response);
        const char* const text = said.front() == '\0' ? curl_easy_strerror(code) : said.data();
        return tl::unexpected(RequestFailure{fault_of(code, exchange), text});
    }
};

HttpsClient::HttpsClient(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
HttpsClient::HttpsClient(HttpsClient&&) noexcept = default;
HttpsClient& HttpsClient::operator=(HttpsClient&&) noexcept = default;
HttpsClient::~HttpsClient() = default;

Result<HttpsClient> HttpsClient::create(ClientOptions options) {
    if (auto readable = check_ca_file(options.ca_file); !readable)
        return failure(std::move(readable));
    auto easy = create_easy();
    if (!easy) return failure(std::move(easy));
    return HttpsClient(
        std::make_unique<Impl>(Impl{.options = std::move(options), .easy = std::move(*easy)}));
}

HttpResult<Response> HttpsClient::get(const HttpsUrl& url,
                                      const std::vector<Header>& headers,
                                      const std::stop_token& stop) {
    return m_impl->perform(url, headers, nullptr, stop);
}

HttpResult<Response> HttpsClient::post(const HttpsUrl& url,
                                       const std::vector<Header>& headers,
                                       std::string_view body,
                                       const std::stop_token& stop) {
    return m_impl->perform(url, headers, &body, stop);
}

}  // namespace core::http
