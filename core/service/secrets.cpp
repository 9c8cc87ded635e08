#include "core/service/secrets.h"

#include "core/crypto/random.h"
#include "core/crypto/tenant_keys.h"
#include "core/service/audit_trail.h"
#include "core/service/authenticator.h"
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
using scope::AccessTier;
using scope::Action;
using scope::SecretPath;
using store::ReadOutcome;

constexpr std::size_t kKeksPerThread = 64;
// How often a read is judged again because its agent's limits changed meanwhile, and a write
// because another one created the same secret meanwhile. Each turn means that somebody else
// succeeded.
constexpr int kTurns = 8;

constexpr std::string_view kReadDenied = "secret.read.denied";
constexpr std::string_view kWriteDenied = "secret.write.denied";

constexpr std::string_view kOutsideScope = "scope_denied";
constexpr std::string_view kAgentNarrowed = "agent_limits_narrowed";
constexpr std::string_view kUsesExhausted = "uses_exhausted";
constexpr std::string_view kTokenAddress = "token_address_not_allowed";

std::int64_t number_of(AccessTier tier) {
    return static_cast<std::int64_t>(tier);
}

// The database's constraint knows three tiers; anything else must not be read by anybody.
AccessTier tier_of(std::int64_t number) {
    return scope::access_tier_from(number).value_or(AccessTier::Critical);
}

// ---- what callers are told ---------------------------------------------------------------------

Error scope_denied(std::string_view path) {
    return {
        ErrorCode::ScopeDenied, "Token scope does not cover path '" + std::string(path) + "'", {}};
}

Error approval_needed(const SecretPath& path) {
    return {ErrorCode::ScopeDenied,
            "The secret '" + path.text() +
                "' needs an approval that this token does not have; request a token for it again",
            {}};
}

Error secret_not_found(const SecretPath& path) {
    return {ErrorCode::SecretNotFound, "There is no secret '" + path.text() + "'", {}};
}

Error version_conflict(const SecretPath& path, std::int64_t current) {
    return {ErrorCode::VersionConflict,
            current == 0
                ? "There is no secret '" + path.text() + "' yet; expected_version must be 0"
                : "The secret '" + path.text() + "' is at version " + std::to_string(current) +
                      "; read it again and retry",
            {}};
}

Error no_longer_valid(std::string_view reason) {
    return identity::unauthorized(std::string(reason)).value();
}

Error standing_error(store::TokenState state, const Origin& origin) {
    if (state == store::TokenState::AddressNotAllowed) return address_denied(origin.address);
    return no_longer_valid(store::reason_of(state));
}

Error read_refusal(ReadOutcome outcome,
                   const std::optional<std::string>& refusal,
                   const Origin& origin,
                   const SecretPath& path) {
    switch (outcome) {
        case ReadOutcome::TokenRevoked:
        case ReadOutcome::TokenExpired:
        case ReadOutcome::AgentInactive:
            return no_longer_valid(store::reason_of(outcome));
        case ReadOutcome::AddressNotAllowed:
            return address_denied(origin.address);
        case ReadOutcome::NotFound:
            return secret_not_found(path);
        case ReadOutcome::ApprovalNeeded:
            return approval_needed(path);
        case ReadOutcome::VersionNotFound:
            return {ErrorCode::SecretNotFound,
                    "The secret '" + path.text() + "' has no such version",
                    {}};
        case ReadOutcome::Expired:
            return {ErrorCode::SecretExpired,
                    "The secret '" + path.text() + "' has expired; have a new value stored",
                    {}};
        case ReadOutcome::Refused:
            if (refusal == kTokenAddress) return address_denied(origin.address);
            if (refusal == kUsesExhausted) return no_longer_valid(kUsesExhausted);
            return scope_denied(path.text());
        case ReadOutcome::Ok:
        case ReadOutcome::LimitsChanged:
        case ReadOutcome::MayList:
            break;
    }
    return {ErrorCode::Internal, "Internal error; try again later", "a read without a verdict"};
}

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
    query.ip_address = origin.address.text();
    query.user_agent = origin.user_agent;
    query.request_id = origin.request_id.text();
    return query;
}

bool may_come_from(const TokenPrincipal& token, const Origin& origin) {
    return !token.claims.ips || token.claims.ips->contains(origin.address);
}

// What a thread can refuse by itself, as the audit log will say it.
std::optional<std::string> refusal_by_claims(const TokenPrincipal& token,
                                             const Origin& origin,
                                             const SecretPath& path) {
    if (!may_come_from(token, origin)) return std::string(kTokenAddress);
    if (!token.claims.scopes.allows(Action::Read, path)) return std::string(kOutsideScope);
    return std::nullopt;
}

