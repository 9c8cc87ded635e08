#include "core/service/secrets.h"

#include "core/crypto/random.h"
#include "core/crypto/tenant_keys.h"
#include "core/service/audit_trail.h"
#include "core/service/authenticator.h"
#include "core/service/exactly_once.h"
#include "core/service/secret_access.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/key_store.h"
#include "core/store/read_batcher.h"
#include "core/store/secret_store.h"
#include "core/store/token_store.h"

#include <algorithm>
#include <array>
#include <utility>

namespace core::service {
namespace {

using identity::Origin;
using identity::Principal;
using identity::TokenPrincipal;
using identity::UserPrincipal;
using scope::Action;
using scope::SecretPath;
using store::ReadOutcome;

constexpr std::size_t kKeksPerThread = 64;
// How often a read is judged again because its agent's limits changed meanwhile.
constexpr int kTurns = 8;

// ---- rows --------------------------------------------------------------------------------------

store::ReadQuery read_query(const TokenPrincipal& token,
                            const Origin& origin,
                            const SecretPath& path) {
    store::ReadQuery query;
    query.tenant = token.claims.tenant;
    query.token = token.claims.token;
    query.agent = token.claims.agent;
    query.name_space = std::string(path.name_space());
    query.key = std::string(path.key());
    query.max_tier = number_of(token.claims.tier);
    query.agent_limits = token.claims.agent_limits;
    query.plan_version = origin.plan_version;
    query.ip_address = origin.address.text();
    query.user_agent = origin.user_agent;
    query.request_id = origin.request_id.text();
    return query;
}

// What a thread can refuse by itself, as the audit log will say it.
std::optional<std::string> refusal_by_claims(const TokenPrincipal& token,
                                             const Origin& origin,
                                             const SecretPath& path) {
    if (!may_come_from(token, origin)) return std::string(kTokenAddress);
    if (!token.claims.scopes.allows(Action::Read, path)) return std::string(kOutsideScope);
    return std::nullopt;
}

Error namespaces_denied() {
    return {ErrorCode::ScopeDenied,
            "Listing namespaces takes the scope 'namespaces:read' or one that allows reading",
            {}};
}

// `name_space` is nullptr for the list of all namespaces.
store::AuditRecord refused_listing(const Runtime& runtime,
                                   const TokenPrincipal& token,
                                   const scope::Namespace* name_space,
                                   std::string_view reason) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = kReadDenied;
    record.resource_type = "namespace";
    if (name_space != nullptr) record.name_space = name_space->text();
    record.token = token.claims.token;
    record.reason = std::string(reason);
    return record;
}

Result<SecretInfo> info_of(const store::SecretListRow& row) {
    auto path = SecretPath::parse(row.name_space + "/" + row.key);
    if (!path)
        return failure(ErrorCode::IntegrityFailure,
                       "Internal error; try again later",
                       "a stored path breaks the grammar");
    SecretInfo info;
    info.id = row.secret;
    info.path = std::move(*path);
    info.version = row.version;
    info.type = row.type;
    info.tier = tier_of(row.tier);
    info.metadata = row.metadata;
    info.created_at = row.created_at;
    info.updated_at = row.updated_at;
    info.expires_at = row.expires_at;
    info.expired = row.expired;
    return info;
}

}  // namespace

Secrets::Secrets(const Runtime& runtime) : m_runtime(runtime), m_keks(runtime, kKeksPerThread) {}

// ---- reading -----------------------------------------------------------------------------------

Result<ReadAnswer> Secrets::read(const Principal& principal,
                                 const Origin& origin,
                                 const ReadRequest& request) {
    if (const auto* token = std::get_if<TokenPrincipal>(&principal))
        return read_as_agent(*token, origin, request);
    return read_as_user(std::get<UserPrincipal>(principal), origin, request);
}

Result<ReadAnswer> Secrets::read_as_agent(const TokenPrincipal& token,
                                          const Origin& origin,
                                          const ReadRequest& request) {
    store::ReadQuery query = read_query(token, origin, request.path);
    query.version = request.version;
    // GET /secrets/a/b may mean the namespace a/b (contract.md §3), never with a version.
    query.may_list =
        !request.version && token.claims.scopes.allows_all_below(Action::Read, request.path.text());
    query.refusal = refusal_by_claims(token, origin, request.path);
    if (query.refusal == kOutsideScope && query.may_list)
        return list_or_refuse(
            token, origin, request, scope_denied(request.path.text()), kOutsideScope);

    for (int turn = 0; turn < kTurns; ++turn) {
        query.event = crypto::new_id<AuditEventId>(m_runtime.clock);
        const auto row = decide(token, origin, query);
        if (!row) return failure(row);
        if (row->outcome == ReadOutcome::Ok) return open(token.claims.tenant, request, *row);
        if (row->outcome == ReadOutcome::MayList)
            return list_or_refuse(token,
                                  origin,
                                  request,
                                  secret_not_found(request.path),
                                  store::reason_of(ReadOutcome::NotFound));
        if (row->outcome != ReadOutcome::LimitsChanged)
            return tl::unexpected(read_refusal(row->outcome, query.refusal, origin, request.path));
        const auto judged = judge_by_present_limits(token, origin, request.path, query);
        if (!judged) return failure(judged);
    }
    return tl::unexpected(store::unavailable("the agent's limits change with every attempt"));
}

