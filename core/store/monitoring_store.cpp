#include "core/store/monitoring_store.h"

namespace core::store {

Result<Stock> take_stock(Connection& connection) {
    const auto results = connection.run(Statement::TakeStock, {});
    if (!results) return tl::unexpected(to_error(results.error()));
    Row row = results->row(0);
    Stock stock;
    stock.approvals_pending = row.integer();
    stock.outbox_waiting = row.integer();
    stock.outbox_lag = std::chrono::seconds(row.integer());
    stock.mails_open = row.integer();
    stock.mails_dead = row.integer();
    stock.webhook_deliveries_open = row.integer();
    stock.webhook_deliveries_dead = row.integer();
    stock.audit_partitions_left = row.integer();
    stock.schema_version = row.integer();
    return stock;
}

Result<std::vector<KeySetAge>> find_key_set_ages(Connection& connection,
                                                 std::span<const std::string> issuers) {
    const auto results = connection.run(Statement::FindKeySetAges, Parameters{}.texts(issuers));
    if (!results) return tl::unexpected(to_error(results.error()));
    std::vector<KeySetAge> found;
    for (std::size_t i = 0; i < results->size(); ++i) {
        Row row = results->row(i);
        KeySetAge key_set;
        key_set.issuer = row.text();
        if (const auto age = row.maybe_integer()) key_set.age = std::chrono::seconds(*age);
        key_set.failures = row.integer();
        found.push_back(std::move(key_set));
    }
    return found;
}

}  // namespace core::store
