#include "core/egress/mail_job.h"

#include "core/egress/retry_schedule.h"
#include "core/http/mail_address.h"
#include "core/service/notifications.h"

#include <string>

namespace core::egress {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than a mail and its report take.
constexpr seconds kClaim{60};

MailOutcome undeliverable(std::string word) {
    return {.status = {}, .error = std::move(word), .is_final = true, .detail = {}};
}

}  // namespace

Result<std::vector<store::ClaimedMail>> MailJob::claim() {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    // One: whatever waits behind it is not claimed for longer than it takes.
    return store::claim_mail_deliveries(**connection, kClaim, 1);
}

MailOutcome MailJob::attempt(const store::ClaimedMail& mail, const std::stop_token& stop) {
    if (!http::is_mail_address(mail.recipient)) return undeliverable("address");
    SecureBuffer token;
    if (mail.mail_box) {
        auto opened = m_key.open(
            mail.delivery.tenant, service::mail_label(mail.delivery.message), *mail.mail_box);
        if (!opened) {
            log::error("mail_token_unreadable",
                       {{"tenant", mail.delivery.tenant}, {"code", opened.error().code}});
            return {.status = {}, .error = "secret_unreadable", .is_final = false, .detail = {}};
        }
        token = std::move(*opened);
    }
    std::string message =
        compose_mail(mail, m_settings, as_text({token.data(), token.size()}), m_clock.now());
    auto outcome = m_transport->send(m_settings.from, mail.recipient, message, stop);
    wipe({reinterpret_cast<std::uint8_t*>(message.data()), message.size()});
    return outcome;
}

Result<void> MailJob::report(const store::ClaimedMail& mail, const store::AttemptReport& report) {
    auto connection = m_connections.borrow();
    if (!connection) return failure(connection);
    return store::report_mail(**connection, mail, report);
}

milliseconds MailJob::run(const std::stop_token& stop) {
    const auto claimed = claim();
    if (!claimed) {
        log::warning("mails_not_found", {{"detail", log::quoted(claimed.error().detail)}});
        return kPauseWithoutDatabase;
    }
    if (claimed->empty()) return kBetweenLooks;
    const auto& mail = claimed->front();
    const auto outcome = attempt(mail, stop);
    store::AttemptReport told{
        .status = outcome.status, .error = outcome.error, .next_attempt_in = {}};
    if (outcome.error && !outcome.is_final)
        told.next_attempt_in = stop.stop_requested()
                                   ? std::optional(seconds(0))
                                   : retry_delay(mail.delivery.attempt, random_jitter());
    if (outcome.error)
        log::warning("mail_failed",
                     {{"delivery", mail.delivery.delivery},
                      {"error", log::quoted(*outcome.error)},
                      {"detail", log::quoted(outcome.detail)}});
    if (const auto done = report(mail, told); !done)
        log::warning("delivery_not_recorded", {{"detail", log::quoted(done.error().detail)}});
    return milliseconds(0);
}

}  // namespace core::egress
