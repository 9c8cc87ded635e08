// From an Error to what the client is told: contract.md §1. The only place that gives an error a
// status; the message of an internal one stays here.
#pragma once

#include "core/base/error.h"
#include "core/base/json.h"
#include "fcgi/http.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace fcgi {

Status status_of(core::ErrorCode code);
// The code on the wire: "SCOPE_DENIED".
std::string_view wire_code(core::ErrorCode code);
// The caller learns only that the server could not do it.
bool is_internal(core::ErrorCode code);

// RFC 6750 §3.1: a challenge names an error only where a credential was sent.
enum class CredentialSent : std::uint8_t { No, Yes };

HttpResponse error_response(const core::Error& error, CredentialSent credential);

// The same envelope for what is no Error: the router's and the transport's own refusals.
HttpResponse refusal(Status status, std::string_view message);
// With the Allow header that a 405 must have.
HttpResponse method_not_allowed(std::string allow);

// `"error":{...},"detail":"..."` within an object that is open.
void write_error_members(core::JsonWriter& json, std::string_view code, std::string_view message);

}  // namespace fcgi
