#include "fcgi/dispatch.h"

#include "core/base/log.h"
#include "core/service/audit_trail.h"
#include "fcgi/authenticate.h"
#include "fcgi/error_response.h"
#include "fcgi/rate_limit_headers.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::service::RateJudgement;

// Each turn but the first means that the tenant's plan was changed meanwhile.
constexpr int kTurns = 8;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

// application/json, with parameters; a charset must be UTF-8, for that is how it is read.
bool is_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find(';'));
    if (!equals_ignoring_case(trimmed(type), "application/json")) return false;
    content_type.remove_prefix(type.size());
    while (!content_type.empty()) {
        content_type.remove_prefix(1);
        std::string_view parameter = content_type.substr(0, content_type.find(';'));
        content_type.remove_prefix(parameter.size());
        parameter = trimmed(parameter);
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        if (!equals_ignoring_case(parameter.substr(0, equals), "charset")) continue;
        const std::string_view charset = parameter.substr(std::min(equals + 1, parameter.size()));
        if (!equals_ignoring_case(charset, "utf-8") && !equals_ignoring_case(charset, "\"utf-8\""))
            return false;
    }
    return true;
}

tl::unexpected<HttpResponse> refuse(HttpResponse response) {
    return tl::unexpected<HttpResponse>(std::move(response));
}

tl::unexpected<HttpResponse> refuse(const core::Error& error) {
    return refuse(error_response(error, CredentialSent::No));
}

// While the database is away every request of every stranger fails: one line a second says it.
bool may_log_unavailable() {
    static std::atomic<std::int64_t> last_second{0};
    const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                                 std::chrono::steady_clock::now().time_since_epoch())
                                 .count();
    return last_second.exchange(now) != now;
}

bool is_database_trouble(ErrorCode code) {
    return core::is_store_away(code) || code == ErrorCode::AuditUnavailable;
}

void log_error(const core::Error& error,
               const core::RequestId& request_id,
               const std::optional<core::TenantId>& tenant) {
    const bool internal =
        is_internal(error.code) && (!is_database_trouble(error.code) || may_log_unavailable());
    const auto level = internal ? core::log::Level::Error : core::log::Level::Debug;
    const core::log::Field request{"request_id", request_id};
    const core::log::Field code{"code", error.code};
    const core::log::Field detail{"detail", core::log::quoted(error.detail)};
    if (tenant)
        core::log::write(level, "request_failed", {request, {"tenant", *tenant}, code, detail});
    else
        core::log::write(level, "request_failed", {request, code, detail});
}

void log_answer(const HttpResponse& response,
                const IncomingRequest& incoming,
                const core::RequestId& request_id) {
    // The target stays out: a secret may stand in its query. nginx logs the path.
    core::log::debug("request",
                     {{"request_id", request_id},
                      {"method", core::log::quoted(incoming.method)},
                      {"status", code_of(response.status)}});
}

CredentialSent credential_sent(const IncomingRequest& incoming) {
    return incoming.authorization ? CredentialSent::Yes : CredentialSent::No;
}

}  // namespace

tl::expected<Routed, HttpResponse> route_request(const Router& router,
                                                 const IncomingRequest& incoming) {
    if (incoming.target.size() > kMaxTargetBytes)
        return refuse(
            refusal(Status::UriTooLong, "The path with its query is longer than 8192 bytes."));
    auto routing = router.route(incoming.method, incoming.target);
    if (!routing) return refuse(routing.error());
    if (auto* routed = std::get_if<Routed>(&*routing)) return std::move(*routed);
    const auto& nowhere = std::get<NotRouted>(*routing);
    if (nowhere.status == Status::MethodNotAllowed)
        return refuse(method_not_allowed(nowhere.allow));
    return refuse(refusal(Status::NotFound,
                          "Nothing is here. GET /v1/openapi.json describes what there is."));
}

tl::expected<std::size_t, HttpResponse> announced_body(const Route& route,
                                                       const IncomingRequest& incoming) {
    const std::string_view text = incoming.content_length;
    if (text.empty()) return 0;
    std::size_t size = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
    const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits) return refuse(refusal(Status::BadRequest, "The Content-Length is no number."));
    if (parsed.ec != std::errc{} || size > kMaxBodyBytes)
        return refuse(refusal(Status::ContentTooLarge, "The body is larger than 1 MiB."));
    if (size == 0) return 0;
    if (!is_json(incoming.content_type.value_or(std::string_view{})))
        return refuse({ErrorCode::UnsupportedMediaType,
                       "The body must be JSON: send it with Content-Type: application/json",
                       {}});
    if (route.request_schema.empty())
        return refuse(refusal(Status::BadRequest, "This endpoint takes no body; send none."));
    return size;
}

namespace {

core::Result<void> take_body(const Route& route, core::Body bytes, HttpRequest& request) {
    if (route.body == BodyNeed::Raw) {
        request.raw_body = std::move(bytes);
        return {};
    }
    if (route.request_schema.empty()) return {};
    // Where every member is optional, no body is one without members.
    if (bytes.expose().empty() && route.body == BodyNeed::Optional)
        bytes = core::Body::copy_of("{}");
    auto document = core::JsonDocument::parse(std::move(bytes));
    if (!document) return core::failure(std::move(document));
    request.body = std::move(*document);
    return {};
}

}  // namespace

