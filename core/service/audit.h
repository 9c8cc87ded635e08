// The audit log as people read it. Thread-compatible.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/service/page.h"

#include <optional>
#include <string>

namespace core::service {

struct Runtime;

struct AuditEvent {
    AuditEventId id;
    std::string event_type;
    std::optional<std::string> actor_id;
    std::string actor_type;  // agent, user, operator
    std::string resource_type;
    std::optional<std::string> resource_id;
    std::string metadata;  // JSON text of an object
    std::optional<std::string> ip_address;
    std::optional<std::string> user_agent;
    Timestamp created_at;
};

class Audit {
  public:
    // `runtime` must outlive this object.
    explicit Audit(const Runtime& runtime) : m_runtime(runtime) {}

    // Newest first. Errors: StoreUnavailable.
    Result<Page<AuditEvent>> list(const TenantId& tenant, const PageRequest& page);

  private:
    const Runtime& m_runtime;
};

}  // namespace core::service
