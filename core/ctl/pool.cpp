// The pool of this host: restart, status, check. See commands.h.
#include "core/ctl/commands.h"
#include "core/ctl/database_state.h"
#include "core/ctl/session.h"
#include "core/ctl/units.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <optional>
#include <utility>

namespace core::ctl {
namespace {

// Fewer months of audit partitions than this: maintenance has not run for most of a year.
constexpr std::int64_t kFewPartitions = 3;

std::string seconds_since(std::chrono::steady_clock::time_point begin) {
    const auto passed = std::chrono::steady_clock::now() - begin;
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(passed).count() / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

// What an operator asks first.
struct PoolState {
    std::string trouble;  // with the database; empty where it is fine
    DatabaseState database;
    std::vector<UnitState> workers;
    std::vector<UnitState> billing;  // empty where no plans are sold
    std::vector<UnitState> others;

    [[nodiscard]] std::int64_t active_workers() const {
        return std::count_if(
            workers.begin(), workers.end(), [](const auto& unit) { return unit.is_active(); });
    }
    [[nodiscard]] bool serves() const { return trouble.empty() && active_workers() > 0; }
};

Result<PoolState> look(const config::Config& config) {
    PoolState state;
    if (const auto looked = look_at_database(config, state.database); !looked)
        state.trouble = message_of(looked.error());
    if (!has_systemd()) return state;
    auto workers = list_workers();
    if (!workers) return failure(workers);
    state.workers = *std::move(workers);
    std::vector<std::string> names{kSocket, kEgress, kMaintainTimer};
    if (config.billing.enabled) {
        auto sellers = list_workers(Pool::Billing);
        if (!sellers) return failure(sellers);
        state.billing = *std::move(sellers);
        names.emplace_back(kBillingSocket);
        if (state.billing.empty()) names.emplace_back("secretstore-billing@1.service");
    }
    for (const auto& name : names) {
        auto unit = find_unit(name);
        if (!unit) return failure(unit);
        state.others.push_back(*std::move(unit));
    }
    return state;
}

std::string workers_text(const PoolState& state) {
    return std::to_string(state.active_workers()) + " of " + std::to_string(state.workers.size()) +
           " active";
}

void print_status(const PoolState& state) {
    print_line("database  " + (state.trouble.empty() ? std::string("up") : state.trouble));
    if (state.database.pending_migrations > 0)
        print_line("schema    " + std::to_string(state.database.pending_migrations) +
                   " migrations are missing: secretstorectl db migrate");
    print_line("workers   " + workers_text(state));
    for (const auto& unit : state.workers)
        if (!unit.is_active())
            print_line("          " + unit.name + " is " + unit.active + " (" + unit.sub + ")");
    for (const auto& units : {state.billing, state.others})
        for (const auto& unit : units)
            print_line("          " + unit.name + " is " + unit.active);
}

void write_unit(JsonWriter& json, const UnitState& unit) {
    json.begin_object().member("unit", unit.name).member("active", unit.active);
    json.member("sub", unit.sub).end_object();
}

void print_status_json(const PoolState& state) {
    JsonWriter json;
    json.begin_object().member("serves", state.serves());
    json.key("database").begin_object().member("up", state.trouble.empty());
    json.member("detail", state.trouble);
    json.member("pending_migrations", state.database.pending_migrations);
    json.member("audit_partitions_ahead", state.database.partitions_ahead).end_object();
    json.key("units").begin_array();
    for (const auto& units : {state.workers, state.billing, state.others})
        for (const auto& unit : units)
            write_unit(json, unit);
    json.end_array().end_object();
    print_json(std::move(json));
}

// The states of a plugin of Nagios, which are its exit codes.
enum class Severity { Ok, Warning, Critical, Unknown };

std::string word_for(Severity severity) {
    switch (severity) {
        case Severity::Ok:
            return "OK";
        case Severity::Warning:
            return "WARNING";
        case Severity::Critical:
            return "CRITICAL";
        case Severity::Unknown:
            break;
    }
    return "UNKNOWN";
}

// Nagios's numbers, whatever the other verbs mean by them.
ExitCode code_of(Severity severity) {
    return static_cast<ExitCode>(severity);
}

struct Verdict {
    Severity severity = Severity::Ok;
    std::string text;

    void add(Severity found, const std::string& what) {
        severity = std::max(severity, found);
        text.append(text.empty() ? "" : ", ").append(what);
    }
};

Verdict judge(const PoolState& state) {
    Verdict verdict;
    const auto active = state.active_workers();
    if (!state.trouble.empty()) verdict.add(Severity::Critical, state.trouble);
    if (active == 0) verdict.add(Severity::Critical, "no worker is running");
    if (active > 0 && static_cast<std::size_t>(active) < state.workers.size())
        verdict.add(Severity::Warning, "workers: " + workers_text(state));
    for (const auto& units : {state.billing, state.others})
        for (const auto& unit : units)
            if (!unit.is_active()) verdict.add(Severity::Warning, unit.name + " is " + unit.active);
    if (!state.trouble.empty()) return verdict;
    if (state.database.pending_migrations > 0)
        verdict.add(Severity::Warning,
                    std::to_string(state.database.pending_migrations) + " migrations are missing");
    if (state.database.partitions_ahead < kFewPartitions)
        verdict.add(state.database.partitions_ahead == 0 ? Severity::Critical : Severity::Warning,
                    "audit partitions for " + std::to_string(state.database.partitions_ahead) +
                        " more months: does secretstore-maintain.timer run?");
    return verdict;
}

// Whatever reads schema, keys and configuration once, when it starts; egress last, for it alone
// has nobody beside it.
Result<std::vector<UnitState>> find_readers() {
    auto readers = list_workers();
    if (!readers) return readers;
    auto sellers = list_workers(Pool::Billing);
    if (!sellers) return sellers;
    std::move(sellers->begin(), sellers->end(), std::back_inserter(*readers));
    auto egress = find_unit(kEgress);
    if (!egress) return failure(egress);
    readers->push_back(*std::move(egress));
    return readers;
}

// What runs or is about to, and what gave up: a schema that was too old, say. What somebody stopped
// stays stopped.
Result<bool> is_wanted(const UnitState& unit) {
    if (unit.is_active() || unit.active == "activating") return true;
    if (unit.active != "failed") return false;
    return is_enabled(unit.name);
}

}  // namespace

Result<ExitCode> restart(const config::Config& config) {
    {
        // What a worker that starts now would find.
        DatabaseState database;
        if (const auto usable = look_at_database(config, database); !usable) return failure(usable);
    }
    const auto units = find_readers();
    if (!units) return failure(units);
    std::int64_t count = 0;
    for (const auto& unit : *units) {
        const auto wanted = is_wanted(unit);
        if (!wanted) return failure(wanted);
        if (!*wanted) continue;
        const auto begin = std::chrono::steady_clock::now();
        // The others go on with what they are: where the new one does not start, nothing is lost.
        if (const auto done = restart_unit(unit.name); !done) return failure(done);
        print_line(unit.name + " restarted in " + seconds_since(begin));
        [[maybe_unused]] const int flushed = std::fflush(stdout);
        ++count;
    }
    if (count > 0) return ExitCode::Ok;
    print_line("nothing is running: systemctl enable --now secretstore-worker@{1..4}.service");
    return ExitCode::Pending;
}

Result<ExitCode> status(const config::Config& config, Output output) {
    const auto state = look(config);
    if (!state) return failure(state);
    if (output == Output::Json) {
        print_status_json(*state);
    } else {
        print_status(*state);
    }
    return state->serves() ? ExitCode::Ok : ExitCode::Pending;
}

Result<ExitCode> check(const config::Config& config) {
    const auto state = look(config);
    if (!state) {
        print_line("SECRETSTORE UNKNOWN - " + message_of(state.error()));
        return code_of(Severity::Unknown);
    }
    const Verdict verdict = judge(*state);
    print_line("SECRETSTORE " + word_for(verdict.severity) + " - " +
               (verdict.text.empty() ? workers_text(*state) : verdict.text) +
               " | workers=" + std::to_string(state->active_workers()) +
               " partitions_ahead=" + std::to_string(state->database.partitions_ahead));
    return code_of(verdict.severity);
}

}  // namespace core::ctl