// "*" limits nothing, "a/b" allows a/b/…
std::vector<std::string> namespace_patterns(const std::vector<std::string>& name_spaces) {
    std::vector<std::string> patterns;
    patterns.reserve(name_spaces.size());
    for (const auto& name_space : name_spaces)
        patterns.push_back(store::like_pattern(name_space == "*" ? "*" : name_space + "/*"));
    return patterns;
}

std::vector<std::string> like_patterns(const std::vector<std::string>& patterns) {
    std::vector<std::string> likes;
    likes.reserve(patterns.size());
    for (const auto& pattern : patterns)
        likes.push_back(store::like_pattern(pattern));
    return likes;
}

Result<scope::AgentLimits> limits_of(const store::TokenStanding& standing) {
    auto limits = scope::AgentLimits::parse(standing.allowed_namespaces, standing.allowed_scopes);
    if (!limits)
        return failure(ErrorCode::IntegrityFailure,
                       "Internal error; try again later",
                       "limits of an agent: " + limits.error().public_message);
    return limits;
}

store::AuditRecord refused_listing(const Runtime& runtime,
                                   const TokenPrincipal& token,
                                   const scope::Namespace& name_space,
                                   std::string_view reason) {
    store::AuditRecord record;
    record.event = crypto::new_id<AuditEventId>(runtime.clock);
    record.type = kReadDenied;
    record.resource_type = "namespace";
    record.name_space = name_space.text();
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
        const auto row = decide(token, query);
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

Result<store::ReadRow> Secrets::decide(const TokenPrincipal& token, store::ReadQuery& query) {
    // A counter in a batch would be taken in random order with others and deadlock.
    if (token.claims.max_uses && !query.refusal) return decide_counted(query);
    return m_runtime.reads->read(query);
}

Result<store::ReadRow> Secrets::decide_counted(store::ReadQuery& query) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    const std::array<const store::ReadQuery*, 1> one{&query};

    store::Transaction counted(**connection, query.tenant);
    store::add_count_token_use(counted, query.tenant, query.token);
    counted.add(store::Statement::ReadSecrets, store::read_parameters(one));
    auto results = counted.flush();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    auto row = store::read_rows(results->at(1)).at(0);
    const bool use_was_left = results->at(0).affected() == 1;
    if (use_was_left && row.outcome == ReadOutcome::Ok) {
        const auto committed = counted.commit();
        if (!committed) return tl::unexpected(store::to_error(committed.error()));
        return row;
    }
    // What is refused must not count: both are undone, and the refusal is recorded by itself.
    counted.rollback();
    if (row.outcome == ReadOutcome::LimitsChanged || row.outcome == ReadOutcome::MayList)
        return row;
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
    auto listing = list(token, origin, *name_space, request.page);
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
                                       const PageRequest& page) {
    const TenantId tenant = tenant_of(principal);
    store::ListFilter filter{{"%"}, {"%"}, {"%"}};
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    if (const auto* token = std::get_if<TokenPrincipal>(&principal)) {
        auto allowed = admit_listing(*token, origin, name_space, transaction);
        if (!allowed) return failure(allowed);
        if (allowed->refusal) {
            transaction.rollback();
            return refuse(**connection,
                          tenant,
                          audit_origin(*token, origin),
                          refused_listing(m_runtime, *token, name_space, allowed->reason),
                          std::move(*allowed->refusal));
        }
        filter = std::move(allowed->filter);
    }
    store::add_list_secrets(
        transaction, tenant, name_space.text(), filter, page.limit, page.offset());
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

Result<Secrets::ListingAdmission> Secrets::admit_listing(const TokenPrincipal& token,
                                                         const Origin& origin,
                                                         const scope::Namespace& name_space,
                                                         store::Transaction& transaction) {
    ListingAdmission out;
    const auto refused = [&out](std::string_view reason, Error error) {
        out.reason = reason;
        out.refusal = std::move(error);
        return out;
    };
    if (!may_come_from(token, origin))
        return refused(kTokenAddress, address_denied(origin.address));
    if (!token.claims.scopes.could_allow_in(Action::Read, name_space))
        return refused(kOutsideScope, scope_denied(name_space.text()));

    store::add_find_token_state(transaction,
                                token.claims.tenant,
                                token.claims.token,
                                token.claims.agent,
                                origin.address.text());
    if (token.claims.max_uses)
        store::add_count_token_use(transaction, token.claims.tenant, token.claims.token);
    const auto results = transaction.flush();
    if (!results) return tl::unexpected(store::to_error(results.error()));
    const auto standing = store::parse_token_standing(results->front());
    if (standing.state != store::TokenState::Live)
        return refused(store::reason_of(standing.state), standing_error(standing.state, origin));
    if (token.claims.max_uses && results->at(1).affected() == 0)
        return refused(kUsesExhausted, no_longer_valid(kUsesExhausted));
    const auto limits = limits_of(standing);
    if (!limits) return failure(limits);
    if (!limits->could_allow_in(Action::Read, name_space))
        return refused(kAgentNarrowed, scope_denied(name_space.text()));
    out.filter.token = like_patterns(token.claims.scopes.patterns_for(Action::Read));
    out.filter.agent_scopes = like_patterns(limits->scopes().patterns_for(Action::Read));
    out.filter.agent_namespaces = namespace_patterns(limits->namespaces());
    return out;
}

// ---- writing -----------------------------------------------------------------------------------

namespace {

// A write that may go on, or why it may not.
struct WriteAdmission {
    std::string_view reason;
    std::optional<Error> refusal;
};

WriteAdmission denied(std::string_view reason, Error error) {
    return {reason, std::move(error)};
}

// What the token's row and its agent say, once they were read in the write's own transaction.
Result<WriteAdmission> admit_write(const TokenPrincipal& token,
                                   const Origin& origin,
                                   const SecretPath& path,
                                   const store::TokenStanding& standing,
                                   const std::optional<store::SecretHead>& head) {
    if (standing.state != store::TokenState::Live)
        return denied(store::reason_of(standing.state), standing_error(standing.state, origin));
    const auto limits = limits_of(standing);
    if (!limits) return failure(limits);
    if (!limits->allows(Action::Write, path))
        return denied(kAgentNarrowed, scope_denied(path.text()));
    // Writing needs an approval for what is critical now.
    if (head && tier_of(head->tier) == AccessTier::Critical &&
        token.claims.tier < AccessTier::Critical)
        return denied(store::reason_of(ReadOutcome::ApprovalNeeded), approval_needed(path));
    return WriteAdmission{};
}

// What a write depends on, read and locked in its own transaction.
struct WriteState {
    std::optional<store::SecretHead> head;
    std::optional<store::TenantKeyStored> kek;
    store::TokenStanding standing;  // of an agent's token
    bool use_was_left = true;
};

Result<WriteState> lock_for_write(store::Transaction& transaction,
                                  const Principal& principal,
                                  const Origin& origin,
                                  const SecretPath& path) {
    const TenantId tenant = tenant_of(principal);
    const auto* token = std::get_if<TokenPrincipal>(&principal);
    const bool is_counted = token != nullptr && token->claims.max_uses;
    store::add_lock_secret(transaction, tenant, path.name_space(), path.key());
    store::add_find_active_tenant_key(transaction, tenant);
    if (token != nullptr)
        store::add_find_token_state(
            transaction, tenant, token->claims.token, token->claims.agent, origin.address.text());
    if (is_counted) store::add_count_token_use(transaction, tenant, token->claims.token);
    const auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));

    WriteState state;
    state.head = store::parse_secret_head(found->at(0));
    state.kek = store::parse_tenant_key(found->at(1));
    if (token != nullptr) state.standing = store::parse_token_standing(found->at(2));
    if (is_counted) state.use_was_left = found->at(3).affected() == 1;
    return state;
}

