#include "core/service/known_issuers.h"

#include "core/base/log.h"
#include "core/service/runtime.h"
#include "core/store/connection_pool.h"

#include <algorithm>
#include <utility>

namespace core::service {
namespace {

// A key that an issuer has taken back is refused within this time.
constexpr std::chrono::seconds kRegularLook{10};
// For a kid that nobody knows: a stranger can send as many as he likes.
constexpr std::chrono::seconds kHastyLook{1};
// The database lets one a minute through, of all workers.
constexpr std::chrono::seconds kAskAgain{10};

using Time = std::chrono::steady_clock::time_point;

bool is_over(const std::optional<Time>& since, std::chrono::seconds time) {
    return !since || std::chrono::steady_clock::now() - *since >= time;
}

bool is_same(const std::vector<store::KeySetStored>& a, const std::vector<store::KeySetStored>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& two) {
        return one.issuer == two.issuer && one.key_set == two.key_set;
    });
}

Failure keys_too_old() {
    return failure(
        ErrorCode::IssuerUnavailable, {}, "the key set of the issuer is older than 24 hours");
}

}  // namespace

KnownIssuers::KnownIssuers(const KeylessRuntime& runtime) : m_runtime(runtime) {
    for (const auto& issuer : runtime.issuers)
        m_names.push_back(issuer.issuer);
}

Result<identity::IdTokenClaims> KnownIssuers::verify(const identity::Jws& jws) {
    if (const auto looked = look_where_due(jws.kid); !looked) return failure(looked);
    auto claims = identity::verify_id_token(jws, m_keys, m_runtime.clock.now());
    // Only whoever holds a token that would hold learns that the keys are too old.
    if (claims && is_stale(claims->issuer)) return keys_too_old();
    return claims;
}

Result<void> KnownIssuers::look_where_due(std::string_view kid) {
    if (m_names.empty()) return {};
    if (is_over(m_looked_at, kRegularLook))
        if (auto looked = look(); !looked) return looked;
    if (knows(kid)) return {};
    if (is_over(m_looked_at, kHastyLook))
        if (auto looked = look(); !looked) return looked;
    if (!knows(kid) && is_over(m_asked_at, kAskAgain)) ask_for_fetch();
    return {};
}

Result<void> KnownIssuers::look() {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    auto stored = store::find_key_sets(**connection, m_names);
    if (!stored) return failure(std::move(stored));
    m_looked_at = std::chrono::steady_clock::now();
    const bool same = is_same(m_stored, *stored);
    m_stored = *std::move(stored);
    if (!same) parse_all();
    return {};
}

// The kid alone tells of no issuer, and what the claims say is not believed before a key has
// verified them: so all are fetched.
void KnownIssuers::ask_for_fetch() {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return;
    m_asked_at = std::chrono::steady_clock::now();
    // The answer is 401 either way.
    [[maybe_unused]] const auto asked = store::request_key_set_fetches(**connection, m_names);
}

void KnownIssuers::parse_all() {
    m_keys.clear();
    for (const auto& issuer : m_runtime.issuers) {
        const auto stored = std::find_if(m_stored.begin(), m_stored.end(), [&](const auto& one) {
            return one.issuer == issuer.issuer;
        });
        // Not fetched yet: its tokens get 401 until it is.
        if (stored == m_stored.end()) continue;
        auto keys = identity::KeySet::parse(stored->key_set);
        if (!keys) {
            log::error("key_set_unreadable",
                       {{"issuer", log::quoted(issuer.issuer)},
                        {"detail", log::quoted(keys.error().public_message)}});
            continue;
        }
        m_keys.push_back({issuer, *std::move(keys)});
    }
}

bool KnownIssuers::knows(std::string_view kid) const {
    return std::any_of(m_keys.begin(), m_keys.end(), [kid](const auto& issuer) {
        return issuer.keys.find(kid) != nullptr;
    });
}

bool KnownIssuers::is_stale(std::string_view issuer) const {
    return std::any_of(m_stored.begin(), m_stored.end(), [issuer](const auto& stored) {
        return stored.issuer == issuer && stored.is_stale;
    });
}

}  // namespace core::service
