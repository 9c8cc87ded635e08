// KEKs that one thread has opened: the most recently used, wiped when they leave.
// Thread-compatible.
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/crypto/tenant_keys.h"

#include <cstddef>
#include <list>
#include <optional>

namespace core::store {
struct TenantKeyStored;
}

namespace core::service {

struct Runtime;

class KekCache {
  public:
    // `runtime` must outlive this object.
    KekCache(const Runtime& runtime, std::size_t capacity)
        : m_runtime(runtime), m_capacity(capacity) {}

    // The KEK by its id, out of the cache or the database. The reference is valid until the next
    // call. Errors: KekUnavailable, IntegrityFailure, StoreUnavailable.
    Result<const crypto::TenantKek*> find(const TenantId& tenant, const KeyId& id);

    // The same for a row that was read already; nothing means that the tenant has none.
    Result<const crypto::TenantKek*> open(const TenantId& tenant,
                                          const std::optional<store::TenantKeyStored>& stored);

  private:
    const crypto::TenantKek* cached(const TenantId& tenant, const KeyId& id);

    const Runtime& m_runtime;
    std::size_t m_capacity;
    std::list<crypto::TenantKek> m_keks;  // most recently used first
};

}  // namespace core::service
