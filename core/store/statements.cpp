#include "core/store/statements.h"

#include <array>

namespace core::store {
namespace {

constexpr unsigned bit(Role role) {
    return 1U << static_cast<unsigned>(role);
}
constexpr unsigned kApp = bit(Role::App);
constexpr unsigned kReader = bit(Role::Reader);
constexpr unsigned kMaint = bit(Role::Maint);
constexpr unsigned kMigrator = bit(Role::Migrator);
constexpr unsigned kEveryone = kApp | kReader | kMaint | kMigrator;

// The read of secrets: one row in, one row out, one audit event, for any number of requests at once
// (architecture.md §2). What it decides is numbered as in read_batcher.h, ReadOutcome.
//
// Lateral look-ups with limit 1 make a nested loop over primary keys whatever the planner believes;
// plain left joins would scan a tenant's secrets. Every join carries the tenant of the verified
// token. A refusal that a thread decided by itself ($9) looks up nothing at all: what it costs does
// not tell whether the secret exists.
constexpr const char* kReadSecrets = R"sql(
with q as (
    select q.tenant_id, q.token_id, q.agent_id, q.namespace, q.key, q.version, q.max_tier,
           q.limits_version, q.refusal, q.may_list, q.event_id, q.ip_address::inet as ip_address,
           q.user_agent, q.request_id, q.n
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[],
                $7::bigint[], $8::bigint[], $9::text[], $10::boolean[], $11::uuid[], $12::text[],
                $13::text[], $14::text[])
        with ordinality as q (tenant_id, token_id, agent_id, namespace, key, version, max_tier,
                              limits_version, refusal, may_list, event_id, ip_address,
                              user_agent, request_id, n)
),
r as (
    select q.tenant_id, q.token_id, q.agent_id, q.namespace, q.key, q.refusal, q.event_id,
           q.ip_address, q.user_agent, q.request_id, q.n,
           s.secret_id, s.secret_type, s.access_tier, s.metadata, s.current_version, s.created_at,
           s.updated_at, v.version, v.kek_id, v.access_tier as version_tier,
           v.expires_at as version_expires_at, v.dek_box, v.value_box,
           case
               when t.token_id is null or t.revoked_at is not null then 2
               when t.expires_at <= now() then 3
               when a.agent_id is null or not a.active then 4
               when q.ip_address <<= any (a.ip_allowlist) is false then 5
               when q.refusal is not null then 1
               when a.limits_version <> q.limits_version then 6
               when s.secret_id is null and q.may_list then 7
               when s.secret_id is null then 8
               when s.access_tier > q.max_tier then 9
               when v.version is null then 10
               when least(s.expires_at, v.expires_at) <= now() then 11
               else 0
           end as outcome
    from q
    left join lateral (
        select t.token_id, t.expires_at, t.revoked_at
        from store.tokens t
        where t.tenant_id = q.tenant_id and t.token_id = q.token_id and t.agent_id = q.agent_id
        limit 1
    ) t on true
    left join lateral (
        select a.agent_id, a.active, a.limits_version, a.ip_allowlist
        from store.agents a
        where a.tenant_id = q.tenant_id and a.agent_id = q.agent_id
        limit 1
    ) a on true
    left join lateral (
        select s.secret_id, s.secret_type, s.access_tier, s.metadata, s.current_version,
               s.expires_at, s.created_at, s.updated_at
        from store.secrets s
        where q.refusal is null and s.tenant_id = q.tenant_id
          and s.namespace = q.namespace and s.key = q.key and s.deleted_at is null
        limit 1
    ) s on true
    left join lateral (
        select v.version, v.kek_id, v.access_tier, v.expires_at, v.dek_box, v.value_box
        from store.secret_versions v
        where v.tenant_id = q.tenant_id and v.secret_id = s.secret_id
          and v.version = coalesce(q.version, s.current_version)
        limit 1
    ) v on true
),
recorded as (
    insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                    resource_type, resource_id, namespace, key, version, token_id,
                                    reason, ip_address, user_agent, request_id)
    select r.tenant_id, r.event_id,
           case when r.outcome = 0 then 'secret.read' else 'secret.read.denied' end,
           'agent', r.agent_id, 'secret', r.secret_id, r.namespace, r.key, r.version, r.token_id,
           case r.outcome
               when 1 then r.refusal
               when 2 then 'token_revoked'
               when 3 then 'token_expired'
               when 4 then 'agent_inactive'
               when 5 then 'address_not_allowed'
               when 8 then 'secret_not_found'
               when 9 then 'approval_needed'
               when 10 then 'version_not_found'
               when 11 then 'secret_expired'
           end,
           r.ip_address, r.user_agent, r.request_id
    from r
    where r.outcome not in (6, 7)
)
select r.outcome, r.secret_id, r.secret_type, r.access_tier, r.metadata, r.current_version,
       r.created_at, r.updated_at, r.version, r.kek_id, r.version_tier, r.version_expires_at,
       case when r.outcome = 0 then r.dek_box end, case when r.outcome = 0 then r.value_box end
