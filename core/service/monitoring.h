// What the operator's monitoring asks a worker: numbers, and whether it could serve.
// Thread-compatible: one object per request thread. A database that hangs is given up after
// database.response_timeout, or twice that where all connections hang.
#pragma once

#include "core/base/result.h"
#include "core/store/monitoring_store.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {
class Connection;
}  // namespace core::store

namespace core::service {

struct Runtime;

struct Gauges {
    store::Stock stock;
    std::vector<store::KeySetAge> key_sets;
};

// In the order in which they are asked: without the first nothing is known of the others.
enum class Check : std::size_t { Database, Schema, Key, KeySetAge, OutboxLag };
inline constexpr std::array<std::string_view, 5> kCheckNames{
    "database", "schema", "key", "key_set_age", "outbox_lag"};

struct Finding {
    bool is_fine = false;
    std::string why;  // for the operator; empty where it is fine
};
using Findings = std::array<Finding, kCheckNames.size()>;

class Monitoring {
  public:
    // `runtime` must outlive this object.
    explicit Monitoring(const Runtime& runtime);

    // Errors: StoreUnavailable.
    Result<Gauges> take_stock();
    Findings check();

  private:
    Result<Gauges> take_stock(store::Connection& connection);

    const Runtime& m_runtime;
    std::vector<std::string> m_issuers;
};

// What is wrong with an outbox or with key sets that stand so; for tests too.
Finding judge_outbox(const store::Stock& stock);
Finding judge_key_sets(const std::vector<store::KeySetAge>& key_sets);

}  // namespace core::service
