// Each request of a batch gets its own right answer and its own audit row, whatever happens to its
// neighbours.
#include "core/store/read_batcher.h"

#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(read_batcher)

namespace {

namespace data = boost::unit_test::data;
using core::ErrorCode;
using core::store::ReadBatcher;
using core::store::ReadOutcome;
using core::store::ReadQuery;
using store_test::Psql;
using store_test::Rows;

// One kind of request: what it changes about a good query or its rows, and what must come of it.
struct Kind {
    const char* name;
    ReadOutcome expected;
    const char* reason;  // in the audit row; nullptr for an allowed read
    void (*change)(ReadQuery& query);
    const char* sql;  // on the rows of its tenant, $T for the tenant
};

void nothing(ReadQuery&) {}

const std::array<Kind, 13> kKinds{{
    {"own secret", ReadOutcome::Ok, nullptr, nothing, ""},
    {"older version", ReadOutcome::Ok, nullptr, [](ReadQuery& q) { q.version = 1; }, ""},
    {"refused by its claims",
     ReadOutcome::Refused,
     "scope_denied",
     [](ReadQuery& q) { q.refusal = "scope_denied"; },
     ""},
    {"token of another tenant",
     ReadOutcome::TokenRevoked,
     "token_revoked",
     [](ReadQuery& q) { q.token = core::TokenId(store_test::fresh_uuid()); },
     ""},
    {"revoked token",
     ReadOutcome::TokenRevoked,
     "token_revoked",
     nothing,
     "update store.tokens set revoked_at = now() where tenant_id = $T"},
    {"expired token",
     ReadOutcome::TokenExpired,
     "token_expired",
     nothing,
     "update store.tokens set issued_at = now() - interval '2 h', expires_at = now() - interval "
     "'1 s' where tenant_id = $T"},
    {"inactive agent",
     ReadOutcome::AgentInactive,
     "agent_inactive",
     nothing,
     "update store.agents set active = false where tenant_id = $T"},
    {"other address",
     ReadOutcome::AddressNotAllowed,
     "address_not_allowed",
     nothing,
     "update store.agents set ip_allowlist = '{198.51.100.0/24}' where tenant_id = $T"},
    {"missing",
     ReadOutcome::NotFound,
     "secret_not_found",
     [](ReadQuery& q) { q.key = "NONE"; },
     ""},
    {"deleted",
     ReadOutcome::NotFound,
     "secret_not_found",
     nothing,
     "update store.secrets set deleted_at = now() where tenant_id = $T"},
    {"higher tier",
     ReadOutcome::ApprovalNeeded,
     "approval_needed",
     nothing,
     "update store.secrets set access_tier = 1 where tenant_id = $T"},
    {"no such version",
     ReadOutcome::VersionNotFound,
     "version_not_found",
     [](ReadQuery& q) { q.version = 7; },
     ""},
    {"expired",
     ReadOutcome::Expired,
     "secret_expired",
     nothing,
     "update store.secrets set expires_at = now() - interval '1 s' where tenant_id = $T"},
}};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
    return out << kind.name;
}

void apply_sql(const Rows& rows, std::string sql) {
    for (auto at = sql.find("$T"); at != std::string::npos; at = sql.find("$T"))
        sql.replace(at, 2, "'" + rows.tenant.text() + "'");
    if (!sql.empty()) Psql().query(sql);
}

ReadQuery query_of(const Kind& kind, const Rows& rows) {
    ReadQuery query = rows.query();
    kind.change(query);
    return query;
}

std::string recorded(const ReadQuery& query) {
    const auto cells = Psql().query(
        "select event_type || ' ' || coalesce(reason, '-') from store.audit_events where "
        "event_id = '" +
        query.event.text() + "'");
    return cells.size() == 1 ? cells[0] : std::to_string(cells.size()) + " rows";
}

std::string event_of(const Kind& kind) {
    return kind.reason == nullptr ? "secret.read" : "secret.read.denied";
}

