#include "core/service/host_check.h"

#include "core/crypto/random.h"
#include "core/http/address.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/webhook_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace core::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{3000};
constexpr milliseconds kPause{50};
// With each question a request thread waits: a tenant may hold this many.
constexpr std::int64_t kQuestionsAtOnce = 4;

// RFC 1035 §2.3.4.
constexpr std::size_t kLongestName = 253;

// Names that no public resolver answers, or none that should (RFC 6761, RFC 8375, and what home and
// company networks use).
constexpr std::array<std::string_view, 14> kPrivateEndings{"localhost",
                                                           "local",
                                                           "localdomain",
                                                           "internal",
                                                           "intranet",
                                                           "private",
                                                           "corp",
                                                           "home",
                                                           "lan",
                                                           "home.arpa",
                                                           "onion",
                                                           "invalid",
                                                           "test",
                                                           "example"};

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

bool is_private_name(std::string_view host) {
    std::string name = lower_case(host);
    // The root's dot makes no other name of it.
    if (name.ends_with('.')) name.pop_back();
    if (name.find('.') == std::string::npos) return true;
    return std::any_of(
        kPrivateEndings.begin(), kPrivateEndings.end(), [&](std::string_view ending) {
            return name == ending || name.ends_with("." + std::string(ending));
        });
}

HostVerdict judge(const std::string& verdict, http::Destination destination) {
    const bool fine =
        verdict == "public" || (verdict == "private" && destination == http::Destination::Any);
    return fine ? HostVerdict::Allowed : HostVerdict::Refused;
}

Result<bool> ask(const Runtime& runtime,
                 const TenantId& tenant,
                 const HostCheckId& check,
                 const std::string& host) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::ask_about_host(**connection, tenant, check, host, kQuestionsAtOnce);
}

Result<std::optional<std::string>> take_answer(const Runtime& runtime,
                                               const TenantId& tenant,
                                               const HostCheckId& check) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::take_host_verdict(**connection, tenant, check);
}

Result<void> forget(const Runtime& runtime, const TenantId& tenant, const HostCheckId& check) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::forget_host_check(**connection, tenant, check);
}

}  // namespace

bool is_private_host(std::string_view host) {
    const auto address = http::parse_address(host);
    return address ? !http::is_public(*address) : is_private_name(host);
}

Result<HostVerdict> check_host(const Runtime& runtime,
                               const TenantId& tenant,
                               const std::string& host) {
    const auto destination = runtime.policy.webhook_destination;
    if (destination == http::Destination::PublicOnly && is_private_host(host))
        return HostVerdict::Refused;
    if (http::parse_address(host)) return HostVerdict::Allowed;
    if (host.size() > kLongestName) return HostVerdict::Refused;

    const auto check = crypto::new_id<HostCheckId>(runtime.clock);
    const auto asked = ask(runtime, tenant, check, host);
    if (!asked) return failure(asked);
    if (!*asked) return HostVerdict::Unknown;
    const auto deadline = steady_clock::now() + kPatience;
    while (steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kPause);
        const auto answer = take_answer(runtime, tenant, check);
        if (!answer) return failure(answer);
        if (*answer) return judge(**answer, destination);
    }
    if (const auto forgotten = forget(runtime, tenant, check); !forgotten)
        return failure(forgotten);
    return HostVerdict::Unknown;
}

}  // namespace core::service
