// What the statements of approvals guard by themselves, whatever the services above them do.
#include "core/store/approval_store.h"
#include "core/store/policy_store.h"
#include "test/store/database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(approvals)

namespace {

namespace data = boost::unit_test::data;
using core::ApprovalId;
using core::AuditEventId;
using core::Bytes;
using core::TokenId;
using core::UserId;
using core::store::add_approval_decision;
using core::store::add_approve;
using core::store::add_deny_approval;
using core::store::add_expire_approval;
using core::store::add_lock_newest_approval;
using core::store::add_narrow_approval;
using core::store::add_replace_approval_policies;
using core::store::add_request_approval;
using core::store::ApprovalDecisionRow;
using core::store::ApprovalPolicyRow;
using core::store::Connection;
using core::store::kApprovalStateResult;
using core::store::NewApprovalRow;
using core::store::NewTokenRow;
using core::store::parse_approval_state;
using core::store::ResultSet;
using core::store::Role;
using core::store::Transaction;
using core::store::was_changed;
using store_test::Psql;
using store_test::Rows;

// A pending request of the agent of `rows`, and a connection to work on it.
struct Asked : Rows {
    Asked() : connection(Connection::open(store_test::endpoint(), Role::App).value()) {
        row.approval = ApprovalId(store_test::fresh_uuid());
        row.agent = agent;
        row.asked.scopes = {"secrets:read:app/*"};
        row.asked.ttl_seconds = 3600;
        row.request_digest = Bytes(32, 7);
        row.tier = 1;
        row.pending_seconds = 86400;
        row.ip_address = "127.0.0.1";
        Transaction transaction(connection, tenant);
        add_request_approval(transaction, tenant, row);
        BOOST_REQUIRE(transaction.commit().has_value());
    }

    // Runs what is queued, committed; the results, or nothing where it failed.
    std::optional<std::vector<ResultSet>> run(const std::function<void(Transaction&)>& queue) {
        Transaction transaction(connection, tenant);
        queue(transaction);
        auto results = transaction.commit();
        if (!results) return std::nullopt;
        return std::move(*results);
    }

    void alter(const std::string& set) const {
        Psql().query("update store.approvals set " + set + " where approval_id = '" +
                     row.approval.text() + "'");
    }

    [[nodiscard]] std::string status() const {
        return Psql().value("select status from store.approvals where approval_id = '" +
                            row.approval.text() + "'");
    }

    [[nodiscard]] NewTokenRow new_token() const {
        NewTokenRow out;
        out.token = TokenId(store_test::fresh_uuid());
        out.agent = agent;
        out.signing_key = core::KeyId(*core::uuid_from_text(Psql().value(
            "select signing_key_id from store.tokens where token_id = '" + token.text() + "'")));
        out.plan_hint = "ent";
        out.epoch = 1;
        out.agent_limits = 1;
        out.agent_key_version = 1;
        out.terms = row.asked;
        out.tier = 1;
        out.read_patterns = {"app/*"};
        return out;
    }

    [[nodiscard]] std::string token_count() const {
        return Psql().value("select count(*) from store.tokens where tenant_id = '" +
                            tenant.text() + "'");
    }

    [[nodiscard]] ApprovalDecisionRow decision(const std::optional<UserId>& by,
                                               const std::string& what = "approved") const {
        ApprovalDecisionRow out;
        out.approval = row.approval;
        out.event = AuditEventId(store_test::fresh_uuid());
        out.decision = what;
        out.decided_by_type = by ? "user" : "operator";
        out.decided_by = by;
        out.role = "owner";
        return out;
    }

    bool record(const ApprovalDecisionRow& made) {
        return run([&](Transaction& transaction) {
                   add_approval_decision(transaction, tenant, made);
               })
            .has_value();
    }

    Connection connection;
    NewApprovalRow row;
};

// A change of a pending approval.
struct Move {
    std::string name;
    std::function<void(Transaction&, const Asked&)> add;
    std::string becomes;
};
std::ostream& operator<<(std::ostream& out, const Move& move) {
    return out << move.name;
}

const std::vector<Move> kMoves{
    {"approve",
     [](Transaction& transaction, const Asked& asked) {
         add_approve(transaction, asked.tenant, asked.row.approval, asked.new_token());
     },
     "approved"},
    {"deny",
     [](Transaction& transaction, const Asked& asked) {
         add_deny_approval(transaction, asked.tenant, asked.row.approval);
     },
     "denied"},
    {"narrow",
     [](Transaction& transaction, const Asked& asked) {
         add_narrow_approval(transaction, asked.tenant, asked.row.approval, asked.row.asked);
     },
     "pending"},
};

bool changes(Asked& asked, const Move& move) {
    const auto results = asked.run([&](Transaction& transaction) { move.add(transaction, asked); });
    BOOST_REQUIRE(results.has_value());
    return was_changed(results->front());
}

}  // namespace

BOOST_DATA_TEST_CASE(what_is_pending_is_changed, data::make(kMoves), move) {
    Asked asked;

    BOOST_TEST(changes(asked, move));
    BOOST_TEST(asked.status() == move.becomes);
}

BOOST_DATA_TEST_CASE(what_is_past_its_time_is_not_changed, data::make(kMoves), move) {
    Asked asked;
    asked.alter("expires_at = now()");

    BOOST_TEST(!changes(asked, move));
    BOOST_TEST(asked.status() == "pending");
    BOOST_TEST(asked.token_count() == "1");
}

