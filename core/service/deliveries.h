// What was told to whom, and what became of it: deliveries of messages to webhooks and by mail, and
// sending one again. Thread-compatible.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/service/agents.h"
#include "core/service/exactly_once.h"
#include "core/service/page.h"
#include "core/store/delivery_store.h"

#include <optional>
#include <string>
#include <string_view>

namespace core::service {

struct Runtime;

struct Delivery {
    DeliveryId id;
    MessageId message;
    std::string event_type;
    std::optional<WebhookId> webhook;
    std::optional<std::string> recipient;  // of a mail
    std::string status;                    // pending, failed, delivered, dead
    std::int64_t attempts = 0;
    std::optional<std::int64_t> last_status;  // of HTTP or SMTP
    std::optional<std::string> last_error;    // a word: see core/egress/README.md
    std::optional<Timestamp> next_attempt_at;
    std::optional<Timestamp> last_attempt_at;
    Timestamp created_at;
    std::optional<Timestamp> finished_at;
};
Error no_such_delivery();
Delivery delivery_of(store::DeliveryRow&& row);

// Queues a message of this type to the one receiver that `delivery` names, and gives what will
// stand in the database.
store::DeliveryRow add_direct(const Runtime& runtime,
                              Change& change,
                              const TenantId& tenant,
                              std::string_view event_type,
                              store::DeliveryRow delivery);

class Deliveries {
  public:
    // `runtime` must outlive this object.
    explicit Deliveries(const Runtime& runtime) : m_runtime(runtime), m_once(runtime) {}

    // Newest first. Errors: NotFound where the filter names a webhook that is not there,
    // StoreUnavailable.
    Result<Page<Delivery>> list(const TenantId& tenant,
                                const store::DeliveryFilter& filter,
                                const PageRequest& page);

    // Due at once, whatever became of it before; one that waits for its next attempt has it now.
    // Errors: NotFound, StoreUnavailable.
    Result<Body> resend(const Actor& actor,
                        const identity::Origin& origin,
                        const DeliveryId& id,
                        const Rendering<Delivery>& render);

    // A mail that says that mail works, to an address of the operator's choice.
    // Errors: InvalidRequest (the address), StoreUnavailable.
    Result<Body> send_test_mail(const Actor& actor,
                                const std::string& address,
                                const Rendering<Delivery>& render);

    // Errors: NotFound, StoreUnavailable.
    Result<Delivery> find(const TenantId& tenant, const DeliveryId& id);

  private:
    const Runtime& m_runtime;
    ExactlyOnce m_once;
};

}  // namespace core::service
