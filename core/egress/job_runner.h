// Runs the jobs, a thread each, while the main thread waits for signals and watches them.
#pragma once

#include "core/base/result.h"
#include "core/daemon/descriptor.h"
#include "core/egress/job.h"

#include <functional>
#include <memory>
#include <vector>

namespace core::egress {

class JobRunner {
  public:
    explicit JobRunner(std::vector<std::unique_ptr<Job>> jobs);
    JobRunner(const JobRunner&) = delete;
    JobRunner& operator=(const JobRunner&) = delete;
    JobRunner(JobRunner&&) = delete;
    JobRunner& operator=(JobRunner&&) = delete;
    ~JobRunner();

    // Starts the threads, says READY to systemd, and returns when all of them have ended: after
    // SIGTERM or SIGINT, or after one of them threw. `reload` is called on SIGHUP. Errors:
    // Internal where it ended for another reason than a signal.
    Result<void> run(const daemon::Descriptor& signals, const std::function<void()>& reload);

  private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace core::egress
