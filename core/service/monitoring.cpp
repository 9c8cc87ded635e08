#include "core/service/monitoring.h"

#include "core/service/keyring.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/schema_version.h"

#include <chrono>

namespace core::service {
namespace {

// Egress looks at the outbox every second. Restarts and upgrades of it are no news.
constexpr std::chrono::minutes kLongestLag{10};
// Beyond this a set serves no longer: see store::KeySetStored::is_stale.
constexpr std::chrono::hours kOldestKeySet{24};

Finding fine() {
    return {true, {}};
}

Finding trouble(std::string why) {
    return {false, std::move(why)};
}

Finding finding_of(const Result<void>& result) {
    if (result) return fine();
    const Error& error = result.error();
    return trouble(error.public_message.empty() ? error.detail : error.public_message);
}

}  // namespace

Finding judge_outbox(const store::Stock& stock) {
    if (stock.outbox_lag <= kLongestLag) return fine();
    return trouble("a message waits for secretstore-egress since " +
                   std::to_string(stock.outbox_lag.count()) +
                   " s: nobody is told of anything; is it running?");
}

Finding judge_key_sets(const std::vector<store::KeySetAge>& key_sets) {
    for (const auto& key_set : key_sets) {
        if (!key_set.age)
            return trouble("the keys of " + key_set.issuer +
                           " have not been fetched yet: its people can't sign in");
        if (*key_set.age >= kOldestKeySet)
            return trouble("the keys of " + key_set.issuer + " were fetched " +
                           std::to_string(key_set.age->count()) +
                           " s ago and serve no longer: its people can't sign in");
    }
    return fine();
}

Monitoring::Monitoring(const Runtime& runtime) : m_runtime(runtime) {
    for (const auto& issuer : runtime.issuers)
        m_issuers.push_back(issuer.issuer);
}

Result<Gauges> Monitoring::take_stock(store::Connection& connection) {
    auto stock = store::take_stock(connection);
    if (!stock) return failure(std::move(stock));
    auto key_sets = store::find_key_set_ages(connection, m_issuers);
    if (!key_sets) return failure(std::move(key_sets));
    return Gauges{*stock, *std::move(key_sets)};
}

Result<Gauges> Monitoring::take_stock() {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(std::move(connection));
    return take_stock(**connection);
}

Findings Monitoring::check() {
    Findings findings;
    findings.fill(trouble("not known: the database is away"));
    const auto set = [&findings](Check check, Finding finding) {
        findings[static_cast<std::size_t>(check)] = std::move(finding);
    };
    auto connection = m_runtime.connections.borrow();
    if (!connection) {
        set(Check::Database, trouble(connection.error().detail));
        return findings;
    }
    const auto gauges = take_stock(**connection);
    if (!gauges) {
        set(Check::Database, trouble(gauges.error().detail));
        return findings;
    }
    set(Check::Database, fine());
    set(Check::Schema, finding_of(store::check_schema_version(**connection)));
    set(Check::Key, finding_of(check_root_key(**connection, m_runtime.root_key)));
    set(Check::KeySetAge, judge_key_sets(gauges->key_sets));
    set(Check::OutboxLag, judge_outbox(gauges->stock));
    return findings;
}

}  // namespace core::service
