#include "core/store/outbox_store.h"

namespace core::store {

void add_outbox_message(Transaction& transaction,
                        const TenantId& tenant,
                        const OutboxMessage& message) {
    Parameters parameters;
    parameters.id(tenant).id(message.message).text(message.type).text(message.payload);
    transaction.add(Statement::InsertOutboxMessage, std::move(parameters));
}

}  // namespace core::store
