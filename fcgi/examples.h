// Bodies as they stand on the wire, as constants for the OpenAPI document. What the API's reference
// shows is shown here with its members and values; an id that it leaves open is a UUID of zeros.
// test/openapi holds each of them against its schema, and looks for what a scanner of secrets would
// find.
#pragma once

#include <array>
#include <string_view>

namespace fcgi {

struct Example {
    std::string_view schema;  // whose body it is, or a type of content beside JSON
    std::string_view name;    // its key among those of the schema
    std::string_view summary;
    std::string_view json;
};

namespace examples {

inline constexpr std::string_view kNewAgent = R"json({
    "name": "inference-agent",
    "description": "Runs nightly inference jobs",
    "allowed_namespaces": ["production/gemini"],
    "allowed_scopes": ["secrets:read:production/gemini/*"],
    "ip_allowlist": null
})json";

inline constexpr std::string_view kAgent = R"json({
    "id": "00000000-0000-4000-8000-000000000002",
    "tenant_id": "00000000-0000-4000-8000-000000000001",
    "name": "inference-agent",
    "description": "Runs nightly inference jobs",
    "api_key_prefix": "ass_live_abcd",
    "allowed_namespaces": ["production/gemini"],
    "allowed_scopes": ["secrets:read:production/gemini/*"],
    "ip_allowlist": null,
    "active": true,
    "created_at": "2026-06-01T10:30:00Z",
    "last_active_at": "2026-06-01T11:00:00Z"
})json";

inline constexpr std::string_view kAgentWithKey = R"json({
    "id": "00000000-0000-4000-8000-000000000002",
    "tenant_id": "00000000-0000-4000-8000-000000000001",
    "name": "inference-agent",
    "description": "Runs nightly inference jobs",
    "api_key": "ass_live_...",
    "api_key_prefix": "ass_live_abcd",
    "allowed_namespaces": ["production/gemini"],
    "allowed_scopes": ["secrets:read:production/gemini/*"],
    "ip_allowlist": null,
    "active": true,
    "created_at": "2026-06-01T10:30:00Z",
    "last_active_at": null
})json";

inline constexpr std::string_view kAgentPage = R"json({
    "items": [{
        "id": "00000000-0000-4000-8000-000000000002",
        "tenant_id": "00000000-0000-4000-8000-000000000001",
        "name": "inference-agent",
        "description": "Runs nightly inference jobs",
        "api_key_prefix": "ass_live_abcd",
        "allowed_namespaces": ["production/gemini"],
        "allowed_scopes": ["secrets:read:production/gemini/*"],
        "ip_allowlist": null,
        "active": true,
        "created_at": "2026-06-01T10:30:00Z",
        "last_active_at": "2026-06-01T11:00:00Z"
    }],
    "total": 1
})json";

inline constexpr std::string_view kAgentPatch = R"json({
    "description": "Runs nightly inference jobs, from one network only",
    "ip_allowlist": ["10.0.1.0/24"]
})json";

inline constexpr std::string_view kTokenRequest = R"json({
    "scopes": ["secrets:read:production/gemini/*"],
    "ttl": "1h",
    "max_uses": null,
    "ip_allowlist": null
})json";

inline constexpr std::string_view kTokenIssued = R"json({
    "token": "eyJhbGciOi...",
    "token_id": "00000000-0000-4000-8000-000000000003",
    "expires_at": "2026-06-01T11:30:00Z",
    "requires_approval": false,
    "approval_id": null,
    "scopes": ["secrets:read:production/gemini/*"],
    "agent_id": "00000000-0000-4000-8000-000000000002"
})json";

inline constexpr std::string_view kApprovalRequired = R"json({
    "token": null,
    "token_id": null,
    "expires_at": null,
    "requires_approval": true,
    "approval_id": "00000000-0000-4000-8000-000000000123",
    "scopes": ["secrets:read:production/gemini/*"],
    "agent_id": "00000000-0000-4000-8000-000000000002"
})json";

