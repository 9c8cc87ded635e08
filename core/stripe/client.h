// The few calls of Stripe's API that billing needs. Used by one thread at a time.
//
// Each POST bears an idempotency key: Stripe keeps its first answer to a key for a day and gives it
// again, so a request that is repeated makes no second session.
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/http/https_client.h"
#include "core/http/https_url.h"

#include <filesystem>
#include <semaphore>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core::stripe {

struct ApiKeyTag;
// sk_… or rk_…
using ApiKey = SecretBytes<ApiKeyTag>;

// The version of the API that is spoken, whatever the account's own is: the one of Stripe's
// library that the tests hold against it.
inline constexpr std::string_view kApiVersion = "2026-08-26.dahlia";

// How many calls of all threads may be under way at once. A thread that waits for Stripe serves
// nobody else: this keeps some for what needs no answer of it.
using CallSlots = std::counting_semaphore<>;

struct CheckoutRequest {
    std::string tenant;  // comes back in what Stripe tells of the session and of the subscription
    std::string plan;    // likewise
    std::string price;
    std::string customer;  // empty: Stripe makes one
    std::string success_url;
    std::string cancel_url;
};

struct CheckoutSession {
    std::string id;
    std::string url;
};

struct PortalRequest {
    std::string customer;
    std::string return_url;
};

class Client {
  public:
    // `base`: https://api.stripe.com, or another without a path. `ca_file`: empty for the system's
    // authorities. `key` and `slots` must outlive this object. Errors: ConfigInvalid where the CA
    // file can't be read or `base` has a path; Internal.
    static Result<Client> create(http::HttpsUrl base,
                                 const std::filesystem::path& ca_file,
                                 const ApiKey& key,
                                 CallSlots& slots);

    // Errors of both: StripeUnavailable where Stripe gave no answer within 5 s, or one that is its
    // fault or the operator's, or no slot is free; StripeCustomerNotFound where Stripe does not
    // know the customer (any more); IdempotencyKeyReused where `idempotency_key` came with another
    // request.
    Result<CheckoutSession> create_checkout_session(const CheckoutRequest& request,
                                                    std::string_view idempotency_key);
    // The portal's URL.
    Result<std::string> create_portal_session(const PortalRequest& request,
                                              std::string_view idempotency_key);

  private:
    using Form = std::vector<std::pair<std::string_view, std::string_view>>;

    Client(http::HttpsUrl base, http::HttpsClient client, const ApiKey& key, CallSlots& slots)
        : m_base(std::move(base)), m_client(std::move(client)), m_key(key), m_slots(slots) {}

    // The JSON object that Stripe answered with.
    Result<JsonDocument> post(std::string_view path,
                              const Form& form,
                              std::string_view idempotency_key);

    http::HttpsUrl m_base;
    http::HttpsClient m_client;
    const ApiKey& m_key;
    CallSlots& m_slots;
};

// application/x-www-form-urlencoded, as Stripe takes it.
std::string form_encoded(const std::vector<std::pair<std::string_view, std::string_view>>& form);

}  // namespace core::stripe
