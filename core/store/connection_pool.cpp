#include "core/store/connection_pool.h"

#include <utility>

namespace core::store {
namespace {

// How long the pool takes the database to be away after a failed attempt to connect.
constexpr std::chrono::milliseconds kRetryAfter{100};

}  // namespace

ConnectionPool::ConnectionPool(Endpoint endpoint, Role role, std::size_t size, Check check)
    : m_endpoint(std::move(endpoint)), m_role(role), m_size(size), m_check(check) {}

ConnectionPool::Lease::Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
    : m_pool(&pool), m_connection(std::move(connection)) {}

ConnectionPool::Lease::Lease(Lease&& other) noexcept
    : m_pool(std::exchange(other.m_pool, nullptr)), m_connection(std::move(other.m_connection)) {}

ConnectionPool::Lease::~Lease() {
    if (m_pool != nullptr) m_pool->give_back(std::move(m_connection));
}

Result<ConnectionPool::Lease> ConnectionPool::borrow() {
    std::unique_lock lock(m_mutex);
    const bool free =
        m_returned.wait_for(lock, m_endpoint.response_timeout, [this] { return m_lent < m_size; });
    if (!free) return tl::unexpected(unavailable("all write connections are busy"));
    while (!m_idle.empty()) {
        auto connection = std::move(m_idle.back());
        m_idle.pop_back();
        if (!connection->is_alive()) continue;
        ++m_lent;
        return Lease(*this, std::move(connection));
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < m_retry_at || (m_is_away && m_is_looking))
        return tl::unexpected(unavailable("the database was away a moment ago"));
    // Counted before the lock is given up: connecting takes its time, and others go on meanwhile.
    ++m_lent;
    m_is_looking = true;
    lock.unlock();
    auto opened = open();
    lock.lock();
    m_is_looking = false;
    m_is_away = !opened;
    if (opened) return Lease(*this, std::move(*opened));
    --m_lent;
    m_retry_at = std::chrono::steady_clock::now() + kRetryAfter;
    m_returned.notify_one();
    return failure(opened);
}

Result<std::unique_ptr<Connection>> ConnectionPool::open() {
    auto connection = Connection::open(m_endpoint, m_role);
    if (!connection) return failure(connection);
    if (m_check != nullptr)
        if (const auto fine = m_check(*connection); !fine) return failure(fine);
    return std::make_unique<Connection>(std::move(*connection));
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
    const bool usable = connection->is_usable() && !connection->in_transaction();
    {
        const std::lock_guard lock(m_mutex);
        --m_lent;
        // When one broke the server has restarted, most likely: the idle ones are broken as well.
        if (usable)
            m_idle.push_back(std::move(connection));
        else
            m_idle.clear();
    }
    m_returned.notify_one();
}

}  // namespace core::store
