#include "fcgi/fcgi_request.h"

#include "core/base/log.h"

#include <fcgiapp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace fcgi {
namespace {

// A web server that stops in the middle of a request must not keep the thread.
constexpr timeval kPeerTimeout{.tv_sec = 10, .tv_usec = 0};

bool is_starvation(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

bool is_harmless(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ECONNABORTED;
}

std::optional<std::string_view> parameter(const char* name, char** environment) {
    const char* text = FCGX_GetParam(name, environment);
    if (text == nullptr) return std::nullopt;
    return std::string_view(text);
}

// nginx before 1.23 sends a header that came twice as two parameters.
std::size_t count_parameters(std::string_view name, char** environment) {
    std::size_t count = 0;
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry(*environment);
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
            ++count;
    }
    return count;
}

// Fills `out` as far as the stream goes, and wipes what it takes from libfcgi's buffer.
std::size_t take(FCGX_Stream* in, std::span<std::uint8_t> out) {
    std::size_t filled = 0;
    while (filled < out.size()) {
        // FCGX_GetChar reads the next bytes into the stream's buffer when that is used up.
        const int first = FCGX_GetChar(in);
        if (first < 0) break;
        out[filled++] = static_cast<std::uint8_t>(first);
        *(in->rdNext - 1) = 0;
        const auto held = static_cast<std::size_t>(in->stop - in->rdNext);
        const std::size_t count = std::min(held, out.size() - filled);
        std::copy_n(in->rdNext, count, out.data() + filled);
        core::wipe({in->rdNext, count});
        in->rdNext += count;
        filled += count;
    }
    return filled;
}

// A body that nobody asked for may hold a value all the same: it passes through here, and leaves
// nothing in libfcgi's buffer.
void discard_rest(FCGX_Stream* in) {
    std::array<std::uint8_t, 4096> scratch{};
    for (std::size_t left = 2 * kMaxBodyBytes; left > 0;) {
        const std::size_t count = take(in, scratch);
        if (count < scratch.size()) break;
        left -= std::min(left, count);
    }
    core::wipe(scratch);
}

}  // namespace

struct FcgiRequest::Impl {
    FCGX_Request request{};
    IncomingRequest incoming;
    int error = 0;
    // The writer's buffer, as it is before anything is written.
    unsigned char* buffer = nullptr;
    std::size_t buffer_size = 0;

    void take_parameters();
    void wipe_credential();
    void write_stream(const BodyStream& stream);
};

core::Result<std::unique_ptr<FcgiRequest>> FcgiRequest::create(int listening) {
    if (FCGX_Init() != 0) return core::failure(core::ErrorCode::Internal, {}, "FCGX_Init failed");
    return std::unique_ptr<FcgiRequest>(new FcgiRequest(listening));
}

FcgiRequest::FcgiRequest(int listening) : m_impl(std::make_unique<Impl>()) {
    FCGX_InitRequest(&m_impl->request, listening, FCGI_FAIL_ACCEPT_ON_INTR);
}

FcgiRequest::~FcgiRequest() {
    FCGX_Free(&m_impl->request, /*close=*/1);
}

int FcgiRequest::last_error() const {
    return m_impl->error;
}
const IncomingRequest& FcgiRequest::incoming() const {
    return m_impl->incoming;
}

void FcgiRequest::Impl::take_parameters() {
    char** environment = request.envp;
    const auto text = [&](const char* name) {
        return parameter(name, environment).value_or(std::string_view{});
    };
    incoming = {
        .listener = text("SECRETSTORE_LISTENER") == "admin" ? Listener::Admin : Listener::Public,
        .method = text("REQUEST_METHOD"),
        .target = text("REQUEST_URI"),
        .request_id = text("REQUEST_ID"),
        .remote_address = text("REMOTE_ADDR"),
        .content_length = text("CONTENT_LENGTH"),
        .content_type = parameter("CONTENT_TYPE", environment),
        .authorization = parameter("HTTP_AUTHORIZATION", environment),
        .tenant = parameter("HTTP_X_TENANT_ID", environment),
        .user_agent = parameter("HTTP_USER_AGENT", environment),
        .if_match = parameter("HTTP_IF_MATCH", environment),
        .if_none_match = parameter("HTTP_IF_NONE_MATCH", environment),
        .idempotency_key = parameter("HTTP_IDEMPOTENCY_KEY", environment),
        .idempotency_keys = count_parameters("HTTP_IDEMPOTENCY_KEY", environment),
        .stripe_signature = parameter("HTTP_STRIPE_SIGNATURE", environment)};
}

void FcgiRequest::Impl::wipe_credential() {
    char* text = FCGX_GetParam("HTTP_AUTHORIZATION", request.envp);
    if (text != nullptr) core::wipe({reinterpret_cast<std::uint8_t*>(text), std::strlen(text)});
}

void FcgiRequest::Impl::write_stream(const BodyStream& stream) {
    for (;;) {
        const auto piece = stream();
        if (!piece) {
            core::log::error("answer_cut_off", {{"error", piece.error().code}});
            // Without the end of the request the web server knows that this was not all, and lets
            // its client know.
            ::shutdown(request.ipcFd, SHUT_RDWR);
            return;
        }
        if (piece->empty()) return;
        // A peer that has gone away wants no more.
        if (FCGX_PutStr(piece->data(), static_cast<int>(piece->size()), request.out) < 0) return;
    }
}

FcgiRequest::Accepted FcgiRequest::accept() {
    FCGX_Request& request = m_impl->request;
    const int result = FCGX_Accept_r(&request);
    if (result != 0) {
        m_impl->error = -result;
        if (is_harmless(m_impl->error)) return Accepted::Nothing;
        return is_starvation(m_impl->error) ? Accepted::Starved : Accepted::Broken;
    }
    // A kept connection is read before a new one is accepted, by a thread that then hears no signal
    // to leave: every request has its own, whatever the peer asked for.
    request.keepConnection = 0;
    ::setsockopt(request.ipcFd, SOL_SOCKET, SO_RCVTIMEO, &kPeerTimeout, sizeof kPeerTimeout);
    ::setsockopt(request.ipcFd, SOL_SOCKET, SO_SNDTIMEO, &kPeerTimeout, sizeof kPeerTimeout);
    m_impl->buffer = request.out->wrNext;
    m_impl->buffer_size = static_cast<std::size_t>(request.out->stop - request.out->wrNext);
    m_impl->take_parameters();
    return Accepted::Request;
}

core::Result<core::Body> FcgiRequest::read(std::size_t size) {
    core::SecureBuffer buffer(size);
    if (take(m_impl->request.in, buffer) < size)
        return core::failure(core::ErrorCode::InvalidRequest,
                             "The body is shorter than its Content-Length");
    return core::Body(std::move(buffer));
}

void FcgiRequest::finish(const HttpResponse& response) {
    FCGX_Request& request = m_impl->request;
    const std::string head = response_head(response);
    const std::string_view body = core::as_text(response.body.expose());
    discard_rest(request.in);
    FCGX_PutStr(head.data(), static_cast<int>(head.size()), request.out);
    if (!body.empty()) FCGX_PutStr(body.data(), static_cast<int>(body.size()), request.out);
    if (response.stream) m_impl->write_stream(response.stream);
    // Closing writes what is buffered, so that the buffer can be wiped before it is freed.
    FCGX_FClose(request.err);
    FCGX_FClose(request.out);
    core::wipe({m_impl->buffer, m_impl->buffer_size});
    m_impl->wipe_credential();
    m_impl->incoming = {};
    FCGX_Finish_r(&request);
}

}  // namespace fcgi
