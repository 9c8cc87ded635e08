// Sealed keys in the database.
#pragma once

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/store/connection.h"
#include "core/store/transaction.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core::store {

// The check value of a root key. Nothing where this database does not know it.
Result<std::optional<Bytes>> find_root_key(Connection& connection, const KeyId& root_key);
Result<std::int64_t> count_root_keys(Connection& connection);
void add_root_key(Transaction& transaction, const KeyId& root_key, ByteView check_value);

struct ServiceKeyStored {
    KeyId id;
    std::string purpose;
    std::int64_t generation = 0;
    std::string state;  // active or verify_only
    Bytes box;
};
// Active before verify_only, newest first, by purpose.
Result<std::vector<ServiceKeyStored>> list_service_keys(Connection& connection);
// As active.
void add_service_key(Transaction& transaction,
                     const KeyId& id,
                     std::string_view purpose,
                     std::int64_t generation,
                     ByteView box);

struct TenantKeyStored {
    KeyId id;
    std::int64_t generation = 0;
    Bytes box;
};
// As active.
void add_tenant_key(Transaction& transaction, const TenantId& tenant, const TenantKeyStored& key);
// Queued; one result, for parse_tenant_key().
void add_find_active_tenant_key(Transaction& transaction, const TenantId& tenant);
void add_find_tenant_key(Transaction& transaction, const TenantId& tenant, const KeyId& kek);
std::optional<TenantKeyStored> parse_tenant_key(const ResultSet& result);

}  // namespace core::store
