// Signals of a daemon: blocked in every thread and read by the main thread alone, through a
// descriptor. So none can fall between two system calls of a library.
#pragma once

#include "core/base/result.h"
#include "core/daemon/descriptor.h"

namespace core::daemon {

// Blocks all signals in this thread and those that it starts, so call it first thing; gives the
// descriptor from which SIGTERM, SIGINT and SIGHUP are read. Errors: Internal.
Result<Descriptor> take_signals();

enum class Signal { None, Leave, Reload };
// Waits for at most `milliseconds`.
Signal wait_for_signal(const Descriptor& signals, int milliseconds);

}  // namespace core::daemon