bool is_right(const core::Result<core::store::ReadRow>& row, const Kind& kind, const Rows& rows) {
    if (!row || row->outcome != kind.expected) return false;
    return row->outcome != ReadOutcome::Ok || row->secret == rows.secret;
}

// Of one that shared a batch with bad elements: bad ones fail, the others are answered.
bool has_outcome(const core::Result<core::store::ReadRow>& row, bool is_bad) {
    if (is_bad) return !row && row.error().code == ErrorCode::Internal;
    return row && row->outcome == ReadOutcome::Ok;
}

void in_threads(unsigned count, const std::function<void(unsigned)>& body) {
    std::vector<std::thread> threads;
    threads.reserve(count);
    for (unsigned i = 0; i < count; ++i)
        threads.emplace_back([&body, i] { body(i); });
    for (auto& thread : threads)
        thread.join();
}

std::string expected_record(const Kind& kind) {
    return kind.reason == nullptr ? "secret.read -"
                                  : "secret.read.denied " + std::string(kind.reason);
}

}  // namespace

BOOST_DATA_TEST_CASE(a_request_gets_its_answer_and_its_audit_row,
                     data::make({1, 64}) * data::make(kKinds),
                     batch,
                     kind) {
    const Rows rows;
    apply_sql(rows, kind.sql);
    ReadBatcher batcher(store_test::endpoint(), static_cast<std::size_t>(batch));
    const auto query = query_of(kind, rows);

    const auto row = batcher.read(query);

    BOOST_REQUIRE(row.has_value());
    BOOST_TEST(static_cast<int>(row->outcome) == static_cast<int>(kind.expected));
    BOOST_TEST(recorded(query) == expected_record(kind));
}

BOOST_AUTO_TEST_CASE(an_allowed_read_gives_the_boxes_and_a_refused_one_none) {
    const Rows rows;
    ReadBatcher batcher(store_test::endpoint(), 64);
    auto refused = rows.query();
    refused.max_tier = 0;
    refused.refusal = "scope_denied";

    const auto allowed_row = batcher.read(rows.query());
    const auto refused_row = batcher.read(refused);

    BOOST_REQUIRE(allowed_row && refused_row);
    BOOST_CHECK(allowed_row->value_box == core::Bytes{2});
    BOOST_CHECK(allowed_row->dek_box == core::Bytes{1});
    BOOST_TEST(refused_row->value_box.empty());
    BOOST_TEST(refused_row->dek_box.empty());
}

BOOST_AUTO_TEST_CASE(what_is_judged_again_is_not_recorded) {
    const Rows rows;
    ReadBatcher batcher(store_test::endpoint(), 64);
    auto narrowed = rows.query();
    narrowed.agent_limits = 0;
    auto maybe_namespace = rows.query();
    maybe_namespace.key = "NONE";
    maybe_namespace.may_list = true;

    auto misjudged = rows.query();
    misjudged.plan_version = 7;

    const auto first = batcher.read(narrowed);
    const auto second = batcher.read(maybe_namespace);
    const auto third = batcher.read(misjudged);

    BOOST_REQUIRE(first && second && third);
    BOOST_CHECK(first->outcome == ReadOutcome::LimitsChanged);
    BOOST_CHECK(second->outcome == ReadOutcome::MayList);
    BOOST_CHECK(third->outcome == ReadOutcome::PlanChanged);
    BOOST_TEST(third->value_box.empty());
    BOOST_TEST(recorded(narrowed) == "0 rows");
    BOOST_TEST(recorded(maybe_namespace) == "0 rows");
    BOOST_TEST(recorded(misjudged) == "0 rows");
}

