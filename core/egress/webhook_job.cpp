#include "core/egress/webhook_job.h"

#include "core/egress/retry_schedule.h"
#include "core/egress/webhook_message.h"
#include "core/http/https_url.h"
#include "core/service/notifications.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace core::egress {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kTransferTimeout{10};
// Longer than a transfer and its report take.
constexpr seconds kClaim{30};

// The words that a delivery shows for why it failed.
std::string_view word_of(http::Fault fault) {
    switch (fault) {
        case http::Fault::Unresolvable:
            return "host_not_found";
        case http::Fault::AddressRefused:
            return "address_not_public";
        case http::Fault::Unreachable:
            return "unreachable";
        case http::Fault::Tls:
            return "tls";
        case http::Fault::TimedOut:
            return "timeout";
        case http::Fault::TooLarge:
        case http::Fault::Malformed:
            return "malformed_answer";
        case http::Fault::Stopped:
            return "interrupted";
        case http::Fault::Failed:
            return "failed";
    }
    return "failed";
}

store::AttemptReport failed(std::string_view word, std::optional<std::int64_t> status = {}) {
    store::AttemptReport report;
    report.error = std::string(word);
    report.status = status;
    return report;
}

store::AttemptReport judge(int status) {
    if (status >= 200 && status < 300)
        return {.status = status, .error = {}, .next_attempt_in = {}};
    if (status >= 300 && status < 400) return failed("redirect", status);
    return failed("http_status", status);
}

// The secrets that sign: the present one, and the one before while it still does.
Result<std::vector<Credential>> open_secrets(const crypto::EgressKey& key,
                                             const store::ClaimedWebhook& webhook) {
    std::vector<Credential> secrets;
    const auto open = [&](std::int64_t generation, const Bytes& box) -> Result<void> {
        auto secret = key.open(
            webhook.delivery.tenant, service::secret_label(webhook.webhook, generation), box);
        if (!secret) return failure(std::move(secret));
        secrets.emplace_back(std::move(*secret));
        return {};
    };
    if (auto opened = open(webhook.secret_generation, webhook.secret_box); !opened)
        return failure(std::move(opened));
    if (!webhook.previous_secret_box) return secrets;
    if (auto opened = open(webhook.secret_generation - 1, *webhook.previous_secret_box); !opened)
        return failure(std::move(opened));
    return secrets;
}

}  // namespace

http::ClientOptions webhook_client_options(const std::filesystem::path& ca_file,
                                           http::Destination destination) {
    return {.ca_file = ca_file,
            .connect_timeout = seconds(5),
            .total_timeout = kTransferTimeout,
            .max_body_bytes = 4096,
            .answer = http::Answer::StatusOnly,
            .destination = destination};
}

Result<std::optional<store::ClaimedWebhook>> WebhookJob::claim() {
    auto connection = m_shared.connections.borrow();
    if (!connection) return failure(connection);
    return store::claim_webhook_delivery(**connection, kClaim);
}

store::AttemptReport WebhookJob::attempt(const store::ClaimedWebhook& webhook,
                                         const std::stop_token& stop) {
    const auto url = http::HttpsUrl::parse(webhook.url);
    if (!url) return failed("url");
    const auto secrets = open_secrets(m_shared.key, webhook);
    if (!secrets) {
        log::error("webhook_secret_unreadable",
                   {{"tenant", webhook.delivery.tenant},
                    {"webhook", webhook.webhook},
                    {"code", secrets.error().code}});
        return failed("secret_unreadable");
    }
    std::vector<ByteView> exposed;
    for (const auto& secret : *secrets)
        exposed.push_back(secret.expose());
    const auto body = message_body(webhook.delivery);
    const auto headers = message_headers(webhook.delivery, exposed, m_shared.clock.now(), body);
    const auto response = m_client.post(*url, headers, body, stop);
    if (response) return judge(response->status);
    log::debug("webhook_failed",
               {{"webhook", webhook.webhook}, {"detail", log::quoted(response.error().detail)}});
    return failed(word_of(response.error().fault));
}

Result<void> WebhookJob::report(const store::ClaimedWebhook& webhook,
                                const store::AttemptReport& report) {
    auto connection = m_shared.connections.borrow();
    if (!connection) return failure(connection);
    const auto rest =
        report.error ? rest_of(webhook.failures + 1, random_jitter()) : std::chrono::seconds(0);
    return store::report_webhook(**connection, webhook, report, rest);
}

milliseconds WebhookJob::run(const std::stop_token& stop) {
    const auto claimed = claim();
    if (!claimed) {
        log::warning("deliveries_not_found", {{"detail", log::quoted(claimed.error().detail)}});
        return kPauseWithoutDatabase;
    }
    if (!*claimed) {
        m_shared.turns.wait(stop);
        return milliseconds(0);
    }
    m_shared.turns.call_another();
    auto outcome = attempt(**claimed, stop);
    if (outcome.error)
        outcome.next_attempt_in = stop.stop_requested()
                                      ? seconds(0)
                                      : retry_delay((*claimed)->delivery.attempt, random_jitter());
    // Where it can't be told, the delivery is made again once the claim has ended.
    if (const auto told = report(**claimed, outcome); !told)
        log::warning("delivery_not_recorded", {{"detail", log::quoted(told.error().detail)}});
    return milliseconds(0);
}

}  // namespace core::egress
