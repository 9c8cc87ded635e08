#include "core/service/sign_in.h"

#include "core/base/log.h"
#include "core/identity/api_key.h"
#include "core/identity/jose.h"
#include "core/service/audit_trail.h"
#include "core/service/membership.h"
#include "core/service/services.h"
#include "core/service/sign_up.h"
#include "core/store/connection_pool.h"
#include "core/store/personal_token_store.h"

#include <algorithm>
#include <utility>

namespace core::service {
namespace {

using identity::MemberRole;
using identity::Origin;
using identity::unauthorized;
using identity::UserPrincipal;

// These give their connection back before anything else is done: a record of a refusal needs one
// too, and threads that hold two could starve the pool.
Result<std::optional<store::UserKeyRow>> find_key_row(const Runtime& runtime,
                                                      std::string_view public_id) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::find_personal_token(**connection, public_id);
}

Result<void> touch(const Runtime& runtime, const store::UserKeyRow& row) {
    auto connection = runtime.connections.borrow();
    if (!connection) return failure(connection);
    return store::touch_personal_token(**connection, row.tenant, row.token);
}

// As for agent keys: from now on under the new pepper, or from the next use on.
void store_again(const Runtime& runtime,
                 const store::UserKeyRow& row,
                 const KeyId& pepper,
                 const crypto::Digest& mac) {
    auto connection = runtime.connections.borrow();
    if (!connection) return;
    const auto stored = store::replace_personal_token_mac(
        **connection, row.tenant, row.token, {row.key_mac, pepper, mac});
    if (!stored) log::warning("pepper_not_replaced", {{"user_token", row.token}});
}

Result<MemberRole> effective_role(const store::UserKeyRow& row) {
    const auto token = identity::parse_member_role(row.token_role);
    const auto holder = identity::parse_member_role(row.member_role);
    if (!token || !holder)
        return failure(ErrorCode::IntegrityFailure, {}, "the role of a personal token is unknown");
    return std::min(*token, *holder);
}

}  // namespace

SignIn::SignIn(const Runtime& runtime) : m_runtime(runtime), m_peppers(runtime.keyring) {}

Result<UserPrincipal> SignIn::by_id_token(const identity::IdTokenClaims& claims,
                                          std::optional<std::string_view> wanted_tenant,
                                          const Origin& origin) {
    auto user = find_member(m_runtime, claims, wanted_tenant, origin);
    if (!user) return failure(user);
    if (*user) return **user;
    if (const auto done = sign_up(m_runtime, claims, origin); !done) return failure(done);
    user = find_member(m_runtime, claims, wanted_tenant, origin);
    if (!user) return failure(user);
    if (!*user) return ask_for_invitation("the user is not known after signing up");
    return **user;
}

Result<UserPrincipal> SignIn::by_personal_token(std::string_view credential,
                                                std::optional<std::string_view> wanted_tenant,
                                                const Origin& origin) {
    const auto key = identity::UserKey::parse(as_bytes(credential));
    if (!key) return unauthorized("personal token is malformed");
    const auto found = find_key_row(m_runtime, key->public_id());
    if (!found) return failure(found);
    // A miss costs what a hit costs: the MAC is computed all the same.
    const store::UserKeyRow& row = *found ? **found : store::UserKeyRow{};
    const bool is_right = m_peppers.verify(*key, row.tenant, row.token, row.pepper, row.key_mac);
    if (!*found) return unauthorized("personal token is unknown");

    UserPrincipal user;
    user.tenant = row.tenant;
    user.user = row.user;
    const auto refused = [&](std::string_view reason) {
        return refuse(m_runtime,
                      row.tenant,
                      audit_origin(user, origin),
                      failed_authentication(m_runtime, "user_token", row.token.bytes(), reason),
                      unauthorized(std::string(reason)).value());
    };
    if (!is_right) return refused("wrong_key");
    if (row.is_revoked) return refused("user_token_revoked");
    if (row.has_expired) return refused("user_token_expired");
    if (row.pepper != m_peppers.id())
        store_again(m_runtime, row, m_peppers.id(), m_peppers.mac(*key, row.tenant, row.token));
    const auto role = effective_role(row);
    if (!role) return failure(role);
    user.role = *role;
    user.plan = row.plan;
    const auto wanted = parse_wanted_tenant(wanted_tenant);
    if (!wanted) return failure(wanted);
    if (*wanted && **wanted != row.tenant) return refuse_tenant(m_runtime, user, origin);
    if (!row.was_used_lately)
        if (const auto noted = touch(m_runtime, row); !noted) return failure(noted);
    return user;
}

}  // namespace core::service
