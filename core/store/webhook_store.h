// Webhooks of a tenant in the database, and the questions to egress about their hosts.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

struct WebhookRow {
    WebhookId webhook;
    std::string url;
    std::optional<std::string> description;
    std::vector<std::string> events;
    bool active = true;
    std::int64_t secret_generation = 1;
    std::optional<Timestamp> verified_at;
    std::optional<Timestamp> previous_secret_until;  // of one that still signs
    Timestamp created_at;
    Timestamp updated_at;
};

// Queued: other transactions that lock this tenant wait until this one has ended. No result of use.
void add_lock_tenant(Transaction& transaction, const TenantId& tenant);
// Queued; one result, for parse_count().
void add_count_webhooks(Transaction& transaction, const TenantId& tenant);
std::int64_t parse_count(const ResultSet& result);

// Queued. Its times are set by the database; verified where `row` says so.
void add_webhook(Transaction& transaction,
                 const TenantId& tenant,
                 const WebhookRow& row,
                 ByteView secret_box);
// Queued; one result, for parse_webhooks(). Locked until the transaction ends.
void add_lock_webhook(Transaction& transaction, const TenantId& tenant, const WebhookId& webhook);
// Queued: url, description, events, active and verified_at become what `row` says.
void add_update_webhook(Transaction& transaction, const TenantId& tenant, const WebhookRow& row);
// Queued: the box of the next generation. The secret before it signs too until `previous_until`.
void add_replace_webhook_secret(Transaction& transaction,
                                const TenantId& tenant,
                                const WebhookId& webhook,
                                ByteView secret_box,
                                Timestamp previous_until);
// Queued: what waits for it need not wait until it has rested from failures.
void add_wake_webhook(Transaction& transaction, const TenantId& tenant, const WebhookId& webhook);
// Queued: with all of its deliveries.
void add_delete_webhook(Transaction& transaction, const TenantId& tenant, const WebhookId& webhook);
std::vector<WebhookRow> parse_webhooks(const ResultSet& result);

// Oldest first. Errors: StoreUnavailable.
Result<std::vector<WebhookRow>> list_webhooks(Connection& connection, const TenantId& tenant);
// Nothing where there is none. Errors: StoreUnavailable.
Result<std::optional<WebhookRow>> find_webhook(Connection& connection,
                                               const TenantId& tenant,
                                               const WebhookId& webhook);

// ---- questions to egress ----

// Asks where `host` is. False where nobody would answer: egress is not connected, or `at_once`
// questions of this tenant are waiting already. Errors: StoreUnavailable.
Result<bool> ask_about_host(Connection& connection,
                            const TenantId& tenant,
                            const HostCheckId& check,
                            std::string_view host,
                            std::int64_t at_once);
// The answer, once: public, private or unresolvable. Nothing as long as there is none.
// Errors: StoreUnavailable.
Result<std::optional<std::string>> take_host_verdict(Connection& connection,
                                                     const TenantId& tenant,
                                                     const HostCheckId& check);
Result<void> forget_host_check(Connection& connection,
                               const TenantId& tenant,
                               const HostCheckId& check);

// Role egress: questions that wait, at most `limit`. Errors: StoreUnavailable.
struct HostCheckRow {
    TenantId tenant;
    HostCheckId check;
    std::string host;
};
Result<std::vector<HostCheckRow>> list_host_checks(Connection& connection, std::int64_t limit);
Result<void> answer_host_check(Connection& connection,
                               const HostCheckRow& check,
                               std::string_view verdict);

// Role maint: those whose asker died. How many there were. Errors: StoreUnavailable.
Result<std::int64_t> sweep_host_checks(Connection& connection);

}  // namespace core::store
