// One transaction of one tenant. SQL of tenants' rows runs only through it.
//
// Statements are queued and sent together: the first flush() carries BEGIN and the tenant, which
// row-level security reads, in the same round trip; commit() carries COMMIT. A transaction that is
// not committed is rolled back when it goes out of scope. Thread-compatible.
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"

#include <optional>
#include <vector>

namespace core::store {

class Transaction {
  public:
    // `connection` must outlive this object.
    Transaction(Connection& connection, const TenantId& tenant);
    // Without a tenant: service-wide rows only.
    explicit Transaction(Connection& connection);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Transaction(Transaction&&) = delete;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    void add(Statement statement, Parameters parameters);

    // Sends what is queued. Results in the order of add(). After a failure the transaction is over.
    StoreResult<std::vector<ResultSet>> flush();

    // The same, with COMMIT behind it. Where the connection is lost the outcome is unknown: the
    // caller answers StoreUnavailable and does not try again.
    StoreResult<std::vector<ResultSet>> commit();

    // Ends it with nothing done. Harmless when repeated.
    void rollback();

  private:
    enum class State { Fresh, Open, Over };
    StoreResult<std::vector<ResultSet>> send();

    Connection& m_connection;
    std::optional<TenantId> m_tenant;
    State m_state = State::Fresh;
    std::vector<Step> m_steps;
    std::size_t m_hidden = 0;  // leading steps whose results are not the caller's
};

}  // namespace core::store
