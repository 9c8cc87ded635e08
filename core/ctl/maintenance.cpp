// What the timers call: see commands.h.
#include "core/config/wiring.h"
#include "core/ctl/commands.h"
#include "core/ctl/session.h"
#include "core/service/approvals.h"
#include "core/service/key_rotation.h"
#include "core/store/audit_store.h"
#include "core/store/billing_store.h"
#include "core/store/delivery_store.h"
#include "core/store/member_store.h"
#include "core/store/personal_token_store.h"
#include "core/store/request_store.h"
#include "core/store/secret_store.h"
#include "core/store/tenant_store.h"
#include "core/store/token_store.h"
#include "core/store/webhook_store.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
                            {"old events of Stripe forgotten", store::sweep_stripe_events},
                            {"old deliveries deleted", store::sweep_deliveries},
                            {"old messages deleted", store::sweep_outbox},
                            {"old notices of expiry deleted", store::sweep_expiry_notices}};

template <class Step>
Result<std::int64_t> sweep_all(store::Connection& connection, const Step& sweep) {
    for (std::int64_t total = 0;;) {
        const auto gone = sweep(connection, kSweptAtOnce);
        if (!gone) return failure(gone);
        total += *gone;
        if (*gone < kSweptAtOnce) return total;
    }
}

// Secrets that were deleted longer ago than `kept`; nothing: none.
Result<void> purge_secrets(store::Connection& connection,
                           const std::optional<std::chrono::seconds>& kept) {
    store::PurgedRows total;
    for (bool is_more = kept.has_value(); is_more;) {
        const auto gone = store::purge_deleted_secrets(connection, *kept, kSweptAtOnce);
        if (!gone) return failure(gone);
        total.secrets += gone->secrets;
        total.versions += gone->versions;
        is_more = gone->secrets == kSweptAtOnce || gone->versions == kSweptAtOnce;
    }
    print_line("deleted secrets purged: " + std::to_string(total.secrets));
    print_line("versions of deleted secrets purged: " + std::to_string(total.versions));
    return {};
}

using Tenants = std::vector<store::TenantRow>;

Result<std::int64_t> seal_all(store::Connection& connection, const Tenants& tenants) {
    std::int64_t total = 0;
    for (const auto& tenant : tenants) {
        const auto sealed = store::seal_audit_counts(connection, tenant.tenant, kSealLag);
        if (!sealed) return failure(sealed);
        total += *sealed;
    }
    return total;
}

// For how long the tenant's plan keeps its audit events; nothing: for ever. A plan that has just
// been changed, perhaps by mistake, takes nothing away yet.
std::optional<std::chrono::seconds> kept_for(const Plans& plans, const store::TenantRow& tenant) {
    if (!tenant.plan_is_settled) return std::nullopt;
    return plans.of(tenant.plan).audit_retention;
}

// Months that no tenant keeps go as a whole, at no cost; what only some keep goes row by row.
Result<std::int64_t> drop_old_months(store::Connection& connection,
                                     const Plans& plans,
                                     const Tenants& tenants) {
    std::chrono::seconds longest{0};
    for (const auto& tenant : tenants) {
        const auto kept = kept_for(plans, tenant);
        if (!kept) return 0;
        longest = std::max(longest, *kept);
    }
    if (tenants.empty()) return 0;
    return store::drop_audit_partitions(connection, longest);
}

Result<std::int64_t> remove_old_events(store::Connection& connection,
                                       const Plans& plans,
                                       const Tenants& tenants) {
    std::int64_t total = 0;
    for (const auto& tenant : tenants) {
        const auto kept = kept_for(plans, tenant);
        if (!kept) continue;
        const auto removed =
            sweep_all(connection, [&](store::Connection& one, std::int64_t at_once) {
                return store::remove_audit_events(one, tenant.tenant, *kept, at_once);
            });
        if (!removed) return failure(removed);
        total += *removed;
    }
    return total;
}

