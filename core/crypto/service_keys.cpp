#include "core/crypto/service_keys.h"

#include <utility>

namespace core::crypto {
namespace {

BoxContext context_of(const ServiceKeyRow& row) {
    BoxContext context;
    context.purpose = "svc";
    context.child_key = row.id;
    context.label = row.purpose;
    context.generation = row.generation;
    return context;
}

}  // namespace

Bytes seal_service_key(const KeyProvider& root_key,
                       const ServiceKeyRow& row,
                       const ServiceKeyBytes& key) {
    return seal_box(root_key, context_of(row), key.expose());
}

Result<ServiceKeyBytes> open_service_key(const KeyProvider& root_key,
                                         const ServiceKeyRow& row,
                                         ByteView box) {
    auto key = open_box(root_key, context_of(row), box);
    if (!key) return failure(std::move(key));
    return ServiceKeyBytes(std::move(*key));
}

}  // namespace core::crypto
