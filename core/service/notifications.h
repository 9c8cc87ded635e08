// Everything that people and their programs are told of, as a closed list: an event that is written
// to the outbox is one of these. Constants and pure functions; thread-safe.
#pragma once

#include "core/base/ids.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace core::service {

// Whom a mail goes to, beside the webhooks that asked for the event.
enum class MailTo : std::uint8_t {
    Nobody,
    Deciders,  // who may decide this approval: owners where it says so, else approvers and above
    Admins,    // admins and owners
    Invitee,   // the address in the event
};

// Which of the tenant's notification_preferences can turn the mail off.
enum class Preference : std::uint8_t { None, ApprovalRequests, SecurityAlerts };

struct EventKind {
    std::string_view type;
    MailTo mail_to = MailTo::Nobody;
    Preference preference = Preference::None;
};

namespace event {
inline constexpr std::string_view kApprovalRequested = "approval.requested";
inline constexpr std::string_view kApprovalDecided = "approval.decided";
inline constexpr std::string_view kApprovalExpired = "approval.expired";
inline constexpr std::string_view kAgentCreated = "agent.created";
inline constexpr std::string_view kTokenRefusedRepeatedly = "token.refused_repeatedly";
inline constexpr std::string_view kSecretExpiring = "secret.expiring";
inline constexpr std::string_view kKeySetTrouble = "key_set.trouble";
inline constexpr std::string_view kMemberInvited = "member.invited";
// Made by a test alone; no webhook can ask for them.
inline constexpr std::string_view kWebhookTest = "webhook.test";
inline constexpr std::string_view kMailTest = "mail.test";
}  // namespace event

inline constexpr std::array kEventKinds{
    EventKind{event::kApprovalRequested, MailTo::Deciders, Preference::ApprovalRequests},
    EventKind{event::kApprovalDecided, MailTo::Nobody, Preference::None},
    EventKind{event::kApprovalExpired, MailTo::Nobody, Preference::None},
    EventKind{event::kAgentCreated, MailTo::Admins, Preference::SecurityAlerts},
    EventKind{event::kTokenRefusedRepeatedly, MailTo::Admins, Preference::SecurityAlerts},
    EventKind{event::kSecretExpiring, MailTo::Admins, Preference::SecurityAlerts},
    EventKind{event::kKeySetTrouble, MailTo::Admins, Preference::SecurityAlerts},
    EventKind{event::kMemberInvited, MailTo::Invitee, Preference::None},
};

// The types that a webhook can ask for, and '*' for all of them.
inline constexpr std::string_view kEveryEvent = "*";
inline constexpr auto kWebhookEvents = [] {
    std::array<std::string_view, kEventKinds.size() + 1> types{};
    types[0] = kEveryEvent;
    for (std::size_t i = 0; i < kEventKinds.size(); ++i)
        types[i + 1] = kEventKinds[i].type;
    return types;
}();

// What is sealed under the egress key (crypto/egress_key.h), by the row that it stands in: the
// signing secret of a webhook in its generation, and what only the mail of a message may show.
inline std::string secret_label(const WebhookId& webhook, std::int64_t generation) {
    return "webhook-secret/" + webhook.text() + "/" + std::to_string(generation);
}
inline std::string mail_label(const MessageId& message) {
    return "mail/" + message.text();
}

}  // namespace core::service
