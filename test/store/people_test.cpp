// People in the database: sign-ups, members, invitations and personal tokens, and what holds of
// them under concurrency.
#include "core/crypto/mac.h"
#include "core/store/connection.h"
#include "core/store/member_store.h"
#include "core/store/personal_token_store.h"
#include "core/store/tenant_store.h"
#include "core/store/transaction.h"
#include "test/store/database.h"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(people)

using core::MemberId;
using core::PersonalTokenId;
using core::TenantId;
using core::UserId;
using core::store::Connection;
using core::store::Role;
using core::store::Transaction;
using store_test::fresh_uuid;
using store_test::Psql;
using store_test::Rows;

namespace {

constexpr const char* kIssuer = "https://issuer.example";

Connection open(Role role = Role::App) {
    return std::move(Connection::open(store_test::endpoint(), role).value());
}

std::string fresh_text() {
    return core::uuid_to_text(fresh_uuid());
}

UserId new_user(Connection& connection) {
    return core::store::make_known(
               connection, UserId(fresh_uuid()), kIssuer, fresh_text(), "ann@people.example")
        .value();
}

void add_member(Connection& connection, const TenantId& tenant, const UserId& user) {
    Transaction transaction(connection, tenant);
    core::store::add_member(transaction, tenant, user, "admin");
    BOOST_REQUIRE(transaction.commit().has_value());
}

core::store::NewInvitationRow invitation(const std::string& email) {
    core::store::NewInvitationRow row;
    row.invitation = fresh_uuid();
    row.email = email;
    row.role = "viewer";
    const auto digest = core::crypto::sha256(core::as_bytes(fresh_text()));
    row.token_digest.assign(digest.begin(), digest.end());
    row.expires_at = core::SystemClock{}.now() + std::chrono::hours(1);
    return row;
}

void add_invitation(Connection& connection,
                    const TenantId& tenant,
                    const core::store::NewInvitationRow& row) {
    Transaction transaction(connection, tenant);
    core::store::add_invitation(transaction, tenant, row);
    BOOST_REQUIRE(transaction.commit().has_value());
}

core::store::NewPersonalTokenRow personal_token(const UserId& user) {
    core::store::NewPersonalTokenRow row;
    row.token = PersonalTokenId(fresh_uuid());
    row.user = user;
    row.name = "laptop";
    row.role = "viewer";
    row.key_public_id = fresh_text();
    row.pepper =
        core::KeyId::parse(Psql().value("select key_id from store.service_keys limit 1")).value();
    row.key_mac.assign(32, 7);
    row.expires_at = core::SystemClock{}.now() + std::chrono::hours(1);
    return row;
}

void add_personal_token(Connection& connection,
                        const TenantId& tenant,
                        const core::store::NewPersonalTokenRow& row) {
    Transaction transaction(connection, tenant);
    core::store::add_personal_token(transaction, tenant, row);
    BOOST_REQUIRE(transaction.commit().has_value());
}

// A tenant with one member.
struct Team {
    Team() {
        user = new_user(connection);
        add_member(connection, rows.tenant, user);
    }
    Rows rows;
    Connection connection = open();
    UserId user;
};

}  // namespace

BOOST_AUTO_TEST_CASE(who_has_never_come_is_not_known) {
    auto connection = open();

    BOOST_TEST(!core::store::find_person(connection, kIssuer, fresh_text())->has_value());
}

BOOST_AUTO_TEST_CASE(who_belongs_nowhere_is_known_all_the_same) {
    auto connection = open();
    const auto subject = fresh_text();
    const UserId user(fresh_uuid());
    BOOST_REQUIRE(core::store::make_known(connection, user, kIssuer, subject, "").has_value());

    const auto person = core::store::find_person(connection, kIssuer, subject);

    BOOST_REQUIRE(person->has_value());
    BOOST_CHECK((*person)->user == user);
    BOOST_TEST((*person)->memberships.empty());
}

BOOST_AUTO_TEST_CASE(the_same_subject_of_another_issuer_is_somebody_else) {
    auto connection = open();
    const auto subject = fresh_text();
    const auto first =
        core::store::make_known(connection, UserId(fresh_uuid()), kIssuer, subject, "");

    const auto second =
        core::store::make_known(connection, UserId(fresh_uuid()), "https://b.example", subject, "");

    BOOST_CHECK(*first != *second);
}

