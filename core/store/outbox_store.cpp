#include "core/store/outbox_store.h"

namespace core::store {

void add_outbox_message(Transaction& transaction,
                        const TenantId& tenant,
                        const OutboxMessage& message) {
    Parameters parameters;
    parameters.id(tenant).id(message.message).text(message.type).text(message.payload);
    message.mail_box ? parameters.bytes(*message.mail_box) : parameters.null();
    transaction.add(Statement::InsertOutboxMessage, std::move(parameters));
}

}  // namespace core::store
