#include "core/store/personal_token_store.h"

#include "core/store/tenant_store.h"

namespace core::store {
namespace {

UserKeyRow parse_key_row(Row row) {
    UserKeyRow out;
    out.tenant = row.id<TenantId>();
    out.token = row.id<PersonalTokenId>();
    out.user = row.id<UserId>();
    out.pepper = row.id<KeyId>();
    const ByteView mac = row.bytes();
    out.key_mac.assign(mac.begin(), mac.end());
    out.token_role = row.text();
    out.member_role = row.text();
    out.is_revoked = row.boolean();
    out.has_expired = row.boolean();
    out.was_used_lately = row.boolean();
    out.plan = parse_tenant_plan(row);
    return out;
}

PersonalTokenRow parse_token_row(Row row) {
    PersonalTokenRow out;
    out.token = row.id<PersonalTokenId>();
    out.name = row.text();
    out.role = row.text();
    out.key_public_id = row.text();
    out.created_at = row.time();
    out.expires_at = row.time();
    out.last_used_at = row.maybe_time();
    return out;
}

}  // namespace

Result<std::optional<UserKeyRow>> find_personal_token(Connection& connection,
                                                      std::string_view public_id) {
    const auto result = connection.run(Statement::FindPersonalToken, Parameters{}.text(public_id));
    if (!result) return tl::unexpected(to_error(result.error()));
    if (result->empty()) return std::nullopt;
    return parse_key_row(result->row(0));
}

Result<void> touch_personal_token(Connection& connection,
                                  const TenantId& tenant,
                                  const PersonalTokenId& token) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::TouchPersonalToken, Parameters{}.id(tenant).id(token));
    const auto done = transaction.commit();
    if (!done) return tl::unexpected(to_error(done.error()));
    return {};
}

Result<void> replace_personal_token_mac(Connection& connection,
                                        const TenantId& tenant,
                                        const PersonalTokenId& token,
                                        const KeyMacChange& change) {
    Transaction transaction(connection, tenant);
    transaction.add(
        Statement::ReplacePersonalTokenMac,
        Parameters{}.id(tenant).id(token).bytes(change.from).id(change.pepper).bytes(change.to));
    const auto done = transaction.commit();
    if (!done) return tl::unexpected(to_error(done.error()));
    return {};
}

void add_personal_token(Transaction& transaction,
                        const TenantId& tenant,
                        const NewPersonalTokenRow& token) {
    Parameters parameters;
    parameters.id(tenant).id(token.token).id(token.user).text(token.name).text(token.role);
    parameters.text(token.key_public_id).id(token.pepper).bytes(token.key_mac);
    transaction.add(Statement::InsertPersonalToken, std::move(parameters.time(token.expires_at)));
}

void add_lock_member(Transaction& transaction, const TenantId& tenant, const UserId& user) {
    transaction.add(Statement::LockMember, Parameters{}.id(tenant).id(user));
}

void add_count_personal_tokens(Transaction& transaction,
                               const TenantId& tenant,
                               const UserId& user) {
    transaction.add(Statement::CountPersonalTokens, Parameters{}.id(tenant).id(user));
}

Result<PersonalTokenRows> list_personal_tokens(Connection& connection,
                                               const TenantId& tenant,
                                               const UserId& user,
                                               std::int64_t limit,
                                               std::int64_t offset) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::ListPersonalTokens,
                    Parameters{}.id(tenant).id(user).bigint(limit).bigint(offset));
    add_count_personal_tokens(transaction, tenant, user);
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    PersonalTokenRows out;
    for (std::size_t i = 0; i < results->front().size(); ++i)
        out.rows.push_back(parse_token_row(results->front().row(i)));
    out.total = results->at(1).row(0).integer();
    return out;
}

void add_revoke_personal_token(Transaction& transaction,
                               const TenantId& tenant,
                               const UserId& user,
                               const PersonalTokenId& token) {
    transaction.add(Statement::RevokePersonalToken, Parameters{}.id(tenant).id(user).id(token));
}

Result<std::int64_t> sweep_personal_tokens(Connection& connection, std::int64_t limit) {
    const auto result = connection.run(Statement::SweepPersonalTokens, Parameters{}.bigint(limit));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

}  // namespace core::store