core::Result<HttpResponse> Dispatcher::serve(const Routed& routed,
                                             HttpRequest& request,
                                             const IncomingRequest& incoming,
                                             BodySource& body,
                                             const core::RequestId& request_id,
                                             Caller& caller) {
    const Route& route = *routed.route;
    auto origin = origin_of(incoming, request_id);
    if (!origin) return core::failure(std::move(origin));
    auto principal = identify(m_backend, route, incoming, *origin);
    if (!principal) return core::failure(std::move(principal));
    if (auto admitted = admit(route, *principal, *origin, caller); !admitted)
        return core::failure(std::move(admitted));

    if (auto known = request.query.accept_only(route.query); !known)
        return core::failure(std::move(known));
    auto size = announced_body(route, incoming);
    if (!size) return HttpResponse(std::move(size).error());
    auto bytes = *size > 0 ? body.read(*size) : core::Body{};
    if (!bytes) return core::failure(std::move(bytes));
    if (takes_idempotency_key(route)) {
        auto key = idempotency_key_of(incoming, *bytes);
        if (!key) return core::failure(std::move(key));
        origin->idempotency_key = std::move(*key);
    }
    if (auto taken = take_body(route, *std::move(bytes), request); !taken)
        return core::failure(std::move(taken));
    return handle(route, *principal, *origin, request, caller.judged);
}

core::Result<void> Dispatcher::admit(const Route& route,
                                     core::identity::Principal& principal,
                                     core::identity::Origin& origin,
                                     Caller& caller) {
    if (route.auth == core::identity::AuthKind::None) return {};
    // Whom an ID token names may belong to no tenant, or be about to join one.
    if (!std::holds_alternative<core::identity::IdentityPrincipal>(principal)) {
        caller.tenant = core::service::tenant_of(principal);
        auto judgement = m_backend.rate_limits().judge(principal, origin);
        if (!judgement) return core::failure(std::move(judgement));
        caller.judged = std::move(*judgement);
        if (caller.judged.refusal) return tl::unexpected(*caller.judged.refusal);
    }
    return m_backend.check_access({route.auth, route.role}, principal, origin);
}

core::Result<HttpResponse> Dispatcher::handle(const Route& route,
                                              core::identity::Principal& principal,
                                              core::identity::Origin& origin,
                                              const HttpRequest& request,
                                              RateJudgement& judged) {
    for (int turn = 0; turn < kTurns; ++turn) {
        auto response = m_backend.handle(route, principal, origin, request);
        if (response || response.error().code != ErrorCode::PlanChanged) return response;
        auto judgement = m_backend.rate_limits().judge_again(principal, origin, judged);
        if (!judgement) return core::failure(std::move(judgement));
        judged = std::move(*judgement);
        if (judged.refusal) return tl::unexpected(*judged.refusal);
    }
    return core::failure(ErrorCode::PlanChanged, {}, "the tenant's plan changes all the time");
}

HttpResponse Dispatcher::answer(const IncomingRequest& incoming,
                                BodySource& body,
                                const core::RequestId& request_id,
                                RequestMeter& meter) {
    const bool admin = incoming.listener == Listener::Admin;
    auto routed = route_request(admin ? m_routers.admin : m_routers.open, incoming);
    if (!routed) return std::move(routed).error();
    if (!admin) meter.routed(*routed->route);

    HttpRequest request{.path = std::move(routed->path),
                        .query = std::move(routed->query),
                        .body = {},
                        .raw_body = {},
                        .if_match = incoming.if_match,
                        .if_none_match = incoming.if_none_match,
                        .stripe_signature = incoming.stripe_signature};
    Caller caller;
    auto served = serve(*routed, request, incoming, body, request_id, caller);
    if (!served) {
        log_error(served.error(), request_id, caller.tenant);
        meter.failed(
            served.error().code,
            caller.judged.refusal ? RequestMeter::Limit::OfPlan : RequestMeter::Limit::OfAddress);
    }
    HttpResponse response =
        served ? *std::move(served) : error_response(served.error(), credential_sent(incoming));
    const auto& quota = caller.judged.quota;
    if (quota) add_rate_limit_headers(response, *quota, m_backend.clock().now());
    return response;
}

HttpResponse Dispatcher::dispatch(const IncomingRequest& incoming, BodySource& body) {
    const core::RequestId request_id = request_id_of(incoming.request_id);
    core::Error error{ErrorCode::Internal, {}, "an exception of unknown type"};
    const bool counted = incoming.listener == Listener::Public;
    RequestMeter meter(counted ? m_backend.metrics() : nullptr, incoming);
    try {
        HttpResponse response = answer(incoming, body, request_id, meter);
        meter.answered(response.status);
        log_answer(response, incoming, request_id);
        return response;
    } catch (const std::exception& exception) {
        // Without memory nothing is broken yet: the next request may find some.
        m_doubtful = dynamic_cast<const std::bad_alloc*>(&exception) == nullptr;
        error.detail = exception.what();
    } catch (...) {
        m_doubtful = true;
    }
    log_error(error, request_id, std::nullopt);
    return error_response(error, credential_sent(incoming));
}

}  // namespace fcgi
