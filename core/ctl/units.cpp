#include "core/ctl/units.h"

#include "core/ctl/subprocess.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <utility>

namespace core::ctl {
namespace {

constexpr std::string_view kWorkerPrefix = "secretstore-worker@";
constexpr std::string_view kBillingPrefix = "secretstore-billing@";

// 0 where there is none.
int number_of(const UnitState& worker) {
    int number = 0;
    const auto at = std::min(worker.name.find('@'), worker.name.size() - 1);
    std::from_chars(worker.name.data() + at + 1, worker.name.data() + worker.name.size(), number);
    return number;
}

Result<void> systemctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "systemctl");
    const auto done = output_of("systemctl", arguments);
    if (!done) return failure(done);
    return {};
}

}  // namespace

std::string worker_unit(int number) {
    return std::string(kWorkerPrefix) + std::to_string(number) + ".service";
}

bool has_systemd() {
    std::error_code error;
    return std::filesystem::is_directory("/run/systemd/system", error);
}

Result<std::vector<UnitState>> list_workers(Pool pool) {
    const auto prefix = pool == Pool::Billing ? kBillingPrefix : kWorkerPrefix;
    const auto listed = output_of("systemctl",
                                  {"systemctl",
                                   "list-units",
                                   "--all",
                                   "--plain",
                                   "--no-legend",
                                   "--full",
                                   std::string(prefix) + "*.service"});
    if (!listed) return failure(listed);
    std::vector<UnitState> workers;
    std::istringstream lines(*listed);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        UnitState worker;
        std::string load;
        if (words >> worker.name >> load >> worker.active >> worker.sub)
            workers.push_back(std::move(worker));
    }
    std::sort(workers.begin(), workers.end(), [](const auto& left, const auto& right) {
        return number_of(left) < number_of(right);
    });
    return workers;
}

Result<UnitState> find_unit(const std::string& name) {
    const auto shown = output_of(
        "systemctl",
        {"systemctl", "show", "--value", "--property=ActiveState", "--property=SubState", name});
    if (!shown) return failure(shown);
    UnitState state{name, {}, {}};
    std::istringstream(*shown) >> state.active >> state.sub;
    return state;
}

Result<bool> is_enabled(const std::string& name) {
    const auto shown =
        output_of("systemctl", {"systemctl", "show", "--value", "--property=UnitFileState", name});
    if (!shown) return failure(shown);
    return shown->starts_with("enabled");  // or enabled-runtime
}

Result<void> restart_unit(const std::string& name) {
    if (const auto done = systemctl({"restart", name}); !done)
        return failure(ErrorCode::ConfigInvalid,
                       name + " did not come back: journalctl -u " + name + " -n 20",
                       done.error().public_message);
    return {};
}

Result<void> enable_units(const std::vector<std::string>& names) {
    std::vector<std::string> arguments{"--quiet", "enable", "--now"};
    arguments.insert(arguments.end(), names.begin(), names.end());
    return systemctl(std::move(arguments));
}

Result<void> reload_units() {
    return systemctl({"daemon-reload"});
}

}  // namespace core::ctl
