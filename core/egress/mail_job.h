// Sends mails, one after the other: there is one server for all of them.
#pragma once

#include "core/base/clock.h"
#include "core/crypto/egress_key.h"
#include "core/egress/job.h"
#include "core/egress/mail_message.h"
#include "core/egress/mail_transport.h"
#include "core/store/connection_pool.h"
#include "core/store/delivery_store.h"

#include <memory>
#include <utility>
#include <vector>

namespace core::egress {

class MailJob final : public Job {
  public:
    // The references must outlive this object; `connections` are of role secretstore_egress.
    MailJob(const Clock& clock,
            store::ConnectionPool& connections,
            const crypto::EgressKey& key,
            MailSettings settings,
            std::unique_ptr<MailTransport> transport)
        : m_clock(clock),
          m_connections(connections),
          m_key(key),
          m_settings(std::move(settings)),
          m_transport(std::move(transport)) {}

    [[nodiscard]] log::Literal name() const override { return "mails"; }
    std::chrono::milliseconds run(const std::stop_token& stop) override;

  private:
    Result<std::vector<store::ClaimedMail>> claim();
    MailOutcome attempt(const store::ClaimedMail& mail, const std::stop_token& stop);
    Result<void> report(const store::ClaimedMail& mail, const store::AttemptReport& report);

    const Clock& m_clock;
    store::ConnectionPool& m_connections;
    const crypto::EgressKey& m_key;
    MailSettings m_settings;
    std::unique_ptr<MailTransport> m_transport;
};

}  // namespace core::egress
