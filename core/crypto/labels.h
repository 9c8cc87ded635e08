// Every label that separates one use of a key from another. A closed list: unique and prefix-free
// (test/unit/crypto/labels_test.cpp), so that no message of one use can be one of another.
#pragma once

#include <array>
#include <string_view>

namespace core::crypto::labels {

// HKDF info of a sealed box (security.md §1.1).
inline constexpr std::string_view kBox = "ass/v1/box";
// What the root key MACs to give the key of one box (§1.2).
inline constexpr std::string_view kRootKeyDerive = "ass/v1/rk";
// What the root key MACs to prove that it is the right one, without sealing anything.
inline constexpr std::string_view kRootKeyCheck = "ass/v1/check";
// Agent keys under the pepper (§1.3).
inline constexpr std::string_view kAgentKey = "ass/v1/agent-key";
// Personal tokens, which people hold, under the same pepper.
inline constexpr std::string_view kUserKey = "ass/v1/user-key";
// Row MACs, derived from a tenant's KEK (§1.2).
inline constexpr std::string_view kRowMac = "ass/v1/row-mac";

inline constexpr std::array kAll{kBox, kRootKeyDerive, kRootKeyCheck, kAgentKey, kUserKey, kRowMac};

}  // namespace core::crypto::labels
