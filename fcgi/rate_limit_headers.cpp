#include "fcgi/rate_limit_headers.h"

#include <chrono>
#include <string>

namespace fcgi {

using std::chrono::seconds;

void add_rate_limit_headers(HttpResponse& response,
                            const core::service::Quota& quota,
                            core::Timestamp now) {
    constexpr auto kWindowSeconds =
        std::chrono::duration_cast<seconds>(core::service::kWindow).count();
    const std::string limit = std::to_string(quota.limit);
    const std::string remaining = std::to_string(quota.remaining());
    const std::string left = std::to_string(std::chrono::ceil<seconds>(quota.used.left).count());
    const auto reset = std::chrono::ceil<seconds>((now + quota.used.left).time_since_epoch());
    auto& headers = response.headers;
    headers.push_back(
        {"RateLimit-Policy", "\"plan\";q=" + limit + ";w=" + std::to_string(kWindowSeconds)});
    headers.push_back({"RateLimit", "\"plan\";r=" + remaining + ";t=" + left});
    headers.push_back({"X-RateLimit-Limit", limit});
    headers.push_back({"X-RateLimit-Remaining", remaining});
    headers.push_back({"X-RateLimit-Reset", std::to_string(reset.count())});
}

}  // namespace fcgi
