// The text of a mail: plain text that says what happened, with a link to where it can be looked at
// or decided. The link decides nothing by itself; who follows it must sign in. Functions without
// state; thread-safe.
//
// What people and agents wrote (names of tenants, secrets, agents) is put on one line each and
// encoded: nothing of it can end a header or begin another.
#pragma once

#include "core/base/clock.h"
#include "core/store/delivery_store.h"

#include <string>
#include <string_view>

namespace core::egress {

struct MailSettings {
    std::string from;        // a mail address
    std::string public_url;  // where people reach the service; no '/' at the end
};

// RFC 5322 with CRLF, its body quoted-printable. `token`: of an invitation; else empty.
std::string compose_mail(const store::ClaimedMail& mail,
                         const MailSettings& settings,
                         std::string_view token,
                         Timestamp now);

// ---- the parts that tests look at by themselves ----

// A header's value: as it is where that is printable ASCII, else encoded words (RFC 2047).
std::string header_text(std::string_view text);
// RFC 2045 §6.7, with CRLF; lines of at most 76 characters.
std::string quoted_printable(std::string_view text);
// On one line, without control characters, at most 200 bytes of whole characters.
std::string one_line(std::string_view text);

}  // namespace core::egress
