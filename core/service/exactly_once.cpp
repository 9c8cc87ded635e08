#include "core/service/exactly_once.h"

#include "core/crypto/mac.h"
#include "core/crypto/tenant_keys.h"
#include "core/service/audit_trail.h"
#include "core/service/services.h"
#include "core/store/connection_pool.h"
#include "core/store/secret_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace core::service {
namespace {

constexpr std::size_t kKeksPerThread = 16;
// Each turn but the first means that another worker succeeded meanwhile.
constexpr int kTurns = 8;
// nginx sends a request again at once, or within its read timeout.
constexpr std::chrono::hours kRequestKept{1};
constexpr std::chrono::hours kClientKeyKept{24};
constexpr std::size_t kDigestSize = 32;

// SHA-256 over what kind of name it is, whose, and the name; none of the parts holds a NUL but the
// actor's id, which has a fixed size.
Bytes request_key(std::string_view kind,
                  const std::optional<UuidBytes>& whose,
                  std::string_view name) {
    Bytes text(kind.begin(), kind.end());
    text.push_back(0);
    const UuidBytes actor = whose.value_or(UuidBytes{});
    text.insert(text.end(), actor.begin(), actor.end());
    text.insert(text.end(), name.begin(), name.end());
    const auto digest = crypto::sha256(text);
    return {digest.begin(), digest.end()};
}

// A race that the next turn decides: the same request was processed by another worker, or the
// secret whose first version this is was created by another one.
bool is_race(const store::StoreFailure& failed) {
    return failed.constraint == store::kProcessedTwice ||
           failed.constraint == store::kVersionWithoutSecret;
}

Failure key_reused() {
    return failure(ErrorCode::IdempotencyKeyReused,
                   "This Idempotency-Key was sent with another request within the last 24 hours; "
                   "use a new one for each request");
}

}  // namespace

Bytes token_use_key(const identity::Origin& origin) {
    return request_key("use", std::nullopt, origin.request_id.text());
}

Result<const crypto::TenantKek*> Change::active_kek() {
    return m_keks.open(m_tenant, m_start.kek);
}

Result<const crypto::TenantKek*> Change::open_kek(const store::TenantKeyStored& stored) {
    return m_keks.open(m_tenant, stored);
}

void Change::record(const store::AuditRecord& record) {
    store::add_audit_record(m_transaction, m_tenant, m_origin, record);
}

Failure Change::refuse(store::AuditRecord record, Error error) {
    m_refusal = std::move(record);
    return tl::unexpected(std::move(error));
}

Failure Change::begin_again() {
    m_begins_again = true;
    return failure(ErrorCode::StoreUnavailable, {}, "a change begins again");
}

// The names of one request, and for how long each is kept.
struct ExactlyOnce::Request {
    struct Name {
        Bytes key;
        std::chrono::seconds kept;
    };
    std::vector<Name> names;  // the client's own last
    const identity::IdempotencyKey* client_key = nullptr;
    std::optional<std::int64_t> plan_version;  // that it was judged by

    Request(const store::AuditOrigin& from, const identity::Origin& origin)
        : plan_version(origin.plan_version) {
        if (!origin.request_id.text().empty())
            names.push_back(
                {request_key("request", from.actor, origin.request_id.text()), kRequestKept});
        if (!origin.idempotency_key) return;
        client_key = &*origin.idempotency_key;
        names.push_back(
            {request_key(from.actor_type, from.actor, client_key->text), kClientKeyKept});
    }

    [[nodiscard]] std::vector<Bytes> keys() const {
        std::vector<Bytes> out;
        for (const auto& name : names)
            out.push_back(name.key);
        return out;
    }

    // Was it judged by another plan than the tenant has now?
    [[nodiscard]] bool is_misjudged(const store::ChangeStart& start) const {
        return plan_version && *plan_version != start.plan_version;
    }

    // Is it by the client's own key that `earlier` was found?
    [[nodiscard]] bool is_clients(const Bytes& key) const {
        return client_key != nullptr && key == names.back().key;
    }

    // What is kept: what was asked, and what was answered. The digest of the request is inside,
    // since it covers a value that somebody might guess.
    [[nodiscard]] SecureBuffer kept(ByteView answer) const {
        SecureBuffer out(kDigestSize);
        if (client_key != nullptr)
            std::copy(
                client_key->request_digest.begin(), client_key->request_digest.end(), out.begin());
        out.insert(out.end(), answer.begin(), answer.end());
        return out;
    }
};

ExactlyOnce::ExactlyOnce(const Runtime& runtime)
    : m_runtime(runtime), m_keks(runtime, kKeksPerThread) {}

