// Roles: their names, their order, and who may give and take which.
#include "core/identity/member_role.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>

BOOST_AUTO_TEST_SUITE(member_role)

namespace data = boost::unit_test::data;
using core::identity::is_at_least;
using core::identity::may_manage;
using core::identity::MemberRole;
using core::identity::parse_member_role;

namespace {

constexpr std::array kRoles{
    MemberRole::Viewer, MemberRole::Approver, MemberRole::Admin, MemberRole::Owner};

}  // namespace

BOOST_DATA_TEST_CASE(a_role_is_read_by_its_name, data::xrange(kRoles.size()), index) {
    BOOST_CHECK(parse_member_role(to_string(kRoles.at(index))) == kRoles.at(index));
}

BOOST_DATA_TEST_CASE(any_other_text_is_no_role,
                     data::make({"", "Owner", "none", "owner ", "admins", "root"}),
                     text) {
    BOOST_TEST(!parse_member_role(text).has_value());
}

BOOST_DATA_TEST_CASE(a_role_may_do_what_those_before_it_may,
                     data::xrange(kRoles.size()) * data::xrange(kRoles.size()),
                     one,
                     other) {
    BOOST_TEST(is_at_least(kRoles.at(one), kRoles.at(other)) == (one >= other));
}

BOOST_AUTO_TEST_CASE(nobody_s_role_reaches_nothing) {
    for (const auto role : kRoles)
        BOOST_TEST(!is_at_least(MemberRole::None, role));
}

BOOST_DATA_TEST_CASE(an_owner_manages_every_role, data::xrange(kRoles.size()), index) {
    BOOST_TEST(may_manage(MemberRole::Owner, kRoles.at(index)));
}

BOOST_AUTO_TEST_CASE(an_admin_manages_what_is_below) {
    BOOST_TEST(may_manage(MemberRole::Admin, MemberRole::Viewer));
    BOOST_TEST(may_manage(MemberRole::Admin, MemberRole::Approver));
    BOOST_TEST(!may_manage(MemberRole::Admin, MemberRole::Admin));
    BOOST_TEST(!may_manage(MemberRole::Admin, MemberRole::Owner));
}

BOOST_DATA_TEST_CASE(nobody_else_manages_anybody,
                     data::xrange(kRoles.size()) * data::xrange(std::size_t{2}),
                     managed,
                     manager) {
    BOOST_TEST(!may_manage(kRoles.at(manager), kRoles.at(managed)));
}

BOOST_AUTO_TEST_SUITE_END()
