#include "fcgi/routes.h"

#include "fcgi/handlers/agent_handlers.h"
#include "fcgi/handlers/audit_handlers.h"
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
constexpr std::array<std::string_view, 3> kListing{"namespace", "page", "limit"};
// A path of several segments may turn out to be a namespace, and is then paged.
constexpr std::array<std::string_view, 3> kReading{"version", "page", "limit"};

constexpr std::array kCreateAgentErrors{ErrorCode::PlanLimitReached};
constexpr std::array kReadErrors{ErrorCode::SecretNotFound, ErrorCode::SecretExpired};
constexpr std::array kWriteErrors{ErrorCode::VersionConflict};

constexpr std::array kRoutes{
    Route{.method = Method::Post,
          .path = "/v1/agents",
          .auth = AuthKind::User,
          .handler = create_agent,
          .operation_id = "createAgent",
          .summary = "Create an agent; its key is shown once",
          .request_schema = "NewAgent",
          .response_schema = "CreatedAgent",
          .errors = kCreateAgentErrors},
    Route{.method = Method::Get,
          .path = "/v1/agents",
          .auth = AuthKind::User,
          .handler = list_agents,
          .operation_id = "listAgents",
          .summary = "List the agents of the tenant",
          .query = kPaging,
          .response_schema = "AgentPage"},
    Route{.method = Method::Post,
          .path = "/v1/tokens",
          .auth = AuthKind::AgentKey,
          .handler = request_token,
          .operation_id = "requestToken",
          .summary = "Trade an agent key for a scoped token",
          .request_schema = "TokenRequest",
          .response_schema = "TokenAnswer"},
    Route{.method = Method::Get,
          .path = "/v1/secrets",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Read,
          .handler = list_secrets,
          .operation_id = "listSecrets",
          .summary = "List a namespace; never values",
          .query = kListing,
          .response_schema = "SecretListing"},
    Route{.method = Method::Get,
          .path = "/v1/secrets/{secret_path+}",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Read,
          .handler = read_secret,
          .operation_id = "readSecret",
          .summary = "Read a secret; a single segment lists that namespace",
          .query = kReading,
          .response_schema = "SecretOrListing",
          .errors = kReadErrors},
    Route{.method = Method::Put,
          .path = "/v1/secrets/{secret_path+}",
          .auth = AuthKind::ScopedTokenOrUser,
          .action = RequiredAction::Write,
          .handler = put_secret,
          .operation_id = "storeSecret",
          .summary = "Store a secret or its next version",
          .request_schema = "SecretWrite",
          .response_schema = "StoredSecret",
          .errors = kWriteErrors},
    Route{.method = Method::Get,
          .path = "/v1/audit",
          .auth = AuthKind::User,
          .handler = list_audit_events,
          .operation_id = "listAuditEvents",
          .summary = "Read the audit log, newest first",
          .query = kPaging,
          .response_schema = "AuditPage"},
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
        if (!schemas::is_known(route.response_schema)) return false;
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
