#include "core/stripe/client.h"

#include <chrono>

namespace core::stripe {
namespace {

using std::chrono::milliseconds;

// The caller hears within 6 s, whatever Stripe does.
constexpr milliseconds kTimeout{5000};
// A session is a few kilobytes.
constexpr std::size_t kLongestAnswer = 256UL * 1024UL;
constexpr int kOk = 200;
constexpr int kNotFound = 404;

Failure unavailable(std::string detail) {
    return failure(ErrorCode::StripeUnavailable, {}, "stripe: " + std::move(detail));
}

// Unreserved characters of RFC 3986 §2.3; a bracket may stand in a name, and Stripe reads it
// encoded or not.
bool stands_for_itself(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
}

void append_encoded(std::string& out, std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (const char c : text) {
        if (stands_for_itself(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
    }
}

// Pages of Stripe, to which people are sent.
bool is_page(std::string_view url) {
    return url.starts_with("https://");
}

// Gives its slot back.
class Call {
  public:
    explicit Call(CallSlots& slots) : m_slots(slots), m_may(slots.try_acquire()) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    Call(Call&&) = delete;
    Call& operator=(Call&&) = delete;
    ~Call() {
        if (m_may) m_slots.release();
    }
    [[nodiscard]] bool may_begin() const { return m_may; }

  private:
    CallSlots& m_slots;
    const bool m_may;
};

std::string text_member(const JsonValue& object, std::string_view name) {
    const auto value = object.find(name);
    if (!value || value->kind() != JsonValue::Kind::String) return {};
    return std::string(value->string());
}

// What Stripe says of a refusal: https://docs.stripe.com/api/errors. Its message is left out: it
// may repeat what was sent.
struct Refusal {
    std::string type;
    std::string code;
    std::string param;
};

Refusal refusal_of(const JsonValue& answer) {
    const auto error = answer.find("error");
    if (!error || error->kind() != JsonValue::Kind::Object) return {};
    return {text_member(*error, "type"), text_member(*error, "code"), text_member(*error, "param")};
}

Failure refused(int status, const Refusal& refusal) {
    if (refusal.type == "idempotency_error")
        return failure(ErrorCode::IdempotencyKeyReused,
                       "This Idempotency-Key was sent with another request within the last 24 "
                       "hours; use a new one for each request");
    const bool is_missing = status == kNotFound || refusal.code == "resource_missing";
    if (is_missing && refusal.param == "customer")
        return failure(ErrorCode::StripeCustomerNotFound,
                       "Stripe does not know this tenant as a customer any more; begin with POST "
                       "/v1/billing/checkout");
    return unavailable("status " + std::to_string(status) + ", type '" + refusal.type +
                       "', code '" + refusal.code + "', param '" + refusal.param + "'");
}

}  // namespace

std::string form_encoded(const std::vector<std::pair<std::string_view, std::string_view>>& form) {
    std::string out;
    for (const auto& [name, value] : form) {
        if (!out.empty()) out += '&';
        append_encoded(out, name);
        out += '=';
        append_encoded(out, value);
    }
    return out;
}

Result<Client> Client::create(http::HttpsUrl base,
                              const std::filesystem::path& ca_file,
                              const ApiKey& key,
                              CallSlots& slots) {
    constexpr std::string_view kScheme = "https://";
    if (base.text().find_first_of("/?", kScheme.size()) != std::string::npos)
        return failure(ErrorCode::ConfigInvalid,
                       "the address of Stripe's API has no path: https://api.stripe.com");
    auto client = http::HttpsClient::create({.ca_file = ca_file,
                                             .connect_timeout = kTimeout,
                                             .total_timeout = kTimeout,
                                             .max_body_bytes = kLongestAnswer,
                                             .destination = http::Destination::Any});
    if (!client) return failure(std::move(client));
    return Client(std::move(base), std::move(*client), key, slots);
}

Result<CheckoutSession> Client::create_checkout_session(const CheckoutRequest& request,
                                                        std::string_view idempotency_key) {
    Form form{{"mode", "subscription"},
              {"line_items[0][price]", request.price},
              {"line_items[0][quantity]", "1"},
              {"success_url", request.success_url},
              {"cancel_url", request.cancel_url},
              {"client_reference_id", request.tenant},
              {"metadata[tenant_id]", request.tenant},
              {"metadata[plan]", request.plan},
              {"subscription_data[metadata][tenant_id]", request.tenant},
              {"subscription_data[metadata][plan]", request.plan}};
    if (!request.customer.empty()) form.emplace_back("customer", request.customer);
    const auto answer = post("/v1/checkout/sessions", form, idempotency_key);
    if (!answer) return failure(answer);
    CheckoutSession session{text_member(answer->root(), "id"), text_member(answer->root(), "url")};
    if (session.id.empty() || !is_page(session.url))
        return unavailable("no id or url in a session");
    return session;
}

Result<std::string> Client::create_portal_session(const PortalRequest& request,
                                                  std::string_view idempotency_key) {
    const auto answer = post("/v1/billing_portal/sessions",
                             {{"customer", request.customer}, {"return_url", request.return_url}},
                             idempotency_key);
    if (!answer) return failure(answer);
    auto url = text_member(answer->root(), "url");
    if (!is_page(url)) return unavailable("no url in a portal session");
    return url;
}

Result<JsonDocument> Client::post(std::string_view path,
                                  const Form& form,
                                  std::string_view idempotency_key) {
    const Call call(m_slots);
    if (!call.may_begin()) return unavailable("as many calls are under way as may be");
    const auto url = http::HttpsUrl::parse(m_base.text() + std::string(path));
    if (!url) return unavailable("the address of its API " + url.error().public_message);
    auto answer =
        m_client.post(*url,
                      {{"Authorization", "Bearer " + std::string(as_text(m_key.expose()))},
                       {"Content-Type", "application/x-www-form-urlencoded"},
                       {"Idempotency-Key", std::string(idempotency_key)},
                       {"Stripe-Version", std::string(kApiVersion)}},
                      form_encoded(form),
                      {});
    if (!answer) return unavailable(answer.error().detail);
    auto document = JsonDocument::parse(Body::copy_of(answer->body));
    const bool is_object = document && document->root().kind() == JsonValue::Kind::Object;
    if (answer->status == kOk && is_object) return std::move(*document);
    return refused(answer->status, is_object ? refusal_of(document->root()) : Refusal{});
}

}  // namespace core::stripe
