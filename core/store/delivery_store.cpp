#include "core/store/delivery_store.h"

#include <utility>

namespace core::store {
namespace {

DeliveryRow parse_delivery(Row row) {
    DeliveryRow out;
    out.delivery = row.id<DeliveryId>();
    out.message = row.id<MessageId>();
    out.event_type = row.text();
    out.webhook = row.maybe_id<WebhookId>();
    out.recipient = row.maybe_text();
    out.status = row.text();
    out.attempts = row.integer();
    out.last_status = row.maybe_integer();
    out.last_error = row.maybe_text();
    out.next_attempt_at = row.maybe_time();
    out.last_attempt_at = row.maybe_time();
    out.created_at = row.time();
    out.finished_at = row.maybe_time();
    return out;
}

// The columns that both kinds of claim begin with.
ClaimedDelivery parse_claimed(Row& row) {
    ClaimedDelivery out;
    out.tenant = row.id<TenantId>();
    out.delivery = row.id<DeliveryId>();
    out.message = row.id<MessageId>();
    out.attempt = row.integer();
    out.event_type = row.text();
    out.payload = row.text();
    out.created_at = row.time();
    return out;
}

std::optional<Bytes> to_maybe_bytes(const std::optional<ByteView>& bytes) {
    if (!bytes) return std::nullopt;
    return to_bytes(*bytes);
}

ClaimedWebhook parse_claimed_webhook(Row row) {
    ClaimedWebhook out;
    out.delivery = parse_claimed(row);
    out.webhook = row.id<WebhookId>();
    out.url = row.text();
    out.failures = row.integer();
    out.secret_generation = row.integer();
    out.secret_box = to_bytes(row.bytes());
    out.previous_secret_box = to_maybe_bytes(row.maybe_bytes());
    return out;
}

ClaimedMail parse_claimed_mail(Row row) {
    ClaimedMail out;
    out.delivery = parse_claimed(row);
    out.recipient = row.text();
    out.tenant_name = row.text();
    out.mail_box = to_maybe_bytes(row.maybe_bytes());
    return out;
}

template <class Parse>
auto parse_all(const ResultSet& result, Parse parse) {
    std::vector<decltype(parse(result.row(0)))> rows;
    rows.reserve(result.size());
    for (std::size_t i = 0; i < result.size(); ++i)
        rows.push_back(parse(result.row(i)));
    return rows;
}

Result<std::int64_t> count_of(Connection& connection, Statement statement, std::int64_t number) {
    const auto result = connection.run(statement, Parameters{}.bigint(number));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

std::string_view status_after(const AttemptReport& report) {
    if (!report.error) return "delivered";
    return report.next_attempt_in ? "failed" : "dead";
}

Parameters report_parameters(const ClaimedDelivery& delivery, const AttemptReport& report) {
    std::optional<std::int64_t> next;
    if (report.next_attempt_in) next = report.next_attempt_in->count();
    Parameters parameters;
    parameters.id(delivery.tenant).id(delivery.delivery).bigint(delivery.attempt);
    parameters.text(status_after(report)).bigint(next).bigint(report.status);
    parameters.maybe_text(report.error);
    return parameters;
}

}  // namespace

void add_direct_message(Transaction& transaction,
                        const TenantId& tenant,
                        const OutboxMessage& message,
                        const DeliveryRow& delivery) {
    Parameters outbox;
    outbox.id(tenant).id(message.message).text(message.type).text(message.payload);
    transaction.add(Statement::InsertExpandedMessage, std::move(outbox));
    Parameters parameters;
    parameters.id(tenant).id(delivery.delivery).id(message.message).text(message.type);
    parameters.id(delivery.webhook).maybe_text(delivery.recipient);
    transaction.add(Statement::InsertDelivery, std::move(parameters));
}

void add_end_deliveries(Transaction& transaction,
                        const TenantId& tenant,
                        const WebhookId& webhook) {
    transaction.add(Statement::EndDeliveriesOfWebhook, Parameters{}.id(tenant).id(webhook));
}

void add_lock_delivery(Transaction& transaction,
                       const TenantId& tenant,
                       const DeliveryId& delivery) {
    transaction.add(Statement::LockDelivery, Parameters{}.id(tenant).id(delivery));
}

void add_resend_delivery(Transaction& transaction,
                         const TenantId& tenant,
                         const DeliveryId& delivery) {
    transaction.add(Statement::ResendDelivery, Parameters{}.id(tenant).id(delivery));
}

std::vector<DeliveryRow> parse_deliveries(const ResultSet& result) {
    return parse_all(result, parse_delivery);
}

Result<DeliveryRows> list_deliveries(Connection& connection,
                                     const TenantId& tenant,
                                     const DeliveryFilter& filter,
                                     std::int64_t limit,
                                     std::int64_t offset) {
    const auto filtered = [&] {
        Parameters parameters;
        parameters.id(tenant).id(filter.webhook).maybe_text(filter.status);
        return parameters;
    };
    Transaction transaction(connection, tenant);
    transaction.add(filter.webhook ? Statement::ListDeliveriesOfWebhook : Statement::ListDeliveries,
                    filtered().bigint(limit).bigint(offset));
    transaction.add(
        filter.webhook ? Statement::CountDeliveriesOfWebhook : Statement::CountDeliveries,
        filtered());
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    return DeliveryRows{parse_deliveries(results->at(0)), results->at(1).row(0).integer()};
}

Result<std::optional<DeliveryRow>> find_delivery(Connection& connection,
                                                 const TenantId& tenant,
                                                 const DeliveryId& delivery) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::FindDelivery, Parameters{}.id(tenant).id(delivery));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    if (results->front().empty()) return std::nullopt;
    return parse_delivery(results->front().row(0));
}

