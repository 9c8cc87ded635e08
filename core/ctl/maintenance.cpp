// What the timers call: see commands.h.
#include "core/config/wiring.h"
#include "core/ctl/commands.h"
#include "core/ctl/session.h"
#include "core/service/approvals.h"
#include "core/store/audit_store.h"
#include "core/store/delivery_store.h"
#include "core/store/member_store.h"
#include "core/store/personal_token_store.h"
#include "core/store/request_store.h"
#include "core/store/tenant_store.h"
#include "core/store/token_store.h"
#include "core/store/webhook_store.h"

#include <chrono>
#include <string>
#include <string_view>

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

// Does what is due for at most so many rows; how many there were.
using Sweep = Result<std::int64_t> (*)(store::Connection&, std::int64_t);

struct Duty {
    std::string_view done;  // what is printed, with a number behind it
    Sweep sweep;
};
Result<std::int64_t> expire_approvals(store::Connection& connection, std::int64_t limit) {
    return service::expire_approvals(connection, SystemClock{}, limit);
}

constexpr Duty kDuties[] = {{"undecided approvals expired", expire_approvals},
                            {"expired tokens deleted", store::sweep_tokens},
                            {"expired personal tokens deleted", store::sweep_personal_tokens},
                            {"expired invitations deleted", store::sweep_invitations},
                            {"old requests forgotten", store::sweep_processed_requests},
                            {"expiring secrets announced", store::tell_expiring_secrets},
                            {"old deliveries deleted", store::sweep_deliveries},
                            {"old messages deleted", store::sweep_outbox},
                            {"old notices of expiry deleted", store::sweep_expiry_notices}};

Result<std::int64_t> sweep_all(store::Connection& connection, Sweep sweep) {
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
    for (const auto& duty : kDuties) {
        const auto done = sweep_all(connection, duty.sweep);
        if (!done) return failure(done);
        print_line(std::string(duty.done) + ": " + std::to_string(*done));
    }
    const auto checks = store::sweep_host_checks(connection);
    if (!checks) return failure(checks);
    const auto sealed = seal_all(connection);
    if (!sealed) return failure(sealed);
    print_line("audit events counted: " + std::to_string(*sealed));
    return ExitCode::Ok;
}

}  // namespace core::ctl
