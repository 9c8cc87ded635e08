#include "fcgi/handlers/admin_handlers.h"

#include "core/base/json.h"
#include "core/base/metrics_text.h"
#include "core/service/metrics.h"
#include "fcgi/error_response.h"
#include "fcgi/request_context.h"
#include "fcgi/request_metrics.h"

#include <algorithm>
#include <utility>

namespace fcgi {
namespace {

using core::MetricsText;
using core::service::Counter;
using core::service::Gauges;
using core::service::kCheckNames;
using Kind = MetricsText::Kind;

std::uint64_t number(std::int64_t count) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

void write_workers(MetricsText& text, const core::service::Metrics& metrics) {
    const auto workers = metrics.workers();
    text.family("secretstore_workers", Kind::Gauge, "Workers of this host that run.");
    text.sample(workers.running);
    text.family("secretstore_worker_threads", Kind::Gauge, "Their request threads.");
    text.sample(workers.threads);
    text.family("secretstore_worker_threads_busy",
                Kind::Gauge,
                "Request threads that have a request of the API in hand.");
    text.sample(workers.busy_threads);
    text.family("secretstore_worker_starts_total",
                Kind::Counter,
                "Workers of this host that began to serve.");
    text.sample(metrics.value(Counter::WorkerStarts));
}

void write_deliveries(MetricsText& text, const core::store::Stock& stock) {
    text.family("secretstore_outbox_messages_waiting",
                Kind::Gauge,
                "Messages that secretstore-egress has not looked at, counted to 100000.");
    text.sample(number(stock.outbox_waiting));
    text.family("secretstore_outbox_lag_seconds",
                Kind::Gauge,
                "How long the oldest of them has waited; 0 where there is none.");
    text.sample(stock.outbox_lag);
    text.family("secretstore_deliveries_open",
                Kind::Gauge,
                "Deliveries that will be tried, or tried again, counted to 100000.");
    text.sample({{"channel", "mail"}}, number(stock.mails_open));
    text.sample({{"channel", "webhook"}}, number(stock.webhook_deliveries_open));
    text.family("secretstore_deliveries_dead",
                Kind::Gauge,
                "Deliveries of the last month that were given up, counted to 100000.");
    text.sample({{"channel", "mail"}}, number(stock.mails_dead));
    text.sample({{"channel", "webhook"}}, number(stock.webhook_deliveries_dead));
}

void write_key_sets(MetricsText& text, const std::vector<core::store::KeySetAge>& key_sets) {
    // Issuers stand in the operator's configuration: there are few, and no stranger names one.
    text.family("secretstore_key_set_age_seconds",
                Kind::Gauge,
                "Since the keys of an issuer of user tokens were fetched; absent until they are.");
    for (const auto& key_set : key_sets)
        if (key_set.age) text.sample({{"issuer", key_set.issuer}}, *key_set.age);
    text.family("secretstore_key_set_fetch_failures",
                Kind::Gauge,
                "Attempts in a row to fetch the keys of an issuer that gave no good set.");
    for (const auto& key_set : key_sets)
        text.sample({{"issuer", key_set.issuer}}, number(key_set.failures));
}

}  // namespace

std::string gauges_text(const std::optional<Gauges>& gauges) {
    MetricsText text;
    text.family(
        "secretstore_database_up",
        Kind::Gauge,
        "1 where PostgreSQL answered this scrape; without it what only it knows is absent.");
    text.sample(gauges ? 1 : 0);
    if (!gauges) return std::move(text).take();
    const auto& stock = gauges->stock;
    text.family("secretstore_schema_version", Kind::Gauge, "The newest migration of the database.");
    text.sample(number(stock.schema_version));
    text.family("secretstore_approvals_pending",
                Kind::Gauge,
                "Requests of agents that wait for people, counted to 100000.");
    text.sample(number(stock.approvals_pending));
    text.family("secretstore_audit_partitions_left",
                Kind::Gauge,
                "Months after the present one for which the audit log has a partition.");
    text.sample(number(stock.audit_partitions_left));
    write_deliveries(text, stock);
    write_key_sets(text, gauges->key_sets);
    return std::move(text).take();
}

core::Result<HttpResponse> show_metrics(RequestContext& context, const HttpRequest&) {
    MetricsText text;
    text.family("secretstore_build_info", Kind::Gauge, "The release of this worker; always 1.");
    text.sample({{"version", SECRETSTORE_VERSION}}, 1);
    if (const auto* metrics = context.services.runtime.metrics; metrics != nullptr) {
        write_workers(text, *metrics);
        write_request_metrics(text, *metrics);
    }
    const auto gauges = context.services.monitoring.take_stock();
    const std::string page = std::move(text).take() +
                             gauges_text(gauges ? std::optional(*gauges) : std::optional<Gauges>());
    HttpResponse response{.status = Status::Ok, .body = core::Body::copy_of(page), .headers = {}};
    response.content_type = MetricsText::kContentType;
    return response;
}

core::Result<Excluded> parse_excluded(std::optional<std::string_view> names) {
    Excluded excluded{};
    std::string_view rest = names.value_or(std::string_view{});
    while (!rest.empty()) {
        const std::string_view name = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        const auto* const found = std::find(kCheckNames.begin(), kCheckNames.end(), name);
        if (found == kCheckNames.end())
            return core::failure(core::ErrorCode::InvalidRequest,
                                 "'exclude' takes names of checks with commas between them: "
                                 "database, schema, key, key_set_age, outbox_lag");
        excluded[static_cast<std::size_t>(found - kCheckNames.begin())] = true;
    }
    return excluded;
}

HttpResponse readiness_response(const core::service::Findings& findings, const Excluded& excluded) {
    std::string wrong;
    for (std::size_t i = 0; i < findings.size(); ++i)
        if (!findings[i].is_fine && !excluded[i])
            wrong.append(wrong.empty() ? "" : ", ").append(kCheckNames[i]);

    core::JsonWriter json;
    json.begin_object();
    if (!wrong.empty())
        write_error_members(
            json, wire_code(core::ErrorCode::StoreUnavailable), "Not ready: " + wrong + ".");
    json.member("status", wrong.empty() ? "ready" : "not_ready");
    json.key("checks").begin_object();
    for (std::size_t i = 0; i < findings.size(); ++i) {
        json.key(kCheckNames[i]).begin_object();
        json.member("ok", findings[i].is_fine);
        if (!findings[i].is_fine) json.member("why", findings[i].why);
        if (excluded[i]) json.member("excluded", true);
        json.end_object();
    }
    json.end_object().end_object();
    if (wrong.empty()) return json_response(Status::Ok, std::move(json));
    auto response = json_response(Status::ServiceUnavailable, std::move(json));
    response.headers.push_back({"Retry-After", "1"});
    return response;
}

core::Result<HttpResponse> show_readiness(RequestContext& context, const HttpRequest& request) {
    const auto excluded = parse_excluded(request.query.find("exclude"));
    if (!excluded) return core::failure(excluded);
    return readiness_response(context.services.monitoring.check(), *excluded);
}

}  // namespace fcgi
