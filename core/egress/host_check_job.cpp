#include "core/egress/host_check_job.h"

#include "core/http/host_lookup.h"
#include "core/store/webhook_store.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace core::egress {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kHostsAtOnce = 32;
constexpr milliseconds kBetweenChecks{200};
// Who asks waits for three seconds in all.
constexpr milliseconds kLookupTimeout{1500};

std::string_view word_of(http::Place place) {
    switch (place) {
        case http::Place::Public:
            return "public";
        case http::Place::Private:
            return "private";
        case http::Place::Unknown:
            return "unresolvable";
    }
    return "unresolvable";
}

Result<std::vector<store::HostCheckRow>> questions(store::ConnectionPool& connections) {
    auto connection = connections.borrow();
    if (!connection) return failure(connection);
    return store::list_host_checks(**connection, kHostsAtOnce);
}

Result<void> answer(store::ConnectionPool& connections,
                    const std::vector<store::HostCheckRow>& checks,
                    const std::vector<http::Place>& places) {
    auto connection = connections.borrow();
    if (!connection) return failure(connection);
    for (std::size_t i = 0; i < checks.size(); ++i)
        if (const auto told = store::answer_host_check(**connection, checks[i], word_of(places[i]));
            !told)
            return failure(told);
    return {};
}

}  // namespace

milliseconds HostCheckJob::run(const std::stop_token& stop) {
    const auto checks = questions(m_connections);
    // The worker says that nobody answered; what is wrong with the database others say.
    if (!checks || checks->empty()) return kBetweenChecks;
    std::vector<std::string> hosts;
    for (const auto& check : *checks)
        hosts.push_back(check.host);
    const auto places = http::look_up(hosts, kLookupTimeout, stop);
    if (const auto told = answer(m_connections, *checks, places); !told)
        log::warning("host_checks_not_answered", {{"detail", log::quoted(told.error().detail)}});
    return milliseconds(0);
}

}  // namespace core::egress
