// One connection to PostgreSQL, with every statement of its role prepared. Thread-compatible:
// used by one thread at a time. Nothing blocks for longer than the endpoint's response_timeout.
//
// A connection that broke says so (is_usable() == false) and is replaced by its owner.
#pragma once

#include "core/base/result.h"
#include "core/store/endpoint.h"
#include "core/store/parameters.h"
#include "core/store/result_set.h"
#include "core/store/sqlstate.h"
#include "core/store/statements.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace core::store {

template <class T>
using StoreResult = tl::expected<T, StoreFailure>;

// A statement with its parameters, to be sent.
struct Step {
    Statement statement = Statement::Begin;
    Parameters parameters;
};

class Connection {
  public:
    // Connects and prepares the statements of `role`. Errors: StoreUnavailable;
    // StoreUninitialised; FailedPrecondition where the database has not the tables or rights that
    // they need.
    static Result<Connection> open(const Endpoint& endpoint, Role role);
    // With nothing prepared: for a schema that may be another one. prepare() what is needed.
    // Errors: StoreUnavailable, StoreUninitialised.
    static Result<Connection> open_unprepared(const Endpoint& endpoint, Role role);

    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // All steps in one round trip, in order; the first that fails ends it and those behind it are
    // not run. Without a begin among them they are one implicit transaction, committed when all
    // results are there.
    StoreResult<std::vector<ResultSet>> run(std::span<const Step> steps);
    StoreResult<ResultSet> run(Statement statement, const Parameters& parameters);

    // Prepares a statement that its role's connections don't have from the start.
    StoreResult<void> prepare(Statement statement);

    // Unprepared SQL without parameters and without results, several statements allowed: for
    // migrations. Waits as long as it takes.
    StoreResult<void> run_script(std::string_view sql);

    [[nodiscard]] bool is_usable() const;
    // is_usable(), after a look at the socket without waiting: notices a server that has closed an
    // idle connection before a request is lost to it.
    [[nodiscard]] bool is_alive();
    // In a transaction block that has neither been committed nor rolled back.
    [[nodiscard]] bool in_transaction() const;

  private:
    struct Impl;
    explicit Connection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace core::store
