#include "fcgi/routes.h"

#include "fcgi/handlers/agent_handlers.h"
#include "fcgi/handlers/approval_handlers.h"
#include "fcgi/handlers/audit_handlers.h"
#include "fcgi/handlers/profile_handlers.h"
#include "fcgi/handlers/secret_change_handlers.h"
#include "fcgi/handlers/secret_handlers.h"
#include "fcgi/handlers/service_handlers.h"
#include "fcgi/handlers/token_handlers.h"
#include "fcgi/schemas.h"

#include <array>

namespace fcgi {
namespace {

using core::ErrorCode;
using core::identity::AuthKind;

constexpr std::array<std::string_view, 2> kPaging{"page", "limit"};
constexpr std::array<std::string_view, 3> kTokenListing{"agent_id", "page", "limit"};
constexpr std::array<std::string_view, 4> kListing{"namespace", "recursive", "page", "limit"};
// A path of several segments may turn out to be a namespace, and is then paged.
constexpr std::array<std::string_view, 4> kReading{"version", "recursive", "page", "limit"};
constexpr std::array<std::string_view, 3> kVersions{"path", "page", "limit"};
constexpr std::array<std::string_view, 3> kApprovals{"status", "page", "limit"};
constexpr std::array<std::string_view, 13> kAudit{"event_type",
                                                  "actor_id",
                                                  "actor_type",
                                                  "resource_type",
                                                  "resource_id",
                                                  "namespace",
                                                  "key",
                                                  "from",
                                                  "to",
                                                  "page",
                                                  "limit",
                                                  "cursor",
                                                  "format"};
constexpr std::array<std::string_view, 1> kNamespaceNeeded{"namespace"};
constexpr std::array<std::string_view, 1> kPathNeeded{"path"};
constexpr std::array<std::string_view, 2> kExports{"text/csv", "application/jsonl"};

constexpr std::array kPlanLimit{ErrorCode::PlanLimitReached};
constexpr std::array kNotFound{ErrorCode::NotFound};
constexpr std::array kRevokeToken{ErrorCode::NotFound, ErrorCode::AlreadyRevoked};
constexpr std::array kRead{ErrorCode::SecretNotFound, ErrorCode::SecretExpired};
constexpr std::array kWrite{ErrorCode::VersionConflict};
constexpr std::array kSecretNotFound{ErrorCode::SecretNotFound};

constexpr std::array kRoutes{
    Route{.method = Method::Post,
          .path = "/v1/agents",
          .auth = AuthKind::User,
          .handler = create_agent,
          .operation_id = "createAgent",
          .summary = "Create an agent; its key is shown once",
          .request_schema = "NewAgent",
          .response_schema = "AgentWithKey",
          .errors = kPlanLimit},
    Route{.method = Method::Get,
          .path = "/v1/agents",
          .auth = AuthKind::User,
          .handler = list_agents,
          .operation_id = "listAgents",
          .summary = "List the agents of the tenant",
          .query = kPaging,
          .response_schema = "AgentPage"},
    Route{.method = Method::Patch,
          .path = "/v1/agents/{agent}",
          .auth = AuthKind::User,
          .handler = update_agent,
          .operation_id = "updateAgent",
          .summary = "Change what an agent may do; its tokens are judged by it at once",
          .request_schema = "AgentPatch",
          .body = BodyNeed::Optional,
          .response_schema = "Agent",
          .errors = kNotFound},
    Route{.method = Method::Delete,
          .path = "/v1/agents/{agent}",
          .auth = AuthKind::User,
          .handler = revoke_agent,
          .operation_id = "revokeAgent",
          .summary = "Revoke an agent, by id or by a name that is its own; its key and tokens die",
          .errors = kNotFound},
    Route{.method = Method::Post,
          .path = "/v1/agents/{agent}/rotate-key",
          .auth = AuthKind::User,
          .handler = rotate_agent_key,
          .operation_id = "rotateAgentKey",
          .summary = "Give an agent a new key; the old one and its tokens die",
          .request_schema = "Nothing",
          .body = BodyNeed::Optional,
          .response_schema = "AgentWithKey",
          .errors = kNotFound},
    Route{.method = Method::Post,
          .path = "/v1/tokens",
          .auth = AuthKind::AgentKey,
          .handler = request_token,
          .operation_id = "requestToken",
          .summary = "Trade an agent key for a scoped token",
          .request_schema = "TokenRequest",
          .response_schema = "TokenAnswer"},
    Route{.method = Method::Get,
          .path = "/v1/tokens",
          .auth = AuthKind::User,
          .handler = list_tokens,
          .operation_id = "listTokens",
          .summary = "List the live tokens of the tenant; never the tokens themselves",
          .query = kTokenListing,
          .response_schema = "TokenPage"},
    Route{.method = Method::Post,
          .path = "/v1/tokens/{token_id}/revoke",
          .auth = AuthKind::User,
          .handler = revoke_token,
          .operation_id = "revokeToken",
          .summary = "Revoke a token",
          .request_schema = "Nothing",
          .body = BodyNeed::Optional,
          .errors = kRevokeToken},
    Route{.method = Method::Get,
          .path = "/v1/secrets",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Read,
          .handler = list_secrets,
          .operation_id = "listSecrets",
          .summary = "List a namespace; never values",
          .query = kListing,
          .required_query = kNamespaceNeeded,
          .response_schema = "SecretListing"},
    Route{.method = Method::Get,
          .path = "/v1/secrets/namespaces",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Namespaces,
          .handler = list_namespaces,
          .operation_id = "listSecretNamespaces",
          .summary = "List all namespaces that the caller may see",
          .query = kPaging,
          .response_schema = "NamespaceListing"},
    Route{.method = Method::Get,
          .path = "/v1/namespaces",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Namespaces,
          .handler = list_namespaces,
          .operation_id = "listNamespaces",
          .summary = "The same as /v1/secrets/namespaces",
          .query = kPaging,
          .response_schema = "NamespaceListing"},
    Route{.method = Method::Post,
          .path = "/v1/secrets/import",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Write,
          .handler = import_secrets,
          .operation_id = "importSecrets",
          .summary = "Import the secrets of a .env file, all or none",
          .request_schema = "ImportRequest",
          .response_schema = "ImportAnswer"},
    Route{.method = Method::Get,
          .path = "/v1/secrets/{secret_path+}",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Read,
          .handler = read_secret,
          .operation_id = "readSecret",
          .summary = "Read a secret; a single segment lists that namespace",
          .query = kReading,
          .response_schema = "SecretOrListing",
          .errors = kRead},
    Route{.method = Method::Put,
          .path = "/v1/secrets/{secret_path+}",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Write,
          .handler = put_secret,
          .operation_id = "storeSecret",
          .summary = "Store a secret or its next version",
          .request_schema = "SecretWrite",
          .response_schema = "StoredSecret",
          .errors = kWrite},
    Route{.method = Method::Delete,
          .path = "/v1/secrets/{secret_path+}",
          .auth = AuthKind::User,
          .handler = delete_secret,
          .operation_id = "deleteSecret",
          .summary = "Delete a secret with all of its versions, softly",
          .response_schema = "Deleted",
          .errors = kSecretNotFound},
    Route{.method = Method::Post,
          .path = "/v1/secrets/{secret_path+}/rotate",
          .auth = AuthKind::User,
          .handler = rotate_secret,
          .operation_id = "rotateSecret",
          .summary = "Store a new value and revoke every token that may read the secret",
          .request_schema = "RotateRequest",
          .body = BodyNeed::Optional,
          .response_schema = "RotatedSecret",
          .errors = kRead},
    Route{.method = Method::Get,
          .path = "/v1/versions",
          .auth = AuthKind::User,
          .handler = list_versions,
          .operation_id = "listVersions",
          .summary = "List the versions of a secret; never values",
          .query = kVersions,
          .required_query = kPathNeeded,
          .response_schema = "VersionListing",
          .errors = kSecretNotFound},
    Route{.method = Method::Post,
          .path = "/v1/versions/rollback",
          .auth = AuthKind::User,
          .handler = roll_back_secret,
          .operation_id = "rollBackSecret",
          .summary = "Make the value of an older version the newest version",
          .request_schema = "RollbackRequest",
          .response_schema = "RolledBackSecret",
          .errors = kSecretNotFound},
    Route{.method = Method::Get,
          .path = "/v1/approvals",
          .auth = AuthKind::User,
          .handler = list_approvals,
          .operation_id = "listApprovals",
          .summary = "List requests of agents that people decide, newest first",
          .query = kApprovals,
          .response_schema = "ApprovalPage"},
    Route{.method = Method::Get,
          .path = "/v1/approvals/agent/{approval_id}",
          .auth = AuthKind::AgentKey,
          .handler = show_approval_to_agent,
          .operation_id = "showApprovalToAgent",
          .summary = "What became of a request, for the agent that asked",
          .response_schema = "AgentApproval",
          .errors = kNotFound},
    Route{.method = Method::Get,
          .path = "/v1/approvals/{approval_id}",
          .auth = AuthKind::User,
          .handler = show_approval,
          .operation_id = "showApproval",
          .summary = "One request, for those who decide",
          .response_schema = "Approval",
          .errors = kNotFound},
    Route{.method = Method::Get,
          .path = "/v1/audit",
          .auth = AuthKind::User,
          .handler = list_audit_events,
          .operation_id = "listAuditEvents",
          .summary = "Read the audit log, newest first, or export what matches",
          .query = kAudit,
          .response_schema = "AuditPage",
          .other_content = kExports},
    Route{.method = Method::Get,
          .path = "/v1/me",
          .auth = AuthKind::User,
          .handler = show_profile,
          .operation_id = "showProfile",
          .summary = "The tenant, with live counts",
          .response_schema = "Profile"},
    Route{.method = Method::Patch,
          .path = "/v1/me",
          .auth = AuthKind::User,
          .handler = update_profile,
          .operation_id = "updateProfile",
          .summary = "Change the tenant's name or notification preferences",
          .request_schema = "ProfilePatch",
          .body = BodyNeed::Optional,
          .response_schema = "Profile"},
    Route{.method = Method::Get,
          .path = "/v1/me/status",
          .auth = AuthKind::User,
          .handler = show_subscription,
          .operation_id = "showSubscription",
          .summary = "Plan and subscription of the tenant",
          .response_schema = "Subscription"},
    Route{.method = Method::Get,
          .path = "/v1/health",
          .auth = AuthKind::None,
          .handler = show_health,
          .operation_id = "showHealth",
          .summary = "Is the service able to work?",
          .response_schema = "Health"},
    Route{.method = Method::Get,
          .path = "/v1/openapi.json",
          .auth = AuthKind::None,
          .handler = show_openapi,
          .operation_id = "showOpenApi",
          .summary = "This API as an OpenAPI document",
          .response_schema = "OpenApiDocument"},
};

consteval bool all_described() {
    for (const auto& route : kRoutes) {
        if (!route.response_schema.empty() && !schemas::is_known(route.response_schema))
            return false;
        if (!route.request_schema.empty() && !schemas::is_known(route.request_schema)) return false;
        for (const auto& name : route.query)
            if (schemas::find_query_parameter(name) == nullptr) return false;
    }
    return true;
}

static_assert(all_complete(kRoutes), "a route lacks its path, auth, handler, summary or schema");
static_assert(all_distinct(kRoutes), "two routes share method and path, or an operation id");
static_assert(all_described(),
              "a route names a schema or query parameter of schemas.h that is not");

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

}  // namespace fcgi
