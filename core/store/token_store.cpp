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

Result<TokenInsert> issue_token(Connection& connection,
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
    Parameters parameters;
    parameters.id(tenant).id(token.token).id(token.agent).id(token.signing_key);
    parameters.texts(likes).texts(lows).texts(highs).bigints(tiers);
    parameters.text(token.plan_hint).bigint(token.epoch).bigint(token.agent_limits);
    parameters.texts(token.scopes).bigint(token.max_uses).maybe_texts(token.ip_allowlist);
    parameters.bigint(token.ttl_seconds).id(event).maybe_text(origin.ip_address);
    parameters.maybe_text(origin.user_agent).maybe_text(origin.request_id);

    Transaction transaction(connection, tenant);
    transaction.add(Statement::IssueToken, std::move(parameters));
    transaction.add(Statement::TouchAgent, Parameters{}.id(tenant).id(token.agent));
    const auto results = transaction.commit();
    if (!results) return tl::unexpected(to_error(results.error()));
    Row row = results->at(0).row(0);
    TokenInsert out;
    out.tier_needing_approval = row.maybe_integer();
    const auto issued_at = row.maybe_time();
    const auto expires_at = row.maybe_time();
    if (issued_at && expires_at) out.issued = TokenTimes{*issued_at, *expires_at};
    return out;
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
    standing.limits_version = row.integer();
    standing.allowed_namespaces = row.texts();
    standing.allowed_scopes = row.texts();
    return standing;
}

void add_count_token_use(Transaction& transaction, const TenantId& tenant, const TokenId& token) {
    transaction.add(Statement::CountTokenUse, Parameters{}.id(tenant).id(token));
}

}  // namespace core::store
