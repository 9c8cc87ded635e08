#include "core/daemon/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace core::daemon {

Result<Descriptor> take_signals() {
    // Peers may have gone when they are written to; a blocked SIGPIPE would stay pending for ever.
    if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return system_failure("signal");
    sigset_t all;
    sigfillset(&all);
    // These tell of a fault of the thread itself; blocked they would be undefined.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
        sigdelset(&all, fault);
    if (::pthread_sigmask(SIG_SETMASK, &all, nullptr) != 0) return system_failure("sigmask");
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&wanted, number);
    Descriptor signals{::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals.is_open()) return system_failure("signalfd");
    return signals;
}

Signal wait_for_signal(const Descriptor& signals, int milliseconds) {
    if (!is_readable(signals, milliseconds)) return Signal::None;
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != sizeof info) return Signal::None;
    return info.ssi_signo == SIGHUP ? Signal::Reload : Signal::Leave;
}

}  // namespace core::daemon
