#include "core/daemon/descriptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace core::daemon {

bool is_readable(const Descriptor& descriptor, int milliseconds) {
    pollfd poll{.fd = descriptor.get(), .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, milliseconds) > 0;
}

Result<Descriptor> create_event() {
    Descriptor event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!event.is_open()) return system_failure("eventfd");
    return event;
}

void raise_event(const Descriptor& event) {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then it is readable already.
    [[maybe_unused]] const auto written = ::write(event.get(), &one, sizeof one);
}

Failure system_failure(const char* call) {
    return failure(ErrorCode::Internal, {}, std::string(call) + ": " + std::strerror(errno));
}

}  // namespace core::daemon
