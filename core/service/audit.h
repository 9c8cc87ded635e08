// The audit log as people read it: by page, or all of it as a file. Thread-compatible.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/secret.h"
#include "core/service/page.h"
#include "core/store/audit_store.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace core {
class JsonWriter;
}

namespace core::service {

struct Runtime;

using store::AuditFilter;

struct AuditEvent {
    AuditEventId id;
    std::string event_type;
    std::string actor_id;    // of the agent or user; `operator` for the operator at the host
    std::string actor_type;  // agent, user, operator
    std::string resource_type;
    std::optional<std::string> resource_id;
    std::string metadata;  // JSON text of an object
    std::optional<std::string> ip_address;
    std::optional<std::string> user_agent;
    Timestamp created_at;
};

struct AuditQuery {
    AuditFilter filter;
    PageRequest page;
    // Of the page before, in place of a page number: costs the same at any depth.
    std::optional<std::string> cursor;
};

struct AuditPage {
    std::vector<AuditEvent> events;
    std::int64_t total = 0;  // exact, of all pages
    // Of the page that follows; nothing at the end.
    std::optional<std::string> next_cursor;
};

enum class ExportFormat : std::uint8_t { Csv, JsonLines };

// Gives the next piece of an export, empty at the end. An error in the middle means that what came
// so far is not all. Keeps the Runtime that it was made with.
using AuditExport = std::function<Result<std::string>()>;

class Audit {
  public:
    // `runtime` must outlive this object.
    explicit Audit(const Runtime& runtime) : m_runtime(runtime) {}

    // Newest first. Errors: InvalidRequest (cursor), StoreUnavailable.
    Result<AuditPage> list(const TenantId& tenant, const AuditQuery& query);

    // Everything that passes the filter, newest first, in memory that does not grow with it.
    // Errors: RateLimited where this process writes as many exports as it may already.
    Result<AuditExport> start_export(const TenantId& tenant,
                                     const AuditFilter& filter,
                                     ExportFormat format);

  private:
    const Runtime& m_runtime;
};

// One event as the API shows it: a JSON object.
void write_audit_event(JsonWriter& json, const AuditEvent& event);

}  // namespace core::service
