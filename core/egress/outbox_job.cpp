#include "core/egress/outbox_job.h"

#include "core/service/notifications.h"
#include "core/store/key_set_store.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace core::egress {
namespace {

using service::MailTo;
using service::Preference;
using std::chrono::milliseconds;

constexpr std::int64_t kMessagesAtOnce = 100;
// "Again and again": as often as this within five minutes.
constexpr std::int64_t kRefusals = 20;
constexpr milliseconds kBetweenRefusalLooks{30000};
// Half a minute of attempts: what passes by itself is nobody's trouble.
constexpr std::int64_t kFailedFetches = 5;
constexpr std::int64_t kTenantsAtOnce = 1000;
constexpr milliseconds kBetweenTroubleLooks{10000};

// The words of the statement expand_outbox.
std::string_view word_of(MailTo mail_to) {
    switch (mail_to) {
        case MailTo::Nobody:
            return "";
        case MailTo::Deciders:
            return "deciders";
        case MailTo::Admins:
            return "admins";
        case MailTo::Invitee:
            return "invitee";
    }
    return "";
}

std::string_view word_of(Preference preference) {
    switch (preference) {
        case Preference::None:
            return "";
        case Preference::ApprovalRequests:
            return "approval_requests";
        case Preference::SecurityAlerts:
            return "security_alerts";
    }
    return "";
}

std::vector<store::MailRule> mail_rules() {
    std::vector<store::MailRule> rules;
    for (const auto& kind : service::kEventKinds) {
        if (kind.mail_to == MailTo::Nobody) continue;
        rules.push_back({std::string(kind.type),
                         std::string(word_of(kind.mail_to)),
                         std::string(word_of(kind.preference))});
    }
    return rules;
}

milliseconds after_failure(log::Literal event, const Error& error) {
    log::warning(event, {{"detail", log::quoted(error.detail)}});
    return kPauseWithoutDatabase;
}

}  // namespace

OutboxJob::OutboxJob(store::ConnectionPool& connections, Mail mail) : m_connections(connections) {
    if (mail == Mail::On) m_rules = mail_rules();
}

milliseconds OutboxJob::run(const std::stop_token& /*stop*/) {
    auto connection = m_connections.borrow();
    if (!connection) return after_failure("outbox_not_read", connection.error());
    const auto expanded = store::expand_outbox(**connection, m_rules, kMessagesAtOnce);
    if (!expanded) return after_failure("outbox_not_read", expanded.error());
    return *expanded == kMessagesAtOnce ? milliseconds(0) : kBetweenLooks;
}

milliseconds RefusalJob::run(const std::stop_token& /*stop*/) {
    auto connection = m_connections.borrow();
    if (!connection) return after_failure("refusals_not_counted", connection.error());
    const auto told = store::tell_repeated_refusals(**connection, kRefusals);
    if (!told) return after_failure("refusals_not_counted", told.error());
    return kBetweenRefusalLooks;
}

milliseconds KeySetTroubleJob::run(const std::stop_token& /*stop*/) {
    auto connection = m_connections.borrow();
    if (!connection) return after_failure("key_set_trouble_not_told", connection.error());
    const auto told = store::tell_key_set_trouble(**connection, kFailedFetches, kTenantsAtOnce);
    if (!told) return after_failure("key_set_trouble_not_told", told.error());
    return *told == kTenantsAtOnce ? milliseconds(0) : kBetweenTroubleLooks;
}

}  // namespace core::egress