from r
order by r.n
)sql";

// Issues a token unless its scopes cover a live secret of a tier that needs approval: then nothing
// is inserted and the tier comes back. $5 to $8 describe what must not exist: a pattern, the range
// of paths that its literal prefix allows, and the tier.
constexpr const char* kIssueToken = R"sql(
with covered as (
    select max(s.access_tier)::bigint as tier
    from unnest($5::text[], $6::text[], $7::text[], $8::bigint[]) as p (pattern, low, high, tier)
    cross join lateral (
        select s.access_tier
        from store.secrets s
        where s.tenant_id = $1::uuid and s.deleted_at is null and s.access_tier > 0
          and s.access_tier = p.tier::smallint and s.path >= p.low and s.path < p.high
          and s.path like p.pattern
        limit 1
    ) s
),
issued as (
    insert into store.tokens (tenant_id, token_id, agent_id, signing_key_id, plan_hint, token_epoch,
                              agent_limits_version, scopes, max_uses, ip_allowlist, issued_at,
                              expires_at)
    select $1::uuid, $2::uuid, $3::uuid, $4::uuid, $9::text, $10::bigint, $11::bigint, $12::text[],
           $13::bigint::integer, $14::text[]::inet[], date_trunc('second', now()),
           date_trunc('second', now()) + make_interval(secs => $15::bigint)
    from covered
    where covered.tier is null
    returning token_id, issued_at, expires_at
),
recorded as (
    insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                    resource_type, resource_id, token_id, details, ip_address,
                                    user_agent, request_id)
    select $1::uuid, $16::uuid, 'token.issued', 'agent', $3::uuid, 'token', i.token_id, i.token_id,
           json_build_object('scopes', $12::text[], 'expires_at', i.expires_at), $17::text::inet,
           $18::text, $19::text
    from issued i
)
select c.tier, i.issued_at, i.expires_at
from covered c
left join issued i on true
)sql";