Result<std::int64_t> expand_outbox(Connection& connection,
                                   std::span<const MailRule> rules,
                                   std::int64_t limit) {
    std::vector<std::string> types;
    std::vector<std::string> mail_to;
    std::vector<std::string> preferences;
    for (const auto& rule : rules) {
        types.push_back(rule.type);
        mail_to.push_back(rule.mail_to);
        preferences.push_back(rule.preference);
    }
    Parameters parameters;
    parameters.bigint(limit).texts(types).texts(mail_to).texts(preferences);
    const auto result = connection.run(Statement::ExpandOutbox, parameters);
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

Result<std::optional<ClaimedWebhook>> claim_webhook_delivery(Connection& connection,
                                                             std::chrono::seconds claim) {
    const auto result = connection.run(Statement::ClaimWebhookDelivery,
                                       Parameters{}.bigint(std::int64_t{claim.count()}));
    if (!result) return tl::unexpected(to_error(result.error()));
    if (result->empty()) return std::nullopt;
    return parse_claimed_webhook(result->row(0));
}

Result<std::vector<ClaimedMail>> claim_mail_deliveries(Connection& connection,
                                                       std::chrono::seconds claim,
                                                       std::int64_t limit) {
    const auto result =
        connection.run(Statement::ClaimMailDeliveries,
                       Parameters{}.bigint(limit).bigint(std::int64_t{claim.count()}));
    if (!result) return tl::unexpected(to_error(result.error()));
    return parse_all(*result, parse_claimed_mail);
}

Result<void> report_mail(Connection& connection,
                         const ClaimedMail& mail,
                         const AttemptReport& report) {
    const auto result =
        connection.run(Statement::ReportDelivery, report_parameters(mail.delivery, report));
    if (!result) return tl::unexpected(to_error(result.error()));
    return {};
}

Result<void> report_webhook(Connection& connection,
                            const ClaimedWebhook& webhook,
                            const AttemptReport& report,
                            std::chrono::seconds rest) {
    Transaction transaction(connection);
    transaction.add(Statement::ReportDelivery, report_parameters(webhook.delivery, report));
    transaction.add(Statement::ReportWebhook,
                    Parameters{}
                        .id(webhook.delivery.tenant)
                        .id(webhook.webhook)
                        .boolean(!report.error)
                        .bigint(std::int64_t{rest.count()}));
    const auto result = transaction.commit();
    if (!result) return tl::unexpected(to_error(result.error()));
    return {};
}

Result<std::int64_t> tell_repeated_refusals(Connection& connection, std::int64_t threshold) {
    return count_of(connection, Statement::TellRepeatedRefusals, threshold);
}

Result<std::optional<KeyId>> find_egress_key_id(Connection& connection) {
    const auto result = connection.run(Statement::FindEgressKeyId, {});
    if (!result) return tl::unexpected(to_error(result.error()));
    if (result->empty()) return std::nullopt;
    return result->row(0).id<KeyId>();
}

Result<std::int64_t> tell_expiring_secrets(Connection& connection, std::int64_t limit) {
    return count_of(connection, Statement::TellExpiringSecrets, limit);
}

Result<std::int64_t> sweep_deliveries(Connection& connection, std::int64_t limit) {
    return count_of(connection, Statement::SweepDeliveries, limit);
}

Result<std::int64_t> sweep_outbox(Connection& connection, std::int64_t limit) {
    return count_of(connection, Statement::SweepOutbox, limit);
}

Result<std::int64_t> sweep_expiry_notices(Connection& connection, std::int64_t limit) {
    return count_of(connection, Statement::SweepExpiryNotices, limit);
}

}  // namespace core::store