Result<store::ReadRow> Secrets::decide(const TokenPrincipal& token,
                                       const Origin& origin,
                                       store::ReadQuery& query) {
    // A counter in a batch would be taken in random order with others and deadlock.
    if (token.claims.max_uses && !query.refusal) return decide_counted(origin, query);
    return m_runtime.reads->read(query);
}

Result<store::ReadRow> Secrets::decide_counted(const Origin& origin, store::ReadQuery& query) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    const std::array<const store::ReadQuery*, 1> one{&query};

    store::Transaction counted(**connection, query.tenant);
    store::add_count_token_use(counted, query.tenant, query.token, token_use_key(origin));
    counted.add(store::Statement::ReadSecrets, store::read_parameters(one));
    auto results = counted.flush();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    auto row = store::read_rows(results->at(1)).at(0);
    const bool use_was_left = results->at(0).row(0).boolean();
    if (use_was_left && row.outcome == ReadOutcome::Ok) {
        const auto committed = counted.commit();
        if (!committed) return tl::unexpected(store::to_error(committed.error()));
        return row;
    }
    // What is refused must not count: both are undone, and the refusal is recorded by itself.
    counted.rollback();
    if (!store::is_recorded(row.outcome)) return row;
    const bool exhausted = row.outcome == ReadOutcome::Ok;
    query.refusal = std::string(exhausted ? kUsesExhausted : store::reason_of(row.outcome));
    store::Transaction refused(**connection, query.tenant);
    refused.add(store::Statement::ReadSecrets, store::read_parameters(one));
    const auto recorded = refused.commit();
    if (!recorded) return tl::unexpected(store::to_error(recorded.error()));
    if (exhausted) row.outcome = ReadOutcome::Refused;
    return row;
}

Result<void> Secrets::judge_by_present_limits(const TokenPrincipal& token,
                                              const Origin& origin,
                                              const SecretPath& path,
                                              store::ReadQuery& query) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, token.claims.tenant);
    store::add_find_token_state(transaction,
                                token.claims.tenant,
                                token.claims.token,
                                token.claims.agent,
                                origin.address.text());
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    const auto standing = store::parse_token_standing(results->front());
    // A token that is not there any more is refused by the next turn's statement.
    if (standing.state == store::TokenState::Unknown) return {};
    const auto limits = limits_of(standing);
    if (!limits) return failure(limits);
    query.agent_limits = standing.limits_version;
    if (!limits->allows(Action::Read, path)) query.refusal = std::string(kAgentNarrowed);
    return {};
}

Result<ReadAnswer> Secrets::list_or_refuse(const TokenPrincipal& token,
                                           const Origin& origin,
                                           const ReadRequest& request,
                                           Error otherwise,
                                           std::string_view reason) {
    const auto refused = [&] {
        return refuse(m_runtime,
                      token.claims.tenant,
                      audit_origin(token, origin),
                      refused_access(m_runtime, kReadDenied, request.path, token, reason),
                      std::move(otherwise));
    };
    const auto name_space = scope::Namespace::parse(request.path.text());
    if (!name_space) return refused();
    auto listing = list(token, origin, *name_space, store::Depth::Exact, request.page);
    if (!listing) return failure(std::move(listing));
    // Where such a secret exists it is what was meant, and the scope does not cover it.
    if (listing->page.total == 0 || listing->path_is_a_secret) return refused();
    return std::move(*listing);
}

