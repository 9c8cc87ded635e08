// What the timers call: see commands.h.
#include "core/config/wiring.h"
#include "core/ctl/commands.h"
#include "core/ctl/session.h"
#include "core/store/audit_store.h"
#include "core/store/member_store.h"
#include "core/store/personal_token_store.h"
#include "core/store/request_store.h"
#include "core/store/tenant_store.h"
#include "core/store/token_store.h"

#include <chrono>
#include <functional>
#include <utility>

namespace core::ctl {
namespace {

// A year of audit partitions is always there: whoever forgets the timer has time to notice.
constexpr std::int64_t kPartitionMonths = 12;
// Rows that one transaction deletes: short enough that nobody waits for its locks.
constexpr std::int64_t kSweptAtOnce = 1000;
// Longer than any transaction lasts: each of its statements ends within the statement timeout (at
// most 10 s), and PostgreSQL ends one that waits for its client for 10 s.
constexpr std::chrono::minutes kSealLag{5};
// A first count of a big log may take its time; nobody waits for it.
constexpr std::chrono::minutes kLongStatement{5};

using Sweep = std::function<Result<std::int64_t>(store::Connection&, std::int64_t)>;

Result<std::int64_t> sweep_all(store::Connection& connection, const Sweep& sweep) {
    for (std::int64_t total = 0;;) {
        const auto gone = sweep(connection, kSweptAtOnce);
        if (!gone) return failure(gone);
        total += *gone;
        if (*gone < kSweptAtOnce) return total;
    }
}

Result<std::int64_t> seal_all(store::Connection& connection) {
    const auto tenants = store::list_tenants(connection);
    if (!tenants) return failure(tenants);
    std::int64_t total = 0;
    for (const auto& tenant : *tenants) {
        const auto sealed = store::seal_audit_counts(connection, tenant.tenant, kSealLag);
        if (!sealed) return failure(sealed);
        total += *sealed;
    }
    return total;
}

}  // namespace

Result<ExitCode> maintain(const config::Config& config) {
    auto endpoint = config::endpoint_of(config);
    endpoint.statement_timeout = kLongStatement;
    endpoint.response_timeout = kLongStatement + std::chrono::seconds(5);
    store::ConnectionPool connections(endpoint, store::Role::Maint, 1);
    auto borrowed = connections.borrow();
    if (!borrowed) return failure(borrowed);
    store::Connection& connection = **borrowed;
    const auto lock = connection.run(store::Statement::LockMaintenance, {});
    if (!lock) return tl::unexpected(store::to_error(lock.error()));
    if (!lock->row(0).boolean()) {
        print_line("maintenance is running already; nothing was done");
        return ExitCode::Ok;
    }
    const auto made = store::create_audit_partitions(connection, kPartitionMonths);
    if (!made) return failure(made);
    print_line("audit partitions made: " + std::to_string(*made));
    const auto tokens = sweep_all(connection, store::sweep_tokens);
    if (!tokens) return failure(tokens);
    print_line("expired tokens deleted: " + std::to_string(*tokens));
    const auto personal = sweep_all(connection, store::sweep_personal_tokens);
    if (!personal) return failure(personal);
    print_line("expired personal tokens deleted: " + std::to_string(*personal));
    const auto invitations = sweep_all(connection, store::sweep_invitations);
    if (!invitations) return failure(invitations);
    print_line("expired invitations deleted: " + std::to_string(*invitations));
    const auto requests = sweep_all(connection, store::sweep_processed_requests);
    if (!requests) return failure(requests);
    print_line("old requests forgotten: " + std::to_string(*requests));
    const auto sealed = seal_all(connection);
    if (!sealed) return failure(sealed);
    print_line("audit events counted: " + std::to_string(*sealed));
    return ExitCode::Ok;
}

}  // namespace core::ctl
