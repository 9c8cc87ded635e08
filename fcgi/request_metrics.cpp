#include "fcgi/request_metrics.h"

#include "core/identity/api_key.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::MetricsText;
using core::service::Counter;
using core::service::Metrics;
using Kind = core::MetricsText::Kind;

// An outcome's number is its place here, in a file that outlives this release: new ones at the end.
constexpr std::array kOutcomes{Status::Ok,
                               Status::NoContent,
                               Status::NotModified,
                               Status::BadRequest,
                               Status::Unauthorized,
                               Status::Forbidden,
                               Status::NotFound,
                               Status::MethodNotAllowed,
                               Status::Conflict,
                               Status::Gone,
                               Status::ContentTooLarge,
                               Status::UriTooLong,
                               Status::UnsupportedMediaType,
                               Status::TooManyRequests,
                               Status::InternalServerError,
                               Status::ServiceUnavailable};

// Of a status that is missing above.
constexpr std::size_t kOther = Metrics::kOutcomes - 1;
static_assert(kOutcomes.size() <= kOther);

std::size_t outcome_of(Status status) {
    const auto* const found = std::find(kOutcomes.begin(), kOutcomes.end(), status);
    return found == kOutcomes.end() ? kOther : static_cast<std::size_t>(found - kOutcomes.begin());
}

std::size_t unrouted() {
    return routes().size();
}

Counter refused_credential(const std::optional<std::string_view>& authorization) {
    if (!authorization) return Counter::NoCredential;
    const auto is_kind = [&](std::string_view prefix) {
        const std::size_t space = authorization->find(' ');
        return space != std::string_view::npos &&
               authorization->substr(space + 1).starts_with(prefix);
    };
    if (is_kind(core::identity::kAgentKeyPrefix)) return Counter::BadAgentKey;
    if (is_kind(core::identity::kUserKeyPrefix)) return Counter::BadPersonalToken;
    return Counter::BadToken;
}

// What an error is counted as beside its status, whoever sent the request.
constexpr std::array<std::pair<ErrorCode, Counter>, 6> kCounted{
    {{ErrorCode::IntegrityFailure, Counter::IntegrityFailure},
     {ErrorCode::KekUnavailable, Counter::KekUnavailable},
     {ErrorCode::AuditUnavailable, Counter::AuditUnavailable},
     {ErrorCode::StoreUnavailable, Counter::StoreUnavailable},
     {ErrorCode::StoreUninitialised, Counter::StoreUnavailable},
     {ErrorCode::IssuerUnavailable, Counter::IssuerUnavailable}}};

std::optional<Counter> counter_of(ErrorCode code,
                                  RequestMeter::Limit limit,
                                  const IncomingRequest& incoming) {
    if (code == ErrorCode::Unauthorized) return refused_credential(incoming.authorization);
    if (code == ErrorCode::RateLimited)
        return limit == RequestMeter::Limit::OfPlan ? Counter::LimitedByPlan
                                                    : Counter::LimitedByAddress;
    for (const auto& [counted, counter] : kCounted)
        if (counted == code) return counter;
    return std::nullopt;
}

// What stands behind method= and route=.
struct Name {
    std::string_view method = "other";
    std::string_view route = "none";
};

Name name_of(std::size_t series) {
    if (series == unrouted()) return {};
    const Route& route = routes()[series];
    return {to_string(route.method), route.path};
}

void write_counts(MetricsText& text, const std::vector<Metrics::Series>& all) {
    text.family("secretstore_http_requests_total",
                Kind::Counter,
                "Requests that workers answered, by route template and status code.");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Name name = name_of(i);
        for (std::size_t j = 0; j < kOutcomes.size(); ++j) {
            const std::uint64_t count = all[i].outcomes[j];
            const int code = code_of(kOutcomes[j]);
            if (count == 0 && code < code_of(Status::InternalServerError)) continue;
            text.sample(
                {{"method", name.method}, {"route", name.route}, {"code", std::to_string(code)}},
                count);
        }
        if (const std::uint64_t count = all[i].outcomes[kOther]; count > 0)
            text.sample({{"method", name.method}, {"route", name.route}, {"code", "other"}}, count);
    }
}

