// Who is asking, and from where: the step between the route table and a handler.
#pragma once

#include "core/base/result.h"
#include "core/identity/principal.h"
#include "fcgi/backend.h"
#include "fcgi/http.h"
#include "fcgi/routes.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace fcgi {

inline constexpr std::size_t kMaxUserAgentBytes = 256;

// At most 256 bytes of valid UTF-8 without control characters, cut at a character's border: it is
// stored with every audit event and shown to people.
std::string sanitised_user_agent(std::string_view text);

// nginx's request id, or a fresh one where it gave none that is valid.
core::RequestId request_id_of(std::string_view text);

// Errors: Internal where nginx gave no client address: without one nothing can be recorded.
core::Result<core::identity::Origin> origin_of(const IncomingRequest& incoming,
                                               const core::RequestId& request_id);

inline constexpr std::size_t kMaxIdempotencyKeyBytes = 255;

// The name that the client gave its request, with what that request is: method, target and body.
// Nothing where it gave none. Errors: InvalidRequest.
core::Result<std::optional<core::identity::IdempotencyKey>> idempotency_key_of(
    const IncomingRequest& incoming, const core::Body& body);

// Who is asking; nobody where the route asks for nobody. Errors: as
// core::service::Authenticator::identify(); RateLimited where this address has failed too often.
core::Result<core::identity::Principal> identify(Backend& backend,
                                                 const Route& route,
                                                 const IncomingRequest& incoming,
                                                 const core::identity::Origin& origin);

}  // namespace fcgi
