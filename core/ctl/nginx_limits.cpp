// nginx's share of the limits, made of the same numbers as the workers': see commands.h.
//
// It sheds load before it reaches a worker, and is never stricter than a worker for a client that
// keeps its limit. In the worst case such a client sends all N requests of one window at its end
// and all N of the next one at its beginning: 2 N at once, and N a minute from then on.
#include "core/base/bytes.h"
#include "core/ctl/commands.h"
#include "core/ctl/session.h"
#include "core/identity/scoped_token.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace core::ctl {
namespace {

// Enterprise tenants may each have a number of their own, which nginx does not know: what they may
// ask is the workers' alone to judge.
constexpr std::array kShedPlans{Plan::Free, Plan::Pro};

// nginx counts in thousandths of a request a second and cuts off the rest: of 100 a minute it would
// make 99.96, and a client that keeps to 100 would be refused after half an hour.
std::int64_t rate_per_minute(std::int64_t requests) {
    constexpr std::int64_t kThousandths = 1000;
    constexpr std::int64_t kSeconds = 60;
    const bool is_exact = requests * kThousandths % kSeconds == 0;
    return is_exact ? requests : requests + 1;
}

// The beginning of our own tokens' payload, {"p":"pro","rlk":", in base64url: 18 bytes are 24
// characters, whatever follows (identity/scoped_token.h). The tenant's 24 behind it are 32.
std::string payload_prefix(Plan plan) {
    const std::string text = R"({"p":")" + std::string(identity::plan_hint(plan)) + R"(","rlk":")";
    return to_base64url(as_bytes(text));
}

std::string zone_of(Plan plan) {
    return "secretstore_plan_" + std::string(to_string(plan));
}

std::string tenant_variable(Plan plan) {
    return "$secretstore_tenant_" + std::string(to_string(plan));
}

void add_plan_zone(std::string& out, Plan plan, std::int64_t requests) {
    const std::string capture = "secretstore_rlk_" + std::string(to_string(plan));
    out += "map $http_authorization " + tenant_variable(plan) + " {\n";
    out += R"(    "~^(?i:bearer) [A-Za-z0-9_-]+\.)" + payload_prefix(plan) + "(?<" + capture +
           ">[A-Za-z0-9_-]{32})\" $" + capture + ";\n}\n";
    out += "limit_req_zone " + tenant_variable(plan) + " zone=" + zone_of(plan) +
           ":10m rate=" + std::to_string(rate_per_minute(requests)) + "r/m;\n\n";
}

std::string zones(const config::Config& config) {
    const auto& limits = config.rate_limit;
    std::string out =
        "# Made by `secretstorectl nginx-limits zones` out of the configuration: not to be "
        "edited.\n"
        "# For http{}. 10 MiB hold about 80,000 keys; when full the oldest are forgotten.\n\n";
    if (limits.address_rate)
        out += "limit_req_zone $binary_remote_addr zone=secretstore_address:10m rate=" +
               std::to_string(*limits.address_rate) + "r/s;\n";
    if (limits.address_connections)
        out += "limit_conn_zone $binary_remote_addr zone=secretstore_connections:10m;\n";
    out +=
        "\n# Which tenant a scoped token is of, by what it says itself: unverified, and only for\n"
        "# shedding. Nobody gains by a lie, for the workers believe the signature alone.\n"
        "# These variables hold parts of credentials: never log them.\n";
    for (const auto plan : kShedPlans)
        if (const auto& requests = config.plans.of(plan).requests_per_minute)
            add_plan_zone(out, plan, *requests);
    if (!limits.credential_rate) return out;
    out +=
        "# One credential: the end of a token's signature, or of an agent key its public id with "
        "8\n"
        "# of the 32 secret characters, which nobody else can guess and which open nothing.\n"
        "map $http_authorization $secretstore_credential {\n"
        R"re(    "~^(?i:bearer) [A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(?<secretstore_signature>[A-Za-z0-9_-]{22})$" $secretstore_signature;)re"
        "\n"
        R"re(    "~^(?i:bearer) ass_[a-z]+_(?<secretstore_key_part>[A-Za-z0-9]{18})" $secretstore_key_part;)re"
        "\n}\n"
        "limit_req_zone $secretstore_credential zone=secretstore_credential:10m rate=" +
        std::to_string(*limits.credential_rate) + "r/s;\n";
    return out;
}

// For what is not counted by plan: never stricter than the largest plan that has a limit.
std::int64_t burst_of(const config::Config& config, std::int64_t per_second) {
    std::int64_t burst = 2 * per_second;
    for (const auto plan : kShedPlans)
        burst = std::max(burst, 2 * config.plans.of(plan).requests_per_minute.value_or(0));
    return burst;
}

std::string limits(const config::Config& config) {
    const auto& numbers = config.rate_limit;
    std::string out =
        "# Made by `secretstorectl nginx-limits limits` out of the configuration: not to be "
        "edited.\n# For the site's server{}: nginx chooses a location by the decoded path.\n\n";
    const auto add = [&out](const std::string& zone, std::int64_t burst) {
        out += "limit_req zone=" + zone + " burst=" + std::to_string(burst) + " nodelay;\n";
    };
    if (numbers.address_rate) add("secretstore_address", burst_of(config, *numbers.address_rate));
    for (const auto plan : kShedPlans)
        if (const auto& requests = config.plans.of(plan).requests_per_minute)
            add(zone_of(plan), 2 * *requests);
    if (numbers.credential_rate)
        add("secretstore_credential", burst_of(config, *numbers.credential_rate));
    if (numbers.address_connections)
        out += "limit_conn secretstore_connections " +
               std::to_string(*numbers.address_connections) + ";\n";
    return out;
}

}  // namespace

Result<void> nginx_limits(const config::Config& config, NginxPart part) {
    print(part == NginxPart::Zones ? zones(config) : limits(config));
    return {};
}

}  // namespace core::ctl