Result<ReadAnswer> Secrets::open(const TenantId& tenant,
                                 const ReadRequest& request,
                                 const store::ReadRow& row) {
    // The newest version has the tier of its secret. Another one in its row was not put there by
    // this service; the version's own is bound into the box.
    if (row.version == row.current_version && row.tier != row.version_tier)
        return failure(ErrorCode::IntegrityFailure,
                       "Internal error; try again later",
                       "the tier of secret " + row.secret.text() + " was changed in its row");
    if (request.has_already && request.has_already(row.version)) return NotModified{row.version};
    const auto kek = m_keks.find(tenant, row.kek);
    if (!kek) return failure(kek);
    crypto::SecretRow sealed_for;
    sealed_for.tenant = tenant;
    sealed_for.secret = row.secret;
    sealed_for.name_space = request.path.name_space();
    sealed_for.key = request.path.key();
    sealed_for.version = static_cast<std::uint64_t>(row.version);
    sealed_for.tier = static_cast<std::uint8_t>(row.version_tier);
    sealed_for.expires_at = row.expires_at;
    auto value = crypto::open_value(**kek, sealed_for, row.dek_box, row.value_box);
    if (!value) return failure(value);

    SecretWithValue out;
    out.value = std::move(*value);
    out.info.id = row.secret;
    out.info.path = request.path;
    out.info.version = row.version;
    out.info.type = row.type;
    out.info.tier = tier_of(row.version_tier);
    out.info.metadata = row.metadata;
    out.info.created_at = row.created_at;
    out.info.updated_at = row.updated_at;
    out.info.expires_at = row.expires_at;
    return out;
}

Result<ReadAnswer> Secrets::read_as_user(const UserPrincipal& user,
                                         const Origin& origin,
                                         const ReadRequest& request) {
    if (!m_runtime.policy.user_reads)
        return refuse(
            m_runtime,
            user.tenant,
            audit_origin(user, origin),
            refused_access(m_runtime, kReadDenied, request.path, user, "user_reads_are_off"),
            {ErrorCode::ScopeDenied,
             "Reading a secret's value takes a scoped token, not a user token",
             {}});
    if (!is_at_least(user.role, identity::MemberRole::Admin))
        return refuse(
            m_runtime,
            user.tenant,
            audit_origin(user, origin),
            refused_access(m_runtime, kReadDenied, request.path, user, "role_too_low"),
            {ErrorCode::ScopeDenied, "Reading a secret's value takes the role admin or owner", {}});
    const auto row = decide_for_user(user, origin, request);
    if (!row) return failure(row);
    if (row->outcome != ReadOutcome::Ok)
        return tl::unexpected(read_refusal(row->outcome, {}, origin, request.path));
    return open(user.tenant, request, *row);
}

Result<store::ReadRow> Secrets::decide_for_user(const UserPrincipal& user,
                                                const Origin& origin,
                                                const ReadRequest& request) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, user.tenant);
    store::Parameters parameters;
    parameters.id(user.tenant).text(request.path.name_space()).text(request.path.key());
    parameters.bigint(request.version);
    transaction.add(store::Statement::ReadSecretForUser, std::move(parameters));
    const auto results = transaction.flush();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    auto row = store::read_rows(results->front()).at(0);
    const bool allowed = row.outcome == ReadOutcome::Ok;
    auto record =
        access_record(m_runtime, allowed ? "secret.read" : kReadDenied, request.path, user);
    if (allowed) {
        record.resource = row.secret.bytes();
        record.version = row.version;
    } else {
        record.reason = std::string(store::reason_of(row.outcome));
    }
    store::add_audit_record(transaction, user.tenant, audit_origin(user, origin), record);
    const auto committed = transaction.commit();
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return row;
}

// ---- listing -----------------------------------------------------------------------------------

Result<NamespaceListing> Secrets::list(const Principal& principal,
                                       const Origin& origin,
                                       const scope::Namespace& name_space,
                                       store::Depth depth,
                                       const PageRequest& page) {
    const TenantId tenant = tenant_of(principal);
    store::ListFilter filter;
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    if (const auto* token = std::get_if<TokenPrincipal>(&principal)) {
        auto allowed = admit_listing(*token, origin, ListingPlace{&name_space, depth}, transaction);
        if (!allowed) return failure(allowed);
        if (allowed->refusal) {
            transaction.rollback();
            return refuse_token(**connection,
                                *token,
                                origin,
                                refused_listing(m_runtime, *token, &name_space, allowed->reason),
                                std::move(*allowed->refusal));
        }
        filter = std::move(allowed->filter);
    }
    store::add_list_secrets(
        transaction, tenant, name_space.text(), depth, filter, page.limit, page.offset());
    const auto own_name = SecretPath::parse(name_space.text());
    if (own_name)
        store::add_secret_exists(transaction, tenant, own_name->name_space(), own_name->key());
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));

    NamespaceListing listing{name_space, {}, own_name && results->at(2).row(0).boolean()};
    for (const auto& row : store::parse_secret_list(results->at(0))) {
        auto info = info_of(row);
        if (!info) return failure(info);
        listing.page.items.push_back(std::move(*info));
    }
    listing.page.total = results->at(1).row(0).integer();
    return listing;
}

