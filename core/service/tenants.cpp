#include "core/service/tenants.h"

#include "core/base/json.h"
#include "core/crypto/random.h"
#include "core/crypto/rsa.h"
#include "core/crypto/tenant_keys.h"
#include "core/identity/email_address.h"
#include "core/identity/id_token.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/service/text_rules.h"
#include "core/store/connection_pool.h"
#include "core/store/key_store.h"
#include "core/store/member_store.h"
#include "core/store/tenant_store.h"

#include <utility>

namespace core::service {
namespace {

constexpr std::size_t kRateLimitKeySize = 24;
constexpr std::size_t kLongestEmail = 128;  // it is the subject of the local issuer's tokens

Result<void> check_email(std::string_view email) {
    if (!identity::EmailAddress::parse(email) || email.size() > kLongestEmail)
        return invalid("'" + std::string(email) +
                       "' is no e-mail address of at most 128 characters");
    return {};
}

store::AuditRecord user_token_issued(const Runtime& runtime, const identity::LocalIdToken& token) {
    JsonWriter details;
    details.begin_object().member("email", token.email);
    details.member("expires_at", format_rfc3339(token.expires_at)).end_object();
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = "token.issued";
    record.resource_type = "user_token";
    record.details = std::move(details).take_text();
    return record;
}

}  // namespace

void add_new_tenant(const Runtime& runtime,
                    store::Transaction& transaction,
                    const TenantId& tenant,
                    std::string_view name,
                    Plan plan) {
    const auto kek_id = crypto::new_id<KeyId>(runtime.clock);
    const auto kek = crypto::create_kek(runtime.root_key, tenant, kek_id, 1);
    const auto rate_limit_key = crypto::random_base62(kRateLimitKeySize);
    store::add_tenant(transaction,
                      tenant,
                      name,
                      to_string(plan),
                      as_text({rate_limit_key.data(), rate_limit_key.size()}));
    store::add_tenant_key(transaction, tenant, {kek_id, 1, kek.box});
}

store::AuditRecord tenant_created(const Runtime& runtime,
                                  const TenantId& tenant,
                                  Plan plan,
                                  const UserId& owner) {
    JsonWriter details;
    details.begin_object().member("plan", to_string(plan));
    details.member("owner", owner.text()).end_object();
    return tenant_record(runtime.clock, tenant, "tenant.created", std::move(details));
}

Result<Tenant> Tenants::create(std::string_view name, Plan plan, std::string_view owner_email) {
    if (name.empty() || character_count(name) > 200)
        return invalid("a tenant's name has 1 to 200 characters");
    if (const auto fine = check_email(owner_email); !fine) return failure(fine);

    Tenant tenant;
    tenant.id = crypto::new_id<TenantId>(m_runtime.clock);
    tenant.name = std::string(name);
    tenant.plan = plan;

    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection);
    add_new_tenant(m_runtime, transaction, tenant.id, name, plan);
    store::add_user(transaction,
                    crypto::new_id<UserId>(m_runtime.clock),
                    m_local_issuer.issuer,
                    owner_email,
                    owner_email);
    const auto made = transaction.flush();
    if (!made) return tl::unexpected(store::to_error(made.error()));
    tenant.created_at = made->at(0).row(0).time();
    const auto owner = made->at(2).row(0).id<UserId>();

    store::add_member(transaction, tenant.id, owner, "owner");
    add_act_of_operator(transaction, tenant.id, tenant_created(m_runtime, tenant.id, plan, owner));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return tenant;
}

Result<std::vector<Tenant>> Tenants::list() {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_tenants(**connection);
    if (!rows) return failure(rows);
    std::vector<Tenant> out;
    for (auto& row : *rows)
        out.push_back(
            {row.tenant, std::move(row.name), row.plan, row.created_at, row.is_suspended});
    return out;
}

Result<TenantPlan> Tenants::change_plan(const TenantId& tenant,
                                        Plan plan,
                                        const std::optional<std::int64_t>& requests_per_minute) {
    if (requests_per_minute && plan != Plan::Enterprise)
        return invalid("only an enterprise tenant has a number of its own");
    if (requests_per_minute &&
        (*requests_per_minute < 0 || *requests_per_minute > kMostRequestsPerMinute))
        return invalid("the number of requests a minute is one from 0, for no limit, to " +
                       std::to_string(kMostRequestsPerMinute));
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection);
    store::add_change_plan(transaction, tenant, plan, requests_per_minute);
    const auto changed = transaction.flush();
    if (!changed) return tl::unexpected(store::to_error(changed.error()));
    if (changed->front().empty()) return failure(ErrorCode::NotFound, "There is no such tenant");
    store::Row row = changed->front().row(0);
    const auto before = store::parse_tenant_plan(row);

    JsonWriter details;
    details.begin_object().member("from", to_string(before.plan)).member("to", to_string(plan));
    if (requests_per_minute) details.member("requests_per_minute", *requests_per_minute);
    details.end_object();
    add_act_of_operator(
        transaction,
        tenant,
        tenant_record(m_runtime.clock, tenant, "billing.plan_changed", std::move(details)));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return before;
}

Result<bool> Tenants::set_suspended(const TenantId& tenant, bool is_suspended) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection);
    store::add_set_suspended(transaction, tenant, is_suspended);
    const auto changed = transaction.flush();
    if (!changed) return tl::unexpected(store::to_error(changed.error()));
    if (changed->front().empty()) return failure(ErrorCode::NotFound, "There is no such tenant");
    if (store::parse_was_suspended(changed->front()) == is_suspended) return false;

    JsonWriter details;
    details.begin_object().member("suspended", is_suspended).end_object();
    add_act_of_operator(
        transaction,
        tenant,
        tenant_record(m_runtime.clock, tenant, "tenant.profile_updated", std::move(details)));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return true;
}

Result<Credential> Tenants::sign_user_token(const TenantId& tenant,
                                            std::string_view email,
                                            std::chrono::seconds ttl) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    const auto belongs =
        store::belongs_to_tenant(**connection, tenant, m_local_issuer.issuer, email);
    if (!belongs) return failure(belongs);
    if (!*belongs)
        return failure(ErrorCode::NotFound,
                       std::string(email) +
                           " is neither a member of that tenant by the local issuer nor invited");
    const auto key = open_local_issuer_key(**connection, m_runtime.root_key);
    if (!key) return failure(key);
    identity::LocalIdToken token;
    token.issuer = m_local_issuer.issuer;
    token.audience = m_local_issuer.audience;
    token.subject = std::string(email);
    token.email = std::string(email);
    token.issued_at = m_runtime.clock.now();
    token.expires_at = token.issued_at + ttl;
    auto made = identity::sign_id_token(token, key->kid, key->key);
    store::Transaction transaction(**connection);
    add_act_of_operator(transaction, tenant, user_token_issued(m_runtime, token));
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return made;
}

}  // namespace core::service
