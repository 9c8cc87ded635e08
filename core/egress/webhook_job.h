// Sends messages to webhooks: one transfer at a time, of as many as there are threads for. A
// webhook has one at a time, and rests after failures; so who hangs keeps one thread for ten
// seconds now and then, and delays nobody else.
#pragma once

#include "core/base/clock.h"
#include "core/crypto/egress_key.h"
#include "core/egress/job.h"
#include "core/egress/turns.h"
#include "core/http/https_client.h"
#include "core/store/connection_pool.h"
#include "core/store/delivery_store.h"

#include <optional>

namespace core::egress {

class WebhookJob final : public Job {
  public:
    // What its threads share; everything outlives them.
    struct Shared {
        const Clock& clock;
        store::ConnectionPool& connections;  // of role secretstore_egress
        const crypto::EgressKey& key;
        Turns turns{};
    };
    // `shared` must outlive this object.
    WebhookJob(Shared& shared, http::HttpsClient client)
        : m_shared(shared), m_client(std::move(client)) {}

    [[nodiscard]] log::Literal name() const override { return "webhooks"; }
    std::chrono::milliseconds run(const std::stop_token& stop) override;

  private:
    Result<std::optional<store::ClaimedWebhook>> claim();
    store::AttemptReport attempt(const store::ClaimedWebhook& webhook, const std::stop_token& stop);
    Result<void> report(const store::ClaimedWebhook& webhook, const store::AttemptReport& report);

    Shared& m_shared;
    http::HttpsClient m_client;
};

// How the client for it is to be made.
http::ClientOptions webhook_client_options(const std::filesystem::path& ca_file,
                                           http::Destination destination);

}  // namespace core::egress
