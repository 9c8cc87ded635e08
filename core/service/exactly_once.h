// Changes that are made exactly once, however often the request comes: contract.md §7.
//
// nginx sends a request whose worker died to another one, under the same request id; a client may
// send one again under its own Idempotency-Key. Which requests have been processed stands in the
// database, written in the transaction of the change itself; so does the answer, sealed under the
// tenant's KEK, since it may hold a key that is shown once. Two workers that process the same
// request at once meet at the primary key of that table: one of them changes nothing, starts again,
// and finds the answer of the other.
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/identity/principal.h"
#include "core/service/kek_cache.h"
#include "core/store/audit_store.h"
#include "core/store/request_store.h"
#include "core/store/transaction.h"

#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace core::service {

struct Runtime;

// Gives the text that is answered for a result, by whoever asked: JSON for the API.
template <class T>
using Rendering = std::function<Body(const T&)>;

// Names this request among those that use a token with max_uses: its use counts once.
Bytes token_use_key(const identity::Origin& origin);

// One change under way: what its second step works with. The first step queued what it wants to
// know (and lock); nothing has been changed yet.
class Change {
  public:
    // Results of what the first step queued, in its order.
    [[nodiscard]] const store::ResultSet& found(std::size_t index) const { return m_found[index]; }
    // Of the transaction: what its statements call now().
    [[nodiscard]] Timestamp now() const { return m_start.now; }
    [[nodiscard]] store::Transaction& transaction() { return m_transaction; }
    [[nodiscard]] const store::AuditOrigin& origin() const { return m_origin; }

    // The KEK to seal under, or the one that sealed what was found. Valid until the next call.
    // Errors: KekUnavailable, IntegrityFailure.
    Result<const crypto::TenantKek*> active_kek();
    Result<const crypto::TenantKek*> open_kek(const store::TenantKeyStored& stored);

    // Queues the record of what is done.
    void record(const store::AuditRecord& record);
    // Nothing will be done; the record says so, committed before `error` goes back.
    Failure refuse(store::AuditRecord record, Error error);
    // What the first step found is not so any more: both steps run again, in a new transaction.
    Failure begin_again();

  private:
    friend class ExactlyOnce;
    Change(KekCache& keks,
           const TenantId& tenant,
           const store::AuditOrigin& origin,
           store::Transaction& transaction,
           store::ChangeStart start,
           std::vector<store::ResultSet> found)
        : m_keks(keks),
          m_tenant(tenant),
          m_origin(origin),
          m_transaction(transaction),
          m_start(std::move(start)),
          m_found(std::move(found)) {}

    KekCache& m_keks;
    const TenantId& m_tenant;
    const store::AuditOrigin& m_origin;
    store::Transaction& m_transaction;
    store::ChangeStart m_start;
    std::vector<store::ResultSet> m_found;
    std::optional<store::AuditRecord> m_refusal;
    bool m_begins_again = false;
};

// Thread-compatible: one object per request thread.
class ExactlyOnce {
  public:
    // Queues what the change wants to know before it decides.
    using Look = std::function<void(store::Transaction&)>;
    // Decides, queues what changes, and gives the answer. May run more than once, each time in a
    // transaction of its own, of which at most one is committed.
    using Step = std::function<Result<Body>(Change&)>;

    // `runtime` must outlive this object.
    explicit ExactlyOnce(const Runtime& runtime);

    // The answer of `step`, committed; or the one that this request got before, when nothing is
    // done. A request without an id (the operator's) is never a repeated one.
    // Errors: those of `step`; IdempotencyKeyReused where the key came with another request;
    // PlanChanged, with nothing done, where the request was judged by another plan than the tenant
    // has; StoreUnavailable.
    Result<Body> run(const TenantId& tenant,
                     const store::AuditOrigin& from,
                     const identity::Origin& origin,
                     const Look& look,
                     const Step& step);

  private:
    struct Request;
    // Nothing where another worker processed the same request, or made the same secret, meanwhile:
    // it is to be tried again.
    Result<std::optional<Body>> run_once(const TenantId& tenant,
                                         const store::AuditOrigin& from,
                                         const Request& request,
                                         const Look& look,
                                         const Step& step);
    // The change was refused, or failed: says so, on record, unless it was done meanwhile.
    Result<Body> not_done(store::Connection& connection,
                          const Request& request,
                          const Change& change,
                          Error error);
    static Result<std::optional<store::ProcessedRequest>> look_again(store::Connection& connection,
                                                                     const TenantId& tenant,
                                                                     const Request& request);
    // Queues the answer, for when the request comes again.
    static Result<void> keep(Change& change,
                             const TenantId& tenant,
                             const Request& request,
                             const Body& answer);
    Result<Body> answer_of(const TenantId& tenant,
                           const Request& request,
                           const store::ProcessedRequest& earlier);

    const Runtime& m_runtime;
    KekCache m_keks;
};

}  // namespace core::service