constexpr auto kStatements = std::to_array<StatementText>({
    {Statement::Begin, "begin", "begin", kEveryone},
    {Statement::Commit, "commit", "commit", kEveryone},
    {Statement::Rollback, "rollback", "rollback", kEveryone},
    {Statement::SetTenant,
     "set_tenant",
     "select pg_catalog.set_config('secretstore.tenant', $1::text, true)",
     kApp},
    {Statement::Ping, "ping", "select 1::bigint", kEveryone},

    {Statement::FindMemberships,
     "find_memberships",
     R"sql(
select m.tenant_id, m.user_id, m.role from store.find_memberships($1::text, $2::text) m
)sql",
     kApp},
    {Statement::InsertTenant,
     "insert_tenant",
     R"sql(
insert into store.tenants (tenant_id, name, plan, rate_limit_key)
values ($1::uuid, $2::text, $3::text, $4::text)
returning created_at
)sql",
     kMaint},
    {Statement::UpsertUser,
     "upsert_user",
     R"sql(
insert into store.users (user_id, issuer, subject, email)
values ($1::uuid, $2::text, $3::text, $4::text)
on conflict (issuer, subject) do update set email = excluded.email
returning user_id
)sql",
     kMaint},
    {Statement::InsertMember,
     "insert_member",
     R"sql(
insert into store.members (tenant_id, user_id, role) values ($1::uuid, $2::uuid, $3::text)
)sql",
     kMaint},
    {Statement::ListTenants,
     "list_tenants",
     R"sql(
select t.tenant_id, t.name, t.plan, t.created_at from store.tenants t order by t.created_at, t.tenant_id
)sql",
     kMaint},
    {Statement::FindLocalMember,
     "find_local_member",
     R"sql(
select u.user_id
from store.users u
join store.members m on m.user_id = u.user_id
where m.tenant_id = $1::uuid and u.issuer = $2::text and u.subject = $3::text
)sql",
     kMaint},

    {Statement::FindRootKey,
     "find_root_key",
     R"sql(
select r.check_value from store.root_keys r where r.root_key_id = $1::uuid
)sql",
     kApp | kMaint},
    {Statement::CountRootKeys,
     "count_root_keys",
     "select count(*) from store.root_keys",
     kApp | kMaint},
    {Statement::InsertRootKey,
     "insert_root_key",
     R"sql(
insert into store.root_keys (root_key_id, check_value) values ($1::uuid, $2::bytea)
)sql",
     kMaint},
    {Statement::ListServiceKeys,
     "list_service_keys",
     R"sql(
select k.key_id, k.purpose, k.generation, k.state, k.box
from store.service_keys k
where k.state in ('active', 'verify_only')
order by k.purpose, k.state, k.generation desc
)sql",
     kApp | kMaint},
    {Statement::InsertServiceKey,
     "insert_service_key",
     R"sql(
insert into store.service_keys (key_id, purpose, generation, state, box)
values ($1::uuid, $2::text, $3::bigint, 'active', $4::bytea)
)sql",
     kMaint},
    {Statement::UpsertKeySet,
     "upsert_key_set",
     R"sql(
insert into store.key_sets (issuer, key_set) values ($1::text, $2::text)
on conflict (issuer) do update set key_set = excluded.key_set, fetched_at = now()
)sql",
     kMaint},
    {Statement::FindKeySet,
     "find_key_set",
     R"sql(
select k.key_set from store.key_sets k where k.issuer = $1::text
)sql",
     kApp | kMaint},
    {Statement::InsertTenantKey,
     "insert_tenant_key",
     R"sql(
insert into store.tenant_keys (tenant_id, kek_id, generation, state, box)
values ($1::uuid, $2::uuid, $3::bigint, 'active', $4::bytea)
)sql",
     kMaint},
    {Statement::FindActiveTenantKey,
     "find_active_tenant_key",
     R"sql(
select k.kek_id, k.generation, k.box
from store.tenant_keys k
where k.tenant_id = $1::uuid and k.state = 'active'
)sql",
     kApp},
    {Statement::FindTenantKey,
     "find_tenant_key",
     R"sql(
select k.kek_id, k.generation, k.box
from store.tenant_keys k
where k.tenant_id = $1::uuid and k.kek_id = $2::uuid and k.state <> 'destroyed'
)sql",
     kApp},

    {Statement::FindAgentKey,
     "find_agent_key",
     R"sql(
select a.tenant_id, a.agent_id, a.name, a.key_pepper_id, a.key_mac, a.allowed_namespaces,
       a.allowed_scopes, a.ip_allowlist, a.limits_version, a.active, a.plan, a.rate_limit_key
from store.find_agent_key($1::text) a
)sql",
     kApp},
    {Statement::InsertAgent,
     "insert_agent",
     R"sql(
insert into store.agents (tenant_id, agent_id, name, description, key_public_id, key_pepper_id,
                          key_mac, allowed_namespaces, allowed_scopes, ip_allowlist, created_by)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::uuid, $7::bytea, $8::text[],
        $9::text[], $10::text[]::inet[], $11::uuid)
returning created_at
)sql",
     kApp},
    {Statement::ListAgents,
     "list_agents",
     R"sql(
select a.agent_id, a.name, a.description, a.key_public_id, a.allowed_namespaces, a.allowed_scopes,
       a.ip_allowlist::text[], a.active, a.created_at, a.last_active_at
from store.agents a
where a.tenant_id = $1::uuid
order by a.agent_id
limit $2::bigint offset $3::bigint
)sql",
     kApp},
    {Statement::CountAgents,
     "count_agents",
     "select count(*) from store.agents a where a.tenant_id = $1::uuid",
     kApp},
    // Once a minute at most: a busy agent's row is not to be rewritten with every token.
    {Statement::TouchAgent,
     "touch_agent",
     R"sql(
update store.agents a
set last_active_at = now()
where a.tenant_id = $1::uuid and a.agent_id = $2::uuid
  and (a.last_active_at is null or a.last_active_at < now() - interval '1 minute')
)sql",
     kApp},

    {Statement::IssueToken, "issue_token", kIssueToken, kApp},
    // Outcomes as in token_store.h, TokenState.
    {Statement::FindTokenState,
     "find_token_state",
     R"sql(
select case
           when t.revoked_at is not null then 1
           when t.expires_at <= now() then 2
           when not a.active then 3
           when $4::text::inet <<= any (a.ip_allowlist) is false then 4
           else 0
       end,
       a.limits_version, a.allowed_namespaces, a.allowed_scopes
from store.tokens t
join store.agents a on a.tenant_id = t.tenant_id and a.agent_id = t.agent_id
where t.tenant_id = $1::uuid and t.token_id = $2::uuid and t.agent_id = $3::uuid
)sql",
     kApp},
    // The guard and the count are one statement: under any concurrency no more than max_uses pass.
    {Statement::CountTokenUse,
     "count_token_use",
     R"sql(
update store.tokens t
set uses = t.uses + 1
where t.tenant_id = $1::uuid and t.token_id = $2::uuid and t.uses < t.max_uses
)sql",
     kApp},

    {Statement::ExpireApproval,
     "expire_approval",
     R"sql(
with expired as (
    update store.approvals p
    set status = 'expired', decided_at = now()
    where p.tenant_id = $1::uuid and p.agent_id = $2::uuid and p.request_digest = $3::bytea
      and p.status = 'pending' and p.expires_at <= now()
    returning p.approval_id
)
insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                resource_type, resource_id, ip_address, user_agent, request_id)
select $1::uuid, $4::uuid, 'approval.expired', 'agent', $2::uuid, 'approval', e.approval_id,
       $5::text::inet, $6::text, $7::text
