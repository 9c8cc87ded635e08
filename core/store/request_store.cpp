#include "core/store/request_store.h"

namespace core::store {
namespace {

std::optional<TenantKeyStored> maybe_key(Row& row) {
    const auto id = row.maybe_id<KeyId>();
    const auto generation = row.maybe_integer();
    const auto box = row.maybe_bytes();
    if (!id || !generation || !box) return std::nullopt;
    return TenantKeyStored{*id, *generation, to_bytes(*box)};
}

}  // namespace

void add_begin_change(Transaction& transaction,
                      const TenantId& tenant,
                      const std::vector<Bytes>& keys) {
    transaction.add(Statement::BeginChange, Parameters{}.id(tenant).byte_strings(keys));
}

ChangeStart parse_change_start(const ResultSet& result) {
    Row row = result.row(0);
    ChangeStart start;
    start.now = row.time();
    start.plan_version = row.integer();
    start.kek = maybe_key(row);
    const auto key = row.maybe_bytes();
    const auto box = row.maybe_bytes();
    if (key && box)
        start.earlier = ProcessedRequest{to_bytes(*key), to_bytes(*box), maybe_key(row)};
    return start;
}

void add_forget_expired_request(Transaction& transaction, const TenantId& tenant, ByteView key) {
    transaction.add(Statement::ForgetExpiredRequest, Parameters{}.id(tenant).bytes(key));
}

void add_processed_request(Transaction& transaction,
                           const TenantId& tenant,
                           ByteView key,
                           const KeyId& kek,
                           ByteView answer_box,
                           std::chrono::seconds kept) {
    transaction.add(Statement::InsertProcessedRequest,
                    Parameters{}
                        .id(tenant)
                        .bytes(key)
                        .id(kek)
                        .bytes(answer_box)
                        .bigint(std::int64_t{kept.count()}));
}

Result<std::int64_t> sweep_processed_requests(Connection& connection, std::int64_t limit) {
    const auto result =
        connection.run(Statement::SweepProcessedRequests, Parameters{}.bigint(limit));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

}  // namespace core::store
