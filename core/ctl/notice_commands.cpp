// What the operator does about webhooks, mail and the key of egress: see commands.h.
#include "core/crypto/egress_key.h"
#include "core/ctl/commands.h"
#include "core/ctl/session.h"
#include "core/service/deliveries.h"
#include "core/service/webhooks.h"

#include <chrono>
#include <thread>
#include <utility>

namespace core::ctl {
namespace {

// A transfer takes ten seconds at most, a mail twice that.
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kPause{200};

// The id of what was queued, out of its rendering.
service::Rendering<service::Delivery> keep_id(DeliveryId& id) {
    return [&id](const service::Delivery& delivery) {
        id = delivery.id;
        return Body{};
    };
}

std::string outcome_of(const service::Delivery& delivery) {
    std::string line = delivery.status;
    if (delivery.last_status) line += ", status " + std::to_string(*delivery.last_status);
    if (delivery.last_error) line += ", " + *delivery.last_error;
    return line;
}

void print_outcome(const service::Delivery& delivery, Output output) {
    if (output == Output::Text) {
        print_line("delivery " + delivery.id.text() + ": " + outcome_of(delivery));
        return;
    }
    JsonWriter json;
    json.begin_object().member("id", delivery.id.text()).member("status", delivery.status);
    json.member("attempts", delivery.attempts).member("last_status", delivery.last_status);
    json.member("last_error", delivery.last_error).end_object();
    print_json(std::move(json));
}

// Until its first attempt is over. Pending where nobody makes one.
Result<ExitCode> await_outcome(const service::Runtime& runtime,
                               const TenantId& tenant,
                               const DeliveryId& id,
                               Output output) {
    service::Deliveries deliveries(runtime);
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        const auto delivery = deliveries.find(tenant, id);
        if (!delivery) return failure(delivery);
        const bool over = delivery->status != "pending";
        if (!over && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(kPause);
            continue;
        }
        print_outcome(*delivery, output);
        if (!over) return ExitCode::Pending;
        return delivery->status == "delivered" ? ExitCode::Ok : ExitCode::Failure;
    }
}

void write_webhook(JsonWriter& json, const service::Webhook& webhook) {
    json.begin_object().member("id", webhook.id.text()).member("url", webhook.url);
    json.member("events", webhook.events).member("active", webhook.active).end_object();
}

}  // namespace

Result<void> egress_key_export(const config::Config& config, const std::string& file) {
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    if (const auto written = session.runtime().keyring.egress_key().export_to(file); !written)
        return failure(written);
    print_line("the egress key is in " + file);
    return {};
}

Result<void> webhook_list(const config::Config& config, const std::string& tenant, Output output) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    const auto webhooks = service::Webhooks(runtime).list(*id);
    if (!webhooks) return failure(webhooks);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (const auto& webhook : *webhooks) {
        if (output == Output::Text)
            print_line(webhook.id.text() + "  " + (webhook.active ? "active    " : "inactive  ") +
                       webhook.url);
        write_webhook(json, webhook);
    }
    json.end_array().member("total", static_cast<std::int64_t>(webhooks->size())).end_object();
    if (output == Output::Json) print_json(std::move(json));
    return {};
}

Result<ExitCode> webhook_test(const config::Config& config,
                              const std::string& tenant,
                              const std::string& webhook,
                              Output output) {
    const auto tenant_id = parse_tenant(tenant);
    if (!tenant_id) return failure(tenant_id);
    const auto webhook_id = WebhookId::parse(webhook);
    if (!webhook_id)
        return failure(
            ErrorCode::InvalidRequest,
            "'" + webhook + "' is no webhook id; 'secretstorectl webhook list' shows them");
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    DeliveryId delivery;
    const auto queued = service::Webhooks(runtime).test(
        operator_of(*tenant_id), {}, *webhook_id, keep_id(delivery));
    if (!queued) return failure(queued);
    return await_outcome(runtime, *tenant_id, delivery, output);
}

Result<ExitCode> mail_test(const config::Config& config,
                           const std::string& tenant,
                           const std::string& address,
                           Output output) {
    const auto id = parse_tenant(tenant);
    if (!id) return failure(id);
    Session session(config, store::Role::App);
    if (const auto opened = session.open_keys(config); !opened) return failure(opened);
    const auto runtime = session.runtime();
    DeliveryId delivery;
    const auto queued =
        service::Deliveries(runtime).send_test_mail(operator_of(*id), address, keep_id(delivery));
    if (!queued) return failure(queued);
    return await_outcome(runtime, *id, delivery, output);
}

}  // namespace core::ctl
