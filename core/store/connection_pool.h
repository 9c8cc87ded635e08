// The write connections of a worker: 2 to 4 of role secretstore_app, borrowed for one transaction
// each. Thread-safe.
//
// Opened when first needed, replaced when broken. While the database is away a request waits for
// nothing: it gets StoreUnavailable at once, and one at a time, 100 ms after the last, tries to
// connect.
#pragma once

#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/endpoint.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace core::store {

class ConnectionPool {
  public:
    // What each new connection has to pass before it is lent; its error is that of borrow().
    using Check = Result<void> (*)(Connection&);

    ConnectionPool(Endpoint endpoint, Role role, std::size_t size, Check check = nullptr);
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;
    ConnectionPool(ConnectionPool&&) = delete;
    ConnectionPool& operator=(ConnectionPool&&) = delete;
    ~ConnectionPool() = default;

    // A borrowed connection; goes back when this goes out of scope, or is closed when it broke.
    class Lease {
      public:
        Lease(Lease&& other) noexcept;
        Lease& operator=(Lease&&) = delete;
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease();
        Connection& operator*() { return *m_connection; }
        Connection* operator->() { return m_connection.get(); }

      private:
        friend class ConnectionPool;
        Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection);
        ConnectionPool* m_pool;
        std::unique_ptr<Connection> m_connection;
    };

    // Waits for a free one for at most the endpoint's response_timeout.
    // Errors: StoreUnavailable, and those of Connection::open() and of the check.
    Result<Lease> borrow();

    [[nodiscard]] const Endpoint& endpoint() const { return m_endpoint; }

  private:
    void give_back(std::unique_ptr<Connection> connection);
    Result<std::unique_ptr<Connection>> open();

    const Endpoint m_endpoint;
    const Role m_role;
    const std::size_t m_size;
    const Check m_check;

    std::mutex m_mutex;
    std::condition_variable m_returned;
    std::vector<std::unique_ptr<Connection>> m_idle;
    std::size_t m_lent = 0;
    // The last attempt to connect has failed.
    bool m_is_away = false;
    bool m_is_looking = false;  // while it is away, one at a time
    std::chrono::steady_clock::time_point m_retry_at{};
};

}  // namespace core::store
