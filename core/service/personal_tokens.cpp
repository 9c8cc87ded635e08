#include "core/service/personal_tokens.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/identity/api_key.h"
#include "core/identity/jose.h"
#include "core/service/agents.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/personal_token_store.h"

#include <utility>

namespace core::service {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr seconds kDefaultTtl = hours(24 * 30);
constexpr seconds kLongestTtl = hours(24 * 90);
// Enough for every machine that somebody works at.
constexpr std::int64_t kMostLive = 50;

Result<seconds> lifetime(const NewPersonalToken& request) {
    const auto ttl = request.ttl.value_or(kDefaultTtl);
    if (ttl < seconds(1) || ttl > kLongestTtl)
        return failure(ErrorCode::InvalidRequest, "The member 'ttl' must be from 1s to 90d");
    return ttl;
}

store::AuditRecord record_of(const Runtime& runtime,
                             std::string_view type,
                             const PersonalTokenId& token) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = type;
    record.resource_type = "user_token";
    record.resource = token.bytes();
    return record;
}

std::string creation_details(const PersonalToken& token) {
    JsonWriter details;
    details.begin_object().member("name", token.name).member("role", to_string(token.role));
    details.member("expires_at", format_rfc3339(token.expires_at)).end_object();
    return std::move(details).take_text();
}

Failure refuse_role(const Runtime& runtime,
                    const identity::UserPrincipal& user,
                    const identity::Origin& origin) {
    return refuse(runtime,
                  user.tenant,
                  audit_origin(user, origin),
                  failed_authentication(runtime, "user", user.user.bytes(), "role_too_low"),
                  {ErrorCode::ScopeDenied,
                   "A personal token may have at most the role of its holder; yours is " +
                       std::string(to_string(user.role)),
                   {}});
}

// May this member have another one? Of what create() looked for.
Result<void> may_have_another(const Change& change) {
    if (change.found(0).empty()) return identity::unauthorized("the user is no member any more");
    if (change.found(1).row(0).integer() < kMostLive) return {};
    return failure(ErrorCode::PlanLimitReached,
                   "You have 50 personal tokens; revoke one that is not needed any more");
}

}  // namespace

PersonalTokens::PersonalTokens(const Runtime& runtime)
    : m_runtime(runtime), m_peppers(runtime.keyring), m_once(runtime) {}

Result<Body> PersonalTokens::create(const identity::UserPrincipal& user,
                                    const identity::Origin& origin,
                                    const NewPersonalToken& request,
                                    const Rendering<PersonalTokenWithKey>& render) {
    if (const auto fine = check_agent_name(request.name); !fine) return failure(fine);
    const auto ttl = lifetime(request);
    if (!ttl) return failure(ttl);
    PersonalToken token;
    token.role = request.role.value_or(user.role);
    if (!is_at_least(user.role, token.role)) return refuse_role(m_runtime, user, origin);
    const auto key = identity::UserKey::generate();
    token.id = crypto::new_id<PersonalTokenId>(m_runtime.clock);
    token.name = request.name;
    token.prefix = identity::UserKey::shown_prefix(key.public_id());
    const auto mac = m_peppers.mac(key, user.tenant, token.id);

    return m_once.run(
        user.tenant,
        audit_origin(user, origin),
        origin,
        [&](store::Transaction& transaction) {
            store::add_lock_member(transaction, user.tenant, user.user);
            store::add_count_personal_tokens(transaction, user.tenant, user.user);
        },
        [&](Change& change) -> Result<Body> {
            if (const auto may = may_have_another(change); !may) return failure(may);
            token.created_at = change.now();
            token.expires_at = change.now() + *ttl;
            store::add_personal_token(change.transaction(),
                                      user.tenant,
                                      {token.id,
                                       user.user,
                                       token.name,
                                       std::string(to_string(token.role)),
                                       key.public_id(),
                                       m_peppers.id(),
                                       {mac.begin(), mac.end()},
                                       token.expires_at});
            auto record = record_of(m_runtime, "user_token.created", token.id);
            record.details = creation_details(token);
            change.record(record);
            return render({token, key.text()});
        });
}

Result<Page<PersonalToken>> PersonalTokens::list(const identity::UserPrincipal& user,
                                                 const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_personal_tokens(
        **connection, user.tenant, user.user, page.limit, page.offset());
    if (!rows) return failure(rows);
    Page<PersonalToken> out;
    out.total = rows->total;
    for (auto& row : rows->rows) {
        const auto role = identity::parse_member_role(row.role);
        if (!role)
            return failure(ErrorCode::IntegrityFailure, {}, "a personal token's role is unknown");
        out.items.push_back({row.token,
                             std::move(row.name),
                             identity::UserKey::shown_prefix(row.key_public_id),
                             *role,
                             row.created_at,
                             row.expires_at,
                             row.last_used_at});
    }
    return out;
}

Result<Body> PersonalTokens::revoke(const identity::UserPrincipal& user,
                                    const identity::Origin& origin,
                                    const PersonalTokenId& id,
                                    const Rendering<PersonalTokenId>& render) {
    return m_once.run(
        user.tenant,
        audit_origin(user, origin),
        origin,
        [](store::Transaction&) {},
        [&](Change& change) -> Result<Body> {
            store::add_revoke_personal_token(change.transaction(), user.tenant, user.user, id);
            const auto results = change.transaction().flush();
            if (!results) return tl::unexpected(store::to_error(results.error()));
            if (results->front().affected() == 0)
                return failure(ErrorCode::NotFound,
                               "You have no such personal token; GET /v1/me/tokens lists yours");
            change.record(record_of(m_runtime, "user_token.revoked", id));
            return render(id);
        });
}

}  // namespace core::service