inline constexpr std::string_view kTokenPage = R"json({
    "items": [{
        "id": "00000000-0000-4000-8000-000000000003",
        "agent_id": "00000000-0000-4000-8000-000000000002",
        "scopes": ["secrets:read:production/gemini/*"],
        "access_tier": "standard",
        "max_uses": null,
        "uses": 0,
        "ip_allowlist": null,
        "issued_at": "2026-06-01T10:30:00Z",
        "expires_at": "2026-06-01T11:30:00Z"
    }],
    "total": 1
})json";

inline constexpr std::string_view kSecretWrite = R"json({
    "value": "gemini-api-key-example",
    "secret_type": "api_key",
    "access_tier": "sensitive",
    "metadata": {"team": "ml", "env": "prod"}
})json";

inline constexpr std::string_view kStoredSecret = R"json({
    "id": "00000000-0000-4000-8000-000000000004",
    "namespace": "production/gemini",
    "key": "GEMINI_API_KEY",
    "version": 1,
    "secret_type": "api_key",
    "access_tier": "sensitive",
    "metadata": {"team": "ml", "env": "prod"},
    "created_at": "2026-06-01T10:30:00Z",
    "updated_at": "2026-06-01T10:30:00Z",
    "expires_at": null
})json";

inline constexpr std::string_view kSecret = R"json({
    "value": "gemini-api-key-example",
    "secret_type": "api_key",
    "access_tier": "sensitive",
    "metadata": {"team": "ml", "env": "prod"},
    "version": 1,
    "namespace": "production/gemini",
    "key": "GEMINI_API_KEY",
    "created_at": "2026-06-01T10:30:00Z",
    "updated_at": "2026-06-01T10:30:00Z",
    "expires_at": null
})json";

inline constexpr std::string_view kSecretListing = R"json({
    "namespace": "production/gemini",
    "items": [{
        "namespace": "production/gemini",
        "key": "GEMINI_API_KEY",
        "version": 1,
        "secret_type": "api_key",
        "access_tier": "sensitive",
        "metadata": {"team": "ml", "env": "prod"},
        "created_at": "2026-06-01T10:00:00Z",
        "updated_at": "2026-06-01T10:00:00Z",
        "expires_at": null,
        "expired": false
    }],
    "total": 1
})json";

inline constexpr std::string_view kNamespaceListing = R"json({
    "namespaces": ["production", "production/gemini", "production/stripe", "staging"],
    "total": 4
})json";

inline constexpr std::string_view kImportRequest = R"json({
    "namespace": "production/gemini",
    "content": "GEMINI_API_KEY=gemini-api-key-example",
    "secret_type": "api_key",
    "access_tier": "standard",
    "metadata": {"source": ".env"}
})json";

inline constexpr std::string_view kImportAnswer = R"json({
    "namespace": "production/gemini",
    "imported": ["GEMINI_API_KEY"],
    "imported_count": 1,
    "keys": ["GEMINI_API_KEY"],
    "skipped": 0
})json";

inline constexpr std::string_view kRotateRequest = R"json({
    "new_value": "gemini-rotated-key-example"
})json";

inline constexpr std::string_view kRotatedSecret = R"json({
    "namespace": "production/gemini",
    "key": "GEMINI_API_KEY",
    "version": 2,
    "rotated_at": "2026-06-01T10:35:00Z",
    "revoked_tokens": 1
})json";

inline constexpr std::string_view kRotatedByServer = R"json({
    "namespace": "production/gemini",
    "key": "GEMINI_API_KEY",
    "version": 2,
    "rotated_at": "2026-06-01T10:35:00Z",
    "revoked_tokens": 1,
    "value": "43-characters-that-the-server-made"
})json";

inline constexpr std::string_view kVersionListing = R"json({
    "namespace": "production/gemini",
    "key": "GEMINI_API_KEY",
    "items": [{
        "version": 2,
        "access_tier": "sensitive",
        "expires_at": null,
        "created_at": "2026-06-01T10:35:00Z",
        "created_by_type": "user",
        "created_by": "00000000-0000-4000-8000-000000000006",
        "current": true
    }, {
        "version": 1,
        "access_tier": "sensitive",
        "expires_at": null,
        "created_at": "2026-06-01T10:30:00Z",
        "created_by_type": "agent",
        "created_by": "00000000-0000-4000-8000-000000000002",
        "current": false
    }],
    "total": 2
})json";