Result<WriteAdmission> judge_write(const Principal& principal,
                                   const Origin& origin,
                                   const SecretPath& path,
                                   const PutRequest& request,
                                   const WriteState& state) {
    if (const auto* token = std::get_if<TokenPrincipal>(&principal)) {
        auto admission = admit_write(*token, origin, path, state.standing, state.head);
        if (!admission || admission->refusal) return admission;
        if (!state.use_was_left) return denied(kUsesExhausted, no_longer_valid(kUsesExhausted));
    }
    const std::int64_t current = state.head ? state.head->current_version : 0;
    if (request.expected_version && *request.expected_version != current)
        return denied("version_conflict", version_conflict(path, current));
    return WriteAdmission{};
}

// The new head, of what was sent and what is stored.
store::SecretWrite merge(const SecretPath& path,
                         const PutRequest& request,
                         const std::optional<store::SecretHead>& head,
                         bool may_lower_tier) {
    store::SecretWrite write;
    write.name_space = std::string(path.name_space());
    write.key = std::string(path.key());
    write.type = request.type ? std::string(*request.type) : head ? head->type : "custom";
    const auto stored = head ? tier_of(head->tier) : AccessTier::Standard;
    auto tier = request.tier.value_or(stored);
    // The official SDK always sends `standard`: an agent keeps or raises (contract.md §5).
    if (!may_lower_tier) tier = std::max(tier, stored);
    write.tier = number_of(tier);
    write.metadata = request.metadata ? request.metadata : head ? head->metadata : std::nullopt;
    write.expires_at = request.expires_at ? *request.expires_at
                       : head             ? head->expires_at
                                          : std::nullopt;
    write.version = head ? head->current_version + 1 : 1;
    return write;
}

