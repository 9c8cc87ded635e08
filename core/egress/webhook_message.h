// What a webhook is sent: the body of a message and the headers that prove it. README.md of the
// root shows how a receiver checks them. Functions without state; thread-safe.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/http/https_client.h"
#include "core/store/delivery_store.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::egress {

// {"id", "type", "created_at", "tenant_id", "data"}: the same bytes in every attempt.
std::string message_body(const store::ClaimedDelivery& delivery);

// "v1=" and the hex of HMAC-SHA-256 under the secret, as it was shown, over the decimal seconds of
// `sent_at`, a dot and the body. One for each secret, with a comma between: a receiver accepts the
// message where any of them is right.
std::string signature(std::span<const ByteView> secrets, Timestamp sent_at, std::string_view body);

std::vector<http::Header> message_headers(const store::ClaimedDelivery& delivery,
                                          std::span<const ByteView> secrets,
                                          Timestamp sent_at,
                                          std::string_view body);

}  // namespace core::egress