BOOST_AUTO_TEST_CASE(of_sixteen_who_make_one_person_known_at_once_one_finds_them_new) {
    const auto subject = fresh_text();
    constexpr std::size_t kCallers = 16;
    std::vector<std::future<core::store::AddedPerson>> all;
    all.reserve(kCallers);
    for (std::size_t i = 0; i < kCallers; ++i)
        all.push_back(std::async(std::launch::async, [&] {
            auto connection = open();
            Transaction transaction(connection, TenantId(fresh_uuid()));
            core::store::add_person(transaction, UserId(fresh_uuid()), kIssuer, subject, "");
            return core::store::parse_added_person(transaction.commit().value().front());
        }));

    int found_new = 0;
    std::vector<UserId> users;
    users.reserve(all.size());
    for (auto& one : all) {
        const auto added = one.get();
        found_new += added.is_new ? 1 : 0;
        users.push_back(added.user);
    }

    BOOST_TEST(found_new == 1);
    for (const auto& user : users)
        BOOST_CHECK(user == users.front());
}

BOOST_AUTO_TEST_CASE(a_sign_up_that_is_rolled_back_leaves_nobody_behind) {
    auto connection = open();
    const auto subject = fresh_text();
    {
        Transaction transaction(connection, TenantId(fresh_uuid()));
        core::store::add_person(transaction, UserId(fresh_uuid()), kIssuer, subject, "");
        BOOST_REQUIRE(transaction.flush().has_value());
    }

    BOOST_TEST(!core::store::find_person(connection, kIssuer, subject)->has_value());
}

BOOST_AUTO_TEST_CASE(a_second_invitation_for_an_address_replaces_the_first) {
    Team team;
    const auto first = invitation("bob@people.example");
    const auto second = invitation("bob@people.example");
    add_invitation(team.connection, team.rows.tenant, first);

    add_invitation(team.connection, team.rows.tenant, second);

    BOOST_TEST(!core::store::find_invitation(team.connection, first.token_digest)->has_value());
    const auto place = core::store::find_invitation(team.connection, second.token_digest);
    BOOST_REQUIRE(place->has_value());
    BOOST_CHECK((*place)->tenant == team.rows.tenant);
    BOOST_CHECK((*place)->invitation == second.invitation);
    BOOST_TEST((*place)->is_pending);
}

BOOST_AUTO_TEST_CASE(an_accepted_invitation_is_found_and_not_pending) {
    Team team;
    const auto row = invitation("bob@people.example");
    add_invitation(team.connection, team.rows.tenant, row);
    {
        Transaction transaction(team.connection, team.rows.tenant);
        core::store::add_accept_invitation(transaction, team.rows.tenant, row.invitation);
        BOOST_REQUIRE(transaction.commit().has_value());
    }

    const auto place = core::store::find_invitation(team.connection, row.token_digest);

    BOOST_REQUIRE(place->has_value());
    BOOST_TEST(!(*place)->is_pending);
    BOOST_TEST(core::store::list_members(team.connection, team.rows.tenant, 10, 0)->total == 1);
}

BOOST_AUTO_TEST_CASE(the_address_of_an_accepted_invitation_can_be_invited_again) {
    Team team;
    const auto first = invitation("bob@people.example");
    add_invitation(team.connection, team.rows.tenant, first);
    Psql().query("update store.invitations set accepted_at = now() where invitation_id = '" +
                 core::uuid_to_text(first.invitation) + "'");

    add_invitation(team.connection, team.rows.tenant, invitation("bob@people.example"));

    BOOST_TEST(Psql().value("select count(*) from store.invitations where tenant_id = '" +
                            team.rows.tenant.text() + "'") == "2");
}

BOOST_AUTO_TEST_CASE(the_lock_of_members_waits_for_the_one_before) {
    Team team;
    auto impatient = store_test::endpoint();
    impatient.lock_timeout = std::chrono::milliseconds(100);
    auto other = Connection::open(impatient, Role::App);
    BOOST_REQUIRE(other.has_value());
    Transaction first(team.connection, team.rows.tenant);
    core::store::add_lock_tenant_plan(first, team.rows.tenant);
    BOOST_REQUIRE(first.flush().has_value());

    Transaction second(*other, team.rows.tenant);
    core::store::add_lock_tenant_plan(second, team.rows.tenant);
    const auto waited = second.flush();

    BOOST_REQUIRE(!waited.has_value());
    BOOST_TEST(waited.error().sqlstate == core::store::sqlstate::kLockNotAvailable);
}

BOOST_AUTO_TEST_CASE(rows_that_refer_to_the_tenant_do_not_wait_for_that_lock) {
    Team team;
    auto other = open();
    Transaction first(team.connection, team.rows.tenant);
    core::store::add_lock_tenant_plan(first, team.rows.tenant);
    BOOST_REQUIRE(first.flush().has_value());

    add_invitation(other, team.rows.tenant, invitation("bob@people.example"));

    BOOST_TEST(first.commit().has_value());
}

