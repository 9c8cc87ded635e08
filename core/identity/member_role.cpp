#include "core/identity/member_role.h"

#include <array>
#include <utility>

namespace core::identity {
namespace {

constexpr std::array<std::pair<std::string_view, MemberRole>, 4> kNames{
    {{"viewer", MemberRole::Viewer},
     {"approver", MemberRole::Approver},
     {"admin", MemberRole::Admin},
     {"owner", MemberRole::Owner}}};

}  // namespace

std::optional<MemberRole> parse_member_role(std::string_view text) {
    for (const auto& [name, role] : kNames)
        if (name == text) return role;
    return std::nullopt;
}

std::string_view to_string(MemberRole role) {
    for (const auto& [name, named] : kNames)
        if (named == role) return name;
    return {};
}

}  // namespace core::identity