BOOST_DATA_TEST_CASE(what_is_decided_is_not_changed,
                     data::make(kMoves) * data::make({"approved", "denied", "expired"}),
                     move,
                     status) {
    Asked asked;
    asked.alter("status = '" + std::string(status) + "'");

    BOOST_TEST(!changes(asked, move));
    BOOST_TEST(asked.status() == status);
    BOOST_TEST(asked.token_count() == "1");
}

BOOST_AUTO_TEST_CASE(an_approval_makes_its_token_and_what_a_rotation_finds_it_by) {
    Asked asked;

    BOOST_REQUIRE(changes(asked, kMoves[0]));

    BOOST_TEST(asked.token_count() == "2");
    BOOST_TEST(Psql().value("select like_pattern from store.token_patterns p join store.approvals "
                            "a using (tenant_id, token_id) where approval_id = '" +
                            asked.row.approval.text() + "'") == "app/%");
}

BOOST_AUTO_TEST_CASE(only_what_is_past_its_time_expires) {
    Asked asked;
    const auto expire = [&] {
        const auto results = asked.run([&](Transaction& transaction) {
            add_expire_approval(transaction, asked.tenant, asked.row.approval);
        });
        return was_changed(results.value().front());
    };

    BOOST_TEST(!expire());
    asked.alter("expires_at = now()");
    BOOST_TEST(expire());
    BOOST_TEST(!expire());
    BOOST_TEST(asked.status() == "expired");
}

BOOST_AUTO_TEST_CASE(one_request_is_pending_once) {
    Asked asked;
    auto again = asked.row;
    again.approval = ApprovalId(store_test::fresh_uuid());
    const auto ask = [&] {
        return asked
            .run([&](Transaction& transaction) {
                add_request_approval(transaction, asked.tenant, again);
            })
            .has_value();
    };

    BOOST_TEST(!ask());
    asked.alter("status = 'denied'");
    BOOST_TEST(ask());
}

BOOST_AUTO_TEST_CASE(a_person_approves_a_request_once) {
    Asked asked;
    const UserId one(store_test::fresh_uuid());

    BOOST_TEST(asked.record(asked.decision(one)));
    BOOST_TEST(!asked.record(asked.decision(one)));
    BOOST_TEST(asked.record(asked.decision(UserId(store_test::fresh_uuid()))));
}

BOOST_AUTO_TEST_CASE(the_operator_approves_a_request_once) {
    Asked asked;

    BOOST_TEST(asked.record(asked.decision(std::nullopt)));
    BOOST_TEST(!asked.record(asked.decision(std::nullopt)));
}

BOOST_AUTO_TEST_CASE(a_request_is_denied_once_by_one_who_approved_too) {
    Asked asked;
    const UserId one(store_test::fresh_uuid());

    BOOST_TEST(asked.record(asked.decision(one)));
    BOOST_TEST(asked.record(asked.decision(one, "denied")));
    BOOST_TEST(!asked.record(asked.decision(UserId(store_test::fresh_uuid()), "denied")));
}

BOOST_AUTO_TEST_CASE(a_decision_is_of_a_request_of_the_same_tenant) {
    Asked mine;
    const Asked theirs;
    auto decision = mine.decision(std::nullopt);
    decision.approval = theirs.row.approval;

    BOOST_TEST(!mine.record(decision));
}

BOOST_DATA_TEST_CASE(a_grant_is_never_more_than_was_asked_for,
                     data::make({"granted_ttl_seconds = 3601",
                                 "granted_ttl_seconds = 0",
                                 "max_uses = 5, granted_max_uses = 6",
                                 "granted_max_uses = 0",
                                 "granted_scopes = '{}'",
                                 "token_id = gen_random_uuid()",
                                 "collected_at = now()"}),
                     set) {
    const Asked asked;

    BOOST_TEST(Psql().sqlstate_of("update store.approvals set " + std::string(set) +
                                  " where approval_id = '" + asked.row.approval.text() + "'") ==
               "23514");
}

BOOST_AUTO_TEST_CASE(the_state_of_a_locked_approval_is_read_after_the_lock) {
    Asked asked;
    BOOST_REQUIRE(changes(asked, kMoves[0]));

    const auto results = asked.run([&](Transaction& transaction) {
        add_lock_newest_approval(
            transaction, asked.tenant, asked.agent, core::ByteView(asked.row.request_digest));
    });
    const auto state = parse_approval_state(results.value().at(kApprovalStateResult));

    BOOST_REQUIRE(state.has_value());
    BOOST_TEST(state->status == "approved");
    BOOST_REQUIRE(state->token.has_value());
    BOOST_CHECK(state->token->scopes == asked.row.asked.scopes);
    BOOST_TEST(state->token->tier == 1);
}

BOOST_AUTO_TEST_CASE(a_policy_says_what_the_columns_allow) {
    Asked asked;
    ApprovalPolicyRow policy{"*", 0, 5, 43200, true, true};
    const auto replace = [&] {
        return asked
            .run([&](Transaction& transaction) {
                add_replace_approval_policies(transaction, asked.tenant, {policy}, 1);
            })
            .has_value();
    };

    BOOST_TEST(replace());
    policy.approvals = 6;
    BOOST_TEST(!replace());
    policy = {"*", 0, 1, 43201, false, false};
    BOOST_TEST(!replace());
    policy = {"*", 3, 1, 0, false, false};
    BOOST_TEST(!replace());
}

BOOST_AUTO_TEST_SUITE_END()
