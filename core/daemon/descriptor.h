// What the daemons ask of a file descriptor.
#pragma once

#include "core/base/descriptor.h"
#include "core/base/result.h"

namespace core::daemon {

using core::Descriptor;

// Waits for at most `milliseconds`.
bool is_readable(const Descriptor& descriptor, int milliseconds);

// An eventfd: once raised it stays readable, for every thread that waits for it.
Result<Descriptor> create_event();
void raise_event(const Descriptor& event);

// What errno says of a system call. Internal.
Failure system_failure(const char* call);

}  // namespace core::daemon
