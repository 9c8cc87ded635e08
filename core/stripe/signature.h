// Is it Stripe that speaks? The header Stripe-Signature of a webhook, scheme v1: an HMAC-SHA-256 of
// the time and the body as it came, under a secret that only Stripe and this endpoint have.
//
//     t=<Unix seconds>,v1=<64 hex digits>[,v1=…][,<other schemes, which count for nothing>]
//
// Several v1 stand there while the endpoint's secret is being rolled. Functions without state;
// thread-safe.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/secret.h"

#include <chrono>
#include <string_view>

namespace core::stripe {

struct WebhookSecretTag;
// whsec_…: the text itself is the key.
using WebhookSecret = SecretBytes<WebhookSecretTag>;

// How far Stripe's clock and ours may be apart; what was recorded is of no use for longer.
inline constexpr std::chrono::seconds kSignatureTolerance{300};

// Errors: InvalidRequest where the header is malformed, too old or too new, or no v1 in it is of
// this body under `secret`.
Result<void> verify_signature(std::string_view header,
                              ByteView body,
                              const WebhookSecret& secret,
                              Timestamp now);

}  // namespace core::stripe
