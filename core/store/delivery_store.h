// Deliveries of messages in the database: one for each receiver of a message, a webhook or a mail
// address. The outbox holds the messages (outbox_store.h).
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/outbox_store.h"
#include "core/store/transaction.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// Role app: a tenant's own.

struct DeliveryRow {
    DeliveryId delivery;
    MessageId message;
    std::string event_type;
    std::optional<WebhookId> webhook;
    std::optional<std::string> recipient;  // of a mail
    std::string status;                    // pending, failed, delivered, dead
    std::int64_t attempts = 0;
    std::optional<std::int64_t> last_status;  // of HTTP or SMTP
    std::optional<std::string> last_error;    // a word of ours
    std::optional<Timestamp> next_attempt_at;
    std::optional<Timestamp> last_attempt_at;
    Timestamp created_at;
    std::optional<Timestamp> finished_at;
};

// Queued: a message for exactly one receiver, which `delivery` names; pending, due at once.
void add_direct_message(Transaction& transaction,
                        const TenantId& tenant,
                        const OutboxMessage& message,
                        const DeliveryRow& delivery);
// Queued: what waits for this webhook ends as dead.
void add_end_deliveries(Transaction& transaction, const TenantId& tenant, const WebhookId& webhook);
// Queued; one result, for parse_deliveries(). Locked until the transaction ends.
void add_lock_delivery(Transaction& transaction,
                       const TenantId& tenant,
                       const DeliveryId& delivery);
// Queued: due at once, and counted from the beginning.
void add_resend_delivery(Transaction& transaction,
                         const TenantId& tenant,
                         const DeliveryId& delivery);
std::vector<DeliveryRow> parse_deliveries(const ResultSet& result);

struct DeliveryFilter {
    std::optional<WebhookId> webhook;
    std::optional<std::string> status;
};
struct DeliveryRows {
    std::vector<DeliveryRow> rows;
    std::int64_t total = 0;
};
// Newest first. Errors: StoreUnavailable.
Result<DeliveryRows> list_deliveries(Connection& connection,
                                     const TenantId& tenant,
                                     const DeliveryFilter& filter,
                                     std::int64_t limit,
                                     std::int64_t offset);

// Nothing where there is none. Errors: StoreUnavailable.
Result<std::optional<DeliveryRow>> find_delivery(Connection& connection,
                                                 const TenantId& tenant,
                                                 const DeliveryId& delivery);

// Role egress: of all tenants.

// Whom the mail of a type of message goes to; words as in the statement expand_outbox.
struct MailRule {
    std::string type;
    std::string mail_to;     // deciders, admins, invitee
    std::string preference;  // approval_requests, security_alerts, or empty
};
// Makes the deliveries of at most `limit` messages; how many messages there were. Where mail can't
// be sent, `rules` is empty. Errors: StoreUnavailable.
Result<std::int64_t> expand_outbox(Connection& connection,
                                   std::span<const MailRule> rules,
                                   std::int64_t limit);

// One that was claimed: until the claim ends nobody else delivers it.
struct ClaimedDelivery {
    TenantId tenant;
    DeliveryId delivery;
    MessageId message;
    std::int64_t attempt = 0;  // this one, from 1
    std::string event_type;
    std::string payload;
    Timestamp created_at;  // of the message
};
struct ClaimedWebhook {
    ClaimedDelivery delivery;
    WebhookId webhook;
    std::string url;
    std::int64_t failures = 0;  // of the last transfers to it, without a success since
    std::int64_t secret_generation = 1;
    Bytes secret_box;
    std::optional<Bytes> previous_secret_box;  // of the generation before, while it still signs
};
struct ClaimedMail {
    ClaimedDelivery delivery;
    std::string recipient;
    std::string tenant_name;
    std::optional<Bytes> mail_box;
};
// One that is due, to a webhook that nothing is being sent to. Errors: StoreUnavailable.
Result<std::optional<ClaimedWebhook>> claim_webhook_delivery(Connection& connection,
                                                             std::chrono::seconds claim);
Result<std::vector<ClaimedMail>> claim_mail_deliveries(Connection& connection,
                                                       std::chrono::seconds claim,
                                                       std::int64_t limit);

// What became of an attempt. It is delivered where there is no error; failed where there is a next
// attempt; else dead.
struct AttemptReport {
    std::optional<std::int64_t> status;  // of HTTP or SMTP
    std::optional<std::string> error;    // a word of ours
    std::optional<std::chrono::seconds> next_attempt_in;
};
// Without effect where the claim has ended and another attempt was made. Errors: StoreUnavailable.
Result<void> report_mail(Connection& connection,
                         const ClaimedMail& mail,
                         const AttemptReport& report);
// `rest`: how long its webhook is sent nothing. Errors: StoreUnavailable.
Result<void> report_webhook(Connection& connection,
                            const ClaimedWebhook& webhook,
                            const AttemptReport& report,
                            std::chrono::seconds rest);

// Writes a message for each agent that was refused `threshold` times within five minutes, at most
// one an hour; how many. Errors: StoreUnavailable.
Result<std::int64_t> tell_repeated_refusals(Connection& connection, std::int64_t threshold);
// Of the egress key that workers seal under. Nothing where none was made yet.
Result<std::optional<KeyId>> find_egress_key_id(Connection& connection);

// Role maint: at most `limit` each; how many there were. Errors: StoreUnavailable.
Result<std::int64_t> tell_expiring_secrets(Connection& connection, std::int64_t limit);
Result<std::int64_t> sweep_deliveries(Connection& connection, std::int64_t limit);
Result<std::int64_t> sweep_outbox(Connection& connection, std::int64_t limit);
Result<std::int64_t> sweep_expiry_notices(Connection& connection, std::int64_t limit);

}  // namespace core::store
