// What a member of a tenant may do there. Each role may do all that the one before it may.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace core::identity {

// Viewer: metadata and the audit log. Approver: also decides requests of agents. Admin: also
// agents, tokens, secrets, members below. Owner: everything.
// None is nobody's role: a route that lets people in must name another.
enum class MemberRole : std::uint8_t { None, Viewer, Approver, Admin, Owner };

// viewer, approver, admin, owner; nothing for any other text.
std::optional<MemberRole> parse_member_role(std::string_view text);
// Empty for None.
std::string_view to_string(MemberRole role);

constexpr bool is_at_least(MemberRole role, MemberRole wanted) {
    return role >= wanted;
}

// Who may give or take which role, that of a member or of an invitation.
constexpr bool may_manage(MemberRole manager, MemberRole managed) {
    return manager == MemberRole::Owner ||
           (manager == MemberRole::Admin && managed < MemberRole::Admin);
}

}  // namespace core::identity