from expired e
)sql",
     kApp},
    {Statement::RequestApproval,
     "request_approval",
     R"sql(
with requested as (
    insert into store.approvals (tenant_id, approval_id, agent_id, request_digest, requested_scopes,
                                 ttl_seconds, max_uses, ip_allowlist, reason, access_tier,
                                 ip_address, user_agent, expires_at)
    values ($1::uuid, $2::uuid, $3::uuid, $4::bytea, $5::text[], $6::bigint, $7::bigint::integer,
            $8::text[]::inet[], $9::text, $10::bigint::smallint, $11::text::inet, $12::text,
            now() + make_interval(secs => $13::bigint))
    on conflict (tenant_id, agent_id, request_digest) where status = 'pending' do nothing
    returning approval_id
)
insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                resource_type, resource_id, details, ip_address, user_agent,
                                request_id)
select $1::uuid, $14::uuid, 'approval.requested', 'agent', $3::uuid, 'approval', r.approval_id,
       json_build_object('scopes', $5::text[]), $11::text::inet, $12::text, $15::text
from requested r
)sql",
     kApp},
    {Statement::FindPendingApproval,
     "find_pending_approval",
     R"sql(
select p.approval_id
from store.approvals p
where p.tenant_id = $1::uuid and p.agent_id = $2::uuid and p.request_digest = $3::bytea
  and p.status = 'pending'
)sql",
     kApp},

    {Statement::ReadSecrets, "read_secrets", kReadSecrets, kReader | kApp},
    // The same columns as read_secrets, for a person: no token, no tier ceiling, nothing recorded.
    {Statement::ReadSecretForUser,
     "read_secret_for_user",
     R"sql(
select case
           when s.secret_id is null then 8
           when v.version is null then 10
           when least(s.expires_at, v.expires_at) <= now() then 11
           else 0
       end,
       s.secret_id, s.secret_type, s.access_tier, s.metadata, s.current_version, s.created_at,
       s.updated_at, v.version, v.kek_id, v.access_tier, v.expires_at, v.dek_box, v.value_box
from (select 1) as one
left join store.secrets s
    on s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = $3::text
    and s.deleted_at is null
left join store.secret_versions v
    on v.tenant_id = s.tenant_id and v.secret_id = s.secret_id
    and v.version = coalesce($4::bigint, s.current_version)
)sql",
     kApp},
    {Statement::LockSecret,
     "lock_secret",
     R"sql(
select s.secret_id, s.secret_type, s.access_tier::bigint, s.metadata, s.current_version,
       s.expires_at, s.created_at
from store.secrets s
where s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = $3::text
  and s.deleted_at is null
for update
)sql",
     kApp},
    // No row where another transaction was faster: the caller starts again and locks that one.
    {Statement::InsertSecret,
     "insert_secret",
     R"sql(
insert into store.secrets (tenant_id, secret_id, namespace, key, secret_type, access_tier, metadata,
                           current_version, expires_at)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::bigint::smallint, $7::text::json, 1,
        $8::timestamptz)
