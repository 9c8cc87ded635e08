#include "core/egress/webhook_message.h"

#include "core/base/json.h"
#include "core/crypto/mac.h"

#include <utility>

namespace core::egress {

std::string message_body(const store::ClaimedDelivery& delivery) {
    JsonWriter json;
    json.begin_object().member("id", delivery.message.text());
    json.member("type", delivery.event_type);
    json.member("created_at", format_rfc3339(delivery.created_at));
    json.member("tenant_id", delivery.tenant.text());
    json.key("data").raw(delivery.payload).end_object();
    return std::move(json).take_text();
}

std::string signature(std::span<const ByteView> secrets, Timestamp sent_at, std::string_view body) {
    const std::string seconds = std::to_string(to_unix_seconds(sent_at));
    std::string out;
    for (const auto& secret : secrets) {
        crypto::HmacKey key(secret);
        const auto mac = key.mac({as_bytes(seconds), as_bytes("."), as_bytes(body)});
        out += (out.empty() ? "v1=" : ",v1=") + to_hex(mac);
    }
    return out;
}

std::vector<http::Header> message_headers(const store::ClaimedDelivery& delivery,
                                          std::span<const ByteView> secrets,
                                          Timestamp sent_at,
                                          std::string_view body) {
    return {{"Content-Type", "application/json"},
            {"X-Secretstore-Id", delivery.message.text()},
            {"X-Secretstore-Event", delivery.event_type},
            {"X-Secretstore-Timestamp", std::to_string(to_unix_seconds(sent_at))},
            {"X-Secretstore-Signature", signature(secrets, sent_at, body)}};
}

}  // namespace core::egress