inline constexpr std::string_view kRollbackRequest = R"json({
    "path": "production/gemini/GEMINI_API_KEY",
    "version": 1
})json";

inline constexpr std::string_view kRolledBackSecret = R"json({
    "id": "00000000-0000-4000-8000-000000000004",
    "namespace": "production/gemini",
    "key": "GEMINI_API_KEY",
    "version": 3,
    "secret_type": "api_key",
    "access_tier": "sensitive",
    "metadata": {"team": "ml", "env": "prod"},
    "created_at": "2026-06-01T10:30:00Z",
    "updated_at": "2026-06-01T10:40:00Z",
    "expires_at": null,
    "rolled_back_to": 1
})json";

inline constexpr std::string_view kPendingForAgent = R"json({
    "id": "00000000-0000-4000-8000-000000000123",
    "status": "pending",
    "requested_scopes": ["secrets:read:production/gemini/*"],
    "access_tier": "sensitive",
    "reason": null,
    "created_at": "2026-06-01T10:30:00Z",
    "expires_at": "2026-06-02T10:30:00Z",
    "decided_at": null,
    "decision_reason": null,
    "token": null,
    "token_id": null,
    "token_expires_at": null,
    "scopes": ["secrets:read:production/gemini/*"]
})json";

inline constexpr std::string_view kApprovedForAgent = R"json({
    "id": "00000000-0000-4000-8000-000000000123",
    "status": "approved",
    "requested_scopes": ["secrets:read:production/gemini/*"],
    "access_tier": "sensitive",
    "reason": null,
    "created_at": "2026-06-01T10:30:00Z",
    "expires_at": "2026-06-02T10:30:00Z",
    "decided_at": "2026-06-01T10:35:00Z",
    "decision_reason": null,
    "token": "eyJhbGciOi...",
    "token_id": "00000000-0000-4000-8000-000000000003",
    "token_expires_at": "2026-06-01T11:35:00Z",
    "scopes": ["secrets:read:production/gemini/*"]
})json";

inline constexpr std::string_view kApproval = R"json({
    "id": "00000000-0000-4000-8000-000000000123",
    "status": "pending",
    "summary": "inference-agent wants to read 1 sensitive secret below production/gemini for 1h",
    "outlook": "An approval by you gives the token.",
    "requested_scopes": ["secrets:read:production/gemini/*"],
    "access_tier": "sensitive",
    "reason": null,
    "created_at": "2026-06-01T10:30:00Z",
    "expires_at": "2026-06-02T10:30:00Z",
    "decided_at": null,
    "agent_id": "00000000-0000-4000-8000-000000000002",
    "agent_name": "inference-agent",
    "description": "Runs nightly inference jobs",
    "ip_address": "10.0.1.50",
    "user_agent": "agentsecretstore-sdk/1.0.0",
    "ttl": 3600,
    "max_uses": null,
    "ip_allowlist": null,
    "request_digest": "64 hex digits",
    "granted_scopes": null,
    "granted_ttl": null,
    "granted_max_uses": null,
    "matched_secrets": {
        "count": 1,
        "names": ["production/gemini/GEMINI_API_KEY"]
    },
    "decisions": [],
    "required": {
        "access_tier": "sensitive",
        "approvals": 1,
        "approved": 0,
        "owner_only": false,
        "fresh_sign_in": false,
        "delay": 0,
        "not_before": "2026-06-01T10:30:00Z",
        "may_approve": true,
        "objection": null
    },
    "token_id": null
})json";

