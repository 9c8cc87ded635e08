// The pool of request threads and the main thread that watches it: architecture.md §7.
//
// Signals are blocked everywhere and read by the main thread alone, through a descriptor; it tells
// the others through an eventfd. So no signal can fall between two system calls of libfcgi, and a
// thread leaves between two requests only. The listening socket belongs to systemd (or to whoever
// started the worker): while one worker leaves, the others go on accepting.
#pragma once

#include "core/base/result.h"
#include "core/daemon/descriptor.h"
#include "fcgi/http.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace fcgi {

// Serves the requests of one thread. Made by the main thread, used by one other.
class RequestHandler {
  public:
    RequestHandler() = default;
    RequestHandler(const RequestHandler&) = delete;
    RequestHandler& operator=(const RequestHandler&) = delete;
    RequestHandler(RequestHandler&&) = delete;
    RequestHandler& operator=(RequestHandler&&) = delete;
    virtual ~RequestHandler() = default;

    virtual HttpResponse handle(const IncomingRequest& incoming, BodySource& body) = 0;
    // The worker should end, and be replaced, once this request is answered.
    [[nodiscard]] virtual bool is_doubtful() const = 0;
};

// The listening socket: descriptor 3 from systemd, else 0 (spawn-fcgi). Made non-blocking, for a
// thread that lost the race for a connection must not wait in accept(). Errors: ConfigInvalid
// where it is no listening socket.
core::Result<int> listening_socket();

class AcceptLoop {
  public:
    // One thread for each handler. `listening` stays the caller's.
    AcceptLoop(int listening, std::vector<std::unique_ptr<RequestHandler>> handlers);
    AcceptLoop(const AcceptLoop&) = delete;
    AcceptLoop& operator=(const AcceptLoop&) = delete;
    AcceptLoop(AcceptLoop&&) = delete;
    AcceptLoop& operator=(AcceptLoop&&) = delete;
    // Precondition: run() has returned, or was never called.
    ~AcceptLoop();

    // Starts the threads, says READY to systemd, and serves until SIGTERM or SIGINT, or until a
    // thread can't go on. `reload` is called on SIGHUP. Errors: Internal where it ended for another
    // reason than a signal.
    core::Result<void> run(const core::daemon::Descriptor& signals,
                           const std::function<void()>& reload);

  private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace fcgi
