// The shapes of bodies and query parameters, as constants from which the OpenAPI document is
// written. A test compares them with what the handlers really write.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace fcgi {

enum class ValueType : std::uint8_t {
    String,
    Uuid,
    Time,  // RFC 3339, UTC
    Integer,
    Boolean,
    Object,   // free JSON
    Strings,  // array of strings
    Ttl,      // "15m" or seconds
    Ref,      // another schema
    Refs,     // array of another schema
};

enum class Need : std::uint8_t { Required, Optional };
enum class Null : std::uint8_t { No, Yes };
// Of an object: those that are described, or whatever.
enum class Members : std::uint8_t { Described, Any };

struct Property {
    std::string_view name;
    ValueType type;
    Need need = Need::Required;
    Null null = Null::No;
    std::string_view description{};
    std::string_view ref{};                      // of Ref and Refs
    std::span<const std::string_view> one_of{};  // of String
};

struct Schema {
    std::string_view name;
    std::string_view description;
    std::span<const Property> properties{};
    std::span<const std::string_view> any_of{};  // instead of properties: other schemas
    Members members = Members::Described;
};

struct QueryParameter {
    std::string_view name;
    ValueType type;
    std::string_view description;
    std::string_view example;                    // JSON
    std::span<const std::string_view> one_of{};  // of String
    // The answer that it selects from, where others have a parameter of the same name.
    std::string_view of{};
};

// What stands for {name} or {name+} in a path, or in a header.
struct TextParameter {
    std::string_view name;
    std::string_view description;
    std::string_view example;
};