inline constexpr std::string_view kApprovalPage = R"json({
    "items": [
        {
            "id": "00000000-0000-4000-8000-000000000123",
            "status": "pending",
            "summary": "inference-agent wants to read 1 sensitive secret below production/gemini for 1h",
            "outlook": "An approval by you gives the token.",
            "requested_scopes": ["secrets:read:production/gemini/*"],
            "access_tier": "sensitive",
            "reason": null,
            "created_at": "2026-06-01T10:30:00Z",
            "expires_at": "2026-06-02T10:30:00Z",
            "decided_at": null,
            "agent_id": "00000000-0000-4000-8000-000000000002",
            "agent_name": "inference-agent",
            "description": "Runs nightly inference jobs",
            "ip_address": "10.0.1.50",
            "user_agent": "agentsecretstore-sdk/1.0.0",
            "ttl": 3600,
            "max_uses": null,
            "ip_allowlist": null,
            "request_digest": "64 hex digits",
            "granted_scopes": null,
            "granted_ttl": null,
            "granted_max_uses": null,
            "matched_secrets": {
                "count": 1,
                "names": ["production/gemini/GEMINI_API_KEY"]
            },
            "decisions": [],
            "required": {
                "access_tier": "sensitive",
                "approvals": 1,
                "approved": 0,
                "owner_only": false,
                "fresh_sign_in": false,
                "delay": 0,
                "not_before": "2026-06-01T10:30:00Z",
                "may_approve": true,
                "objection": null
            },
            "token_id": null
        }
    ],
    "total": 1
})json";

inline constexpr std::string_view kAuditPage = R"json({
    "events": [{
        "id": "00000000-0000-4000-8000-000000000005",
        "event_type": "secret.read",
        "actor_id": "00000000-0000-4000-8000-000000000002",
        "actor_type": "agent",
        "resource_type": "secret",
        "resource_id": "00000000-0000-4000-8000-000000000004",
        "metadata": {
            "namespace": "production/gemini",
            "key": "GEMINI_API_KEY",
            "version": 1
        },
        "ip_address": "10.0.1.50",
        "user_agent": "agentsecretstore-sdk/1.0.0",
        "created_at": "2026-06-01T10:30:00Z"
    }],
    "total": 1,
    "page": 1,
    "limit": 100,
    "next_cursor": null
})json";

// Texts, as JSON writes them.
inline constexpr std::string_view kAuditCsv =
    R"json("created_at,id,event_type,actor_type,actor_id,resource_type,resource_id,ip_address,user_agent,metadata\r\n2026-06-01T10:30:00Z,00000000-0000-4000-8000-000000000005,secret.read,agent,00000000-0000-4000-8000-000000000002,secret,00000000-0000-4000-8000-000000000004,10.0.1.50,agentsecretstore-sdk/1.0.0,\"{\"\"version\"\":1}\"\r\n")json";
inline constexpr std::string_view kAuditJsonLines =
    R"json("{\"id\":\"00000000-0000-4000-8000-000000000005\",\"event_type\":\"secret.read\",…}\n")json";

inline constexpr std::string_view kProfile = R"json({
    "id": "00000000-0000-4000-8000-000000000001",
    "email": "owner@example.com",
    "name": "Acme Inc",
    "plan": "pro",
    "subscription_status": "active",
    "secret_count": 12,
    "agent_count": 3,
    "notification_preferences": {
        "approval_requests": true,
        "security_alerts": true
    },
    "created_at": "2026-05-01T09:00:00Z",
    "user_id": "00000000-0000-4000-8000-000000000006",
    "role": "owner",
    "tenants": [
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "name": "Acme Inc",
            "role": "owner"
        }
    ]
})json";

inline constexpr std::string_view kProfilePatch = R"json({
    "name": "Acme Inc",
    "notification_preferences": {"security_alerts": true}
})json";

inline constexpr std::string_view kSubscription = R"json({
    "has_subscription": true,
    "plan": "pro",
    "subscription_status": "active"
})json";

inline constexpr std::string_view kNewCheckout = R"json({
    "plan": "pro",
    "interval": "monthly"
})json";

inline constexpr std::string_view kCheckoutSession = R"json({
    "url": "https://checkout.stripe.com/c/pay/cs_...",
    "session_id": "cs_test_..."
})json";

