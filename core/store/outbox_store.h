// What people are to be told of. It is written in the transaction in which it happens, so that
// nobody is told of what was rolled back and nothing is forgotten; secretstore-egress tells it.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/store/transaction.h"

#include <optional>
#include <string>
#include <string_view>

namespace core::store {

struct OutboxMessage {
    MessageId message;
    std::string_view type;  // such as approval.requested
    std::string payload;    // a JSON object of ids, names and times; at most 64 KiB
    // What only its mail may show, sealed under the egress key (crypto/egress_key.h).
    std::optional<Bytes> mail_box{};
};

// Queued; no result. Role app, maint or egress.
void add_outbox_message(Transaction& transaction,
                        const TenantId& tenant,
                        const OutboxMessage& message);

}  // namespace core::store
