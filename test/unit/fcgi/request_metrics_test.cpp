// fcgi/request_metrics: what a request is counted as.
#include "fcgi/request_metrics.h"

#include "test/unit/service/limits_file.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <ostream>
#include <set>
#include <string>
#include <string_view>

namespace request_metrics_test {

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::service::Metrics;
using fcgi::IncomingRequest;
using fcgi::RequestMeter;
using fcgi::Status;

namespace {

struct MetricsFixture {
    LimitsFile file;
    core::Result<Metrics> opened = Metrics::open(file.path(), fcgi::metric_series());
    Metrics& metrics = opened.value();
    IncomingRequest incoming;

    [[nodiscard]] std::string text() const {
        core::MetricsText out;
        fcgi::write_request_metrics(out, metrics);
        return std::move(out).take();
    }
    [[nodiscard]] bool shows(const std::string& line) const {
        return ("\n" + text()).find("\n" + line + "\n") != std::string::npos;
    }
};

const fcgi::Route& route_of(std::string_view operation) {
    const auto all = fcgi::routes();
    const auto found = std::find_if(all.begin(), all.end(), [operation](const auto& route) {
        return route.operation_id == operation;
    });
    BOOST_REQUIRE(found != all.end());
    return *found;
}

struct Counted {
    std::string_view authorization;
    ErrorCode code;
    std::string_view line;
};

std::ostream& operator<<(std::ostream& out, const Counted& counted) {
    return out << counted.line;
}

// The longest of each kind begins as these do; none of them is one.
const std::array<Counted, 10> kCounted{{
    {"", ErrorCode::Unauthorized, "authentication_failures_total{credential=\"none\"} 1"},
    {"Bearer ass_live_x",
     ErrorCode::Unauthorized,
     "authentication_failures_total{credential=\"agent_key\"} 1"},
    {"Bearer ass_user_x",
     ErrorCode::Unauthorized,
     "authentication_failures_total{credential=\"personal_token\"} 1"},
    {"Bearer e30.e30.e30",
     ErrorCode::Unauthorized,
     "authentication_failures_total{credential=\"token\"} 1"},
    {"nonsense", ErrorCode::Unauthorized, "authentication_failures_total{credential=\"token\"} 1"},
    {"x", ErrorCode::IntegrityFailure, "decryption_failures_total{reason=\"integrity\"} 1"},
    {"x", ErrorCode::KekUnavailable, "decryption_failures_total{reason=\"key_unavailable\"} 1"},
    {"x", ErrorCode::AuditUnavailable, "audit_write_failures_total 1"},
    {"x", ErrorCode::StoreUnavailable, "database_unavailable_total 1"},
    {"x", ErrorCode::IssuerUnavailable, "sign_in_unavailable_total 1"},
}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(request_metrics, MetricsFixture)

BOOST_AUTO_TEST_CASE(every_route_has_a_series_of_its_own_and_one_is_for_the_rest) {
    const auto names = fcgi::metric_series();

    BOOST_TEST(names.size() == fcgi::routes().size() + 1);
    BOOST_TEST(std::set(names.begin(), names.end()).size() == names.size());
}

BOOST_AUTO_TEST_CASE(an_answer_is_counted_by_template_method_and_code) {
    {
        RequestMeter meter(&metrics, incoming);
        meter.routed(route_of("readSecret"));
        meter.answered(Status::Ok);
    }

    BOOST_TEST(
        shows("secretstore_http_requests_total{method=\"GET\",route=\"/v1/secrets/{secret_path+}\","
              "code=\"200\"} 1"));
    BOOST_TEST(
        shows("secretstore_http_request_duration_seconds_count{method=\"GET\",route=\""
              "/v1/secrets/{secret_path+}\"} 1"));
}

BOOST_AUTO_TEST_CASE(what_no_route_takes_is_counted_without_its_path) {
    incoming.target = "/v1/whatever-a-stranger-likes";
    {
        RequestMeter meter(&metrics, incoming);
        meter.answered(Status::NotFound);
    }

    BOOST_TEST(
        shows("secretstore_http_requests_total{method=\"other\",route=\"none\",code=\"404\"} 1"));
    BOOST_TEST(text().find("stranger") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_request_without_an_answer_counts_as_500) {
    { const RequestMeter meter(&metrics, incoming); }

    BOOST_TEST(
        shows("secretstore_http_requests_total{method=\"other\",route=\"none\",code=\"500\"} 1"));
}

BOOST_AUTO_TEST_CASE(a_thread_is_busy_from_the_first_to_the_last_moment_of_a_request) {
    metrics.join(2);
    {
        const RequestMeter meter(&metrics, incoming);
        BOOST_TEST(metrics.workers().busy_threads == 1);
    }

    BOOST_TEST(metrics.workers().busy_threads == 0);
}

BOOST_DATA_TEST_CASE(an_error_is_counted_as_what_it_is, data::make(kCounted), counted) {
    if (!counted.authorization.empty()) incoming.authorization = counted.authorization;
    {
        RequestMeter meter(&metrics, incoming);
        meter.failed(counted.code, RequestMeter::Limit::OfAddress);
    }

    BOOST_TEST(shows("secretstore_" + std::string(counted.line)));
}

BOOST_AUTO_TEST_CASE(a_limit_is_counted_by_whose_it_is) {
    {
        RequestMeter meter(&metrics, incoming);
        meter.failed(ErrorCode::RateLimited, RequestMeter::Limit::OfPlan);
        meter.failed(ErrorCode::RateLimited, RequestMeter::Limit::OfPlan);
        meter.failed(ErrorCode::RateLimited, RequestMeter::Limit::OfAddress);
    }

    BOOST_TEST(shows("secretstore_rate_limited_total{limit=\"plan\"} 2"));
    BOOST_TEST(shows("secretstore_rate_limited_total{limit=\"address\"} 1"));
}

BOOST_AUTO_TEST_CASE(a_failure_that_has_not_happened_yet_is_shown_as_zero) {
    BOOST_TEST(
        shows("secretstore_http_requests_total{method=\"PUT\",route=\"/v1/secrets/{secret_path+}\","
              "code=\"500\"} 0"));
    BOOST_TEST(shows("secretstore_audit_write_failures_total 0"));
}

BOOST_AUTO_TEST_CASE(classes_of_duration_are_shown_added_up) {
    for (const int milliseconds : {1, 3, 20'000})
        metrics.record(0, 0, std::chrono::milliseconds(milliseconds));

    const std::string name =
        "secretstore_http_request_duration_seconds_bucket{method=\"POST\","
        "route=\"/v1/agents\",le=\"";
    BOOST_TEST(shows(name + "0.001\"} 1"));
    BOOST_TEST(shows(name + "0.0025\"} 1"));
    BOOST_TEST(shows(name + "0.005\"} 2"));
    BOOST_TEST(shows(name + "10\"} 2"));
    BOOST_TEST(shows(name + "+Inf\"} 3"));
}

// However many tenants, paths and strangers there are: this many lines and no more.
BOOST_AUTO_TEST_CASE(the_page_has_a_largest_size) {
    const std::size_t series = fcgi::metric_series().size();
    for (std::size_t i = 0; i < series; ++i)
        for (std::size_t outcome = 0; outcome < Metrics::kOutcomes; ++outcome)
            metrics.record(i, outcome, std::chrono::milliseconds(1));

    const auto page = text();

    const auto lines = static_cast<std::size_t>(std::count(page.begin(), page.end(), '\n'));
    BOOST_TEST(lines <= series * (17 + Metrics::kBounds.size() + 3) + 50);
    BOOST_TEST(page.size() < 400'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace request_metrics_test
