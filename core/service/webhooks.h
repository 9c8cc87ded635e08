// Webhooks: addresses of a tenant that are told what happens. Each has a secret of its own, shown
// once, under which egress signs what it sends. Thread-compatible.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/http/https_url.h"
#include "core/identity/principal.h"
#include "core/service/agents.h"
#include "core/service/deliveries.h"
#include "core/service/exactly_once.h"
#include "core/service/host_check.h"
#include "core/store/webhook_store.h"

#include <optional>
#include <string>
#include <vector>

namespace core::service {

struct Runtime;

struct Webhook {
    WebhookId id;
    std::string url;
    std::optional<std::string> description;
    std::vector<std::string> events;
    bool active = true;
    // When its host was last known to be allowed and there; nothing: not checked yet.
    std::optional<Timestamp> verified_at;
    std::optional<Timestamp>
        previous_secret_until;  // of one that still signs beside the present one
    Timestamp created_at;
    Timestamp updated_at;
};

struct WebhookWithSecret {
    Webhook webhook;
    const Credential& secret;  // shown once; lives as long as the call
};

struct NewWebhook {
    http::HttpsUrl url;
    std::optional<std::string> description;  // at most 500 characters
    std::vector<std::string> events;         // types of notifications.h
    bool active = true;
};

// What PATCH changes; what is nothing stays.
struct WebhookPatch {
    std::optional<http::HttpsUrl> url;
    std::optional<std::optional<std::string>> description;  // inner: none
    std::optional<std::vector<std::string>> events;
    std::optional<bool> active;
};

Error no_such_webhook();

// Errors: InvalidRequest naming the member.
Result<void> check_events(const std::vector<std::string>& events);

class Webhooks {
  public:
    // `runtime` must outlive this object.
    explicit Webhooks(const Runtime& runtime) : m_runtime(runtime), m_once(runtime) {}

    // Changes are made exactly once (exactly_once.h).
    // Errors: InvalidRequest (a host that is private or does not resolve, description, events),
    // PlanLimitReached (20 of them), StoreUnavailable.
    Result<Body> create(const Actor& actor,
                        const identity::Origin& origin,
                        const NewWebhook& request,
                        const Rendering<WebhookWithSecret>& render);

    // What waits for one that is made inactive ends as dead; it can be sent again.
    // Errors: InvalidRequest, NotFound, StoreUnavailable.
    Result<Body> update(const Actor& actor,
                        const identity::Origin& origin,
                        const WebhookId& id,
                        const WebhookPatch& patch,
                        const Rendering<Webhook>& render);

    // With what waits for it, and what is known of its deliveries. Errors: NotFound,
    // StoreUnavailable.
    Result<Body> remove(const Actor& actor,
                        const identity::Origin& origin,
                        const WebhookId& id,
                        const Rendering<WebhookId>& render);

    // A new secret; the one before it signs too for 24 hours. Errors: NotFound, StoreUnavailable.
    Result<Body> rotate_secret(const Actor& actor,
                               const identity::Origin& origin,
                               const WebhookId& id,
                               const Rendering<WebhookWithSecret>& render);

    // Sends it a webhook.test, delivered as any other message; to an inactive one too.
    // Errors: NotFound, StoreUnavailable.
    Result<Body> test(const Actor& actor,
                      const identity::Origin& origin,
                      const WebhookId& id,
                      const Rendering<Delivery>& render);

    // Oldest first. Errors: StoreUnavailable.
    Result<std::vector<Webhook>> list(const TenantId& tenant);
    // Errors: NotFound, StoreUnavailable.
    Result<Webhook> find(const TenantId& tenant, const WebhookId& id);

  private:
    // Is the host allowed, as far as can be found out? A refusal is on record.
    // Errors: InvalidRequest, StoreUnavailable.
    Result<HostVerdict> check_host_of(const Actor& actor,
                                      const identity::Origin& origin,
                                      const http::HttpsUrl& url);
    [[nodiscard]] store::AuditRecord record_of(std::string_view type,
                                               const std::optional<WebhookId>& webhook,
                                               const std::string& details) const;

    const Runtime& m_runtime;
    ExactlyOnce m_once;
};

}  // namespace core::service
