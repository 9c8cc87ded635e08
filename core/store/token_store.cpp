#include "core/store/token_store.h"

namespace core::store {

std::string like_pattern(std::string_view wildcard_pattern) {
    std::string out;
    for (const char c : wildcard_pattern) {
        if (c == '*') {
            out.push_back('%');
            continue;
        }
        if (c == '%' || c == '_' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out;
}

TierProbe tier_probe(std::string_view wildcard_pattern,
                     std::string_view literal_prefix,
                     std::int64_t tier) {
    TierProbe probe;
    probe.like = like_pattern(wildcard_pattern);
    probe.low = std::string(literal_prefix);
    // Path characters end at '~' (0x7e): whatever begins with the prefix sorts below prefix + 0x7f.
    probe.high = probe.low + '\x7f';
    probe.tier = tier;
    return probe;
}

namespace {

// Requests of one agent for the same thing share a lock. Two that share one by chance only wait.
std::int64_t lock_number(const AgentId& agent, ByteView request_digest) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i)
        number = (number << 8U) | (request_digest[i] ^ agent.bytes()[i + 8]);
    return static_cast<std::int64_t>(number);
}

TokenRow parse_token_row(Row row) {
    TokenRow out;
    out.token = row.id<TokenId>();
    out.agent = row.id<AgentId>();
    out.scopes = row.texts();
    out.tier = row.integer();
    out.max_uses = row.maybe_integer();
    out.uses = row.integer();
    out.ip_allowlist = row.maybe_texts();
    out.issued_at = row.time();
    out.expires_at = row.time();
    return out;
}

}  // namespace

IndexPatterns index_patterns(const std::vector<std::string>& patterns) {
    IndexPatterns out;
    for (const auto& pattern : patterns) {
        out.prefixes.push_back(pattern.substr(0, pattern.find('*')));
        out.likes.push_back(like_pattern(pattern));
    }
    return out;
}

void add_lock_token_request(Transaction& transaction,
                            const AgentId& agent,
                            ByteView request_digest) {
    transaction.add(Statement::LockTokenRequest,
                    Parameters{}.bigint(lock_number(agent, request_digest)));
}

void add_issue_token(Transaction& transaction,
                     const TenantId& tenant,
                     const NewTokenRow& token,
                     const std::vector<TierProbe>& probes,
                     const AuditEventId& event,
                     const AuditOrigin& origin) {
    std::vector<std::string> likes;
    std::vector<std::string> lows;
    std::vector<std::string> highs;
    std::vector<std::int64_t> tiers;
    for (const auto& probe : probes) {
        likes.push_back(probe.like);
        lows.push_back(probe.low);
        highs.push_back(probe.high);
        tiers.push_back(probe.tier);
    }
    const auto patterns = index_patterns(token.read_patterns);
    Parameters parameters;
    parameters.id(tenant).id(token.token).id(token.agent).id(token.signing_key);
    parameters.texts(likes).texts(lows).texts(highs).bigints(tiers);
    parameters.text(token.plan_hint).bigint(token.epoch).bigint(token.agent_limits);
    parameters.texts(token.terms.scopes).bigint(token.terms.max_uses);
    parameters.maybe_texts(token.terms.ip_allowlist).bigint(token.terms.ttl_seconds);
    parameters.id(event).maybe_text(origin.ip_address);
    parameters.maybe_text(origin.user_agent).maybe_text(origin.request_id);
    parameters.bytes(token.request_digest).bigint(token.agent_key_version);
    parameters.texts(patterns.prefixes).texts(patterns.likes);

    add_lock_token_request(transaction, token.agent, token.request_digest);
    transaction.add(Statement::IssueToken, std::move(parameters));
    transaction.add(Statement::TouchAgent, Parameters{}.id(tenant).id(token.agent));
}

TokenInsert parse_token_insert(const ResultSet& result) {
    Row row = result.row(0);
    TokenInsert out;
    out.tier_needing_approval = row.maybe_integer();
    const auto token = row.maybe_id<TokenId>();
    if (!token) return out;
    IssuedRow issued;
    issued.token = *token;
    issued.issued_at = row.time();
    issued.expires_at = row.time();
    issued.scopes = row.texts();
    issued.ip_allowlist = row.maybe_texts();
    out.issued = std::move(issued);
    return out;
}

Result<TokenRows> list_tokens(Connection& connection,
                              const TenantId& tenant,
                              const std::optional<AgentId>& agent,
                              std::int64_t limit,
                              std::int64_t offset) {
    Transaction transaction(connection, tenant);
    transaction.add(Statement::ListTokens,
                    Parameters{}.id(tenant).id(agent).bigint(limit).bigint(offset));
    transaction.add(Statement::CountTokens, Parameters{}.id(tenant).id(agent));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    TokenRows out;
    for (std::size_t i = 0; i < results->at(0).size(); ++i)
        out.rows.push_back(parse_token_row(results->at(0).row(i)));
    out.total = results->at(1).row(0).integer();
    return out;
}

void add_revoke_token(Transaction& transaction, const TenantId& tenant, const TokenId& token) {
    transaction.add(Statement::RevokeToken, Parameters{}.id(tenant).id(token));
}

Revocation parse_revocation(const ResultSet& result) {
    if (result.empty()) return Revocation::NoSuchToken;
    return result.row(0).boolean() ? Revocation::WasRevoked : Revocation::Done;
}

void add_revoke_readers(Transaction& transaction,
                        const TenantId& tenant,
                        std::string_view path,
                        const AuditOrigin& origin) {
    std::vector<std::string> prefixes;
    for (std::size_t size = 0; size <= path.size(); ++size)
        prefixes.emplace_back(path.substr(0, size));
    Parameters parameters;
    parameters.id(tenant).texts(prefixes).text(path).text(origin.actor_type);
    if (origin.actor)
        parameters.bytes(*origin.actor);
    else
        parameters.null();
    parameters.maybe_text(origin.ip_address).maybe_text(origin.user_agent);
    parameters.maybe_text(origin.request_id);
    transaction.add(Statement::RevokeReaders, std::move(parameters));
}

Result<std::int64_t> sweep_tokens(Connection& connection, std::int64_t limit) {
    const auto result = connection.run(Statement::SweepTokens, Parameters{}.bigint(limit));
    if (!result) return tl::unexpected(to_error(result.error()));
    return result->row(0).integer();
}

std::string_view reason_of(TokenState state) {
    switch (state) {
        case TokenState::Live:
            return "live";
        case TokenState::Revoked:
            return "token_revoked";
        case TokenState::Expired:
            return "token_expired";
        case TokenState::AgentInactive:
            return "agent_inactive";
        case TokenState::AddressNotAllowed:
            return "address_not_allowed";
        case TokenState::Unknown:
            return "token_unknown";
    }
    return "token_unknown";
}

void add_find_token_state(Transaction& transaction,
                          const TenantId& tenant,
                          const TokenId& token,
                          const AgentId& agent,
                          std::string_view ip_address) {
    transaction.add(Statement::FindTokenState,
                    Parameters{}.id(tenant).id(token).id(agent).text(ip_address));
}

TokenStanding parse_token_standing(const ResultSet& result) {
    TokenStanding standing;
    if (result.empty()) return standing;
    Row row = result.row(0);
    standing.state = static_cast<TokenState>(row.integer());
    standing.plan_version = row.integer();
    standing.limits_version = row.integer();
    standing.allowed_namespaces = row.texts();
    standing.allowed_scopes = row.texts();
    return standing;
}

void add_count_token_use(Transaction& transaction,
                         const TenantId& tenant,
                         const TokenId& token,
                         ByteView request_key) {
    transaction.add(Statement::CountTokenUse, Parameters{}.id(tenant).id(token).bytes(request_key));
}

}  // namespace core::store
