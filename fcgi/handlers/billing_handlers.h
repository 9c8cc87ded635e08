// /v1/billing: what the pool with the network serves, and what the others say there.
#pragma once

#include "core/base/result.h"
#include "fcgi/http.h"

namespace fcgi {

struct BillingContext;
struct RequestContext;

// In the pool of the store. Errors: those of the body; NotFound where billing is not configured;
// StripeUnavailable where it is, and the request should have gone there.
core::Result<HttpResponse> refuse_checkout(RequestContext& context, const HttpRequest& request);
core::Result<HttpResponse> refuse_portal(RequestContext& context, const HttpRequest& request);
core::Result<HttpResponse> refuse_stripe_event(RequestContext& context, const HttpRequest& request);

core::Result<HttpResponse> create_checkout(BillingContext& context, const HttpRequest& request);
core::Result<HttpResponse> open_portal(BillingContext& context, const HttpRequest& request);
core::Result<HttpResponse> take_stripe_event(BillingContext& context, const HttpRequest& request);

}  // namespace fcgi