void write_durations(MetricsText& text, const std::vector<Metrics::Series>& all) {
    text.family("secretstore_http_request_duration_seconds",
                Kind::Histogram,
                "Time from a request's arrival at a worker until its answer is ready.");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Name name = name_of(i);
        std::uint64_t count = 0;
        for (const auto of_class : all[i].durations)
            count += of_class;
        if (count == 0) continue;
        std::uint64_t so_far = 0;
        for (std::size_t j = 0; j < Metrics::kBounds.size(); ++j) {
            so_far += all[i].durations[j];
            text.bucket(
                {{"method", name.method}, {"route", name.route}}, Metrics::kBounds[j], so_far);
        }
        text.total({{"method", name.method}, {"route", name.route}}, count, all[i].sum);
    }
}

}  // namespace

std::vector<std::string> metric_series() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i <= unrouted(); ++i) {
        const Name name = name_of(i);
        names.push_back(std::string(name.method) + " " + std::string(name.route));
    }
    return names;
}

RequestMeter::RequestMeter(Metrics* metrics, const IncomingRequest& incoming)
    : m_metrics(metrics),
      m_incoming(incoming),
      m_series(unrouted()),
      m_began(std::chrono::steady_clock::now()) {
    if (m_metrics != nullptr) m_metrics->begin_work();
}

RequestMeter::~RequestMeter() {
    if (m_metrics == nullptr) return;
    m_metrics->record(m_series, outcome_of(m_status), std::chrono::steady_clock::now() - m_began);
    m_metrics->end_work();
}

void RequestMeter::routed(const Route& route) {
    const auto all = routes();
    const auto is_it = [&route](const Route& known) { return &known == &route; };
    const auto is_same = [&route](const Route& known) {
        return known.operation_id == route.operation_id;
    };
    auto found = std::find_if(all.begin(), all.end(), is_it);
    if (found == all.end()) found = std::find_if(all.begin(), all.end(), is_same);
    // One that is in no table of ours is counted as none.
    m_series = static_cast<std::size_t>(found - all.begin());
}

void RequestMeter::failed(ErrorCode code, Limit limit) {
    const auto counter = counter_of(code, limit, m_incoming);
    if (counter && m_metrics != nullptr) m_metrics->add(*counter);
}

void write_request_metrics(MetricsText& text, const Metrics& metrics) {
    std::vector<Metrics::Series> all;
    for (std::size_t i = 0; i <= unrouted(); ++i)
        all.push_back(metrics.series(i));
    write_counts(text, all);
    write_durations(text, all);

    text.family("secretstore_rate_limited_total",
                Kind::Counter,
                "Requests that workers refused with 429, by whose limit it was.");
    text.sample({{"limit", "plan"}}, metrics.value(Counter::LimitedByPlan));
    text.sample({{"limit", "address"}}, metrics.value(Counter::LimitedByAddress));

    text.family("secretstore_authentication_failures_total",
                Kind::Counter,
                "Requests refused with 401, by what they showed as a credential.");
    text.sample({{"credential", "none"}}, metrics.value(Counter::NoCredential));
    text.sample({{"credential", "agent_key"}}, metrics.value(Counter::BadAgentKey));
    text.sample({{"credential", "personal_token"}}, metrics.value(Counter::BadPersonalToken));
    text.sample({{"credential", "token"}}, metrics.value(Counter::BadToken));

    text.family(
        "secretstore_decryption_failures_total",
        Kind::Counter,
        "Stored boxes that did not open: changed, of another row, or their key is missing.");
    text.sample({{"reason", "integrity"}}, metrics.value(Counter::IntegrityFailure));
    text.sample({{"reason", "key_unavailable"}}, metrics.value(Counter::KekUnavailable));

    text.family("secretstore_audit_write_failures_total",
                Kind::Counter,
                "Requests that failed because PostgreSQL refused their audit record.");
    text.sample(metrics.value(Counter::AuditUnavailable));

    text.family("secretstore_database_unavailable_total",
                Kind::Counter,
                "Requests that failed because PostgreSQL was away or too slow.");
    text.sample(metrics.value(Counter::StoreUnavailable));

    text.family("secretstore_sign_in_unavailable_total",
                Kind::Counter,
                "Requests of people that failed because the keys of their issuer are too old.");
    text.sample(metrics.value(Counter::IssuerUnavailable));
}

}  // namespace fcgi
