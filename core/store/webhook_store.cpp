#include "core/store/webhook_store.h"

namespace core::store {
namespace {

WebhookRow parse_webhook(Row row) {
    WebhookRow out;
    out.webhook = row.id<WebhookId>();
    out.url = row.text();
    out.description = row.maybe_text();
    out.events = row.texts();
    out.active = row.boolean();
    out.secret_generation = row.integer();
    out.verified_at = row.maybe_time();
    out.previous_secret_until = row.maybe_time();
    out.created_at = row.time();
    out.updated_at = row.time();
    return out;
}

// The one statement of a transaction of its own.
Result<ResultSet> run_for(Connection& connection,
                          const TenantId& tenant,
                          Statement statement,
                          Parameters parameters) {
    Transaction transaction(connection, tenant);
    transaction.add(statement, std::move(parameters));
    auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    return std::move(results->front());
}

}  // namespace

void add_lock_tenant(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::LockTenant, Parameters{}.id(tenant));
}

void add_count_webhooks(Transaction& transaction, const TenantId& tenant) {
    transaction.add(Statement::CountWebhooks, Parameters{}.id(tenant));
}

std::int64_t parse_count(const ResultSet& result) {
    return result.row(0).integer();
}

void add_webhook(Transaction& transaction,
                 const TenantId& tenant,
                 const WebhookRow& row,
                 ByteView secret_box) {
    Parameters parameters;
    parameters.id(tenant).id(row.webhook).text(row.url).maybe_text(row.description);
    parameters.texts(row.events).boolean(row.active).bytes(secret_box);
    parameters.boolean(row.verified_at.has_value());
    transaction.add(Statement::InsertWebhook, std::move(parameters));
}

void add_lock_webhook(Transaction& transaction, const TenantId& tenant, const WebhookId& webhook) {
    transaction.add(Statement::LockWebhook, Parameters{}.id(tenant).id(webhook));
}

void add_update_webhook(Transaction& transaction, const TenantId& tenant, const WebhookRow& row) {
    Parameters parameters;
    parameters.id(tenant).id(row.webhook).text(row.url).maybe_text(row.description);
    parameters.texts(row.events).boolean(row.active).time(row.verified_at);
    transaction.add(Statement::UpdateWebhook, std::move(parameters));
}

void add_replace_webhook_secret(Transaction& transaction,
                                const TenantId& tenant,
                                const WebhookId& webhook,
                                ByteView secret_box,
                                Timestamp previous_until) {
    transaction.add(Statement::ReplaceWebhookSecret,
                    Parameters{}.id(tenant).id(webhook).bytes(secret_box).time(previous_until));
}

void add_wake_webhook(Transaction& transaction, const TenantId& tenant, const WebhookId& webhook) {
    transaction.add(Statement::WakeWebhook, Parameters{}.id(tenant).id(webhook));
}

void add_delete_webhook(Transaction& transaction,
                        const TenantId& tenant,
                        const WebhookId& webhook) {
    transaction.add(Statement::DeleteWebhook, Parameters{}.id(tenant).id(webhook));
}

std::vector<WebhookRow> parse_webhooks(const ResultSet& result) {
    std::vector<WebhookRow> rows;
    rows.reserve(result.size());
    for (std::size_t i = 0; i < result.size(); ++i)
        rows.push_back(parse_webhook(result.row(i)));
    return rows;
}

Result<std::vector<WebhookRow>> list_webhooks(Connection& connection, const TenantId& tenant) {
    const auto result =
        run_for(connection, tenant, Statement::ListWebhooks, Parameters{}.id(tenant));
    if (!result) return failure(result);
    return parse_webhooks(*result);
}

Result<std::optional<WebhookRow>> find_webhook(Connection& connection,
                                               const TenantId& tenant,
                                               const WebhookId& webhook) {
    const auto result =
        run_for(connection, tenant, Statement::FindWebhook, Parameters{}.id(tenant).id(webhook));
    if (!result) return failure(result);
    if (result->empty()) return std::nullopt;
    return parse_webhook(result->row(0));
}

Result<bool> ask_about_host(Connection& connection,
                            const TenantId& tenant,
                            const HostCheckId& check,
                            std::string_view host,
                            std::int64_t at_once) {
    const auto result = run_for(connection,
                                tenant,
                                Statement::AskAboutHost,
                                Parameters{}.id(tenant).id(check).text(host).bigint(at_once));
    if (!result) return failure(result);
    return result->row(0).boolean();
}

Result<std::optional<std::string>> take_host_verdict(Connection& connection,
                                                     const TenantId& tenant,
                                                     const HostCheckId& check) {
    const auto result =
        run_for(connection, tenant, Statement::TakeHostVerdict, Parameters{}.id(tenant).id(check));
    if (!result) return failure(result);
    if (result->empty()) return std::nullopt;
    return result->row(0).text();
}

Result<void> forget_host_check(Connection& connection,
                               const TenantId& tenant,
                               const HostCheckId& check) {
    const auto result =
        run_for(connection, tenant, Statement::ForgetHostCheck, Parameters{}.id(tenant).id(check));
    if (!result) return failure(result);
    return {};
}

Result<std::vector<HostCheckRow>> list_host_checks(Connection& connection, std::int64_t limit) {
    const auto result = connection.run(Statement::ListHostChecks, Parameters{}.bigint(limit));
    if (!result) return tl::unexpected(to_error(result.error()));
    std::vector<HostCheckRow> rows;
    for (std::size_t i = 0; i < result->size(); ++i) {
        Row row = result->row(i);
        HostCheckRow check;
        check.tenant = row.id<TenantId>();
        check.check = row.id<HostCheckId>();
        check.host = row.text();
        rows.push_back(std::move(check));
    }
    return rows;
}

Result<void> answer_host_check(Connection& connection,
                               const HostCheckRow& check,
                               std::string_view verdict) {
    const auto result = connection.run(Statement::AnswerHostCheck,
                                       Parameters{}.id(check.tenant).id(check.check).text(verdict));
    if (!result) return tl::unexpected(to_error(result.error()));
    return {};
}

Result<std::int64_t> sweep_host_checks(Connection& connection) {
    const auto result = connection.run(Statement::SweepHostChecks, {});
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

}  // namespace core::store