void seal_into(store::SecretWrite& write,
               const TenantId& tenant,
               const crypto::TenantKek& kek,
               const Plaintext& value) {
    crypto::SecretRow row;
    row.tenant = tenant;
    row.secret = write.secret;
    row.name_space = write.name_space;
    row.key = write.key;
    row.version = static_cast<std::uint64_t>(write.version);
    row.tier = static_cast<std::uint8_t>(write.tier);
    row.expires_at = write.expires_at;
    auto sealed = crypto::seal_value(kek, row, value);
    write.kek = kek.id;
    write.dek_box = std::move(sealed.dek_box);
    write.value_box = std::move(sealed.value_box);
}

SecretInfo info_of(const SecretPath& path,
                   const store::SecretWrite& write,
                   const store::WriteTimes& times) {
    SecretInfo info;
    info.id = write.secret;
    info.path = path;
    info.version = write.version;
    info.type = write.type;
    info.tier = tier_of(write.tier);
    info.metadata = write.metadata;
    info.created_at = times.created_at;
    info.updated_at = times.updated_at;
    info.expires_at = write.expires_at;
    return info;
}

}  // namespace

Result<SecretInfo> Secrets::put(const Principal& principal,
                                const Origin& origin,
                                const SecretPath& path,
                                const PutRequest& request) {
    if (request.value.empty() || request.value.size() > kMaxValueBytes)
        return failure(ErrorCode::InvalidRequest, "The member 'value' must have 1 to 65536 bytes");
    if (const auto* token = std::get_if<TokenPrincipal>(&principal)) {
        const auto refused = [&](std::string_view reason, Error error) {
            return refuse(m_runtime,
                          token->claims.tenant,
                          audit_origin(*token, origin),
                          refused_access(m_runtime, kWriteDenied, path, principal, reason),
                          std::move(error));
        };
        if (!may_come_from(*token, origin))
            return refused(kTokenAddress, address_denied(origin.address));
        if (!token->claims.scopes.allows(Action::Write, path))
            return refused(kOutsideScope, scope_denied(path.text()));
    }
    for (int turn = 0; turn < kTurns; ++turn) {
        auto stored = put_once(principal, origin, path, request);
        if (!stored) return failure(std::move(stored));
        if (*stored) return std::move(**stored);
    }
    return tl::unexpected(store::unavailable("a secret is created and deleted all the time"));
}

Result<std::optional<SecretInfo>> Secrets::put_once(const Principal& principal,
                                                    const Origin& origin,
                                                    const SecretPath& path,
                                                    const PutRequest& request) {
    const TenantId tenant = tenant_of(principal);
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    const auto state = lock_for_write(transaction, principal, origin, path);
    if (!state) return failure(state);
    auto admission = judge_write(principal, origin, path, request, *state);
    if (!admission) return failure(admission);
    if (admission->refusal) {
        transaction.rollback();
        return refuse(**connection,
                      tenant,
                      audit_origin(principal, origin),
                      refused_access(m_runtime, kWriteDenied, path, principal, admission->reason),
                      std::move(*admission->refusal));
    }
    const auto kek = m_keks.open(tenant, state->kek);
    if (!kek) return failure(kek);
    const bool is_person = std::holds_alternative<UserPrincipal>(principal);
    auto write = merge(path, request, state->head, is_person);
    write.secret = state->head ? state->head->secret : crypto::new_id<SecretId>(m_runtime.clock);
    const auto from = audit_origin(principal, origin);
    write.created_by_type = from.actor_type;
    write.created_by = from.actor;
    seal_into(write, tenant, **kek, request.value);

    auto record = access_record(
        m_runtime, write.version == 1 ? "secret.created" : "secret.updated", path, principal);
    record.resource = write.secret.bytes();
    record.version = write.version;
    store::add_secret_head(transaction, tenant, write);
    store::add_secret_version(transaction, tenant, write);
    store::add_audit_record(transaction, tenant, from, record);
    const auto committed = transaction.commit();
    // The head was not inserted because another transaction had just done that; then the version,
    // in the same round trip, has nothing to belong to.
    if (!committed && committed.error().sqlstate == store::sqlstate::kForeignKeyViolation)
        return std::nullopt;
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    const auto times = store::parse_write_times(committed->front());
    if (!times)
        return failure(
            ErrorCode::Internal, "Internal error; try again later", "a write left no row");
    return info_of(path, write, *times);
}

}  // namespace core::service
