// Makes deliveries of messages: one for each webhook that asked for their type and for each person
// whom they concern.
#pragma once

#include "core/egress/job.h"
#include "core/store/connection_pool.h"
#include "core/store/delivery_store.h"

#include <vector>

namespace core::egress {

// Whether mails can be sent.
enum class Mail { Off, On };

class OutboxJob final : public Job {
  public:
    // `connections`, of role secretstore_egress, must outlive this object.
    OutboxJob(store::ConnectionPool& connections, Mail mail);

    [[nodiscard]] log::Literal name() const override { return "outbox"; }
    std::chrono::milliseconds run(const std::stop_token& stop) override;

  private:
    store::ConnectionPool& m_connections;
    std::vector<store::MailRule> m_rules;
};

// Tells of agents that are refused again and again.
class RefusalJob final : public Job {
  public:
    // `connections`, of role secretstore_egress, must outlive this object.
    explicit RefusalJob(store::ConnectionPool& connections) : m_connections(connections) {}

    [[nodiscard]] log::Literal name() const override { return "refusals"; }
    std::chrono::milliseconds run(const std::stop_token& stop) override;

  private:
    store::ConnectionPool& m_connections;
};

// Tells tenants that an issuer of theirs gives no keys.
class KeySetTroubleJob final : public Job {
  public:
    // `connections`, of role secretstore_egress, must outlive this object.
    explicit KeySetTroubleJob(store::ConnectionPool& connections) : m_connections(connections) {}

    [[nodiscard]] log::Literal name() const override { return "key_set_trouble"; }
    std::chrono::milliseconds run(const std::stop_token& stop) override;

  private:
    store::ConnectionPool& m_connections;
};

}  // namespace core::egress