namespace schemas {

inline constexpr std::array<std::string_view, 6> kSecretTypes{
    "api_key", "oauth_token", "db_credential", "ssh_key", "certificate", "custom"};
inline constexpr std::array<std::string_view, 3> kAccessTiers{"standard", "sensitive", "critical"};
inline constexpr std::array<std::string_view, 2> kPolicyTiers{"sensitive", "critical"};
inline constexpr std::array<std::string_view, 43> kEventTypes{"secret.created",
                                                              "secret.updated",
                                                              "secret.rotated",
                                                              "secret.imported",
                                                              "secret.read",
                                                              "secret.deleted",
                                                              "secret.rolled_back",
                                                              "secret.read.denied",
                                                              "secret.write.denied",
                                                              "token.issued",
                                                              "token.revoked",
                                                              "token.denied",
                                                              "approval.requested",
                                                              "approval.granted",
                                                              "approval.denied",
                                                              "approval.expired",
                                                              "approval.decision.denied",
                                                              "approval.policies_updated",
                                                              "approval.policies.denied",
                                                              "agent.created",
                                                              "agent.updated",
                                                              "agent.revoked",
                                                              "member.invited",
                                                              "member.joined",
                                                              "member.removed",
                                                              "member.role_changed",
                                                              "user_token.created",
                                                              "user_token.revoked",
                                                              "auth.failed",
                                                              "tenant.created",
                                                              "webhook.created",
                                                              "webhook.updated",
                                                              "webhook.deleted",
                                                              "webhook.denied",
                                                              "webhook.secret_rotated",
                                                              "webhook.tested",
                                                              "delivery.resent",
                                                              "mail.tested",
                                                              "tenant.profile_updated",
                                                              "billing.checkout_created",
                                                              "billing.portal_opened",
                                                              "billing.plan_changed",
                                                              "billing.event_denied"};
inline constexpr std::array<std::string_view, 11> kResourceTypes{"secret",
                                                                 "namespace",
                                                                 "agent",
                                                                 "token",
                                                                 "approval",
                                                                 "user",
                                                                 "user_token",
                                                                 "invitation",
                                                                 "tenant",
                                                                 "webhook",
                                                                 "delivery"};
inline constexpr std::array<std::string_view, 3> kExportFormats{"json", "csv", "jsonl"};
inline constexpr std::array<std::string_view, 4> kApprovalStates{
    "pending", "approved", "denied", "expired"};
inline constexpr std::array<std::string_view, 4> kDeliveryStates{
    "pending", "failed", "delivered", "dead"};
inline constexpr std::array<std::string_view, 3> kPlans{"free", "pro", "enterprise"};
inline constexpr std::array<std::string_view, 2> kSoldPlans{"pro", "enterprise"};
inline constexpr std::array<std::string_view, 2> kIntervals{"monthly", "annual"};
inline constexpr std::array<std::string_view, 3> kActorTypes{"agent", "user", "operator"};
inline constexpr std::array<std::string_view, 4> kRoles{"owner", "admin", "approver", "viewer"};
inline constexpr std::array<std::string_view, 2> kMemberStates{"active", "invited"};
inline constexpr std::array<std::string_view, 2> kHealthStates{"ok", "degraded"};

// A shape that another one has a member more than.
template <std::size_t N>
constexpr std::array<Property, N - 1> without_last(const std::array<Property, N>& properties) {
    std::array<Property, N - 1> out{};
    for (std::size_t i = 0; i + 1 < N; ++i)
        out[i] = properties[i];
    return out;
}

inline constexpr std::array kError{
    Property{.name = "error", .type = ValueType::Ref, .ref = "ErrorCode"},
    Property{.name = "detail", .type = ValueType::String, .description = "The same message."},
};
inline constexpr std::array kErrorCode{
    Property{.name = "code", .type = ValueType::String},
    Property{.name = "message",
             .type = ValueType::String,
             .description = "What was wrong and what to do."},
};

inline constexpr std::array kNewAgent{
    Property{.name = "name",
             .type = ValueType::String,
             .description = "1 to 64 characters of A-Z a-z 0-9 _ . - and space."},
    Property{.name = "description",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters."},
    Property{.name = "allowed_namespaces",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default: those that allowed_scopes name. '*' stands for all."},
    Property{.name = "allowed_scopes",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default: secrets:read:NAMESPACE/* of each allowed namespace."},
    Property{.name = "ip_allowlist",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 64 IPv4 or IPv6 addresses or CIDR ranges."},
};

inline constexpr std::array kAgent{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "tenant_id", .type = ValueType::Uuid},
    Property{.name = "name", .type = ValueType::String},
    Property{.name = "description", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "api_key_prefix", .type = ValueType::String},
    Property{.name = "allowed_namespaces", .type = ValueType::Strings},
    Property{.name = "allowed_scopes", .type = ValueType::Strings},
    Property{.name = "ip_allowlist", .type = ValueType::Strings, .null = Null::Yes},
    Property{.name = "active", .type = ValueType::Boolean},
    Property{.name = "created_at", .type = ValueType::Time},
    Property{.name = "last_active_at", .type = ValueType::Time, .null = Null::Yes},
};

inline constexpr std::array kAgentWithKey{
    kAgent[0],
    kAgent[1],
    kAgent[2],
    kAgent[3],
    kAgent[4],
    kAgent[5],
    kAgent[6],
    kAgent[7],
    kAgent[8],
    kAgent[9],
    kAgent[10],
    Property{.name = "api_key",
             .type = ValueType::String,
             .description = "Shown this once: it cannot be retrieved again."},
};
static_assert(kAgentWithKey.size() == kAgent.size() + 1);

inline constexpr std::array kAgentPatch{
    Property{.name = "description",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters; null: none."},
    Property{.name = "allowed_namespaces",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Absent or null: as it is."},
    Property{.name = "allowed_scopes",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Absent or null: as it is."},
    Property{.name = "ip_allowlist",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "null: from anywhere."},
};

inline constexpr std::array kAgentPage{
    Property{.name = "items", .type = ValueType::Refs, .ref = "Agent"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kTokenRequest{
    Property{.name = "scopes",
             .type = ValueType::Strings,
             .description = "1 to 32 scopes: secrets:ACTION:PATTERN or namespaces:read."},
    Property{.name = "ttl",
             .type = ValueType::Ttl,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "A duration such as 15m, 1h or 7d, or whole seconds. Default 1h."},
    Property{.name = "max_uses",
             .type = ValueType::Integer,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 1000000; null: any number."},
    Property{.name = "ip_allowlist",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 64 IPv4 or IPv6 addresses or CIDR ranges."},
    Property{.name = "reason",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters; approvers see it."},
};

inline constexpr std::array kTokenAnswer{
    Property{.name = "token",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "null while an approval is pending."},
    Property{.name = "token_id", .type = ValueType::Uuid, .null = Null::Yes},
    Property{.name = "expires_at", .type = ValueType::Time, .null = Null::Yes},
    Property{.name = "requires_approval", .type = ValueType::Boolean},
    Property{.name = "approval_id", .type = ValueType::Uuid, .null = Null::Yes},
    Property{.name = "scopes", .type = ValueType::Strings},
    Property{.name = "agent_id", .type = ValueType::Uuid},
};

inline constexpr std::array kToken{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "agent_id", .type = ValueType::Uuid},
    Property{.name = "scopes", .type = ValueType::Strings},
    Property{.name = "access_tier",
             .type = ValueType::String,
             .description = "The highest tier that it was approved for.",
             .one_of = kAccessTiers},
    Property{.name = "max_uses", .type = ValueType::Integer, .null = Null::Yes},
    Property{.name = "uses",
             .type = ValueType::Integer,
             .description = "Counted where max_uses is set."},
    Property{.name = "ip_allowlist", .type = ValueType::Strings, .null = Null::Yes},
    Property{.name = "issued_at", .type = ValueType::Time},
    Property{.name = "expires_at", .type = ValueType::Time},
};

inline constexpr std::array kTokenPage{
    Property{.name = "items", .type = ValueType::Refs, .ref = "Token"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kSecretWrite{
    Property{.name = "value", .type = ValueType::String, .description = "1 byte to 64 KiB."},
    Property{.name = "secret_type",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default custom.",
             .one_of = kSecretTypes},
    Property{.name = "access_tier",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default standard. A scoped token never lowers it.",
             .one_of = kAccessTiers},
    Property{.name = "metadata",
             .type = ValueType::Object,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 8 KiB. Absent or null: what is stored is kept."},
    Property{.name = "expires_at",
             .type = ValueType::Time,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "null: never. Absent: what is stored is kept."},
    Property{.name = "expected_version",
             .type = ValueType::Integer,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "The version to replace, or 0 for a secret that must not exist. "
                            "The same as If-Match."},
};

inline constexpr Property kNamespaceMember{.name = "namespace", .type = ValueType::String};
inline constexpr Property kKeyMember{.name = "key", .type = ValueType::String};
inline constexpr Property kVersionMember{.name = "version", .type = ValueType::Integer};
inline constexpr Property kTypeMember{
    .name = "secret_type", .type = ValueType::String, .one_of = kSecretTypes};
inline constexpr Property kTierMember{
    .name = "access_tier", .type = ValueType::String, .one_of = kAccessTiers};
inline constexpr Property kMetadataMember{
    .name = "metadata", .type = ValueType::Object, .null = Null::Yes};
inline constexpr Property kCreatedMember{.name = "created_at", .type = ValueType::Time};
inline constexpr Property kUpdatedMember{.name = "updated_at", .type = ValueType::Time};
inline constexpr Property kExpiresMember{
    .name = "expires_at", .type = ValueType::Time, .null = Null::Yes};

inline constexpr std::array kStoredSecret{
    Property{.name = "id", .type = ValueType::Uuid},
    kNamespaceMember,
    kKeyMember,
    kVersionMember,
    kTypeMember,
    kTierMember,
    kMetadataMember,
    kCreatedMember,
    kUpdatedMember,
    kExpiresMember,
};

inline constexpr std::array kSecret{
    Property{.name = "value", .type = ValueType::String},
    kNamespaceMember,
    kKeyMember,
    kVersionMember,
    kTypeMember,
    kTierMember,
    kMetadataMember,
    kCreatedMember,
    kUpdatedMember,
    kExpiresMember,
};

inline constexpr std::array kSecretListItem{
    kNamespaceMember,
    kKeyMember,
    kVersionMember,
    kTypeMember,
    kTierMember,
    kMetadataMember,
    kCreatedMember,
    kUpdatedMember,
    kExpiresMember,
    Property{.name = "expired", .type = ValueType::Boolean},
};

inline constexpr std::array kSecretListing{
    kNamespaceMember,
    Property{.name = "items", .type = ValueType::Refs, .ref = "SecretListItem"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array<std::string_view, 2> kSecretOrListing{"Secret", "SecretListing"};

inline constexpr std::array kRolledBackSecret{
    kStoredSecret[0],
    kStoredSecret[1],
    kStoredSecret[2],
    kStoredSecret[3],
    kStoredSecret[4],
    kStoredSecret[5],
    kStoredSecret[6],
    kStoredSecret[7],
    kStoredSecret[8],
    kStoredSecret[9],
    Property{.name = "rolled_back_to",
             .type = ValueType::Integer,
             .description = "The version whose value this is."},
};
static_assert(kRolledBackSecret.size() == kStoredSecret.size() + 1);

inline constexpr std::array kRollbackRequest{
    Property{.name = "path", .type = ValueType::String, .description = "namespace/KEY"},
    Property{.name = "version", .type = ValueType::Integer},
};

inline constexpr std::array kVersion{
    kVersionMember,
    kTierMember,
    kExpiresMember,
    kCreatedMember,
    Property{.name = "created_by_type", .type = ValueType::String, .one_of = kActorTypes},
    Property{.name = "created_by", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "current", .type = ValueType::Boolean},
};

inline constexpr std::array kVersionListing{
    kNamespaceMember,
    kKeyMember,
    Property{.name = "items", .type = ValueType::Refs, .ref = "Version"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kRotateRequest{
    Property{.name = "new_value",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 byte to 64 KiB. Absent: the server makes a random one."},
};

inline constexpr std::array kRotatedSecret{
    kNamespaceMember,
    kKeyMember,
    kVersionMember,
    Property{.name = "rotated_at", .type = ValueType::Time},
    Property{.name = "revoked_tokens", .type = ValueType::Integer},
    Property{.name = "value",
             .type = ValueType::String,
             .need = Need::Optional,
             .description = "Where the server made it: shown this once."},
};

inline constexpr std::array<std::string_view, 1> kDeletedStates{"deleted"};
inline constexpr std::array kDeleted{
    Property{.name = "status", .type = ValueType::String, .one_of = kDeletedStates},
};

inline constexpr std::array kNamespaceListing{
    Property{.name = "namespaces", .type = ValueType::Strings},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kImportRequest{
    kNamespaceMember,
    Property{.name = "content",
             .type = ValueType::String,
             .description = "Lines of a .env file; at most 1000 keys."},
    kSecretWrite[1],
    kSecretWrite[2],
    kSecretWrite[3],
};

inline constexpr std::array kImportAnswer{
    kNamespaceMember,
    Property{.name = "imported",
             .type = ValueType::Strings,
             .description = "The keys that have a new version."},
    Property{.name = "imported_count", .type = ValueType::Integer},
    Property{.name = "keys", .type = ValueType::Strings, .description = "The same as imported."},
    Property{.name = "skipped",
             .type = ValueType::Integer,
             .description = "How many were stored like this already."},
};

inline constexpr Property kApprovalId{.name = "id", .type = ValueType::Uuid};
inline constexpr Property kApprovalStatus{
    .name = "status", .type = ValueType::String, .one_of = kApprovalStates};
inline constexpr Property kRequestedScopes{.name = "requested_scopes", .type = ValueType::Strings};
inline constexpr Property kReasonMember{
    .name = "reason", .type = ValueType::String, .null = Null::Yes};
inline constexpr Property kPendingUntil{.name = "expires_at",
                                        .type = ValueType::Time,
                                        .description = "Undecided until then, it expires."};
inline constexpr Property kDecidedMember{
    .name = "decided_at", .type = ValueType::Time, .null = Null::Yes};

inline constexpr std::array kAgentApproval{
    kApprovalId,
    kApprovalStatus,
    kRequestedScopes,
    kTierMember,
    kReasonMember,
    kCreatedMember,
    kPendingUntil,
    kDecidedMember,
    Property{.name = "decision_reason",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "Why it was denied."},
    Property{.name = "token",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "Once it is approved, as long as it is of use; the same that "
                            "POST /v1/tokens gives."},
    Property{.name = "token_id", .type = ValueType::Uuid, .null = Null::Yes},
    Property{.name = "token_expires_at", .type = ValueType::Time, .null = Null::Yes},
    Property{.name = "scopes",
             .type = ValueType::Strings,
             .description = "What approvers have left of those asked for."},
};

inline constexpr std::array kMatchedSecrets{
    Property{.name = "count", .type = ValueType::Integer},
    Property{.name = "names", .type = ValueType::Strings, .description = "At most 100."},
};

inline constexpr std::array<std::string_view, 2> kDecisions{"approved", "denied"};
inline constexpr std::array<std::string_view, 2> kDeciders{"user", "operator"};
inline constexpr std::array<std::string_view, 3> kDecidingRoles{"approver", "admin", "owner"};

inline constexpr std::array kApprovalDecision{
    Property{.name = "decision", .type = ValueType::String, .one_of = kDecisions},
    Property{.name = "decided_by",
             .type = ValueType::String,
             .description = "The id of the user; `operator` for the operator at the host."},
    Property{.name = "decided_by_type", .type = ValueType::String, .one_of = kDeciders},
    Property{.name = "email",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "Of a present member."},
    Property{.name = "role",
             .type = ValueType::String,
             .description = "At the time of the decision.",
             .one_of = kDecidingRoles},
    kReasonMember,
    Property{.name = "decided_at", .type = ValueType::Time},
};

inline constexpr std::array kApprovalRequirement{
    Property{.name = "access_tier",
             .type = ValueType::String,
             .description = "What the token will read up to.",
             .one_of = kAccessTiers},
    Property{.name = "approvals",
             .type = ValueType::Integer,
             .description = "Of as many different people."},
    Property{.name = "approved",
             .type = ValueType::Integer,
             .description = "Those of them that are there and count."},
    Property{.name = "owner_only", .type = ValueType::Boolean},
    Property{.name = "fresh_sign_in",
             .type = ValueType::Boolean,
             .description = "Within the last 10 minutes."},
    Property{
        .name = "delay", .type = ValueType::Integer, .description = "Seconds after the request."},
    Property{.name = "not_before",
             .type = ValueType::Time,
             .description = "There is no token before, whoever approves."},
    Property{.name = "may_approve",
             .type = ValueType::Boolean,
             .description = "May the one who asks approve it now?"},
    Property{.name = "objection",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "Why not."},
};

inline constexpr std::array kApproval{
    kApprovalId,
    kApprovalStatus,
    Property{.name = "summary",
             .type = ValueType::String,
             .description = "Who wants what, in one sentence."},
    Property{.name = "outlook",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "What comes of an approval; null when it is decided."},
    kRequestedScopes,
    kTierMember,
    kReasonMember,
    kCreatedMember,
    kPendingUntil,
    kDecidedMember,
    Property{.name = "agent_id", .type = ValueType::Uuid},
    Property{.name = "agent_name", .type = ValueType::String},
    Property{.name = "description", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "ip_address", .type = ValueType::String},
    Property{.name = "user_agent", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "ttl", .type = ValueType::Integer, .description = "Seconds."},
    Property{.name = "max_uses", .type = ValueType::Integer, .null = Null::Yes},
    Property{.name = "ip_allowlist", .type = ValueType::Strings, .null = Null::Yes},
    Property{.name = "request_digest",
             .type = ValueType::String,
             .description = "SHA-256 of what is asked for: scopes, ttl, max_uses, ip_allowlist."},
    Property{.name = "granted_scopes",
             .type = ValueType::Strings,
             .null = Null::Yes,
             .description = "What approvers have left of it; null: all."},
    Property{.name = "granted_ttl", .type = ValueType::Integer, .null = Null::Yes},
    Property{.name = "granted_max_uses", .type = ValueType::Integer, .null = Null::Yes},
    Property{.name = "matched_secrets", .type = ValueType::Ref, .ref = "MatchedSecrets"},
    Property{.name = "decisions", .type = ValueType::Refs, .ref = "ApprovalDecision"},
    Property{.name = "required", .type = ValueType::Ref, .ref = "ApprovalRequirement"},
    Property{.name = "token_id",
             .type = ValueType::Uuid,
             .null = Null::Yes,
             .description = "Of the token that was made; never the token."},
};

inline constexpr std::array kApproveRequest{
    Property{.name = "scopes",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Less: each within one of those asked for."},
    Property{.name = "ttl",
             .type = ValueType::Ttl,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most what was asked for."},
    Property{.name = "max_uses",
             .type = ValueType::Integer,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most what was asked for."},
    Property{.name = "reason",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters."},
    Property{.name = "request_digest",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Of the request that was looked at: another one is not approved."},
};

inline constexpr std::array kDenyRequest{
    Property{.name = "reason",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters; the agent is told."},
};

inline constexpr Property kPolicyNamespace{
    .name = "namespace",
    .type = ValueType::String,
    .description = "Of secrets in and below it; * for all. The most specific policy governs."};

inline constexpr std::array kApprovalPolicy{
    kPolicyNamespace,
    Property{.name = "access_tier",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "Of secrets of this tier alone; null: of both that need approval.",
             .one_of = kPolicyTiers},
    Property{.name = "approvals",
             .type = ValueType::Integer,
             .description = "1 to 5, of different people."},
    Property{.name = "delay",
             .type = ValueType::Integer,
             .description = "Seconds after the request before there is a token; at most 12 hours."},
    Property{.name = "owner_only", .type = ValueType::Boolean},
    Property{.name = "allow_self_approval",
             .type = ValueType::Boolean,
             .description = "May those approve who created the agent?"},
};

inline constexpr std::array kNewApprovalPolicy{
    kPolicyNamespace,
    Property{.name = "access_tier",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Absent: of both tiers that need approval.",
             .one_of = kPolicyTiers},
    Property{.name = "approvals",
             .type = ValueType::Integer,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 5, of different people. Default 1."},
    Property{.name = "delay",
             .type = ValueType::Ttl,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "A duration such as 15m, or whole seconds; at most 12h. Default 0."},
    Property{.name = "owner_only",
             .type = ValueType::Boolean,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default false; critical secrets take an owner anyway."},
    Property{.name = "allow_self_approval",
             .type = ValueType::Boolean,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default false."},
};

inline constexpr std::array kApprovalPolicies{
    kVersionMember,
    Property{.name = "policies", .type = ValueType::Refs, .ref = "ApprovalPolicy"},
};

inline constexpr std::array kApprovalPoliciesUpdate{
    Property{.name = "policies",
             .type = ValueType::Refs,
             .description = "All of them, at most 100.",
             .ref = "NewApprovalPolicy"},
    Property{.name = "expected_version",
             .type = ValueType::Integer,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "The version to replace. The same as If-Match."},
};

inline constexpr std::array kApprovalPage{
    Property{.name = "items", .type = ValueType::Refs, .ref = "Approval"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kNotificationPreferences{
    Property{.name = "approval_requests", .type = ValueType::Boolean},
    Property{.name = "security_alerts", .type = ValueType::Boolean},
};

inline constexpr std::array kNotificationPatch{
    Property{.name = "approval_requests",
             .type = ValueType::Boolean,
             .need = Need::Optional,
             .null = Null::Yes},
    Property{.name = "security_alerts",
             .type = ValueType::Boolean,
             .need = Need::Optional,
             .null = Null::Yes},
};

inline constexpr Property kRoleMember{.name = "role", .type = ValueType::String, .one_of = kRoles};

inline constexpr std::array kOwnTenant{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "name", .type = ValueType::String},
    kRoleMember,
};

inline constexpr std::array kProfile{
    Property{.name = "id", .type = ValueType::Uuid, .description = "Of the tenant."},
    Property{.name = "email", .type = ValueType::String, .description = "Of the person who asks."},
    Property{.name = "name", .type = ValueType::String},
    Property{.name = "plan", .type = ValueType::String, .one_of = kPlans},
    Property{.name = "subscription_status", .type = ValueType::String},
    Property{.name = "secret_count", .type = ValueType::Integer},
    Property{.name = "agent_count", .type = ValueType::Integer},
    Property{.name = "notification_preferences",
             .type = ValueType::Ref,
             .ref = "NotificationPreferences"},
    kCreatedMember,
    Property{.name = "user_id", .type = ValueType::Uuid, .description = "Of the person who asks."},
    Property{.name = "role",
             .type = ValueType::String,
             .description = "What the credential lets that person do in this tenant.",
             .one_of = kRoles},
    Property{.name = "tenants",
             .type = ValueType::Refs,
             .description = "Where that person belongs, longest membership first; of a personal "
                            "token its own tenant alone.",
             .ref = "OwnTenant"},
};

inline constexpr std::array kProfilePatch{
    Property{.name = "name",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "1 to 200 characters."},
    Property{.name = "notification_preferences",
             .type = ValueType::Ref,
             .need = Need::Optional,
             .ref = "NotificationPatch"},
};

inline constexpr std::array kSubscription{
    Property{.name = "has_subscription", .type = ValueType::Boolean},
    Property{.name = "plan", .type = ValueType::String, .one_of = kPlans},
    Property{.name = "subscription_status", .type = ValueType::String},
};

inline constexpr std::array kNewCheckout{
    Property{.name = "plan", .type = ValueType::String, .one_of = kSoldPlans},
    Property{.name = "interval", .type = ValueType::String, .one_of = kIntervals},
};

inline constexpr std::array kCheckoutSession{
    Property{.name = "url", .type = ValueType::String, .description = "Where the plan is bought."},
    Property{.name = "session_id", .type = ValueType::String},
};

inline constexpr std::array kPortalSession{
    Property{.name = "url",
             .type = ValueType::String,
             .description = "Where the subscription is changed or ended."},
};

inline constexpr std::array kEventReceipt{
    Property{.name = "received", .type = ValueType::Boolean},
};

inline constexpr std::array kNewMember{
    Property{.name = "email",
             .type = ValueType::String,
             .description = "3 to 254 visible ASCII characters. Whoever accepts must prove it."},
    kRoleMember,
};

inline constexpr std::array kMember{
    Property{.name = "id",
             .type = ValueType::Uuid,
             .description = "Of the user; of the invitation until it is accepted."},
    Property{.name = "email", .type = ValueType::String},
    kRoleMember,
    Property{.name = "status", .type = ValueType::String, .one_of = kMemberStates},
    kCreatedMember,
    Property{.name = "expires_at",
             .type = ValueType::Time,
             .null = Null::Yes,
             .description = "Of an invitation."},
};

inline constexpr std::array kInvitedMember{
    kMember[0],
    kMember[1],
    kMember[2],
    kMember[3],
    kMember[4],
    kMember[5],
    Property{.name = "invitation_token",
             .type = ValueType::String,
             .description = "ass_invite_...: shown this once, for the invited person alone."},
};
static_assert(kInvitedMember.size() == kMember.size() + 1);

inline constexpr std::array kMemberPatch{kRoleMember};

inline constexpr std::array kMemberPage{
    Property{.name = "items", .type = ValueType::Refs, .ref = "Member"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kInvitationAcceptance{
    Property{.name = "token", .type = ValueType::String, .description = "ass_invite_..."},
};

inline constexpr std::array kJoinedTenant{
    Property{.name = "tenant_id", .type = ValueType::Uuid},
    Property{.name = "user_id", .type = ValueType::Uuid},
    kRoleMember,
};

inline constexpr std::array kNewPersonalToken{
    Property{.name = "name",
             .type = ValueType::String,
             .description = "1 to 64 characters of A-Z a-z 0-9 _ . - and space."},
    Property{.name = "ttl",
             .type = ValueType::Ttl,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "A duration such as 12h or 7d, or whole seconds; at most 90d. "
                            "Default 30d."},
    Property{.name = "role",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "The most that it may do; at most one's own role, which is the "
                            "default.",
             .one_of = kRoles},
};

inline constexpr std::array kPersonalToken{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "name", .type = ValueType::String},
    Property{.name = "prefix", .type = ValueType::String, .description = "Its first characters."},
    kRoleMember,
    kCreatedMember,
    Property{.name = "expires_at", .type = ValueType::Time},
    Property{.name = "last_used_at",
             .type = ValueType::Time,
             .null = Null::Yes,
             .description = "To the minute."},
};

inline constexpr std::array kPersonalTokenWithKey{
    kPersonalToken[0],
    kPersonalToken[1],
    kPersonalToken[2],
    kPersonalToken[3],
    kPersonalToken[4],
    kPersonalToken[5],
    kPersonalToken[6],
    Property{.name = "token",
             .type = ValueType::String,
             .description = "ass_user_...: shown this once, it cannot be retrieved again."},
};
static_assert(kPersonalTokenWithKey.size() == kPersonalToken.size() + 1);

inline constexpr std::array kPersonalTokenPage{
    Property{.name = "items", .type = ValueType::Refs, .ref = "PersonalToken"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kAuditEvent{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "event_type", .type = ValueType::String, .one_of = kEventTypes},
    Property{
        .name = "actor_id",
        .type = ValueType::String,
        .description = "The id of the agent or user; `operator` for the operator at the host."},
    Property{.name = "actor_type", .type = ValueType::String, .one_of = kActorTypes},
    Property{.name = "resource_type", .type = ValueType::String},
    Property{.name = "resource_id", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "metadata", .type = ValueType::Object},
    Property{.name = "ip_address", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "user_agent", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "created_at", .type = ValueType::Time},
};

inline constexpr std::array kAuditPage{
    Property{.name = "events", .type = ValueType::Refs, .ref = "AuditEvent"},
    Property{.name = "total", .type = ValueType::Integer},
    Property{.name = "page", .type = ValueType::Integer},
    Property{.name = "limit", .type = ValueType::Integer},
    Property{.name = "next_cursor",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "Asks for the page that follows; null at the end."},
};

inline constexpr std::array kNewWebhook{
    Property{.name = "url",
             .type = ValueType::String,
             .description =
                 "https, at most 2048 characters, without a user or a fragment; its host "
                 "on the public internet."},
    Property{.name = "description",
             .type = ValueType::String,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "At most 500 characters."},
    Property{.name = "events",
             .type = ValueType::Strings,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "What it is told of: *, which is the default, or some of "
                            "approval.requested, approval.decided, approval.expired, "
                            "agent.created, token.refused_repeatedly, secret.expiring, "
                            "key_set.trouble, member.invited."},
    Property{.name = "active",
             .type = ValueType::Boolean,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "Default true."},
};
inline constexpr std::array kWebhookPatch{
    Property{.name = "url", .type = ValueType::String, .need = Need::Optional, .null = Null::Yes},
    kNewWebhook[1],
    kNewWebhook[2],
    Property{.name = "active",
             .type = ValueType::Boolean,
             .need = Need::Optional,
             .null = Null::Yes,
             .description = "False ends what waits for it."},
};

inline constexpr std::array kWebhookWithSecret{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "url", .type = ValueType::String},
    Property{.name = "description", .type = ValueType::String, .null = Null::Yes},
    Property{.name = "events", .type = ValueType::Strings},
    Property{.name = "active", .type = ValueType::Boolean},
    Property{.name = "verified_at",
             .type = ValueType::Time,
             .null = Null::Yes,
             .description = "When its host was last known to be where a webhook may be; null: not "
                            "checked yet."},
    Property{.name = "previous_secret_until",
             .type = ValueType::Time,
             .null = Null::Yes,
             .description = "Until then the secret before signs too."},
    Property{.name = "created_at", .type = ValueType::Time},
    Property{.name = "updated_at", .type = ValueType::Time},
    Property{.name = "secret",
             .type = ValueType::String,
             .description = "whsec_...: what its messages are signed with. Shown once."},
};
inline constexpr auto kWebhook = without_last(kWebhookWithSecret);
inline constexpr std::array kWebhookList{
    Property{.name = "items", .type = ValueType::Refs, .ref = "Webhook"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kDelivery{
    Property{.name = "id", .type = ValueType::Uuid},
    Property{.name = "message_id",
             .type = ValueType::Uuid,
             .description = "The same in every delivery of one message: receivers de-duplicate by "
                            "it."},
    Property{.name = "event_type", .type = ValueType::String},
    Property{.name = "webhook_id", .type = ValueType::Uuid, .null = Null::Yes},
    Property{.name = "recipient",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "Of a mail."},
    Property{.name = "status",
             .type = ValueType::String,
             .description = "pending: not tried yet; failed: tried, and will be again; dead: given "
                            "up.",
             .one_of = kDeliveryStates},
    Property{.name = "attempts", .type = ValueType::Integer},
    Property{.name = "last_status",
             .type = ValueType::Integer,
             .null = Null::Yes,
             .description = "The receiver's answer, of HTTP or SMTP."},
    Property{.name = "last_error",
             .type = ValueType::String,
             .null = Null::Yes,
             .description = "A word, such as timeout or http_status."},
    Property{.name = "next_attempt_at", .type = ValueType::Time, .null = Null::Yes},
    Property{.name = "last_attempt_at", .type = ValueType::Time, .null = Null::Yes},
    Property{.name = "created_at", .type = ValueType::Time},
    Property{.name = "finished_at", .type = ValueType::Time, .null = Null::Yes},
};
inline constexpr std::array kDeliveryPage{
    Property{.name = "items", .type = ValueType::Refs, .ref = "Delivery"},
    Property{.name = "total", .type = ValueType::Integer},
};

inline constexpr std::array kHealth{
    Property{.name = "status", .type = ValueType::String, .one_of = kHealthStates},
    Property{.name = "version", .type = ValueType::String},
    Property{.name = "service", .type = ValueType::String},
};
// nginx, where no worker answers, knows nothing of the service.
inline constexpr std::array kDegraded{
    kError[0],
    kError[1],
    Property{.name = "status",
             .type = ValueType::String,
             .need = Need::Optional,
             .one_of = kHealthStates},
    Property{.name = "version", .type = ValueType::String, .need = Need::Optional},
    Property{.name = "service", .type = ValueType::String, .need = Need::Optional},
};

// In the order of the document.
inline constexpr std::array kAll{
    Schema{.name = "NewAgent", .description = "An agent to create.", .properties = kNewAgent},
    Schema{.name = "Agent", .description = "An agent, without its key.", .properties = kAgent},
    Schema{.name = "AgentWithKey",
           .description = "An agent with its key.",
           .properties = kAgentWithKey},
    Schema{.name = "AgentPatch",
           .description = "What is to change; what is absent stays.",
           .properties = kAgentPatch},
    Schema{.name = "Nothing", .description = "No members: the body may be left out."},
    Schema{.name = "AgentPage", .description = "Agents, oldest first.", .properties = kAgentPage},
    Schema{.name = "TokenRequest",
           .description = "What a scoped token is to allow.",
           .properties = kTokenRequest},
    Schema{.name = "TokenAnswer",
           .description = "The token, or the approval that it waits for.",
           .properties = kTokenAnswer},
    Schema{.name = "Token",
           .description = "A live token's row, never the token.",
           .properties = kToken},
    Schema{.name = "TokenPage", .description = "Tokens, newest first.", .properties = kTokenPage},
    Schema{.name = "SecretWrite",
           .description = "A new version of a secret.",
           .properties = kSecretWrite},
    Schema{.name = "StoredSecret",
           .description = "What was stored, without its value.",
           .properties = kStoredSecret},
    Schema{.name = "Secret", .description = "A secret with its value.", .properties = kSecret},
    Schema{.name = "SecretListItem",
           .description = "A secret in a listing, without its value.",
           .properties = kSecretListItem},
    Schema{.name = "SecretListing",
           .description = "The secrets of one namespace that the caller may read.",
           .properties = kSecretListing},
    Schema{.name = "SecretOrListing",
           .description = "A secret; the listing where the path names a namespace.",
           .any_of = kSecretOrListing},
    Schema{.name = "Deleted", .description = "It is gone.", .properties = kDeleted},
    Schema{.name = "RotateRequest", .description = "The new value.", .properties = kRotateRequest},
    Schema{
        .name = "RotatedSecret", .description = "The new version.", .properties = kRotatedSecret},
    Schema{.name = "NamespaceListing",
           .description = "Namespaces that hold something the caller may read.",
           .properties = kNamespaceListing},
    Schema{.name = "ImportRequest",
           .description = "Secrets of one namespace.",
           .properties = kImportRequest},
    Schema{
        .name = "ImportAnswer", .description = "What became of them.", .properties = kImportAnswer},
    Schema{
        .name = "Version", .description = "A version without its value.", .properties = kVersion},
    Schema{.name = "VersionListing",
           .description = "Versions, newest first.",
           .properties = kVersionListing},
    Schema{.name = "RollbackRequest",
           .description = "The version to go back to.",
           .properties = kRollbackRequest},
    Schema{.name = "RolledBackSecret",
           .description = "The new version.",
           .properties = kRolledBackSecret},
    Schema{.name = "AgentApproval",
           .description = "An approval, for the agent that asked.",
           .properties = kAgentApproval},
    Schema{.name = "Approval",
           .description = "An approval, for those who decide.",
           .properties = kApproval},
    Schema{.name = "MatchedSecrets",
           .description = "Secrets that a request covers and that need approval, as they are now.",
           .properties = kMatchedSecrets},
    Schema{.name = "ApprovalDecision",
           .description = "What one person said.",
           .properties = kApprovalDecision},
    Schema{.name = "ApprovalRequirement",
           .description = "What has to come together before there is a token, as it is now.",
           .properties = kApprovalRequirement},
    Schema{.name = "ApproveRequest",
           .description = "Approval of all that was asked for, or of less.",
           .properties = kApproveRequest},
    Schema{.name = "DenyRequest", .description = "Why.", .properties = kDenyRequest},
    Schema{.name = "ApprovalPolicy",
           .description = "What is asked for beyond the tier of a secret.",
           .properties = kApprovalPolicy},
    Schema{.name = "NewApprovalPolicy",
           .description = "A policy as it is to be.",
           .properties = kNewApprovalPolicy},
    Schema{.name = "ApprovalPolicies",
           .description = "All policies of the tenant, by namespace.",
           .properties = kApprovalPolicies},
    Schema{.name = "ApprovalPoliciesUpdate",
           .description = "All policies that are to be.",
           .properties = kApprovalPoliciesUpdate},
    Schema{.name = "ApprovalPage",
           .description = "Approvals, newest first.",
           .properties = kApprovalPage},
    Schema{.name = "NotificationPreferences",
           .description = "What people are told about.",
           .properties = kNotificationPreferences},
    Schema{.name = "NotificationPatch",
           .description = "What is to change; what is absent stays.",
           .properties = kNotificationPatch},
    Schema{.name = "Profile", .description = "The tenant.", .properties = kProfile},
    Schema{.name = "ProfilePatch",
           .description = "What is to change; what is absent stays.",
           .properties = kProfilePatch},
    Schema{.name = "Subscription",
           .description = "Plan and subscription.",
           .properties = kSubscription},
    Schema{
        .name = "NewCheckout", .description = "What is to be bought.", .properties = kNewCheckout},
    Schema{.name = "CheckoutSession",
           .description = "A page of Stripe.",
           .properties = kCheckoutSession},
    Schema{
        .name = "PortalSession", .description = "A page of Stripe.", .properties = kPortalSession},
    Schema{.name = "StripeEvent",
           .description = "An event as Stripe sends it.",
           .members = Members::Any},
    Schema{.name = "EventReceipt",
           .description = "The event was taken: applied, now or before, or of no concern here.",
           .properties = kEventReceipt},
    Schema{.name = "OwnTenant",
           .description = "A tenant that the person who asks belongs to.",
           .properties = kOwnTenant},
    Schema{.name = "NewMember", .description = "Whom to invite.", .properties = kNewMember},
    Schema{.name = "Member",
           .description = "A member, or somebody who is invited.",
           .properties = kMember},
    Schema{.name = "InvitedMember",
           .description = "An invitation with its token.",
           .properties = kInvitedMember},
    Schema{.name = "MemberPatch", .description = "The new role.", .properties = kMemberPatch},
    Schema{.name = "MemberPage",
           .description = "Members before invitations, oldest first.",
           .properties = kMemberPage},
    Schema{.name = "InvitationAcceptance",
           .description = "The invitation.",
           .properties = kInvitationAcceptance},
    Schema{.name = "JoinedTenant",
           .description = "Where the person belongs now.",
           .properties = kJoinedTenant},
    Schema{.name = "NewPersonalToken",
           .description = "A personal token to make.",
           .properties = kNewPersonalToken},
    Schema{.name = "PersonalToken",
           .description = "A personal token, never the token itself.",
           .properties = kPersonalToken},
    Schema{.name = "PersonalTokenWithKey",
           .description = "A personal token with the token itself.",
           .properties = kPersonalTokenWithKey},
    Schema{.name = "PersonalTokenPage",
           .description = "Personal tokens, newest first.",
           .properties = kPersonalTokenPage},
    Schema{.name = "AuditEvent", .description = "One event.", .properties = kAuditEvent},
    Schema{.name = "AuditPage", .description = "Events, newest first.", .properties = kAuditPage},
    Schema{.name = "NewWebhook",
           .description = "Where to send what happens.",
           .properties = kNewWebhook},
    Schema{.name = "WebhookPatch",
           .description = "What is to change; what is absent stays.",
           .properties = kWebhookPatch},
    Schema{
        .name = "Webhook", .description = "A webhook, without its secret.", .properties = kWebhook},
    Schema{.name = "WebhookWithSecret",
           .description = "A webhook with its secret.",
           .properties = kWebhookWithSecret},
    Schema{.name = "WebhookList",
           .description = "Webhooks, oldest first; at most 20.",
           .properties = kWebhookList},
    Schema{.name = "Delivery",
           .description = "A message to one receiver, and what became of it.",
           .properties = kDelivery},
    Schema{.name = "DeliveryPage",
           .description = "Deliveries, newest first.",
           .properties = kDeliveryPage},
    Schema{.name = "Health", .description = "The state of the service.", .properties = kHealth},
    Schema{.name = "Degraded",
           .description = "An error, and the state of the service.",
           .properties = kDegraded},
    Schema{.name = "OpenApiDocument", .description = "This document.", .members = Members::Any},
    Schema{.name = "Error", .description = "Every answer but a 2xx.", .properties = kError},
    Schema{.name = "ErrorCode", .description = "Code and message.", .properties = kErrorCode},
};

inline constexpr std::array kQueryParameters{
    QueryParameter{.name = "page",
                   .type = ValueType::Integer,
                   .description = "From 1. Default 1.",
                   .example = "1"},
    QueryParameter{.name = "limit",
                   .type = ValueType::Integer,
                   .description = "1 to 200. Default 50, for audit events 100, for namespaces all "
                                  "(at most 10000).",
                   .example = "50"},
    QueryParameter{.name = "namespace",
                   .type = ValueType::String,
                   .description = "Exactly this namespace.",
                   .example = "\"production/gemini\""},
    QueryParameter{.name = "recursive",
                   .type = ValueType::Boolean,
                   .description = "Also what is in all namespaces below. Default false.",
                   .example = "true"},
    QueryParameter{.name = "version",
                   .type = ValueType::Integer,
                   .description = "An older version. Default: the newest.",
                   .example = "1"},
    QueryParameter{.name = "path",
                   .type = ValueType::String,
                   .description = "namespace/KEY of a secret.",
                   .example = "\"production/gemini/GEMINI_API_KEY\""},
    QueryParameter{.name = "agent_id",
                   .type = ValueType::Uuid,
                   .description = "Only of this agent.",
                   .example = "\"00000000-0000-4000-8000-000000000002\""},
    QueryParameter{.name = "status",
                   .type = ValueType::String,
                   .description = "Only of this status.",
                   .example = "\"pending\"",
                   .one_of = kApprovalStates},
    QueryParameter{.name = "status",
                   .type = ValueType::String,
                   .description = "Only of this status.",
                   .example = "\"failed\"",
                   .one_of = kDeliveryStates,
                   .of = "DeliveryPage"},
    QueryParameter{.name = "event_type",
                   .type = ValueType::String,
                   .description = "Only events of this type.",
                   .example = "\"secret.read\"",
                   .one_of = kEventTypes},
    QueryParameter{.name = "actor_id",
                   .type = ValueType::Uuid,
                   .description = "Only what this agent or user did.",
                   .example = "\"00000000-0000-4000-8000-000000000002\""},
    QueryParameter{.name = "actor_type",
                   .type = ValueType::String,
                   .description = "Only what this kind of actor did.",
                   .example = "\"agent\"",
                   .one_of = kActorTypes},
    QueryParameter{.name = "resource_type",
                   .type = ValueType::String,
                   .description = "Only what was done to this kind of thing.",
                   .example = "\"secret\"",
                   .one_of = kResourceTypes},
    QueryParameter{.name = "resource_id",
                   .type = ValueType::Uuid,
                   .description = "Only what was done to this thing.",
                   .example = "\"00000000-0000-4000-8000-000000000004\""},
    QueryParameter{.name = "key",
                   .type = ValueType::String,
                   .description = "Together with namespace: only this secret.",
                   .example = "\"GEMINI_API_KEY\""},
    QueryParameter{.name = "from",
                   .type = ValueType::Time,
                   .description = "At this time or later.",
                   .example = "\"2026-06-01T00:00:00Z\""},
    QueryParameter{.name = "to",
                   .type = ValueType::Time,
                   .description = "Before this time.",
                   .example = "\"2026-07-01T00:00:00Z\""},
    QueryParameter{.name = "cursor",
                   .type = ValueType::String,
                   .description = "next_cursor of the page before, instead of page.",
                   .example = "\"next_cursor-of-the-page-before\""},
    QueryParameter{.name = "format",
                   .type = ValueType::String,
                   .description = "csv or jsonl: everything that matches, as a file. Default json.",
                   .example = "\"csv\"",
                   .one_of = kExportFormats},
};

inline constexpr std::array kPathParameters{
    TextParameter{"secret_path",
                  "namespace/KEY: its slashes stand as they are, or as %2F within the namespace. "
                  "Segments of 1 to 128 characters of A-Z a-z 0-9 . _ ~ @ -",
                  "production/gemini/GEMINI_API_KEY"},
    TextParameter{"agent",
                  "The id of an agent (a UUID). DELETE also takes its name, where exactly one "
                  "active agent bears it.",
                  "00000000-0000-4000-8000-000000000002"},
    TextParameter{
        "token_id", "The id of a token (a UUID).", "00000000-0000-4000-8000-000000000003"},
    TextParameter{
        "approval_id", "The id of an approval (a UUID).", "00000000-0000-4000-8000-000000000123"},
    TextParameter{"member_id",
                  "The id of a user, or of an invitation (a UUID).",
                  "00000000-0000-4000-8000-000000000006"},
    TextParameter{"personal_token_id",
                  "The id of a personal token (a UUID).",
                  "00000000-0000-4000-8000-000000000008"},
    TextParameter{
        "webhook_id", "The id of a webhook (a UUID).", "00000000-0000-4000-8000-000000000009"},
    TextParameter{
        "delivery_id", "The id of a delivery (a UUID).", "00000000-0000-4000-8000-000000000010"},
};

inline constexpr TextParameter kTenantId{
    "X-Tenant-Id",
    "Which tenant a person means who belongs to several: its id, as GET /v1/me lists it. Default: "
    "the one that they have belonged to for longest. Without effect on agents.",
    "00000000-0000-4000-8000-000000000001"};
inline constexpr TextParameter kIdempotencyKey{
    "Idempotency-Key",
    "1 to 255 visible ASCII characters. The same request under the same key within 24 hours gets "
    "the same answer and changes nothing.",
    "nightly-import-2026-06-01"};
inline constexpr TextParameter kStripeSignature{
    "Stripe-Signature",
    "The time in Unix seconds, and an HMAC-SHA-256 of time and body under the endpoint's secret; "
    "not "
    "older or newer than 5 minutes.",
    "t=1780309800,v1=0000000000000000000000000000000000000000000000000000000000000000"};
inline constexpr TextParameter kIfMatch{"If-Match", "The version to replace, in quotes.", "\"3\""};
inline constexpr TextParameter kIfNoneMatch{
    "If-None-Match", "A version that the caller has, in quotes; 304 if it is that.", "\"3\""};

constexpr bool is_known(std::string_view name) {
    for (const auto& schema : kAll)
        if (schema.name == name) return true;
    return false;
}

// Of a route whose answer is `response`.
constexpr const QueryParameter* find_query_parameter(std::string_view name,
                                                     std::string_view response) {
    const QueryParameter* found = nullptr;
    for (const auto& parameter : kQueryParameters) {
        if (parameter.name != name) continue;
        if (parameter.of == response) return &parameter;
        if (parameter.of.empty()) found = &parameter;
    }
    return found;
}

constexpr const TextParameter* find_path_parameter(std::string_view name) {
    for (const auto& parameter : kPathParameters)
        if (parameter.name == name) return &parameter;
    return nullptr;
}

// Every schema that another one names exists.
constexpr bool all_references_known() {
    for (const auto& schema : kAll) {
        for (const auto& property : schema.properties)
            if (!property.ref.empty() && !is_known(property.ref)) return false;
        for (const auto& other : schema.any_of)
            if (!is_known(other)) return false;
    }
    return true;
}
static_assert(all_references_known());

}  // namespace schemas
}  // namespace fcgi
