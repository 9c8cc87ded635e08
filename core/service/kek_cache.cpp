#include "core/service/kek_cache.h"

#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/key_store.h"
#include "core/store/transaction.h"

#include <utility>

namespace core::service {

const crypto::TenantKek* KekCache::cached(const TenantId& tenant, const KeyId& id) {
    for (auto it = m_keks.begin(); it != m_keks.end(); ++it) {
        if (it->id != id || it->tenant != tenant) continue;
        m_keks.splice(m_keks.begin(), m_keks, it);
        return &m_keks.front();
    }
    return nullptr;
}

Result<const crypto::TenantKek*> KekCache::find(const TenantId& tenant, const KeyId& id) {
    if (const auto* kek = cached(tenant, id)) return kek;
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    store::add_find_tenant_key(transaction, tenant, id);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    return open(tenant, store::parse_tenant_key(results->front()));
}

Result<const crypto::TenantKek*> KekCache::open(
    const TenantId& tenant, const std::optional<store::TenantKeyStored>& stored) {
    if (!stored)
        return failure(ErrorCode::KekUnavailable,
                       "Internal error; try again later",
                       "the KEK of tenant " + tenant.text() + " is not there");
    if (const auto* kek = cached(tenant, stored->id)) return kek;
    auto kek = crypto::unwrap_kek(m_runtime.root_key,
                                  tenant,
                                  stored->id,
                                  static_cast<std::uint64_t>(stored->generation),
                                  stored->box);
    if (!kek) return failure(kek);
    if (m_keks.size() >= m_capacity) m_keks.pop_back();
    m_keks.push_front(std::move(*kek));
    return &m_keks.front();
}

}  // namespace core::service
