#include "core/store/transaction.h"

#include <cstdlib>
#include <utility>

namespace core::store {

Transaction::Transaction(Connection& connection, const TenantId& tenant)
    : m_connection(connection), m_tenant(tenant) {}

Transaction::Transaction(Connection& connection) : m_connection(connection) {}

Transaction::~Transaction() {
    rollback();
}

void Transaction::add(Statement statement, Parameters parameters) {
    if (m_state == State::Over) std::abort();
    if (m_state == State::Fresh) {
        m_steps.push_back({Statement::Begin, {}});
        if (m_tenant)
            m_steps.push_back({Statement::SetTenant, Parameters{}.text(m_tenant->text())});
        m_hidden = m_steps.size();
        m_state = State::Open;
    }
    m_steps.push_back({statement, std::move(parameters)});
}

StoreResult<std::vector<ResultSet>> Transaction::send() {
    const std::vector<Step> steps = std::exchange(m_steps, {});
    const auto hidden = static_cast<std::ptrdiff_t>(std::exchange(m_hidden, 0));
    auto results = m_connection.run(steps);
    if (!results) {
        rollback();
        return results;
    }
    results->erase(results->begin(), results->begin() + hidden);
    return results;
}

StoreResult<std::vector<ResultSet>> Transaction::flush() {
    return send();
}

StoreResult<std::vector<ResultSet>> Transaction::commit() {
    add(Statement::Commit, {});
    auto results = send();
    if (!results) return results;
    m_state = State::Over;
    results->pop_back();
    return results;
}

void Transaction::rollback() {
    // Once over, the connection may be another thread's already.
    if (m_state == State::Over) return;
    m_steps.clear();
    m_state = State::Over;
    if (!m_connection.is_usable() || !m_connection.in_transaction()) return;
    // Its outcome matters to nobody: a connection that can't roll back is broken, and the server
    // rolls back when it goes.
    [[maybe_unused]] const auto outcome = m_connection.run(Statement::Rollback, {});
}

}  // namespace core::store