inline constexpr std::string_view kPortalSession = R"json({
    "url": "https://billing.stripe.com/p/session/..."
})json";

inline constexpr std::string_view kStripeEvent = R"json({
    "id": "evt_...",
    "object": "event",
    "type": "customer.subscription.updated",
    "created": 1780309800,
    "data": {
        "object": {
            "id": "sub_...",
            "object": "subscription",
            "customer": "cus_...",
            "status": "active",
            "items": {"data": [{"price": {"id": "price_..."}}]},
            "metadata": {"tenant_id": "00000000-0000-4000-8000-000000000001", "plan": "pro"}
        }
    }
})json";

inline constexpr std::string_view kEventReceipt = R"json({
    "received": true
})json";

inline constexpr std::string_view kHealth = R"json({
    "status": "ok",
    "version": "1.0.0",
    "service": "secretstore"
})json";

inline constexpr std::string_view kDegraded = R"json({
    "status": "degraded",
    "version": "1.0.0",
    "service": "secretstore",
    "error": {
        "code": "INTERNAL_ERROR",
        "message": "The database is away. Try again after the seconds in Retry-After."
    },
    "detail": "The database is away. Try again after the seconds in Retry-After."
})json";

inline constexpr std::string_view kOpenApiDocument = R"json({
    "openapi": "3.1.0",
    "info": {"title": "Agent Secret Store", "version": "1.0.0"},
    "paths": {}
})json";

inline constexpr std::string_view kDecidedApproval = R"json({
    "id": "00000000-0000-4000-8000-000000000123",
    "status": "approved",
    "summary": "inference-agent wants to read 1 sensitive secret below production/gemini for 1h",
    "outlook": null,
    "requested_scopes": ["secrets:read:production/gemini/*"],
    "access_tier": "sensitive",
    "reason": null,
    "created_at": "2026-06-01T10:30:00Z",
    "expires_at": "2026-06-02T10:30:00Z",
    "decided_at": "2026-06-01T10:35:00Z",
    "agent_id": "00000000-0000-4000-8000-000000000002",
    "agent_name": "inference-agent",
    "description": "Runs nightly inference jobs",
    "ip_address": "10.0.1.50",
    "user_agent": "agentsecretstore-sdk/1.0.0",
    "ttl": 3600,
    "max_uses": null,
    "ip_allowlist": null,
    "request_digest": "64 hex digits",
    "granted_scopes": null,
    "granted_ttl": null,
    "granted_max_uses": null,
    "matched_secrets": {
        "count": 1,
        "names": ["production/gemini/GEMINI_API_KEY"]
    },
    "decisions": [
        {
            "decision": "approved",
            "decided_by": "00000000-0000-4000-8000-000000000006",
            "decided_by_type": "user",
            "email": "owner@example.com",
            "role": "owner",
            "reason": null,
            "decided_at": "2026-06-01T10:35:00Z"
        }
    ],
    "required": {
        "access_tier": "sensitive",
        "approvals": 1,
        "approved": 1,
        "owner_only": false,
        "fresh_sign_in": false,
        "delay": 0,
        "not_before": "2026-06-01T10:30:00Z",
        "may_approve": false,
        "objection": "The request has been decided"
    },
    "token_id": "00000000-0000-4000-8000-000000000003"
})json";

inline constexpr std::string_view kApproveRequest = R"json({
    "ttl": "15m",
    "reason": "For tonight's run"
})json";

inline constexpr std::string_view kDenyRequest = R"json({
    "reason": "Unexpected access pattern"
})json";

inline constexpr std::string_view kApprovalPolicies = R"json({
    "policies": [
        {
            "namespace": "production",
            "access_tier": "critical",
            "approvals": 2,
            "delay": 900,
            "owner_only": true,
            "allow_self_approval": false
        }
    ],
    "version": 1
})json";

