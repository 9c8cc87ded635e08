// Mail addresses that we write to. Functions without state; thread-safe.
#pragma once

#include <string_view>

namespace core::http {

// local@domain as nearly everybody has it: dot-atom (RFC 5322 §3.4.1) and a host name, at most 254
// bytes of ASCII (RFC 5321 §4.5.3.1). No quotes, no comments, no white space: nothing in it can end
// a header line or become a second address.
bool is_mail_address(std::string_view text);

}  // namespace core::http
