// What requests add to the metrics, and how that is shown: by route template, method and status
// code, never by anything that a client chose. Thread-safe, as core::service::Metrics is.
#pragma once

#include "core/base/error.h"
#include "core/base/metrics_text.h"
#include "core/service/metrics.h"
#include "fcgi/http.h"
#include "fcgi/routes.h"

#include <chrono>
#include <string>
#include <vector>

namespace fcgi {

// For Metrics::open(): one for each entry of routes(), and one for what is none of them.
std::vector<std::string> metric_series();

// One request, from its arrival to its answer; counted when this goes out of scope. Without an
// answer it counts as failed with 500.
class RequestMeter {
  public:
    // Both must outlive this object. nullptr: counts nothing.
    RequestMeter(core::service::Metrics* metrics, const IncomingRequest& incoming);
    RequestMeter(const RequestMeter&) = delete;
    RequestMeter& operator=(const RequestMeter&) = delete;
    RequestMeter(RequestMeter&&) = delete;
    RequestMeter& operator=(RequestMeter&&) = delete;
    ~RequestMeter();

    // An entry of routes(), or one that is made of it (billing_routes()).
    void routed(const Route& route);
    enum class Limit { OfAddress, OfPlan };
    // `limit`: whose it was, where the error is that one was exceeded.
    void failed(core::ErrorCode code, Limit limit);
    void answered(Status status) { m_status = status; }

  private:
    core::service::Metrics* m_metrics;
    const IncomingRequest& m_incoming;
    std::size_t m_series;
    Status m_status = Status::InternalServerError;
    std::chrono::steady_clock::time_point m_began;
};

// The families that come of this. Of a route that nobody has called there are only its failures, as
// zero: a first failure would not be a rise otherwise.
void write_request_metrics(core::MetricsText& text, const core::service::Metrics& metrics);

}  // namespace fcgi