inline constexpr std::string_view kApprovalPoliciesUpdate = R"json({
    "policies": [
        {
            "namespace": "production",
            "access_tier": "critical",
            "approvals": 2,
            "delay": "15m",
            "owner_only": true
        }
    ],
    "expected_version": 0
})json";

inline constexpr std::string_view kNewMember = R"json({
    "email": "approver@example.com",
    "role": "approver"
})json";

inline constexpr std::string_view kMember = R"json({
    "id": "00000000-0000-4000-8000-000000000006",
    "email": "owner@example.com",
    "role": "owner",
    "status": "active",
    "created_at": "2026-05-01T09:00:00Z",
    "expires_at": null
})json";

inline constexpr std::string_view kInvitedMember = R"json({
    "id": "00000000-0000-4000-8000-000000000007",
    "email": "approver@example.com",
    "role": "approver",
    "status": "invited",
    "created_at": "2026-06-01T10:30:00Z",
    "expires_at": "2026-06-08T10:30:00Z",
    "invitation_token": "ass_invite_..."
})json";

inline constexpr std::string_view kMemberPatch = R"json({
    "role": "admin"
})json";

inline constexpr std::string_view kMemberPage = R"json({
    "items": [
        {
            "id": "00000000-0000-4000-8000-000000000006",
            "email": "owner@example.com",
            "role": "owner",
            "status": "active",
            "created_at": "2026-05-01T09:00:00Z",
            "expires_at": null
        },
        {
            "id": "00000000-0000-4000-8000-000000000007",
            "email": "approver@example.com",
            "role": "approver",
            "status": "invited",
            "created_at": "2026-06-01T10:30:00Z",
            "expires_at": "2026-06-08T10:30:00Z"
        }
    ],
    "total": 2
})json";

inline constexpr std::string_view kInvitationAcceptance = R"json({
    "token": "ass_invite_..."
})json";

inline constexpr std::string_view kJoinedTenant = R"json({
    "tenant_id": "00000000-0000-4000-8000-000000000001",
    "user_id": "00000000-0000-4000-8000-000000000007",
    "role": "approver"
})json";

inline constexpr std::string_view kNewPersonalToken = R"json({
    "name": "laptop",
    "ttl": "30d",
    "role": "admin"
})json";

inline constexpr std::string_view kPersonalTokenWithKey = R"json({
    "id": "00000000-0000-4000-8000-000000000008",
    "name": "laptop",
    "prefix": "ass_user_abcd",
    "role": "admin",
    "created_at": "2026-06-01T10:30:00Z",
    "expires_at": "2026-07-01T10:30:00Z",
    "last_used_at": null,
    "token": "ass_user_..."
})json";

inline constexpr std::string_view kPersonalTokenPage = R"json({
    "items": [
        {
            "id": "00000000-0000-4000-8000-000000000008",
            "name": "laptop",
            "prefix": "ass_user_abcd",
            "role": "admin",
            "created_at": "2026-06-01T10:30:00Z",
            "expires_at": "2026-07-01T10:30:00Z",
            "last_used_at": null
        }
    ],
    "total": 1
})json";

inline constexpr std::string_view kNewWebhook = R"json({
    "url": "https://example.com/hooks/approvals",
    "description": "Asks the team",
    "events": ["approval.requested"]
})json";

inline constexpr std::string_view kWebhookPatch = R"json({
    "active": false
})json";

inline constexpr std::string_view kWebhook = R"json({
    "id": "00000000-0000-4000-8000-000000000009",
    "url": "https://example.com/hooks/approvals",
    "description": "Asks the team",
    "events": ["approval.requested"],
    "active": true,
    "verified_at": "2026-06-01T10:30:00Z",
    "previous_secret_until": null,
    "created_at": "2026-06-01T10:30:00Z",
    "updated_at": "2026-06-01T10:30:00Z"
})json";

inline constexpr std::string_view kWebhookWithSecret = R"json({
    "id": "00000000-0000-4000-8000-000000000009",
    "url": "https://example.com/hooks/approvals",
    "description": "Asks the team",
    "events": ["approval.requested"],
    "active": true,
    "verified_at": "2026-06-01T10:30:00Z",
    "previous_secret_until": null,
    "created_at": "2026-06-01T10:30:00Z",
    "updated_at": "2026-06-01T10:30:00Z",
    "secret": "whsec_..."
})json";

