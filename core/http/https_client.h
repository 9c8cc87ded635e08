// Requests by HTTPS, over libcurl. What it never does: follow a redirect, speak plain HTTP, use a
// proxy, a cookie or a password of the environment, unpack a compressed answer, or wait for longer
// than it was told. Used by one thread at a time.
//
// Every request makes a connection of its own: they are few, and whether an address may be talked
// to is then decided for each anew.
#pragma once

#include "core/base/result.h"
#include "core/http/https_url.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace core::http {

// Which machines may be talked to. PublicOnly is judged by the address that a connection is made
// to, after the name was resolved: a name can't be public for the check and private for the
// request.
enum class Destination { Any, PublicOnly };

// StatusOnly: the answer is there as soon as its status is; nothing of a body is read.
enum class Answer { Whole, StatusOnly };

struct ClientOptions {
    // PEM bundle of the authorities that are believed. Empty: the system's.
    std::filesystem::path ca_file{};
    std::chrono::milliseconds connect_timeout{5000};
    // From the look-up of the name to the last byte of the answer.
    std::chrono::milliseconds total_timeout{10000};
    std::size_t max_body_bytes = 65536;
    Answer answer = Answer::Whole;
    Destination destination = Destination::Any;
};

// Neither part holds a line break: what comes from outside was checked before.
struct Header {
    std::string name;
    std::string value;
};

struct Response {
    int status = 0;
    std::string body;
    std::optional<std::chrono::seconds> max_age;  // of its Cache-Control
};

// Why there is no answer.
enum class Fault {
    Unresolvable,    // the name has no address
    AddressRefused,  // it has, but none that may be talked to
    Unreachable,     // nobody listens, or the connection broke
    Tls,             // the certificate does not hold, or there was no agreement on TLS
    TimedOut,
    TooLarge,   // the answer is
    Malformed,  // what came is not HTTP
    Stopped,    // the caller asked to stop
    Failed,     // anything else
};

struct RequestFailure {
    Fault fault = Fault::Failed;
    std::string detail;  // libcurl's words, for the log: host and port, never a header or body
};

template <class T>
using HttpResult = tl::expected<T, RequestFailure>;

class HttpsClient {
  public:
    // Errors: ConfigInvalid where the CA file can't be read; Internal.
    static Result<HttpsClient> create(ClientOptions options);

    HttpsClient(HttpsClient&&) noexcept;
    HttpsClient& operator=(HttpsClient&&) noexcept;
    HttpsClient(const HttpsClient&) = delete;
    HttpsClient& operator=(const HttpsClient&) = delete;
    ~HttpsClient();

    // An answer of any status is an answer. Ends within a second of a stop.
    HttpResult<Response> get(const HttpsUrl& url,
                             const std::vector<Header>& headers,
                             const std::stop_token& stop);
    HttpResult<Response> post(const HttpsUrl& url,
                              const std::vector<Header>& headers,
                              std::string_view body,
                              const std::stop_token& stop);

  private:
    struct Impl;
    explicit HttpsClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace core::http
