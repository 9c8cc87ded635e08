#include "fcgi/accept_loop.h"

#include "core/base/log.h"
#include "core/daemon/process.h"
#include "core/daemon/signals.h"
#include "fcgi/fcgi_request.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::failure;
using core::daemon::create_event;
using core::daemon::Descriptor;
using core::daemon::is_readable;
using core::daemon::milliseconds_now;
using core::daemon::raise_event;
using core::daemon::Signal;
using core::daemon::system_failure;
using core::daemon::wait_for_signal;

// Any answer comes within 20 s (contract.md §1); a thread that is busy for longer than this hangs,
// and the watchdog may end the worker.
constexpr std::int64_t kStuckMilliseconds = 60000;
// Out of descriptors or memory: others need time to give some back.
constexpr int kStarvedPauseMilliseconds = 100;

// What one request thread shows to the main thread.
struct ThreadState {
    std::atomic<std::int64_t> busy_since{0};  // 0: waiting for a connection
};

core::Result<Descriptor> create_epoll(int listening, int leave) {
    Descriptor epoll{::epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll.is_open()) return system_failure("epoll_create1");
    epoll_event connection{};
    // Exclusive: one connection wakes one idle thread (of any worker), not all of them.
    connection.events = EPOLLIN | EPOLLEXCLUSIVE;
    connection.data.fd = listening;
    epoll_event end{};
    end.events = EPOLLIN;
    end.data.fd = leave;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, listening, &connection) != 0 ||
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, leave, &end) != 0)
        return system_failure("epoll_ctl");
    return epoll;
}

}  // namespace

core::Result<int> listening_socket() {
    const int passed = sd_listen_fds(/*unset_environment=*/1);
    const int socket = passed > 0 ? SD_LISTEN_FDS_START : STDIN_FILENO;
    if (sd_is_socket(socket, AF_UNSPEC, SOCK_STREAM, /*listening=*/1) <= 0)
        return failure(ErrorCode::ConfigInvalid,
                       "no listening socket was passed: start the worker by its systemd socket "
                       "unit (descriptor 3) or by spawn-fcgi (descriptor 0)");
    // The flag belongs to the socket itself and so to all workers: all want it.
    const int flags = ::fcntl(socket, F_GETFL);
    if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0)
        return system_failure("fcntl");
    return socket;
}

// ---- the pool ----------------------------------------------------------------------------------

struct AcceptLoop::Impl {
    int listening = -1;
    Descriptor leave;   // readable: every thread leaves after its request
    Descriptor broken;  // readable: a thread can't go on
    std::vector<std::unique_ptr<RequestHandler>> handlers;
    std::vector<ThreadState> states;
    std::vector<std::unique_ptr<FcgiRequest>> requests;
    std::vector<Descriptor> epolls;
    std::vector<std::thread> threads;

    core::Result<void> prepare();
    void serve(std::size_t index);
    bool serve_one(std::size_t index);
    [[nodiscard]] bool is_stuck() const;
};

AcceptLoop::AcceptLoop(int listening, std::vector<std::unique_ptr<RequestHandler>> handlers)
    : m_impl(std::make_unique<Impl>()) {
    m_impl->listening = listening;
    m_impl->states = std::vector<ThreadState>(handlers.size());
    m_impl->handlers = std::move(handlers);
}

AcceptLoop::~AcceptLoop() = default;

// Everything that can fail is made before the first thread runs.
core::Result<void> AcceptLoop::Impl::prepare() {
    auto leave_event = create_event();
    if (!leave_event) return failure(std::move(leave_event));
    auto broken_event = create_event();
    if (!broken_event) return failure(std::move(broken_event));
    leave = std::move(*leave_event);
    broken = std::move(*broken_event);
    for (std::size_t i = 0; i < handlers.size(); ++i) {
        auto request = FcgiRequest::create(listening);
        if (!request) return failure(std::move(request));
        requests.push_back(std::move(*request));
        auto epoll = create_epoll(listening, leave.get());
        if (!epoll) return failure(std::move(epoll));
        epolls.push_back(std::move(*epoll));
    }
    return {};
}

void AcceptLoop::Impl::serve(std::size_t index) {
    std::array<epoll_event, 2> events{};
    for (;;) {
        const int count = ::epoll_wait(epolls[index].get(), events.data(), events.size(), -1);
        if (count < 0 && errno != EINTR) {
            raise_event(broken);
            return;
        }
        bool connection = false;
        bool leaving = false;
        for (int i = 0; i < count; ++i) {
            const bool to_leave = events[static_cast<std::size_t>(i)].data.fd == leave.get();
            (to_leave ? leaving : connection) = true;
        }
        // Even when leaving: the wake-up for this connection was given to this thread alone, and
        // without it nobody would look before the next connection comes.
        if (connection && !serve_one(index)) return;
        if (leaving) return;
    }
}

// False: this thread ends.
bool AcceptLoop::Impl::serve_one(std::size_t index) {
    FcgiRequest& request = *requests[index];
    RequestHandler& handler = *handlers[index];
    // From here on, for a peer that sends half a request holds the thread in accept() already.
    states[index].busy_since = milliseconds_now();
    const auto accepted = request.accept();
    if (accepted == FcgiRequest::Accepted::Request)
        request.finish(handler.handle(request.incoming(), request));
    states[index].busy_since = 0;

    if (accepted == FcgiRequest::Accepted::Starved) {
        core::log::warning("accept_starved", {{"errno", request.last_error()}});
        return !is_readable(leave, kStarvedPauseMilliseconds);
    }
    if (accepted == FcgiRequest::Accepted::Broken)
        core::log::error("accept_failed", {{"errno", request.last_error()}});
    if (accepted == FcgiRequest::Accepted::Broken || handler.is_doubtful()) {
        raise_event(broken);
        return false;
    }
    return true;
}

bool AcceptLoop::Impl::is_stuck() const {
    const std::int64_t now = milliseconds_now();
    for (const auto& state : states) {
        const std::int64_t since = state.busy_since;
        if (since != 0 && now - since > kStuckMilliseconds) return true;
    }
    return false;
}

core::Result<void> AcceptLoop::run(const Descriptor& signals, const std::function<void()>& reload) {
    if (auto ready = m_impl->prepare(); !ready) return ready;
    for (std::size_t i = 0; i < m_impl->handlers.size(); ++i)
        m_impl->threads.emplace_back([this, i] { m_impl->serve(i); });
    const int look = core::daemon::look_milliseconds();
    core::daemon::say_ready();
    core::log::info("ready", {{"threads", m_impl->threads.size()}});

    std::array<pollfd, 2> wake{{{.fd = signals.get(), .events = POLLIN, .revents = 0},
                                {.fd = m_impl->broken.get(), .events = POLLIN, .revents = 0}}};
    bool leaving = false;
    while (!leaving && !is_readable(m_impl->broken, 0)) {
        ::poll(wake.data(), wake.size(), look);
        const Signal signal = wait_for_signal(signals, 0);
        leaving = signal == Signal::Leave;
        if (signal == Signal::Reload) reload();
        if (!m_impl->is_stuck())
            core::daemon::say_alive();
        else
            core::log::error("thread_stuck");
    }

    core::daemon::say_leaving();
    core::log::info("leaving");
    raise_event(m_impl->leave);
    for (auto& thread : m_impl->threads)
        thread.join();
    if (!leaving) return failure(ErrorCode::Internal, {}, "a request thread could not go on");
    return {};
}

}  // namespace fcgi