inline constexpr std::string_view kWebhookList = R"json({
    "items": [
        {
            "id": "00000000-0000-4000-8000-000000000009",
            "url": "https://example.com/hooks/approvals",
            "description": "Asks the team",
            "events": ["approval.requested"],
            "active": true,
            "verified_at": "2026-06-01T10:30:00Z",
            "previous_secret_until": null,
            "created_at": "2026-06-01T10:30:00Z",
            "updated_at": "2026-06-01T10:30:00Z"
        }
    ],
    "total": 1
})json";

inline constexpr std::string_view kDelivery = R"json({
    "id": "00000000-0000-4000-8000-000000000010",
    "message_id": "00000000-0000-4000-8000-000000000011",
    "event_type": "approval.requested",
    "webhook_id": "00000000-0000-4000-8000-000000000009",
    "recipient": null,
    "status": "delivered",
    "attempts": 1,
    "last_status": 200,
    "last_error": null,
    "next_attempt_at": null,
    "last_attempt_at": "2026-06-01T10:30:01Z",
    "created_at": "2026-06-01T10:30:00Z",
    "finished_at": "2026-06-01T10:30:01Z"
})json";

inline constexpr std::string_view kDeliveryPage = R"json({
    "items": [
        {
            "id": "00000000-0000-4000-8000-000000000010",
            "message_id": "00000000-0000-4000-8000-000000000011",
            "event_type": "approval.requested",
            "webhook_id": "00000000-0000-4000-8000-000000000009",
            "recipient": null,
            "status": "delivered",
            "attempts": 1,
            "last_status": 200,
            "last_error": null,
            "next_attempt_at": null,
            "last_attempt_at": "2026-06-01T10:30:01Z",
            "created_at": "2026-06-01T10:30:00Z",
            "finished_at": "2026-06-01T10:30:01Z"
        }
    ],
    "total": 1
})json";