BOOST_AUTO_TEST_CASE(a_personal_token_is_found_with_what_its_holder_may_do) {
    Team team;
    const auto row = personal_token(team.user);
    add_personal_token(team.connection, team.rows.tenant, row);

    const auto found = core::store::find_personal_token(team.connection, row.key_public_id);

    BOOST_REQUIRE(found->has_value());
    BOOST_CHECK((*found)->tenant == team.rows.tenant);
    BOOST_CHECK((*found)->token == row.token);
    BOOST_CHECK((*found)->user == team.user);
    BOOST_TEST((*found)->token_role == "viewer");
    BOOST_TEST((*found)->member_role == "admin");
    BOOST_TEST(!(*found)->is_revoked);
    BOOST_TEST(!(*found)->has_expired);
    BOOST_TEST(!(*found)->was_used_lately);
}

BOOST_AUTO_TEST_CASE(a_use_is_noted) {
    Team team;
    const auto row = personal_token(team.user);
    add_personal_token(team.connection, team.rows.tenant, row);

    BOOST_REQUIRE(core::store::touch_personal_token(team.connection, team.rows.tenant, row.token)
                      .has_value());

    const auto found = core::store::find_personal_token(team.connection, row.key_public_id);
    BOOST_TEST((*found)->was_used_lately);
}

BOOST_AUTO_TEST_CASE(a_use_is_not_noted_while_another_one_is) {
    Team team;
    const auto row = personal_token(team.user);
    add_personal_token(team.connection, team.rows.tenant, row);
    Psql locker;
    locker.query("begin; select 1 from store.personal_tokens where personal_token_id = '" +
                 row.token.text() + "' for update");

    BOOST_TEST(core::store::touch_personal_token(team.connection, team.rows.tenant, row.token)
                   .has_value());

    locker.query("rollback");
    const auto found = core::store::find_personal_token(team.connection, row.key_public_id);
    BOOST_TEST(!(*found)->was_used_lately);
}

BOOST_AUTO_TEST_CASE(the_tokens_of_a_member_go_with_the_membership) {
    Team team;
    const auto row = personal_token(team.user);
    add_personal_token(team.connection, team.rows.tenant, row);
    {
        Transaction transaction(team.connection, team.rows.tenant);
        core::store::add_remove_member(transaction, team.rows.tenant, team.user.bytes());
        BOOST_REQUIRE(transaction.commit().has_value());
    }

    BOOST_TEST(Psql().value("select count(*) from store.personal_tokens where user_id = '" +
                            team.user.text() + "'") == "0");
}

BOOST_AUTO_TEST_CASE(a_personal_token_lives_for_90_days_at_most) {
    Team team;
    auto row = personal_token(team.user);
    row.expires_at = core::SystemClock{}.now() + std::chrono::hours(24 * 90 + 1);
    Transaction transaction(team.connection, team.rows.tenant);
    core::store::add_personal_token(transaction, team.rows.tenant, row);

    const auto added = transaction.commit();

    BOOST_REQUIRE(!added.has_value());
    BOOST_TEST(added.error().constraint == "personal_tokens_live_90_days_at_most");
}

BOOST_AUTO_TEST_CASE(a_sweep_takes_what_has_expired_and_no_more_than_its_limit) {
    Team team;
    for (int i = 0; i < 5; ++i) {
        add_invitation(team.connection, team.rows.tenant, invitation(fresh_text() + "@a.example"));
        add_personal_token(team.connection, team.rows.tenant, personal_token(team.user));
    }
    const std::string where = " where tenant_id = '" + team.rows.tenant.text() + "'";
    const std::string ends =
        " set created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'" +
        where;
    auto maint = open(Role::Maint);
    // Nothing of other tests is left to be swept.
    while (*core::store::sweep_invitations(maint, 100) == 100) {
    }
    while (*core::store::sweep_personal_tokens(maint, 100) == 100) {
    }
    Psql().query("update store.invitations" + ends);
    Psql().query("update store.personal_tokens" + ends);

    BOOST_TEST(*core::store::sweep_invitations(maint, 3) == 3);
    BOOST_TEST(*core::store::sweep_invitations(maint, 3) == 2);
    BOOST_TEST(*core::store::sweep_invitations(maint, 3) == 0);
    BOOST_TEST(*core::store::sweep_personal_tokens(maint, 3) == 3);
    BOOST_TEST(*core::store::sweep_personal_tokens(maint, 3) == 2);
    BOOST_TEST(*core::store::sweep_personal_tokens(maint, 3) == 0);
}

BOOST_AUTO_TEST_CASE(whoever_is_invited_belongs_to_the_tenant_s_people) {
    Team team;
    add_invitation(team.connection, team.rows.tenant, invitation("bob@people.example"));
    auto maint = open(Role::Maint);
    const auto belongs = [&](const std::string& email) {
        return *core::store::belongs_to_tenant(maint, team.rows.tenant, kIssuer, email);
    };

    BOOST_TEST(belongs("bob@people.example"));
    BOOST_TEST(!belongs("eve@people.example"));
}

BOOST_AUTO_TEST_SUITE_END()