namespace {

// May these scopes list there? Those of a token by its claims, those of its agent as they are now.
template <class Scopes>
bool could_list(const Scopes& scopes, const scope::Namespace& name_space, store::Depth depth) {
    return depth == store::Depth::AllBelow ? scopes.could_allow_below(Action::Read, name_space)
                                           : scopes.could_allow_in(Action::Read, name_space);
}

struct ListingRefusal {
    std::string_view reason;
    Error error;
};

// What the token itself says against listing there, before anything is looked up. `name_space`:
// nothing where namespaces are listed.
std::optional<ListingRefusal> refused_by_claims(const TokenPrincipal& token,
                                                const Origin& origin,
                                                const scope::Namespace* name_space,
                                                store::Depth depth) {
    const auto& scopes = token.claims.scopes;
    if (!may_come_from(token, origin))
        return ListingRefusal{kTokenAddress, address_denied(origin.address)};
    if (name_space != nullptr && !could_list(scopes, *name_space, depth))
        return ListingRefusal{kOutsideScope, scope_denied(name_space->text())};
    if (name_space == nullptr && !scopes.allows_namespaces() &&
        scopes.patterns_for(Action::Read).empty())
        return ListingRefusal{kOutsideScope, namespaces_denied()};
    return std::nullopt;
}

}  // namespace

Result<Secrets::ListingAdmission> Secrets::admit_listing(const TokenPrincipal& token,
                                                         const Origin& origin,
                                                         const ListingPlace& place,
                                                         store::Transaction& transaction) {
    ListingAdmission out;
    const auto refused = [&out](std::string_view reason, Error error) {
        out.reason = reason;
        out.refusal = std::move(error);
        return out;
    };
    const auto& claims = token.claims;
    if (auto refusal = refused_by_claims(token, origin, place.name_space, place.depth))
        return refused(refusal->reason, std::move(refusal->error));

    store::add_find_token_state(
        transaction, claims.tenant, claims.token, claims.agent, origin.address.text());
    if (claims.max_uses)
        store::add_count_token_use(transaction, claims.tenant, claims.token, token_use_key(origin));
    const auto results = transaction.flush();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    const auto standing = store::parse_token_standing(results->front());
    if (standing.state != store::TokenState::Live)
        return refused(store::reason_of(standing.state), standing_error(standing.state, origin));
    if (origin.plan_version && *origin.plan_version != standing.plan_version)
        return tl::unexpected(plan_changed());
    if (claims.max_uses && !results->at(1).row(0).boolean())
        return refused(kUsesExhausted, no_longer_valid(kUsesExhausted));
    const auto limits = limits_of(standing);
    if (!limits) return failure(limits);
    if (place.name_space != nullptr && !could_list(*limits, *place.name_space, place.depth))
        return refused(kAgentNarrowed, scope_denied(place.name_space->text()));
    // With namespaces:read the names of all that the agent may read are seen, not only of what this
    // token may.
    if (place.name_space != nullptr || !claims.scopes.allows_namespaces())
        out.filter.token = like_patterns(claims.scopes.patterns_for(Action::Read));
    out.filter.agent_scopes = like_patterns(limits->scopes().patterns_for(Action::Read));
    out.filter.agent_namespaces = namespace_patterns(limits->namespaces());
    return out;
}

Result<NamespacePage> Secrets::namespaces(const Principal& principal,
                                          const Origin& origin,
                                          const PageRequest& page) {
    const TenantId tenant = tenant_of(principal);
    store::ListFilter filter;
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    if (const auto* token = std::get_if<TokenPrincipal>(&principal)) {
        auto allowed = admit_listing(*token, origin, ListingPlace{}, transaction);
        if (!allowed) return failure(allowed);
        if (allowed->refusal) {
            transaction.rollback();
            return refuse_token(**connection,
                                *token,
                                origin,
                                refused_listing(m_runtime, *token, nullptr, allowed->reason),
                                std::move(*allowed->refusal));
        }
        filter = std::move(allowed->filter);
    }
    store::add_list_namespaces(transaction, tenant, filter, page.limit, page.offset());
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    auto rows = store::parse_namespaces(results->back());
    return NamespacePage{std::move(rows.names), rows.total};
}

Result<VersionPage> Secrets::versions(const TenantId& tenant,
                                      const SecretPath& path,
                                      const PageRequest& page) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto rows = store::list_versions(
        **connection, tenant, path.name_space(), path.key(), page.limit, page.offset());
    if (!rows) return failure(rows);
    if (rows->total == 0) return tl::unexpected(secret_not_found(path));
    VersionPage out;
    out.total = rows->total;
    for (auto& row : rows->rows) {
        SecretVersionInfo info;
        info.version = row.version;
        info.tier = tier_of(row.tier);
        info.expires_at = row.expires_at;
        info.created_at = row.created_at;
        info.created_by_type = std::move(row.created_by_type);
        if (row.created_by) info.created_by = uuid_to_text(*row.created_by);
        info.is_current = row.is_current;
        out.items.push_back(std::move(info));
    }
    return out;
}

}  // namespace core::service