BOOST_AUTO_TEST_CASE(thousands_of_mixed_requests_get_each_their_own) {
    std::array<Rows, kKinds.size()> rows;
    for (std::size_t i = 0; i < kKinds.size(); ++i)
        apply_sql(rows[i], kKinds[i].sql);
    ReadBatcher batcher(store_test::endpoint(), 64);
    std::atomic<int> wrong{0};
    std::array<std::atomic<long>, kKinds.size()> asked{};

    in_threads(32, [&](unsigned thread) {
        std::mt19937 random(thread);
        for (int i = 0; i < 150; ++i) {
            const std::size_t k = random() % kKinds.size();
            const auto row = batcher.read(query_of(kKinds[k], rows[k]));
            ++asked[k];
            wrong += is_right(row, kKinds[k], rows[k]) ? 0 : 1;
        }
    });

    BOOST_TEST(wrong == 0);
    for (std::size_t k = 0; k < kKinds.size(); ++k)
        BOOST_TEST(rows[k].audit_count(event_of(kKinds[k])) == asked[k].load());
}

BOOST_AUTO_TEST_CASE(one_bad_element_fails_alone) {
    const Rows rows;
    ReadBatcher batcher(store_test::endpoint(), 64);
    BOOST_REQUIRE(batcher.read(rows.query()).has_value());
    // The batch has to gather behind something: a lock that the first read waits for, until all
    // threads are on their way.
    Psql blocker;
    blocker.query("begin");
    blocker.query("lock table store.audit_events in access exclusive mode");
    std::atomic<int> started{0};
    std::atomic<int> answered{0};
    std::atomic<int> failed{0};

    in_threads(24, [&](unsigned thread) {
        auto query = rows.query();
        const bool is_bad = thread % 8 == 7;
        if (is_bad) query.user_agent = "\xff\xfe";  // not UTF-8: fails the whole array
        if (++started == 24) blocker.query("commit");
        const auto row = batcher.read(query);
        (is_bad ? failed : answered) += has_outcome(row, is_bad) ? 1 : 0;
    });

    BOOST_TEST(answered == 21);
    BOOST_TEST(failed == 3);
    BOOST_TEST(rows.audit_count("secret.read") == 22);
}

BOOST_AUTO_TEST_CASE(a_batch_that_takes_too_long_is_unavailable_and_the_next_one_is_not) {
    const Rows rows;
    auto where = store_test::endpoint();
    where.statement_timeout = std::chrono::milliseconds(300);
    where.lock_timeout = std::chrono::milliseconds(0);
    ReadBatcher batcher(where, 64);
    BOOST_REQUIRE(batcher.read(rows.query()).has_value());
    Psql blocker;
    blocker.query("begin");
    blocker.query("lock table store.audit_events in access exclusive mode");

    const auto during = batcher.read(rows.query());
    blocker.query("rollback");
    const auto after = batcher.read(rows.query());

    BOOST_REQUIRE(!during.has_value());
    BOOST_CHECK(during.error().code == ErrorCode::StoreUnavailable);
    BOOST_REQUIRE_MESSAGE(after.has_value(), (after ? "" : after.error().detail));
    BOOST_CHECK(after->outcome == ReadOutcome::Ok);
    BOOST_TEST(rows.audit_count("secret.read") == 2);
}

BOOST_AUTO_TEST_CASE(a_session_that_the_server_ended_is_replaced) {
    const Rows rows;
    ReadBatcher batcher(store_test::endpoint(), 64);
    BOOST_REQUIRE(batcher.read(rows.query()).has_value());
    Psql().query(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = "
        "'secretstore_reader'");

    BOOST_TEST(batcher.read(rows.query()).has_value());
}

BOOST_AUTO_TEST_CASE(a_database_that_is_away_answers_every_read_and_ends_cleanly) {
    const Rows rows;
    auto where = store_test::endpoint();
    where.hosts = {"/nonexistent"};
    ReadBatcher batcher(where, 64);
    std::atomic<int> unavailable{0};

    in_threads(16, [&](unsigned) {
        const auto row = batcher.read(rows.query());
        if (!row && row.error().code == ErrorCode::StoreUnavailable) ++unavailable;
    });

    BOOST_TEST(unavailable == 16);
}

BOOST_AUTO_TEST_SUITE_END()
