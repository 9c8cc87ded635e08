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
    std::string state;  // active, pending, verify_only or retired
    Bytes box;
};
// All that are not retired: active before pending before verify_only, newest first, by purpose.
Result<std::vector<ServiceKeyStored>> list_service_keys(Connection& connection);
std::vector<ServiceKeyStored> parse_service_keys(const ResultSet& result);
// Queued.
void add_service_key(Transaction& transaction, const ServiceKeyStored& key);

// The MAC of an agent key or a personal token under another pepper, in place of the one that it was
// verified by. Views must live as long as the call.
struct KeyMacChange {
    ByteView from;
    KeyId pepper;
    ByteView to;
};

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