// The audit log's own upkeep: counted first, for what is counted may be removed.
Result<void> maintain_audit(store::Connection& connection, const Plans& plans) {
    const auto tenants = store::list_tenants(connection);
    if (!tenants) return failure(tenants);
    const auto sealed = seal_all(connection, *tenants);
    if (!sealed) return failure(sealed);
    print_line("audit events counted: " + std::to_string(*sealed));
    const auto dropped = drop_old_months(connection, plans, *tenants);
    if (!dropped) return failure(dropped);
    print_line("audit months dropped: " + std::to_string(*dropped));
    const auto removed = remove_old_events(connection, plans, *tenants);
    if (!removed) return failure(removed);
    print_line("audit events removed: " + std::to_string(*removed));
    return {};
}

store::Endpoint patient_endpoint(const config::Config& config) {
    auto endpoint = config::endpoint_of(config);
    endpoint.statement_timeout = kLongStatement;
    endpoint.response_timeout = kLongStatement + std::chrono::seconds(5);
    return endpoint;
}

// How many events of a tenant were counted; each month and type that has others is printed.
Result<std::int64_t> verify_counts(store::Connection& connection,
                                   const TenantId& tenant,
                                   bool& is_complete) {
    const auto counts = store::compare_audit_counts(connection, tenant);
    if (!counts) return failure(counts);
    std::int64_t total = 0;
    for (const auto& count : *counts) {
        total += count.counted;
        if (count.counted == count.found) continue;
        is_complete = false;
        print_line("tenant " + tenant.text() + ", " + count.month + ", " + count.event_type + ": " +
                   std::to_string(count.counted) + " were counted, " + std::to_string(count.found) +
                   " are there");
    }
    return total;
}

}  // namespace

Result<ExitCode> maintain(const config::Config& config, IfRunning if_running) {
    auto opened = open_database(patient_endpoint(config), store::Role::Maint);
    if (!opened) return failure(opened);
    store::Connection& connection = *opened;
    const auto lock = connection.run(store::Statement::LockMaintenance, {});
    if (!lock) return tl::unexpected(store::to_error(lock.error()));
    if (!lock->row(0).boolean()) {
        const std::string running = "maintenance is running already, here or on another host: ";
        if (if_running == IfRunning::Complain)
            return failure(ErrorCode::FailedPrecondition,
                           running + "when that has ended, run 'secretstorectl maintain' again");
        print_line(running + "nothing was done");
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
    // Before KEKs are destroyed: one that sealed nothing but these goes at once.
    if (const auto done = purge_secrets(connection, config.retention.deleted_secrets); !done)
        return failure(done);
    const auto destroyed = service::KekRotation::destroy_replaced(connection);
    if (!destroyed) return failure(destroyed);
    print_line("replaced KEKs destroyed: " + std::to_string(*destroyed));
    const auto checks = store::sweep_host_checks(connection);
    if (!checks) return failure(checks);
    if (const auto done = maintain_audit(connection, config.plans); !done) return failure(done);
    return ExitCode::Ok;
}

Result<ExitCode> audit_verify(const config::Config& config, const std::string& tenant) {
    auto connection = open_database(patient_endpoint(config), store::Role::Maint);
    if (!connection) return failure(connection);
    std::vector<TenantId> wanted;
    if (tenant.empty()) {
        const auto all = store::list_tenants(*connection);
        if (!all) return failure(all);
        wanted.reserve(all->size());
        for (const auto& one : *all)
            wanted.push_back(one.tenant);
    } else {
        const auto id = parse_tenant(tenant);
        if (!id) return failure(id);
        wanted.push_back(*id);
    }
    std::int64_t events = 0;
    bool is_complete = true;
    for (const auto& one : wanted) {
        const auto counted = verify_counts(*connection, one, is_complete);
        if (!counted) return failure(counted);
        events += *counted;
    }
    if (!is_complete) return ExitCode::Failure;
    print_line(std::to_string(events) + " events of " + std::to_string(wanted.size()) +
               " tenants were counted, and are there");
    return ExitCode::Ok;
}

}  // namespace core::ctl