on conflict (tenant_id, namespace, key) where deleted_at is null do nothing
returning created_at, updated_at
)sql",
     kApp},
    {Statement::UpdateSecret,
     "update_secret",
     R"sql(
update store.secrets s
set secret_type = $3::text, access_tier = $4::bigint::smallint, metadata = $5::text::json,
    current_version = $6::bigint, expires_at = $7::timestamptz, updated_at = now()
where s.tenant_id = $1::uuid and s.secret_id = $2::uuid
returning s.created_at, s.updated_at
)sql",
     kApp},
    {Statement::InsertSecretVersion,
     "insert_secret_version",
     R"sql(
insert into store.secret_versions (tenant_id, secret_id, version, kek_id, access_tier, expires_at,
                                   dek_box, value_box, created_by_type, created_by)
values ($1::uuid, $2::uuid, $3::bigint, $4::uuid, $5::bigint::smallint, $6::timestamptz, $7::bytea,
        $8::bytea, $9::text, $10::uuid)
)sql",
     kApp},
    // $3 to $5: path patterns of the token, of its agent's scopes and of its agent's namespaces;
    // '%' where they don't limit.
    {Statement::ListSecrets,
     "list_secrets",
     R"sql(
select s.secret_id, s.namespace, s.key, s.current_version, s.secret_type, s.access_tier::bigint,
       s.metadata, s.created_at, s.updated_at, s.expires_at, coalesce(s.expires_at <= now(), false)
from store.secrets s
where s.tenant_id = $1::uuid and s.namespace = $2::text and s.deleted_at is null
  and s.path like any ($3::text[]) and s.path like any ($4::text[]) and s.path like any ($5::text[])
order by s.key
limit $6::bigint offset $7::bigint
)sql",
     kApp},
    {Statement::CountSecrets,
     "count_secrets",
     R"sql(
select count(*)
from store.secrets s
where s.tenant_id = $1::uuid and s.namespace = $2::text and s.deleted_at is null
  and s.path like any ($3::text[]) and s.path like any ($4::text[]) and s.path like any ($5::text[])
)sql",
     kApp},
    {Statement::SecretExists,
     "secret_exists",
     R"sql(
select exists (
    select from store.secrets s
    where s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = $3::text
      and s.deleted_at is null)
)sql",
     kApp},

    {Statement::InsertAuditEvent,
     "insert_audit_event",
     R"sql(
insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                resource_type, resource_id, namespace, key, version, token_id,
                                reason, details, ip_address, user_agent, request_id)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::uuid, $6::text, $7::uuid, $8::text, $9::text,
        $10::bigint, $11::uuid, $12::text, $13::text::json, $14::text::inet, $15::text, $16::text)
)sql",
     kApp | kMaint},
    {Statement::ListAuditEvents,
     "list_audit_events",
     R"sql(
select e.event_id, e.event_type, e.actor_type, e.actor_id, e.resource_type, e.resource_id,
       e.namespace, e.key, e.version, e.token_id, e.reason, e.details, host(e.ip_address),
       e.user_agent, e.request_id, e.created_at
from store.audit_events e
where e.tenant_id = $1::uuid
order by e.created_at desc, e.seq desc
limit $2::bigint offset $3::bigint
)sql",
     kApp},
    {Statement::CountAuditEvents,
     "count_audit_events",
     "select count(*) from store.audit_events e where e.tenant_id = $1::uuid",
     kApp},
    {Statement::CreateAuditPartitions,
     "create_audit_partitions",
     R"sql(
select store.create_audit_partitions((current_date - interval '1 month')::date,
                                     (current_date + make_interval(months => $1::bigint::integer))::date)
)sql",
     kMaint},

    {Statement::FindSchemaVersion,
     "find_schema_version",
     R"sql(
select coalesce(max(m.number), 0)::bigint,
       coalesce(max(m.number) filter (where m.breaking), 0)::bigint
from store.schema_migrations m
)sql",
     kApp | kMaint},
    // No role: the migrator prepares these two once their table is there.
    {Statement::FindMigration,
     "find_migration",
     R"sql(
select m.sha256 = sha256($2::bytea) from store.schema_migrations m where m.number = $1::bigint
)sql",
     0},
    {Statement::InsertMigration,
     "insert_migration",
     R"sql(
insert into store.schema_migrations (number, name, sha256, breaking)
values ($1::bigint::integer, $2::text, sha256($3::bytea), $4::boolean)
)sql",
     0},
});

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < kStatements.size(); ++i)
        if (static_cast<std::size_t>(kStatements[i].id) != i) return false;
    return kStatements.size() == static_cast<std::size_t>(Statement::InsertMigration) + 1;
}
static_assert(is_in_order(), "the table must follow the enumeration");

}  // namespace

const StatementText& statement_text(Statement statement) {
    return kStatements[static_cast<std::size_t>(statement)];
}

std::span<const StatementText> all_statements() {
    return kStatements;
}

}  // namespace core::store