// In the order of schemas.h.
inline constexpr std::array kAll{
    Example{"NewAgent", "agent", "An agent for one namespace", kNewAgent},
    Example{"Agent", "agent", "The agent as it is now", kAgent},
    Example{"AgentWithKey", "agent", "The only answer with the key", kAgentWithKey},
    Example{"AgentPage", "agents", "A tenant with one agent", kAgentPage},
    Example{"AgentPatch", "addresses", "Only from one network, from now on", kAgentPatch},
    Example{"Nothing", "nothing", "No members", "{}"},
    Example{"TokenRequest", "read", "Reading one namespace for an hour", kTokenRequest},
    Example{"TokenAnswer", "issued", "Issued at once", kTokenIssued},
    Example{
        "TokenAnswer", "approval_required", "A person has to approve it first", kApprovalRequired},
    Example{"TokenPage", "tokens", "One live token", kTokenPage},
    Example{"SecretWrite", "secret", "A secret that needs approval to be read", kSecretWrite},
    Example{"StoredSecret", "stored", "What was stored", kStoredSecret},
    Example{"SecretOrListing", "secret", "A secret", kSecret},
    Example{"SecretOrListing", "listing", "The path names a namespace", kSecretListing},
    Example{"SecretListing", "listing", "A namespace with one secret", kSecretListing},
    Example{"NamespaceListing", "namespaces", "All that the caller may see", kNamespaceListing},
    Example{"ImportRequest", "dotenv", "A .env file of one line", kImportRequest},
    Example{"ImportAnswer", "imported", "One new secret", kImportAnswer},
    Example{"Deleted", "deleted", "It is gone", R"json({"status": "deleted"})json"},
    Example{"RotateRequest", "value", "A value of the caller's", kRotateRequest},
    Example{"RotatedSecret", "rotated", "To the value that was sent", kRotatedSecret},
    Example{"RotatedSecret", "made", "To a value that the server made", kRotatedByServer},
    Example{"VersionListing", "versions", "Two versions", kVersionListing},
    Example{"RollbackRequest", "rollback", "Back to the first version", kRollbackRequest},
    Example{"RolledBackSecret",
            "rolled_back",
            "The first value as the third version",
            kRolledBackSecret},
    Example{"AgentApproval", "pending", "Nobody has decided yet", kPendingForAgent},
    Example{"AgentApproval", "approved", "Approved: here is the token", kApprovedForAgent},
    Example{"Approval", "pending", "What there is to decide", kApproval},
    Example{"ApprovalPage", "approvals", "One request", kApprovalPage},
    Example{"AuditPage", "events", "A read", kAuditPage},
    Example{"text/csv", "export", "One event", kAuditCsv},
    Example{"application/jsonl", "export", "One event", kAuditJsonLines},
    Example{"Approval", "approved", "Approved by its one approver", kDecidedApproval},
    Example{"ApproveRequest", "less", "For a shorter time than was asked for", kApproveRequest},
    Example{"DenyRequest", "deny", "With what the agent is told", kDenyRequest},
    Example{"ApprovalPolicies",
            "policies",
            "Two owners and a quarter of an hour for what is critical",
            kApprovalPolicies},
    Example{"ApprovalPoliciesUpdate",
            "policies",
            "The first policies of a tenant",
            kApprovalPoliciesUpdate},
    Example{"NewMember", "approver", "Somebody to approve", kNewMember},
    Example{"Member", "owner", "The owner", kMember},
    Example{"InvitedMember", "invited", "The only answer with the invitation", kInvitedMember},
    Example{"MemberPatch", "role", "Another role", kMemberPatch},
    Example{"MemberPage", "members", "An owner, and somebody who is invited", kMemberPage},
    Example{
        "InvitationAcceptance", "invitation", "What the invitation said", kInvitationAcceptance},
    Example{"JoinedTenant", "joined", "A member from now on", kJoinedTenant},
    Example{
        "NewPersonalToken", "laptop", "For a month, and less than an owner may", kNewPersonalToken},
    Example{
        "PersonalTokenWithKey", "laptop", "The only answer with the token", kPersonalTokenWithKey},
    Example{"PersonalTokenPage", "tokens", "One personal token", kPersonalTokenPage},
    Example{"NewWebhook", "approvals", "Told of requests for approval", kNewWebhook},
    Example{"WebhookPatch", "pause", "Told of nothing for a while", kWebhookPatch},
    Example{"Webhook", "approvals", "Without its secret", kWebhook},
    Example{
        "WebhookWithSecret", "approvals", "The only answer with the secret", kWebhookWithSecret},
    Example{"WebhookList", "webhooks", "One webhook", kWebhookList},
    Example{"Delivery", "delivered", "Taken at the first attempt", kDelivery},
    Example{"DeliveryPage", "deliveries", "One delivery", kDeliveryPage},
    Example{"Profile", "profile", "A tenant that pays", kProfile},
    Example{"ProfilePatch", "profile", "A new name, and mail about alerts", kProfilePatch},
    Example{"Subscription", "subscription", "A tenant that pays", kSubscription},
    Example{"NewCheckout", "pro", "A month of the plan pro", kNewCheckout},
    Example{"CheckoutSession", "session", "Where it is bought", kCheckoutSession},
    Example{"PortalSession", "session", "Where it is changed", kPortalSession},
    Example{"StripeEvent", "updated", "A subscription, as it is now", kStripeEvent},
    Example{"EventReceipt", "receipt", "Taken", kEventReceipt},
    Example{"Health", "ok", "All is well", kHealth},
    Example{"Degraded", "degraded", "The database is away", kDegraded},
    Example{"OpenApiDocument", "document", "Its beginning", kOpenApiDocument},
};

constexpr bool has(std::string_view schema) {
    for (const auto& example : kAll)
        if (example.schema == schema) return true;
    return false;
}

}  // namespace examples
}  // namespace fcgi
