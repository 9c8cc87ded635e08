// Answers the workers' questions where the host of a webhook is (service/host_check.h).
#pragma once

#include "core/egress/job.h"
#include "core/store/connection_pool.h"

namespace core::egress {

class HostCheckJob final : public Job {
  public:
    // `connections`, of role secretstore_egress, must outlive this object.
    explicit HostCheckJob(store::ConnectionPool& connections) : m_connections(connections) {}

    [[nodiscard]] log::Literal name() const override { return "host_checks"; }
    std::chrono::milliseconds run(const std::stop_token& stop) override;

  private:
    store::ConnectionPool& m_connections;
};

}  // namespace core::egress
