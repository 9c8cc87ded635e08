// How the services write the audit log: who and whence from a principal, and a refusal as a
// transaction of its own.
#pragma once

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/identity/principal.h"
#include "core/scope/secret_path.h"
#include "core/store/audit_store.h"

#include <string>
#include <string_view>

namespace core::service {

struct Actor;
struct KeylessRuntime;

store::AuditOrigin audit_origin_of_agent(const AgentId& agent, const identity::Origin& origin);
store::AuditOrigin audit_origin(const identity::AgentPrincipal& agent,
                                const identity::Origin& origin);
store::AuditOrigin audit_origin(const identity::TokenPrincipal& token,
                                const identity::Origin& origin);
store::AuditOrigin audit_origin(const identity::UserPrincipal& user,
                                const identity::Origin& origin);
store::AuditOrigin audit_origin(const Actor& actor, const identity::Origin& origin);
// Of one that belongs to a tenant. Precondition: neither std::monostate nor an IdentityPrincipal.
store::AuditOrigin audit_origin(const identity::Principal& principal,
                                const identity::Origin& origin);
TenantId tenant_of(const identity::Principal& principal);

// An access to a secret by its path; and a refused one, with `reason` as a word of ours.
store::AuditRecord access_record(const KeylessRuntime& runtime,
                                 std::string_view event_type,
                                 const scope::SecretPath& path,
                                 const identity::Principal& principal);
store::AuditRecord refused_access(const KeylessRuntime& runtime,
                                  std::string_view event_type,
                                  const scope::SecretPath& path,
                                  const identity::Principal& principal,
                                  std::string_view reason);

// A credential, known or a principal's, that was refused for what it is and not for what it asked.
store::AuditRecord failed_authentication(const KeylessRuntime& runtime,
                                         std::string_view resource_type,
                                         const UuidBytes& resource,
                                         std::string_view reason);
store::AuditRecord refused_caller(const KeylessRuntime& runtime,
                                  const identity::Principal& principal,
                                  std::string_view reason);

// What became of a tenant; and what the operator at the host did to it, queued in the transaction
// that does it.
store::AuditRecord tenant_record(const Clock& clock,
                                 const TenantId& tenant,
                                 std::string_view type,
                                 JsonWriter details);
void add_act_of_operator(store::Transaction& transaction,
                         const TenantId& tenant,
                         const store::AuditRecord& record);

// Nothing was done: the request was judged by another plan than its tenant has now.
Error plan_changed();

// Writes one record, committed, and then gives `error`; where it can't be written, StoreUnavailable
// instead: no audit, no answer.
Failure refuse(const KeylessRuntime& runtime,
               const TenantId& tenant,
               const store::AuditOrigin& origin,
               const store::AuditRecord& record,
               Error error);
// The same on a connection that the caller holds: a thread that holds one must not ask for another,
// or threads could starve the pool.
Failure refuse(store::Connection& connection,
               const TenantId& tenant,
               const store::AuditOrigin& origin,
               const store::AuditRecord& record,
               Error error);

// The same for what a scoped token's own claims refuse: one that is no longer valid gets the 401
// that it would get anywhere, whatever it asked for. PlanChanged, with nothing recorded, where it
// was judged by another plan than its tenant has.
Failure refuse_token(const KeylessRuntime& runtime,
                     const identity::TokenPrincipal& token,
                     const identity::Origin& origin,
                     store::AuditRecord record,
                     Error error);
Failure refuse_token(store::Connection& connection,
                     const identity::TokenPrincipal& token,
                     const identity::Origin& origin,
                     store::AuditRecord record,
                     Error error);

}  // namespace core::service