Result<Body> ExactlyOnce::run(const TenantId& tenant,
                              const store::AuditOrigin& from,
                              const identity::Origin& origin,
                              const Look& look,
                              const Step& step) {
    const Request request(from, origin);
    for (int turn = 0; turn < kTurns; ++turn) {
        auto answer = run_once(tenant, from, request, look, step);
        if (!answer) return failure(std::move(answer));
        if (*answer) return std::move(**answer);
    }
    return tl::unexpected(store::unavailable("other requests change the same all the time"));
}

Result<std::optional<Body>> ExactlyOnce::run_once(const TenantId& tenant,
                                                  const store::AuditOrigin& from,
                                                  const Request& request,
                                                  const Look& look,
                                                  const Step& step) {
    auto connection = m_runtime.connections.borrow();
    if (!connection) return failure(connection);
    store::Transaction transaction(**connection, tenant);
    if (request.client_key != nullptr)
        store::add_forget_expired_request(transaction, tenant, request.names.back().key);
    store::add_begin_change(transaction, tenant, request.keys());
    look(transaction);
    auto found = transaction.flush();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    const std::ptrdiff_t own = request.client_key != nullptr ? 2 : 1;
    auto start = store::parse_change_start(found->at(static_cast<std::size_t>(own - 1)));
    found->erase(found->begin(), found->begin() + own);
    if (start.earlier) {
        transaction.rollback();
        return answer_of(tenant, request, *start.earlier);
    }

    if (request.is_misjudged(start)) return tl::unexpected(plan_changed());

    Change change(m_keks, tenant, from, transaction, std::move(start), std::move(*found));
    auto answer = step(change);
    if (!answer) {
        transaction.rollback();
        if (change.m_begins_again) return std::nullopt;
        return not_done(**connection, request, change, std::move(answer).error());
    }
    const auto kept = keep(change, tenant, request, *answer);
    if (!kept) return failure(kept);
    const auto committed = transaction.commit();
    if (!committed && is_race(committed.error())) return std::nullopt;
    if (!committed) return tl::unexpected(store::to_error(committed.error()));
    return std::move(*answer);
}

Result<Body> ExactlyOnce::not_done(store::Connection& connection,
                                   const Request& request,
                                   const Change& change,
                                   Error error) {
    // What the change met may be the work of this very request, done by another worker since the
    // first look.
    auto meanwhile = look_again(connection, change.m_tenant, request);
    if (!meanwhile) return failure(std::move(meanwhile));
    if (*meanwhile) return answer_of(change.m_tenant, request, **meanwhile);
    if (!change.m_refusal) return tl::unexpected(std::move(error));
    return refuse(
        connection, change.m_tenant, change.m_origin, *change.m_refusal, std::move(error));
}

Result<std::optional<store::ProcessedRequest>> ExactlyOnce::look_again(
    store::Connection& connection, const TenantId& tenant, const Request& request) {
    if (request.names.empty()) return std::nullopt;
    store::Transaction transaction(connection, tenant);
    store::add_begin_change(transaction, tenant, request.keys());
    const auto found = transaction.commit();
    if (!found) return tl::unexpected(store::to_error(found.error()));
    return store::parse_change_start(found->front()).earlier;
}

Result<void> ExactlyOnce::keep(Change& change,
                               const TenantId& tenant,
                               const Request& request,
                               const Body& answer) {
    if (request.names.empty()) return {};
    const auto kek = change.active_kek();
    if (!kek) return failure(kek);
    const SecureBuffer kept = request.kept(answer.expose());
    for (const auto& name : request.names)
        store::add_processed_request(
            change.transaction(),
            tenant,
            name.key,
            (*kek)->id,
            crypto::seal_answer(**kek, name.key, {kept.data(), kept.size()}),
            name.kept);
    return {};
}

Result<Body> ExactlyOnce::answer_of(const TenantId& tenant,
                                    const Request& request,
                                    const store::ProcessedRequest& earlier) {
    const auto kek = m_keks.open(tenant, earlier.kek);
    if (!kek) return failure(kek);
    auto kept = crypto::open_answer(**kek, earlier.key, earlier.answer_box);
    if (!kept) return failure(kept);
    if (kept->size() < kDigestSize)
        return failure(ErrorCode::IntegrityFailure, {}, "a kept answer is too short");
    if (request.is_clients(earlier.key) && !std::equal(request.client_key->request_digest.begin(),
                                                       request.client_key->request_digest.end(),
                                                       kept->begin()))
        return key_reused();
    kept->erase(kept->begin(), kept->begin() + kDigestSize);
    return Body(std::move(*kept));
}

}  // namespace core::service
