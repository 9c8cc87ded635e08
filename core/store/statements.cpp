#include "core/store/statements.h"

#include <array>
#include <string_view>

namespace core::store {
namespace {

constexpr unsigned bit(Role role) {
    return 1U << static_cast<unsigned>(role);
}
constexpr unsigned kApp = bit(Role::App);
constexpr unsigned kReader = bit(Role::Reader);
constexpr unsigned kEgress = bit(Role::Egress);
constexpr unsigned kBilling = bit(Role::Billing);
constexpr unsigned kMaint = bit(Role::Maint);
constexpr unsigned kMigrator = bit(Role::Migrator);
constexpr unsigned kBackup = bit(Role::Backup);
constexpr unsigned kEveryone = kApp | kReader | kEgress | kBilling | kMaint | kMigrator;

// The read of secrets: one row in, one row out, one audit event, for any number of requests at once
// (architecture.md §2). What it decides is numbered as in read_batcher.h, ReadOutcome.
//
// Lateral look-ups with limit 1 make a nested loop over primary keys whatever the planner believes;
// plain left joins would scan a tenant's secrets. Nothing but the primary key stands in them, or
// the planner could take another index for what is beside it: the token's agent is compared above.
// Every join carries the tenant of the verified token. A refusal that a thread decided by itself
// ($9) looks up nothing at all: what it costs does not tell whether the secret exists.
constexpr const char* kReadSecrets = R"sql(
with q as (
    select q.tenant_id, q.token_id, q.agent_id, q.namespace, q.key, q.version, q.max_tier,
           q.limits_version, q.refusal, q.may_list, q.event_id, q.ip_address::inet as ip_address,
           q.user_agent, q.request_id, q.plan_version, q.n
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[],
                $7::bigint[], $8::bigint[], $9::text[], $10::boolean[], $11::uuid[], $12::text[],
                $13::text[], $14::text[], $15::bigint[])
        with ordinality as q (tenant_id, token_id, agent_id, namespace, key, version, max_tier,
                              limits_version, refusal, may_list, event_id, ip_address,
                              user_agent, request_id, plan_version, n)
),
r as (
    select q.tenant_id, q.token_id, q.agent_id, q.namespace, q.key, q.refusal, q.event_id,
           q.ip_address, q.user_agent, q.request_id, q.n,
           s.secret_id, s.secret_type, s.access_tier, s.metadata, s.current_version, s.created_at,
           s.updated_at, v.version, v.kek_id, v.access_tier as version_tier,
           v.expires_at as version_expires_at, v.dek_box, v.value_box,
           case
               when t.token_id is null or t.agent_id <> q.agent_id or t.revoked_at is not null
                   then 2
               when t.expires_at <= now() then 3
               when a.agent_id is null or not a.active then 4
               when t.agent_key_version <> a.key_version then 2
               when q.ip_address <<= any (a.ip_allowlist) is false then 5
               when p.plan_version <> q.plan_version then 12
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
        select t.token_id, t.agent_id, t.expires_at, t.revoked_at, t.agent_key_version
        from store.tokens t
        where t.tenant_id = q.tenant_id and t.token_id = q.token_id
        limit 1
    ) t on true
    left join lateral (
        select a.agent_id, a.active, a.limits_version, a.key_version, a.ip_allowlist
        from store.agents a
        where a.tenant_id = q.tenant_id and a.agent_id = q.agent_id
        limit 1
    ) a on true
    left join lateral (
        select p.plan_version
        from store.tenants p
        where p.tenant_id = q.tenant_id
        limit 1
    ) p on true
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
    where r.outcome not in (6, 7, 12)
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
//
// The same request of the same agent within 10 s (issued_at has whole seconds), or the same one
// sent again by nginx, gets the token that it got before, as long as that is of use. The answer
// gives a token away, so it is recorded again, unless it is the very same request.
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
earlier as (
    select t.token_id, t.issued_at, t.expires_at, t.scopes, t.ip_allowlist, t.request_id
    from store.tokens t
    where t.tenant_id = $1::uuid and t.agent_id = $3::uuid and t.request_digest = $20::bytea
      and (t.issued_at > now() - interval '11 seconds'
           or t.request_id = $19::text and t.issued_at > now() - interval '2 minutes')
      and t.revoked_at is null and t.expires_at > now()
      and (t.max_uses is null or t.uses < t.max_uses)
      and t.agent_limits_version = $11::bigint and t.agent_key_version = $21::bigint
      and t.signing_key_id = $4::uuid and t.token_epoch = $10::bigint and t.plan_hint = $9::text
      and t.access_tier = 0
    order by t.issued_at desc
    limit 1
),
issued as (
    insert into store.tokens (tenant_id, token_id, agent_id, signing_key_id, plan_hint, token_epoch,
                              agent_limits_version, agent_key_version, scopes, max_uses,
                              ip_allowlist, issued_at, expires_at, request_digest, request_id)
    select $1::uuid, $2::uuid, $3::uuid, $4::uuid, $9::text, $10::bigint, $11::bigint, $21::bigint,
           $12::text[], $13::bigint::integer, $14::text[]::inet[], date_trunc('second', now()),
           date_trunc('second', now()) + make_interval(secs => $15::bigint), $20::bytea, $19::text
    from covered
    where covered.tier is null and not exists (select from earlier)
    returning token_id, issued_at, expires_at, scopes, ip_allowlist
),
patterns as (
    insert into store.token_patterns (tenant_id, literal_prefix, token_id, ordinal, like_pattern)
    select $1::uuid, p.literal_prefix, i.token_id, p.n::smallint, p.like_pattern
    from issued i
    cross join unnest($22::text[], $23::text[]) with ordinality
        as p (literal_prefix, like_pattern, n)
),
answered as (
    select i.token_id, i.issued_at, i.expires_at, i.scopes, i.ip_allowlist, false as is_repeated,
           true as is_recorded
    from issued i
    union all
    select e.token_id, e.issued_at, e.expires_at, e.scopes, e.ip_allowlist, true,
           e.request_id is distinct from $19::text
    from earlier e, covered c
    where c.tier is null
),
recorded as (
    insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                    resource_type, resource_id, token_id, details, ip_address,
                                    user_agent, request_id)
    select $1::uuid, $16::uuid, 'token.issued', 'agent', $3::uuid, 'token', a.token_id, a.token_id,
           case when a.is_repeated
                then json_build_object('scopes', a.scopes, 'expires_at', x.expires_at,
                                       'repeated', true)
                else json_build_object('scopes', a.scopes, 'expires_at', x.expires_at)
           end,
           $17::text::inet, $18::text, $19::text
    from answered a
    cross join lateral (
        select to_char(a.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expires_at
    ) x
    where a.is_recorded
)
select c.tier, a.token_id, a.issued_at, a.expires_at, a.scopes, (select array_agg(abbrev(i.entry) order by i.n)
        from unnest(a.ip_allowlist) with ordinality as i (entry, n))
from covered c
left join answered a on true
)sql";

// A page of the audit log, newest first. $2 to $7 and $10 limit where they are not null, $8 and $9
// always (a coalesce around them would be no index condition below row-level security: PostgreSQL
// does not know it to keep a secret), $11 and $12 are the event that the page begins behind. The
// texts differ in the index that serves them: a plan for all of them would serve none.
constexpr std::string_view kAuditColumns = R"sql(
select e.event_id, e.event_type, e.actor_type, e.actor_id, e.resource_type, e.resource_id,
       e.namespace, e.key, e.version, e.token_id, e.reason, e.details, host(e.ip_address),
       e.user_agent, e.request_id, e.created_at, e.seq)sql";
constexpr std::string_view kAuditFrom = R"sql(
from store.audit_events e
where e.tenant_id = $1::uuid
  and e.created_at >= $8::timestamptz and e.created_at < $9::timestamptz
  and ($3::text is null or e.actor_type = $3::text)
  and ($4::uuid is null or e.actor_id = $4::uuid)
  and ($5::text is null or e.resource_type = $5::text)
  and ($6::uuid is null or e.resource_id = $6::uuid))sql";
constexpr std::string_view kAuditAny = R"sql(
  and ($2::text is null or e.event_type = $2::text)
  and ($7::text is null or e.namespace = $7::text)
  and $10::text is null)sql";
constexpr std::string_view kAuditOfPath = R"sql(
  and ($2::text is null or e.event_type = $2::text)
  and e.namespace = $7::text and e.key = $10::text)sql";
constexpr std::string_view kAuditOfType = R"sql(
  and e.event_type = $2::text and e.event_type <> 'secret.read'
  and ($7::text is null or e.namespace = $7::text)
  and $10::text is null)sql";
constexpr std::string_view kAuditPage = R"sql(
  and (e.created_at, e.seq) < ($11::timestamptz, $12::bigint)
order by e.created_at desc, e.seq desc
limit $13::bigint offset $14::bigint
)sql";
constexpr std::string_view kCount = "\nselect count(*)";

// The parts one behind the other, as a literal is.
template <const std::string_view&... Parts>
struct Joined {
    static constexpr auto kText = [] {
        std::array<char, (Parts.size() + ... + 1)> out{};
        std::size_t at = 0;
        const auto add = [&](std::string_view part) {
            for (const char c : part)
                out[at++] = c;
        };
        (add(Parts), ...);
        return out;
    }();
};

// Nothing but a namespace, which may hold nearly all events or nearly none. The newest 10,000 are
// looked through first; where they don't fill the page, all of the namespace are, by the index by
// path. Each `offset 0` keeps bounds of time out of what stands before it: PostgreSQL, who knows
// neither bounds nor namespace when it plans, would take the primary key for them.
constexpr std::string_view kAuditRow = R"sql(
select e.event_id, e.event_type, e.actor_type, e.actor_id, e.resource_type, e.resource_id,
       e.namespace, e.key, e.version, e.token_id, e.reason, e.details, e.ip_address,
       e.user_agent, e.request_id, e.created_at, e.seq)sql";
constexpr std::string_view kAuditFromNamespace = R"sql(
from store.audit_events e
where e.tenant_id = $1::uuid and e.namespace = $7::text
  and $2::text is null and $3::text is null and $4::uuid is null and $5::text is null
  and $6::uuid is null and $10::text is null)sql";
constexpr std::string_view kAuditWithin = R"sql(
offset 0) e
where e.created_at >= $8::timestamptz and e.created_at < $9::timestamptz)sql";
constexpr std::string_view kAuditBehind = R"sql(
  and (e.created_at, e.seq) < ($11::timestamptz, $12::bigint))sql";
constexpr std::string_view kAuditNear = "\nwith near as materialized (";
constexpr std::string_view kAuditFromNewest = R"sql(
from store.audit_events e
where e.tenant_id = $1::uuid
  and e.created_at >= $8::timestamptz and e.created_at < $9::timestamptz
  and (e.created_at, e.seq) < ($11::timestamptz, $12::bigint)
order by e.created_at desc, e.seq desc
limit 10000) e
where e.namespace = $7::text
order by e.created_at desc, e.seq desc
limit $13::bigint + $14::bigint),
found as (select count(*) = $13::bigint + $14::bigint as enough from near),
either as ()sql";
constexpr std::string_view kAuditFromNear = R"sql(
from near e
where (select enough from found)
union all ()sql";
constexpr std::string_view kAuditUnlessFound = "\n  and not (select enough from found)";
constexpr std::string_view kAuditTime = "\nselect e.created_at";
constexpr std::string_view kFrom = "\nfrom (";
constexpr std::string_view kClose = "))";
constexpr std::string_view kAuditPageOfEither = R"sql(
from either e
order by e.created_at desc, e.seq desc
limit $13::bigint offset $14::bigint
)sql";

constexpr auto& kListAuditEvents = Joined<kAuditColumns, kAuditFrom, kAuditAny, kAuditPage>::kText;
constexpr auto& kListAuditEventsOfPath =
    Joined<kAuditColumns, kAuditFrom, kAuditOfPath, kAuditPage>::kText;
constexpr auto& kListAuditEventsOfType =
    Joined<kAuditColumns, kAuditFrom, kAuditOfType, kAuditPage>::kText;
constexpr auto& kListAuditEventsOfNamespace = Joined<kAuditNear,
                                                     kAuditRow,
                                                     kFrom,
                                                     kAuditRow,
                                                     kAuditFromNewest,
                                                     kAuditRow,
                                                     kAuditFromNear,
                                                     kAuditRow,
                                                     kFrom,
                                                     kAuditRow,
                                                     kAuditFromNamespace,
                                                     kAuditUnlessFound,
                                                     kAuditWithin,
                                                     kAuditBehind,
                                                     kClose,
                                                     kAuditColumns,
                                                     kAuditPageOfEither>::kText;
constexpr auto& kCountAuditEvents = Joined<kCount, kAuditFrom, kAuditAny>::kText;
constexpr auto& kCountAuditEventsOfPath = Joined<kCount, kAuditFrom, kAuditOfPath>::kText;
constexpr auto& kCountAuditEventsOfType = Joined<kCount, kAuditFrom, kAuditOfType>::kText;
constexpr auto& kCountAuditEventsOfNamespace =
    Joined<kCount, kFrom, kAuditTime, kAuditFromNamespace, kAuditWithin>::kText;

// An approval as people see it. One that nobody decided in time has expired, whether a timer has
// said so yet or not. The secrets that need it are those of now that it would still cover, at most
// 100 by name; where the tenant has policies, also the namespaces that they are in, by tier.
constexpr std::string_view kApprovalColumns = R"sql(
select p.approval_id, p.agent_id, a.name, a.description, a.created_by,
       case when p.status = 'pending' and p.expires_at <= now() then 'expired' else p.status end,
       p.requested_scopes, p.ttl_seconds, p.max_uses::bigint, (select array_agg(abbrev(i.entry) order by i.n)
        from unnest(p.ip_allowlist) with ordinality as i (entry, n)), p.request_digest,
       p.granted_scopes, p.granted_ttl_seconds, p.granted_max_uses::bigint, p.reason,
       case when p.status = 'pending' then greatest(p.access_tier, m.tier) else p.access_tier
       end::bigint,
       host(p.ip_address), p.user_agent, p.created_at, p.expires_at, p.decided_at, p.token_id,
       m.total, m.paths, m.tier, m.covered
from store.approvals p
join store.agents a on a.tenant_id = p.tenant_id and a.agent_id = p.agent_id
cross join (
    select exists (select from store.approval_policies o where o.tenant_id = $1::uuid) as exist
) policies
cross join lateral (
    select count(*) as total, coalesce((array_agg(s.path order by s.path))[1:100], '{}') as paths,
           max(s.access_tier)::bigint as tier,
           coalesce(array_agg(distinct s.access_tier::text || ' ' || s.namespace)
                        filter (where policies.exist), '{}') as covered
    from store.secrets s
    where s.tenant_id = p.tenant_id and s.deleted_at is null and s.access_tier > 0
      and exists (
        select
        from unnest(coalesce(p.granted_scopes, p.requested_scopes)) as r (scope)
        cross join lateral (
            select substring(r.scope from '^secrets:(read|write|\*):') as action,
                   replace(replace(replace(substring(r.scope from '^secrets:[a-z*]+:(.*)$'),
                                           '\', '\\'), '_', '\_'), '*', '%') as pattern
        ) x
        where s.path like x.pattern
          and (x.action in ('read', '*') or x.action = 'write' and s.access_tier = 2))
) m
where p.tenant_id = $1::uuid)sql";
constexpr std::string_view kApprovalById = R"sql(
  and p.approval_id = $2::uuid
)sql";
constexpr std::string_view kApprovalPage = R"sql(
  and ($2::text is null
       or $2::text = case when p.status = 'pending' and p.expires_at <= now() then 'expired'
                          else p.status end)
order by p.approval_id desc
limit $3::bigint offset $4::bigint
)sql";
constexpr auto& kFindApproval = Joined<kApprovalColumns, kApprovalById>::kText;
constexpr auto& kListApprovals = Joined<kApprovalColumns, kApprovalPage>::kText;

// Everything of an approval that its decision and its token depend on, and its token where that is
// of use now.
constexpr std::string_view kApprovalStateColumns = R"sql(
select p.approval_id, p.agent_id, p.status, p.status = 'pending' and p.expires_at <= now(),
       p.access_tier::bigint, p.requested_scopes, p.ttl_seconds, p.max_uses::bigint,
       (select array_agg(abbrev(i.entry) order by i.n)
        from unnest(p.ip_allowlist) with ordinality as i (entry, n)), p.request_digest,
       coalesce(p.granted_scopes, p.requested_scopes),
       coalesce(p.granted_ttl_seconds, p.ttl_seconds),
       coalesce(p.granted_max_uses, p.max_uses)::bigint, p.reason, p.created_at, p.expires_at,
       p.decided_at,
       (select count(*) from store.approval_decisions d
        where d.tenant_id = p.tenant_id and d.approval_id = p.approval_id
          and d.decision = 'approved'),
       (select d.reason from store.approval_decisions d
        where d.tenant_id = p.tenant_id and d.approval_id = p.approval_id
          and d.decision = 'denied'),
       p.collected_at is not null,
       a.name, a.active, a.created_by, a.allowed_namespaces, a.allowed_scopes, a.limits_version,
       a.key_version, n.plan, n.rate_limit_key, now(),
       t.token_id, t.agent_id, t.signing_key_id, t.plan_hint, t.token_epoch,
       t.agent_limits_version, t.access_tier::bigint, t.scopes, t.max_uses::bigint,
       (select array_agg(abbrev(i.entry) order by i.n)
        from unnest(t.ip_allowlist) with ordinality as i (entry, n)), t.issued_at, t.expires_at
from store.approvals p
join store.agents a on a.tenant_id = p.tenant_id and a.agent_id = p.agent_id
join store.tenants n on n.tenant_id = p.tenant_id
left join store.tokens t
    on t.tenant_id = p.tenant_id and t.token_id = p.token_id and t.revoked_at is null
    and t.expires_at > now() and (t.max_uses is null or t.uses < t.max_uses)
    and t.agent_key_version = a.key_version
where p.tenant_id = $1::uuid)sql";
constexpr std::string_view kStateById = R"sql(
  and p.approval_id = $2::uuid and ($3::uuid is null or p.agent_id = $3::uuid)
)sql";
constexpr std::string_view kStateOfRequest = R"sql(
  and p.agent_id = $2::uuid and p.request_digest = $3::bytea
order by p.approval_id desc
limit 1
)sql";
constexpr auto& kFindApprovalState = Joined<kApprovalStateColumns, kStateById>::kText;
constexpr auto& kFindNewestApprovalState = Joined<kApprovalStateColumns, kStateOfRequest>::kText;

// Approved, and its token is there: both or neither. It is found by what it may read, as any other.
// Its request_digest stays empty: only this approval gives it, never a request that looks alike.
constexpr const char* kApproveApproval = R"sql(
with approved as (
    update store.approvals p
    set status = 'approved', decided_at = now(), token_id = $3::uuid,
        access_tier = greatest($12::bigint, 1)::smallint
    where p.tenant_id = $1::uuid and p.approval_id = $2::uuid and p.status = 'pending'
      and p.expires_at > now()
    returning p.agent_id, p.ip_allowlist
),
issued as (
    insert into store.tokens (tenant_id, token_id, agent_id, signing_key_id, plan_hint, token_epoch,
                              agent_limits_version, agent_key_version, scopes, access_tier,
                              max_uses, ip_allowlist, issued_at, expires_at)
    select $1::uuid, $3::uuid, a.agent_id, $4::uuid, $5::text, $6::bigint, $7::bigint, $8::bigint,
           $9::text[], $12::bigint::smallint, $10::bigint::integer, a.ip_allowlist,
           date_trunc('second', now()),
           date_trunc('second', now()) + make_interval(secs => $11::bigint)
    from approved a
    returning token_id, issued_at, expires_at
),
patterns as (
    insert into store.token_patterns (tenant_id, literal_prefix, token_id, ordinal, like_pattern)
    select $1::uuid, p.literal_prefix, i.token_id, p.n::smallint, p.like_pattern
    from issued i
    cross join unnest($13::text[], $14::text[]) with ordinality
        as p (literal_prefix, like_pattern, n)
)
select i.issued_at, i.expires_at from issued i
)sql";

// Members, and those who are invited and have not come yet.
constexpr std::string_view kMemberColumns = R"sql(
select x.id, x.email, x.role, x.is_active, x.created_at, x.expires_at
from (
    select m.user_id as id, u.email, m.role, true as is_active, m.created_at,
           null::timestamptz as expires_at
    from store.members m
    join store.users u on u.user_id = m.user_id
    where m.tenant_id = $1::uuid
    union all
    select i.invitation_id, i.email, i.role, false, i.created_at, i.expires_at
    from store.invitations i
    where i.tenant_id = $1::uuid and i.accepted_at is null and i.expires_at > now()
) x)sql";
constexpr std::string_view kMemberById = R"sql(
where x.id = $2::uuid
)sql";
constexpr std::string_view kMemberPage = R"sql(
order by x.is_active desc, x.created_at, x.id
limit $2::bigint offset $3::bigint
)sql";
constexpr auto& kFindMemberText = Joined<kMemberColumns, kMemberById>::kText;
constexpr auto& kListMembersText = Joined<kMemberColumns, kMemberPage>::kText;
constexpr const char* kFindMember = kFindMemberText.data();
constexpr const char* kListMembers = kListMembersText.data();

// Deliveries of a tenant, or of one of its webhooks: an index for each.
constexpr std::string_view kDeliveryColumns = R"sql(
select d.delivery_id, d.message_id, d.event_type, d.webhook_id, d.recipient, d.status,
       d.attempts::bigint, d.last_status::bigint, d.last_error, d.next_attempt_at, d.last_attempt_at,
       d.created_at, d.finished_at)sql";
constexpr std::string_view kDeliveriesOfTenant = R"sql(
from store.deliveries d
where d.tenant_id = $1::uuid)sql";
constexpr std::string_view kOfWebhook = " and d.webhook_id = $2::uuid";
constexpr std::string_view kOfAnybody = " and $2::uuid is null";
constexpr std::string_view kOneDelivery = " and d.delivery_id = $2::uuid";
constexpr std::string_view kOfStatus = " and ($3::text is null or d.status = $3::text)";
constexpr std::string_view kForUpdate = "\nfor update";
constexpr std::string_view kDeliveryPage = R"sql(
order by d.created_at desc, d.delivery_id desc
limit $4::bigint offset $5::bigint
)sql";
constexpr auto& kListDeliveries =
    Joined<kDeliveryColumns, kDeliveriesOfTenant, kOfAnybody, kOfStatus, kDeliveryPage>::kText;
constexpr auto& kListDeliveriesOfWebhook =
    Joined<kDeliveryColumns, kDeliveriesOfTenant, kOfWebhook, kOfStatus, kDeliveryPage>::kText;
constexpr auto& kCountDeliveries =
    Joined<kCount, kDeliveriesOfTenant, kOfAnybody, kOfStatus>::kText;
constexpr auto& kCountDeliveriesOfWebhook =
    Joined<kCount, kDeliveriesOfTenant, kOfWebhook, kOfStatus>::kText;
constexpr auto& kFindDelivery = Joined<kDeliveryColumns, kDeliveriesOfTenant, kOneDelivery>::kText;
constexpr auto& kLockDelivery =
    Joined<kDeliveryColumns, kDeliveriesOfTenant, kOneDelivery, kForUpdate>::kText;

// What egress sends to a webhook next, of all that is due: one delivery, to a webhook that nothing
// is being sent to. From one webhook to the next by the index, however many deliveries wait for
// each. A claim is a promise to report within $1 seconds; where egress dies, the delivery is due
// again after that, and its webhook rests no longer. Whoever claims at the same time takes another
// webhook.
constexpr const char* kClaimWebhookDelivery = R"sql(
with recursive receivers as (
    (select d.webhook_id
     from store.deliveries d
     where d.next_attempt_at is not null and d.webhook_id is not null
     order by d.webhook_id
     limit 1)
    union all
    select next.webhook_id
    from receivers r
    cross join lateral (
        select d.webhook_id
        from store.deliveries d
        where d.next_attempt_at is not null and d.webhook_id > r.webhook_id
        order by d.webhook_id
        limit 1
    ) next
),
due as (
    select w.tenant_id, w.webhook_id, first.delivery_id
    from receivers r
    cross join lateral (
        select d.tenant_id, d.delivery_id, d.next_attempt_at
        from store.deliveries d
        where d.webhook_id = r.webhook_id and d.next_attempt_at <= now()
        order by d.next_attempt_at
        limit 1
    ) first
    join store.webhooks w on w.tenant_id = first.tenant_id and w.webhook_id = r.webhook_id
    where w.rests_until <= now()
    order by first.next_attempt_at
    limit 1
    for no key update of w skip locked
),
busy as (
    update store.webhooks w
    set rests_until = now() + make_interval(secs => $1::bigint)
    from due
    where w.tenant_id = due.tenant_id and w.webhook_id = due.webhook_id
),
claimed as (
    update store.deliveries d
    set attempts = d.attempts + 1, last_attempt_at = now(),
        next_attempt_at = now() + make_interval(secs => $1::bigint)
    from due
    where d.tenant_id = due.tenant_id and d.delivery_id = due.delivery_id
      and d.next_attempt_at is not null
    returning d.tenant_id, d.delivery_id, d.message_id, d.webhook_id, d.attempts
)
select c.tenant_id, c.delivery_id, c.message_id, c.attempts::bigint, o.event_type,
       o.payload::text, o.created_at, c.webhook_id, w.url, w.failures, w.secret_generation,
       w.secret_box, case when w.previous_secret_until > now() then w.previous_secret_box end
from claimed c
join store.webhooks w on w.tenant_id = c.tenant_id and w.webhook_id = c.webhook_id
join store.outbox o on o.tenant_id = c.tenant_id and o.message_id = c.message_id
)sql";

// Makes a delivery of each message for each of its receivers: webhooks of the tenant that asked for
// its type, and people by their role and the tenant's preferences. $2 to $4 say of each type that
// has a mail whom it goes to, and which preference turns it off. Nobody gets a mail about
// yesterday. A webhook that is deleted meanwhile is left out.
constexpr const char* kExpandOutbox = R"sql(
with taken as (
    select o.tenant_id, o.message_id, o.event_type, o.payload, o.created_at
    from store.outbox o
    where o.expanded_at is null
    order by o.created_at
    limit $1::bigint
    for update skip locked
),
hooks as (
    select t.tenant_id, t.message_id, t.event_type, w.webhook_id
    from taken t
    join store.webhooks w on w.tenant_id = t.tenant_id
    where w.active and (t.event_type = any (w.events) or '*' = any (w.events))
    for key share of w
),
posted as (
    insert into store.deliveries (tenant_id, delivery_id, message_id, event_type, webhook_id,
                                  next_attempt_at)
    select h.tenant_id, gen_random_uuid(), h.message_id, h.event_type, h.webhook_id, now()
    from hooks h
),
mailed as (
    insert into store.deliveries (tenant_id, delivery_id, message_id, event_type, recipient,
                                  next_attempt_at)
    select t.tenant_id, gen_random_uuid(), t.message_id, t.event_type, r.email, now()
    from taken t
    join unnest($2::text[], $3::text[], $4::text[]) as k (event_type, mail_to, preference)
        on k.event_type = t.event_type
    join store.tenants n on n.tenant_id = t.tenant_id
    cross join lateral (
        select u.email
        from store.members m
        join store.users u on u.user_id = m.user_id
        where m.tenant_id = t.tenant_id
          and (k.mail_to = 'admins' and m.role in ('owner', 'admin')
               or k.mail_to = 'deciders' and m.role = 'owner'
               or k.mail_to = 'deciders' and m.role in ('admin', 'approver')
                  and t.payload ->> 'access_tier' is distinct from 'critical'
                  and t.payload ->> 'owner_only' is distinct from 'true')
        union
        select t.payload ->> 'email'
        where k.mail_to = 'invitee' and t.payload ->> 'email' is not null
    ) r
    where t.created_at > now() - interval '1 day'
      and case k.preference
              when 'approval_requests' then n.notify_approval_requests
              when 'security_alerts' then n.notify_security_alerts
              else true
          end
),
marked as (
    update store.outbox o
    set expanded_at = now()
    from taken t
    where o.tenant_id = t.tenant_id and o.message_id = t.message_id
)
select count(*) from taken
)sql";

// Agents that were refused $1 times within five minutes, each told of at most once an hour. What is
// not there is no refusal: agents ask for that all the time.
constexpr const char* kTellRepeatedRefusals = R"sql(
with refused as (
    select e.tenant_id, e.actor_id as agent_id, count(*) as refusals, max(e.created_at) as last_at
    from store.audit_events e
    where e.created_at > now() - interval '5 minutes' and e.actor_type = 'agent'
      and e.event_type in ('secret.read.denied', 'secret.write.denied', 'token.denied', 'auth.failed')
      and coalesce(e.reason, '') not in ('secret_not_found', 'version_not_found', 'secret_expired')
    group by e.tenant_id, e.actor_id
    having count(*) >= $1::bigint
),
told as (
    insert into store.refusal_notices (tenant_id, agent_id)
    select r.tenant_id, r.agent_id
    from refused r
    join store.agents a on a.tenant_id = r.tenant_id and a.agent_id = r.agent_id
    on conflict (tenant_id, agent_id) do update set told_at = now()
        where refusal_notices.told_at <= now() - interval '1 hour'
    returning tenant_id, agent_id
),
messages as (
    insert into store.outbox (tenant_id, message_id, event_type, payload)
    select t.tenant_id, gen_random_uuid(), 'token.refused_repeatedly',
           json_build_object('agent_id', t.agent_id, 'agent_name', a.name, 'refusals', r.refusals,
                             'window_seconds', 300,
                             'last_at', to_char(r.last_at at time zone 'UTC',
                                                'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    from told t
    join refused r on r.tenant_id = t.tenant_id and r.agent_id = t.agent_id
    join store.agents a on a.tenant_id = t.tenant_id and a.agent_id = t.agent_id
)
select count(*) from told
)sql";

// Tenants with a member who signs in with an issuer that gave no good set for $1 times in a row, at
// most $2 of them; each is told once a day. An issuer that nobody tries any more is no trouble.
constexpr const char* kTellKeySetTrouble = R"sql(
with troubled as (
    select f.issuer, f.trouble, f.failures, k.fetched_at
    from store.key_set_fetches f
    left join store.key_sets k on k.issuer = f.issuer
    where f.failures >= $1::bigint and f.attempted_at > now() - interval '10 minutes'
),
due as (
    select distinct m.tenant_id, x.issuer
    from troubled x
    join store.users u on u.issuer = x.issuer
    join store.members m on m.user_id = u.user_id
    where not exists (
        select
        from store.key_set_notices n
        where n.tenant_id = m.tenant_id and n.issuer = x.issuer
          and n.told_at > now() - interval '1 day')
    limit $2::bigint
),
told as (
    insert into store.key_set_notices (tenant_id, issuer)
    select d.tenant_id, d.issuer
    from due d
    on conflict (tenant_id, issuer) do update set told_at = now()
        where key_set_notices.told_at <= now() - interval '1 day'
    returning tenant_id, issuer
),
messages as (
    insert into store.outbox (tenant_id, message_id, event_type, payload)
    select t.tenant_id, gen_random_uuid(), 'key_set.trouble',
           json_build_object('issuer', x.issuer, 'reason', x.trouble, 'failures', x.failures,
                             'refused_from', to_char((x.fetched_at + interval '24 hours') at time zone 'UTC',
                                                     'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    from told t
    join troubled x on x.issuer = t.issuer
)
select count(*) from told
)sql";

// At most $1 secrets that expire within a week, or within a day: each version is told of once for
// each. One that has less than a day from the start is told of once.
constexpr const char* kTellExpiringSecrets = R"sql(
with expiring as (
    select s.tenant_id, s.secret_id, s.namespace, s.key, s.current_version, s.expires_at, x.days
    from store.secrets s
    cross join lateral (
        select case when s.expires_at <= now() + interval '1 day' then 1 else 7 end as days
    ) x
    where s.deleted_at is null and s.expires_at > now()
      and s.expires_at <= now() + interval '7 days'
      and not exists (
        select
        from store.expiry_notices n
        where n.tenant_id = s.tenant_id and n.secret_id = s.secret_id
          and n.version = s.current_version and n.days <= x.days)
    order by s.expires_at
    limit $1::bigint
),
noted as (
    insert into store.expiry_notices (tenant_id, secret_id, version, days)
    select e.tenant_id, e.secret_id, e.current_version, e.days
    from expiring e
    on conflict do nothing
    returning tenant_id, secret_id
),
messages as (
    insert into store.outbox (tenant_id, message_id, event_type, payload)
    select e.tenant_id, gen_random_uuid(), 'secret.expiring',
           json_build_object('secret_id', e.secret_id, 'namespace', e.namespace, 'key', e.key,
                             'version', e.current_version, 'days_left', e.days,
                             'expires_at', to_char(e.expires_at at time zone 'UTC',
                                                   'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    from expiring e
    join noted n on n.tenant_id = e.tenant_id and n.secret_id = e.secret_id
)
select count(*) from noted
)sql";

// Counted from within, so that a table that a later migration adds is counted too.
constexpr const char* kCountRowsOfTables = R"sql(
select c.relname::text,
       (pg_catalog.xpath('/row/rows/text()',
            pg_catalog.query_to_xml(
                pg_catalog.format('select count(*) as rows from store.%I', c.relname),
                false, true, '')))[1]::text::bigint
from pg_catalog.pg_class c
where c.relnamespace = 'store'::pg_catalog.regnamespace and c.relkind in ('r', 'p')
  and not c.relispartition
order by c.relname::text
)sql";

// Random places of each tenant's versions, and the newest, which is the likeliest to be missed.
constexpr const char* kSampleValues = R"sql(
with page as (
    select t.tenant_id
    from store.tenants t
    where t.tenant_id > $1::uuid
    order by t.tenant_id
    limit $2::bigint
),
many as (
    select p.tenant_id, (select count(*) from store.secret_versions v where v.tenant_id = p.tenant_id) as n
    from page p
),
chosen as (
    select distinct m.tenant_id, v.secret_id, v.version
    from many m
    cross join lateral (
        select case when i = 1 then 0 else floor(random() * m.n)::bigint end as place
        from generate_series(1, least($3::bigint, m.n)) i
    ) x
    cross join lateral (
        select v.secret_id, v.version
        from store.secret_versions v
        where v.tenant_id = m.tenant_id
        order by v.secret_id desc, v.version desc
        offset x.place limit 1
    ) v
)
select c.tenant_id, k.kek_id, k.generation, k.box, c.secret_id, s.namespace, s.key, c.version,
       v.access_tier::bigint, v.expires_at, v.dek_box, v.value_box
from chosen c
join store.secrets s on s.tenant_id = c.tenant_id and s.secret_id = c.secret_id
join store.secret_versions v
    on v.tenant_id = c.tenant_id and v.secret_id = c.secret_id and v.version = c.version
join store.tenant_keys k on k.tenant_id = c.tenant_id and k.kek_id = v.kek_id
)sql";

constexpr auto kStatements = std::to_array<StatementText>({
    {Statement::Begin, "begin", "begin", kEveryone},
    {Statement::Commit, "commit", "commit", kEveryone},
    {Statement::Rollback, "rollback", "rollback", kEveryone},
    {Statement::SetTenant,
     "set_tenant",
     "select pg_catalog.set_config('secretstore.tenant', $1::text, true)",
     kApp | kBilling},
    {Statement::Ping, "ping", "select 1::bigint", kEveryone},

    {Statement::BeginSnapshot,
     "begin_snapshot",
     "begin isolation level repeatable read read only",
     kBackup},
    {Statement::ExportSnapshot,
     "export_snapshot",
     "select pg_catalog.pg_export_snapshot(), pg_catalog.now(), "
     "pg_catalog.current_setting('server_version')",
     kBackup},
    {Statement::CountRowsOfTables, "count_rows_of_tables", kCountRowsOfTables, kBackup},
    {Statement::CountRevivable,
     "count_revivable",
     R"sql(
select (select count(*) from store.agents a where a.active),
       (select count(*) from store.members m),
       (select count(*) from store.personal_tokens p
        where p.revoked_at is null and p.expires_at > now()),
       (select count(*) from store.webhooks w where w.active),
       (select count(*) from store.invitations i
        where i.accepted_at is null and i.expires_at > now()),
       (select count(*) from store.approvals a where a.status = 'pending')
)sql",
     kBackup},
    {Statement::ListRootKeys,
     "list_root_keys",
     "select r.root_key_id, r.check_value from store.root_keys r order by r.root_key_id",
     kBackup},
    {Statement::FindLastTenantOfPage,
     "find_last_tenant_of_page",
     R"sql(
select (select t.tenant_id
        from (select t.tenant_id
              from store.tenants t
              where t.tenant_id > $1::uuid
              order by t.tenant_id
              limit $2::bigint) t
        order by t.tenant_id desc
        limit 1)
)sql",
     kBackup},
    {Statement::SampleValues, "sample_values", kSampleValues, kBackup},
    {Statement::HasSchema,
     "has_schema",
     "select pg_catalog.to_regnamespace('store') is not null",
     kMigrator},

    {Statement::FindTenantPlan,
     "find_tenant_plan",
     R"sql(
select t.plan, t.plan_version, t.requests_per_minute, t.suspended_at is not null
from store.tenants t
where t.tenant_id = $1::uuid
)sql",
     kApp | kBilling},
    // Not a lock that rows which refer to the tenant would wait for.
    {Statement::LockTenantPlan,
     "lock_tenant_plan",
     R"sql(
select t.plan, t.plan_version, t.requests_per_minute, t.suspended_at is not null
from store.tenants t
where t.tenant_id = $1::uuid
for no key update
)sql",
     kApp | kBilling},
    // One row where the tenant is there, with what it had before.
    {Statement::ChangePlan,
     "change_plan",
     R"sql(
with before as (
    select t.tenant_id, t.plan, t.plan_version, t.requests_per_minute, t.suspended_at
    from store.tenants t
    where t.tenant_id = $1::uuid
    for no key update
),
changed as (
    update store.tenants t
    set plan = $2::text, requests_per_minute = $3::bigint::integer
    from before b
    where t.tenant_id = b.tenant_id
)
select b.plan, b.plan_version, b.requests_per_minute, b.suspended_at is not null from before b
)sql",
     kMaint},
    // One row where the tenant is there: since when it was suspended before, if it was.
    {Statement::SetSuspended,
     "set_suspended",
     R"sql(
with before as (
    select t.tenant_id, t.suspended_at
    from store.tenants t
    where t.tenant_id = $1::uuid
    for no key update
),
changed as (
    update store.tenants t
    set suspended_at = case when $2::boolean then now() end
    from before b
    where t.tenant_id = b.tenant_id and (b.suspended_at is not null) <> $2::boolean
)
select b.suspended_at from before b
)sql",
     kMaint},
    {Statement::CountActiveAgents,
     "count_active_agents",
     R"sql(
select count(*) from store.agents a where a.tenant_id = $1::uuid and a.active
)sql",
     kApp},
    {Statement::CountActiveMembers,
     "count_active_members",
     "select count(*) from store.members m where m.tenant_id = $1::uuid",
     kApp},
    // All live ones, and how many of them are called so: keys $3 of the namespace $2.
    {Statement::CountSecretsAndNames,
     "count_secrets_and_names",
     R"sql(
select (select count(*) from store.secrets s where s.tenant_id = $1::uuid and s.deleted_at is null),
       (select count(*)
        from store.secrets s
        where s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = any ($3::text[])
          and s.deleted_at is null)
)sql",
     kApp},
    {Statement::FindProfile,
     "find_profile",
     R"sql(
select t.name, t.plan, t.subscription_status, t.notify_approval_requests, t.notify_security_alerts,
       t.created_at, u.email,
       (select count(*) from store.secrets s where s.tenant_id = t.tenant_id and s.deleted_at is null),
       (select count(*) from store.agents a where a.tenant_id = t.tenant_id and a.active)
from store.tenants t
join store.users u on u.user_id = $2::uuid
where t.tenant_id = $1::uuid
)sql",
     kApp},
    {Statement::UpdateProfile,
     "update_profile",
     R"sql(
update store.tenants t
set name = coalesce($2::text, t.name),
    notify_approval_requests = coalesce($3::boolean, t.notify_approval_requests),
    notify_security_alerts = coalesce($4::boolean, t.notify_security_alerts)
where t.tenant_id = $1::uuid
)sql",
     kApp},
    {Statement::InsertTenant,
     "insert_tenant",
     R"sql(
insert into store.tenants (tenant_id, name, plan, rate_limit_key)
values ($1::uuid, $2::text, $3::text, $4::text)
returning created_at
)sql",
     kApp | kMaint},
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
     kApp | kMaint},
    {Statement::ListTenants,
     "list_tenants",
     R"sql(
select t.tenant_id, t.name, t.plan, coalesce(t.plan_changed_at < now() - interval '30 days', true),
       t.suspended_at is not null, t.created_at
from store.tenants t
order by t.created_at, t.tenant_id
)sql",
     kMaint},
    {Statement::FindTenantsOf,
     "find_tenants_of",
     R"sql(
select t.tenant_id, t.name, t.role from store.find_tenants_of($1::uuid) t
)sql",
     kApp},
    {Statement::FindPerson,
     "find_person",
     R"sql(
select p.user_id, p.tenant_id, p.role, p.plan, p.plan_version, p.requests_per_minute, p.is_suspended
from store.find_person($1::text, $2::text) p
)sql",
     kApp | kBilling},
    {Statement::AddPerson,
     "add_person",
     R"sql(
select p.user_id, p.is_new from store.add_person($1::uuid, $2::text, $3::text, $4::text) p
)sql",
     kApp},
    {Statement::CountRecentTenants,
     "count_recent_tenants",
     "select store.count_recent_tenants()",
     kApp},
    {Statement::ListMembers, "list_members", kListMembers, kApp},
    {Statement::CountMembers,
     "count_members",
     R"sql(
select (
           select count(*)
           from store.members m
           where m.tenant_id = $1::uuid
       ) + (
           select count(*)
           from store.invitations i
           where i.tenant_id = $1::uuid and i.accepted_at is null and i.expires_at > now()
       )
)sql",
     kApp},
    {Statement::FindMember, "find_member", kFindMember, kApp},
    {Statement::CountOwners,
     "count_owners",
     R"sql(
select count(*) from store.members m where m.tenant_id = $1::uuid and m.role = 'owner'
)sql",
     kApp},
    {Statement::UpdateMemberRole,
     "update_member_role",
     R"sql(
update store.members m set role = $3::text where m.tenant_id = $1::uuid and m.user_id = $2::uuid
)sql",
     kApp},
    {Statement::DeleteMember,
     "delete_member",
     "delete from store.members m where m.tenant_id = $1::uuid and m.user_id = $2::uuid",
     kApp},
    // One for each address: a pending one, be its time over or not, gives way.
    {Statement::UpsertInvitation,
     "upsert_invitation",
     R"sql(
insert into store.invitations (tenant_id, invitation_id, email, role, token_digest, invited_by,
                               expires_at)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::bytea, $6::uuid, $7::timestamptz)
on conflict (tenant_id, email) where accepted_at is null do update
set invitation_id = excluded.invitation_id, role = excluded.role,
    token_digest = excluded.token_digest, invited_by = excluded.invited_by, created_at = now(),
    expires_at = excluded.expires_at
)sql",
     kApp},
    {Statement::FindPendingInvitations,
     "find_pending_invitations",
     R"sql(
select count(*), max(i.role) filter (where i.email = $2::text)
from store.invitations i
where i.tenant_id = $1::uuid and i.accepted_at is null and i.expires_at > now()
)sql",
     kApp},
    {Statement::UpdateInvitationRole,
     "update_invitation_role",
     R"sql(
update store.invitations i
set role = $3::text
where i.tenant_id = $1::uuid and i.invitation_id = $2::uuid
)sql",
     kApp},
    {Statement::DeleteInvitation,
     "delete_invitation",
     R"sql(
delete from store.invitations i where i.tenant_id = $1::uuid and i.invitation_id = $2::uuid
)sql",
     kApp},
    {Statement::AcceptInvitation,
     "accept_invitation",
     R"sql(
update store.invitations i
set accepted_at = now()
where i.tenant_id = $1::uuid and i.invitation_id = $2::uuid
)sql",
     kApp},
    {Statement::FindInvitation,
     "find_invitation",
     R"sql(
select i.tenant_id, i.invitation_id, i.email, i.is_pending
from store.find_invitation($1::bytea) i
)sql",
     kApp},
    {Statement::BelongsToTenant,
     "belongs_to_tenant",
     R"sql(
select exists (
           select
           from store.users u
           join store.members m on m.user_id = u.user_id
           where m.tenant_id = $1::uuid and u.issuer = $2::text and u.subject = $3::text
       ) or exists (
           select
           from store.invitations i
           where i.tenant_id = $1::uuid and i.email = $3::text and i.accepted_at is null
             and i.expires_at > now()
       )
)sql",
     kMaint},
    {Statement::SweepInvitations,
     "sweep_invitations",
     R"sql(
with doomed as (
    select i.tenant_id, i.invitation_id
    from store.invitations i
    where i.expires_at <= now()
    order by i.expires_at
    limit $1::bigint
),
gone as (
    delete from store.invitations i
    using doomed d
    where i.tenant_id = d.tenant_id and i.invitation_id = d.invitation_id
      and i.expires_at <= now()
    returning i.invitation_id
)
select count(*) from gone
)sql",
     kMaint},

    {Statement::FindPersonalToken,
     "find_personal_token",
     R"sql(
select p.tenant_id, p.personal_token_id, p.user_id, p.key_pepper_id, p.key_mac, p.token_role,
       p.member_role, p.is_revoked, p.has_expired, p.was_used_lately, p.plan, p.plan_version,
       p.requests_per_minute, p.is_suspended
from store.find_personal_token($1::text) p
)sql",
     kApp},
    // Where another request notes it at this moment, that will do.
    {Statement::ReplacePersonalTokenMac,
     "replace_personal_token_mac",
     R"sql(
update store.personal_tokens p
set key_pepper_id = $4::uuid, key_mac = $5::bytea
where p.tenant_id = $1::uuid and p.personal_token_id = $2::uuid and p.key_mac = $3::bytea
)sql",
     kApp},
    {Statement::TouchPersonalToken,
     "touch_personal_token",
     R"sql(
update store.personal_tokens p
set last_used_at = now()
where p.tenant_id = $1::uuid and p.personal_token_id = (
    select t.personal_token_id
    from store.personal_tokens t
    where t.tenant_id = $1::uuid and t.personal_token_id = $2::uuid
    for no key update skip locked
)
)sql",
     kApp},
    {Statement::LockMember,
     "lock_member",
     R"sql(
select m.user_id
from store.members m
where m.tenant_id = $1::uuid and m.user_id = $2::uuid
for no key update
)sql",
     kApp},
    {Statement::InsertPersonalToken,
     "insert_personal_token",
     R"sql(
insert into store.personal_tokens (tenant_id, personal_token_id, user_id, name, role, key_public_id,
                                   key_pepper_id, key_mac, expires_at)
values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::uuid, $8::bytea,
        $9::timestamptz)
)sql",
     kApp},
    {Statement::ListPersonalTokens,
     "list_personal_tokens",
     R"sql(
select p.personal_token_id, p.name, p.role, p.key_public_id, p.created_at, p.expires_at,
       p.last_used_at
from store.personal_tokens p
where p.tenant_id = $1::uuid and p.user_id = $2::uuid and p.revoked_at is null
  and p.expires_at > now()
order by p.personal_token_id desc
limit $3::bigint offset $4::bigint
)sql",
     kApp},
    {Statement::CountPersonalTokens,
     "count_personal_tokens",
     R"sql(
select count(*)
from store.personal_tokens p
where p.tenant_id = $1::uuid and p.user_id = $2::uuid and p.revoked_at is null
  and p.expires_at > now()
)sql",
     kApp},
    {Statement::RevokePersonalToken,
     "revoke_personal_token",
     R"sql(
update store.personal_tokens p
set revoked_at = now()
where p.tenant_id = $1::uuid and p.user_id = $2::uuid and p.personal_token_id = $3::uuid
  and p.revoked_at is null and p.expires_at > now()
)sql",
     kApp},
    {Statement::SweepPersonalTokens,
     "sweep_personal_tokens",
     R"sql(
with doomed as (
    select p.tenant_id, p.personal_token_id
    from store.personal_tokens p
    where p.expires_at <= now()
    order by p.expires_at
    limit $1::bigint
),
gone as (
    delete from store.personal_tokens p
    using doomed d
    where p.tenant_id = d.tenant_id and p.personal_token_id = d.personal_token_id
    returning p.personal_token_id
)
select count(*) from gone
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
where k.state in ('active', 'pending', 'verify_only')
order by k.purpose, k.state, k.generation desc
)sql",
     kApp | kMaint},
    {Statement::InsertServiceKey,
     "insert_service_key",
     R"sql(
insert into store.service_keys (key_id, purpose, generation, state, box)
values ($1::uuid, $2::text, $3::bigint, $4::text, $5::bytea)
)sql",
     kMaint},
    {Statement::UpsertLocalKeySet,
     "upsert_local_key_set",
     R"sql(
insert into store.key_sets (issuer, key_set, source) values ($1::text, $2::text, 'local')
on conflict (issuer) do update
set key_set = excluded.key_set, fetched_at = now(), source = excluded.source
)sql",
     kMaint},
    {Statement::FindKeySets,
     "find_key_sets",
     R"sql(
select k.issuer, k.key_set,
       k.source = 'fetched' and k.fetched_at < now() - interval '24 hours'
from store.key_sets k
where k.issuer = any ($1::text[])
order by k.issuer
)sql",
     kApp | kBilling},
    // The row's lock makes one of many workers the one that asks; the others find that it has.
    {Statement::RequestKeySetFetches,
     "request_key_set_fetches",
     R"sql(
update store.key_set_fetches f
set refresh_wanted_at = now()
where f.issuer = any ($1::text[])
  and (f.refresh_wanted_at is null or f.refresh_wanted_at <= now() - interval '1 minute')
)sql",
     kApp | kBilling},
    {Statement::ScheduleKeySetFetch,
     "schedule_key_set_fetch",
     R"sql(
insert into store.key_set_fetches (issuer) values ($1::text)
on conflict (issuer) do update set next_fetch_at = now()
)sql",
     kEgress},
    // For a minute, within which the result is recorded; longer than any fetch may take.
    {Statement::ClaimKeySetFetch,
     "claim_key_set_fetch",
     R"sql(
update store.key_set_fetches f
set attempted_at = now(), next_fetch_at = now() + interval '1 minute'
where f.issuer = $1::text
  and (f.next_fetch_at <= now() or f.refresh_wanted_at > f.attempted_at)
returning f.failures
)sql",
     kEgress},
    {Statement::UpsertFetchedKeySet,
     "upsert_fetched_key_set",
     R"sql(
insert into store.key_sets (issuer, key_set, source) values ($1::text, $2::text, 'fetched')
on conflict (issuer) do update set key_set = excluded.key_set, fetched_at = now()
)sql",
     kEgress},
    {Statement::RecordKeySetFetch,
     "record_key_set_fetch",
     R"sql(
update store.key_set_fetches f
set next_fetch_at = now() + $2::bigint * interval '1 second', failures = $3::bigint,
    trouble = $4::text
where f.issuer = $1::text
returning (select extract(epoch from now() - k.fetched_at)::bigint
           from store.key_sets k
           where k.issuer = f.issuer)
)sql",
     kEgress},
    {Statement::InsertTenantKey,
     "insert_tenant_key",
     R"sql(
insert into store.tenant_keys (tenant_id, kek_id, generation, state, box)
values ($1::uuid, $2::uuid, $3::bigint, 'active', $4::bytea)
)sql",
     kApp | kMaint},
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

    {Statement::DeleteRootKey,
     "delete_root_key",
     R"sql(
delete from store.root_keys r where r.root_key_id = $1::uuid
)sql",
     kMaint},
    // Nobody adds or re-wraps a key until this transaction ends: what is counted then stays true.
    {Statement::LockKeysUnderRoot,
     "lock_keys_under_root",
     "lock table store.tenant_keys, store.service_keys in share row exclusive mode",
     kMaint},
    {Statement::CountKeysUnderRoot,
     "count_keys_under_root",
     R"sql(
select (select count(*) from store.tenant_keys t where t.root_key_id = $1::uuid)
     + (select count(*) from store.service_keys s where s.root_key_id = $1::uuid)
)sql",
     kMaint},
    // Workers say in their connections' names which keys they hold: service/held_keys.h.
    {Statement::CountWorkersWithoutKey,
     "count_workers_without_key",
     R"sql(
select count(*)
from pg_catalog.pg_stat_activity a
where a.datname = current_database() and a.usename in ('secretstore_app', 'secretstore_reader')
  and a.application_name like 'secretstore-worker %'
  and $1::text <> all (string_to_array(a.application_name, ' '))
)sql",
     kMaint},
    {Statement::ListTenantKeysUnderRoot,
     "list_tenant_keys_under_root",
     R"sql(
select t.tenant_id, t.kek_id, t.generation, t.box
from store.tenant_keys t
where t.root_key_id = $1::uuid
order by t.tenant_id, t.kek_id
limit $2::bigint
)sql",
     kMaint},
    {Statement::RewrapTenantKeys,
     "rewrap_tenant_keys",
     R"sql(
update store.tenant_keys t
set box = n.box
from unnest($1::uuid[], $2::uuid[], $3::bytea[]) as n (tenant_id, kek_id, box)
where t.tenant_id = n.tenant_id and t.kek_id = n.kek_id and t.state <> 'destroyed'
)sql",
     kMaint},
    {Statement::ListServiceKeysUnderRoot,
     "list_service_keys_under_root",
     R"sql(
select k.key_id, k.purpose, k.generation, k.state, k.box
from store.service_keys k
where k.root_key_id = $1::uuid
order by k.key_id
)sql",
     kMaint},
    {Statement::RewrapServiceKeys,
     "rewrap_service_keys",
     R"sql(
update store.service_keys k
set box = n.box
from unnest($1::uuid[], $2::bytea[]) as n (key_id, box)
where k.key_id = n.key_id and k.state <> 'retired'
)sql",
     kMaint},
    // All of one tenant, the active one first. Locked: two rotations of one tenant take turns.
    {Statement::LockTenantKeys,
     "lock_tenant_keys",
     R"sql(
select k.kek_id, k.generation, k.box, k.state
from store.tenant_keys k
where k.tenant_id = $1::uuid and k.state <> 'destroyed'
order by k.state, k.generation desc
for no key update
)sql",
     kMaint},
    {Statement::CountRowsUnderReplacedKeks,
     "count_rows_under_replaced_keks",
     R"sql(
select (select count(*)
        from store.tenant_keys k
        join store.secret_versions v on v.tenant_id = k.tenant_id and v.kek_id = k.kek_id
        where k.tenant_id = $1::uuid and k.state = 'decrypt_only')
     + (select count(*)
        from store.tenant_keys k
        join store.processed_requests p on p.tenant_id = k.tenant_id and p.kek_id = k.kek_id
        where k.tenant_id = $1::uuid and k.state = 'decrypt_only')
)sql",
     kMaint},
    {Statement::ReplaceTenantKey,
     "replace_tenant_key",
     R"sql(
update store.tenant_keys k
set state = 'decrypt_only', replaced_at = now()
where k.tenant_id = $1::uuid and k.state = 'active'
)sql",
     kMaint},
    // A page along the primary key: no index is kept for what happens once in a year.
    {Statement::ListVersionsUnderKek,
     "list_versions_under_kek",
     R"sql(
select v.secret_id, s.namespace, s.key, v.version, v.access_tier::bigint, v.expires_at, v.dek_box
from store.secret_versions v
join store.secrets s on s.tenant_id = v.tenant_id and s.secret_id = v.secret_id
where v.tenant_id = $1::uuid and v.kek_id = $2::uuid
  and (v.secret_id, v.version) > ($3::uuid, $4::bigint)
order by v.secret_id, v.version
limit $5::bigint
)sql",
     kMaint},
    // Where the row still is what was re-wrapped.
    {Statement::RewrapVersions,
     "rewrap_versions",
     R"sql(
update store.secret_versions v
set kek_id = $3::uuid, dek_box = n.dek_box
from unnest($4::uuid[], $5::bigint[], $6::bytea[]) as n (secret_id, version, dek_box)
where v.tenant_id = $1::uuid and v.kek_id = $2::uuid
  and v.secret_id = n.secret_id and v.version = n.version
)sql",
     kMaint},
    {Statement::ListAnswersUnderKek,
     "list_answers_under_kek",
     R"sql(
select p.request_key, p.answer_box
from store.processed_requests p
where p.tenant_id = $1::uuid and p.kek_id = $2::uuid and p.request_key > $3::bytea
order by p.request_key
limit $4::bigint
)sql",
     kMaint},
    {Statement::ResealAnswers,
     "reseal_answers",
     R"sql(
update store.processed_requests p
set kek_id = $3::uuid, answer_box = n.answer_box
from unnest($4::bytea[], $5::bytea[]) as n (request_key, answer_box)
where p.tenant_id = $1::uuid and p.kek_id = $2::uuid and p.request_key = n.request_key
)sql",
     kMaint},
    // Long after they were replaced, so that no transaction that began under one is still running,
    // and only where nothing is sealed under it any more.
    {Statement::DestroyReplacedKeks,
     "destroy_replaced_keks",
     R"sql(
update store.tenant_keys k
set state = 'destroyed', box = ''
where k.state = 'decrypt_only' and k.replaced_at < now() - make_interval(secs => $1::bigint)
  and not exists (select from store.secret_versions v
                  where v.kek_id = k.kek_id and v.tenant_id = k.tenant_id)
  and not exists (select from store.processed_requests p
                  where p.kek_id = k.kek_id and p.tenant_id = k.tenant_id)
returning k.tenant_id
)sql",
     kMaint},
    // A retired key is wiped: what it signed is dead.
    {Statement::SetServiceKeyState,
     "set_service_key_state",
     R"sql(
update store.service_keys k
set state = $2::text, box = case when $2::text = 'retired' then ''::bytea else k.box end
where k.key_id = $1::uuid
)sql",
     kMaint},
    // Agents and personal tokens that this pepper is still needed for.
    {Statement::CountKeysOfPepper,
     "count_keys_of_pepper",
     R"sql(
select (select count(*)
        from store.agents a
        where a.key_pepper_id = $1::uuid and a.active)
     + (select count(*)
        from store.personal_tokens p
        where p.key_pepper_id = $1::uuid and p.revoked_at is null and p.expires_at > now())
)sql",
     kMaint},
    {Statement::CountTokensOfKey,
     "count_tokens_of_key",
     R"sql(
select count(*)
from store.tokens t
where t.signing_key_id = $1::uuid and t.expires_at > now() and t.revoked_at is null
)sql",
     kMaint},

    {Statement::FindAgentKey,
     "find_agent_key",
     R"sql(
select a.tenant_id, a.agent_id, a.name, a.key_pepper_id, a.key_mac, a.allowed_namespaces,
       a.allowed_scopes, a.ip_allowlist, a.limits_version, a.key_version, a.active, a.plan,
       a.plan_version, a.requests_per_minute, a.is_suspended, a.rate_limit_key
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
       (select array_agg(abbrev(i.entry) order by i.n)
        from unnest(a.ip_allowlist) with ordinality as i (entry, n)), a.active, a.created_at, a.last_active_at
from store.agents a
where a.tenant_id = $1::uuid
order by a.agent_id
limit $2::bigint offset $3::bigint
)sql",
     kApp},
    // By id, or else by the name of active ones: two rows say that the name is not enough.
    {Statement::LockAgent,
     "lock_agent",
     R"sql(
select a.agent_id, a.name, a.description, a.key_public_id, a.allowed_namespaces, a.allowed_scopes,
       (select array_agg(abbrev(i.entry) order by i.n)
        from unnest(a.ip_allowlist) with ordinality as i (entry, n)), a.active, a.created_at, a.last_active_at
from store.agents a
where a.tenant_id = $1::uuid and (a.agent_id = $2::uuid or a.name = $3::text and a.active)
order by a.agent_id = $2::uuid desc nulls last, a.agent_id
limit 2
for update
)sql",
     kApp},
    {Statement::UpdateAgent,
     "update_agent",
     R"sql(
update store.agents a
set description = $3::text, allowed_namespaces = $4::text[], allowed_scopes = $5::text[],
    ip_allowlist = $6::text[]::inet[], limits_version = a.limits_version + $7::bigint
where a.tenant_id = $1::uuid and a.agent_id = $2::uuid
)sql",
     kApp},
    {Statement::DeactivateAgent,
     "deactivate_agent",
     R"sql(
update store.agents a set active = false where a.tenant_id = $1::uuid and a.agent_id = $2::uuid
)sql",
     kApp},
    {Statement::ReplaceAgentKey,
     "replace_agent_key",
     R"sql(
update store.agents a
set key_public_id = $3::text, key_pepper_id = $4::uuid, key_mac = $5::bytea,
    key_version = a.key_version + 1
where a.tenant_id = $1::uuid and a.agent_id = $2::uuid
)sql",
     kApp},
    {Statement::ReplaceAgentKeyMac,
     "replace_agent_key_mac",
     R"sql(
update store.agents a
set key_pepper_id = $4::uuid, key_mac = $5::bytea
where a.tenant_id = $1::uuid and a.agent_id = $2::uuid and a.key_mac = $3::bytea
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
           when t.agent_key_version <> a.key_version then 1
           when $4::text::inet <<= any (a.ip_allowlist) is false then 4
           else 0
       end,
       n.plan_version, a.limits_version, a.allowed_namespaces, a.allowed_scopes
from store.tokens t
join store.agents a on a.tenant_id = t.tenant_id and a.agent_id = t.agent_id
join store.tenants n on n.tenant_id = t.tenant_id
where t.tenant_id = $1::uuid and t.token_id = $2::uuid and a.agent_id = $3::uuid
)sql",
     kApp},
    // The guard and the count are one statement: under any concurrency no more than max_uses pass.
    // $3 names the request: when it comes a second time its use has been counted.
    {Statement::CountTokenUse,
     "count_token_use",
     R"sql(
with before as (
    select from store.processed_requests p
    where p.tenant_id = $1::uuid and p.request_key = $3::bytea
),
counted as (
    update store.tokens t
    set uses = t.uses + 1
    where t.tenant_id = $1::uuid and t.token_id = $2::uuid and t.uses < t.max_uses
      and not exists (select from before)
    returning t.token_id
),
noted as (
    insert into store.processed_requests (tenant_id, request_key, expires_at)
    select $1::uuid, $3::bytea, now() + interval '1 hour'
    from counted
)
select exists (select from counted) or exists (select from before)
)sql",
     kApp},
    // Identical requests of one agent wait for each other, so that one of them issues the token.
    {Statement::LockTokenRequest,
     "lock_token_request",
     "select pg_catalog.pg_advisory_xact_lock($1::bigint)",
     kApp},
    {Statement::ListTokens,
     "list_tokens",
     R"sql(
select t.token_id, t.agent_id, t.scopes, t.access_tier::bigint, t.max_uses::bigint, t.uses::bigint,
       (select array_agg(abbrev(i.entry) order by i.n)
        from unnest(t.ip_allowlist) with ordinality as i (entry, n)), t.issued_at, t.expires_at
from store.tokens t
join store.agents a on a.tenant_id = t.tenant_id and a.agent_id = t.agent_id
where t.tenant_id = $1::uuid and ($2::uuid is null or t.agent_id = $2::uuid)
  and t.revoked_at is null and t.expires_at > now() and a.active
  and t.agent_key_version = a.key_version
order by t.token_id desc
limit $3::bigint offset $4::bigint
)sql",
     kApp},
    {Statement::CountTokens,
     "count_tokens",
     R"sql(
select count(*)
from store.tokens t
join store.agents a on a.tenant_id = t.tenant_id and a.agent_id = t.agent_id
where t.tenant_id = $1::uuid and ($2::uuid is null or t.agent_id = $2::uuid)
  and t.revoked_at is null and t.expires_at > now() and a.active
  and t.agent_key_version = a.key_version
)sql",
     kApp},
    // One row where the token is there: was it revoked before?
    {Statement::RevokeToken,
     "revoke_token",
     R"sql(
with found as (
    select t.token_id, t.agent_id, t.revoked_at is not null as was_revoked
    from store.tokens t
    where t.tenant_id = $1::uuid and t.token_id = $2::uuid
    for update
),
revoked as (
    update store.tokens t
    set revoked_at = now()
    from found f
    where t.tenant_id = $1::uuid and t.token_id = f.token_id and not f.was_revoked
)
select f.was_revoked from found f
)sql",
     kApp},
    // Revokes every live token whose scopes let it read the path $3, and records each. $2 are the
    // path's prefixes: tokens of other secrets are not even looked at. Locked in one order, so that
    // two rotations can't wait for each other.
    {Statement::RevokeReaders,
     "revoke_readers",
     R"sql(
with readers as (
    select distinct p.token_id
    from store.token_patterns p
    where p.tenant_id = $1::uuid and p.literal_prefix = any ($2::text[])
      and $3::text like p.like_pattern
),
live as (
    select t.token_id
    from store.tokens t
    join readers r on r.token_id = t.token_id
    where t.tenant_id = $1::uuid and t.revoked_at is null and t.expires_at > now()
    order by t.token_id
    for update of t
),
revoked as (
    update store.tokens t
    set revoked_at = now()
    from live l
    where t.tenant_id = $1::uuid and t.token_id = l.token_id
    returning t.token_id
),
recorded as (
    insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                    resource_type, resource_id, token_id, reason, ip_address,
                                    user_agent, request_id)
    select $1::uuid, gen_random_uuid(), 'token.revoked', $4::text, $5::uuid, 'token', r.token_id,
           r.token_id, 'secret_rotated', $6::text::inet, $7::text, $8::text
    from revoked r
)
select count(*) from revoked
)sql",
     kApp},
    // At most $1 of them, with their patterns.
    {Statement::SweepTokens,
     "sweep_tokens",
     R"sql(
with doomed as (
    select t.tenant_id, t.token_id, t.scopes
    from store.tokens t
    where t.expires_at <= now()
    order by t.expires_at
    limit $1::bigint
    for update skip locked
),
prefixes as (
    select distinct d.tenant_id, d.token_id,
           split_part(substring(s.scope from '^secrets:(?:read|\*):(.*)$'), '*', 1) as prefix
    from doomed d
    cross join lateral unnest(d.scopes) as s (scope)
    where s.scope ~ '^secrets:(read|\*):'
),
unlisted as (
    delete from store.token_patterns p
    using prefixes x
    where p.tenant_id = x.tenant_id and p.literal_prefix = x.prefix and p.token_id = x.token_id
),
gone as (
    delete from store.tokens t
    using doomed d
    where t.tenant_id = d.tenant_id and t.token_id = d.token_id
    returning t.token_id
)
select count(*) from gone
)sql",
     kMaint},

    // What a change needs before it begins: the time of its transaction, the plan of its tenant,
    // the KEK that it seals under, and what was answered to the same request before. $2 are the
    // keys of the request, the one that the client chose last, which comes first.
    {Statement::BeginChange,
     "begin_change",
     R"sql(
select now(), coalesce(n.plan_version, 0), a.kek_id, a.generation, a.box, p.request_key,
       p.answer_box, k.kek_id, k.generation, k.box
from (select 1) as one
left join store.tenants n on n.tenant_id = $1::uuid
left join store.tenant_keys a on a.tenant_id = $1::uuid and a.state = 'active'
left join lateral (
    select p.request_key, p.kek_id, p.answer_box, array_position($2::bytea[], p.request_key) as n
    from store.processed_requests p
    where p.tenant_id = $1::uuid and p.request_key = any ($2::bytea[])
      and p.answer_box is not null
) p on true
left join store.tenant_keys k
    on k.tenant_id = $1::uuid and k.kek_id = p.kek_id and k.state <> 'destroyed'
order by p.n desc nulls last
limit 1
)sql",
     kApp},
    // A client's key is free again after its time, whether it has been swept away by then or not.
    {Statement::ForgetExpiredRequest,
     "forget_expired_request",
     R"sql(
delete from store.processed_requests p
where p.tenant_id = $1::uuid and p.request_key = $2::bytea and p.expires_at <= now()
)sql",
     kApp},
    // A plain insert: where the same request has just been processed by another worker, this
    // transaction must fail.
    {Statement::InsertProcessedRequest,
     "insert_processed_request",
     R"sql(
insert into store.processed_requests (tenant_id, request_key, kek_id, answer_box, expires_at)
values ($1::uuid, $2::bytea, $3::uuid, $4::bytea, now() + make_interval(secs => $5::bigint))
)sql",
     kApp},
    {Statement::SweepProcessedRequests,
     "sweep_processed_requests",
     R"sql(
with doomed as (
    select p.tenant_id, p.request_key
    from store.processed_requests p
    where p.expires_at <= now()
    order by p.expires_at
    limit $1::bigint
),
gone as (
    delete from store.processed_requests p
    using doomed d
    where p.tenant_id = d.tenant_id and p.request_key = d.request_key
    returning p.request_key
)
select count(*) from gone
)sql",
     kMaint},

    // A plain insert: whoever asks holds the lock of the request, and has found none that is
    // pending.
    {Statement::RequestApproval,
     "request_approval",
     R"sql(
insert into store.approvals (tenant_id, approval_id, agent_id, request_digest, requested_scopes,
                             ttl_seconds, max_uses, ip_allowlist, reason, access_tier, ip_address,
                             user_agent, expires_at)
values ($1::uuid, $2::uuid, $3::uuid, $4::bytea, $5::text[], $6::bigint, $7::bigint::integer,
        $8::text[]::inet[], $9::text, $10::bigint::smallint, $11::text::inet, $12::text,
        now() + make_interval(secs => $13::bigint))
)sql",
     kApp},
    {Statement::LockApproval,
     "lock_approval",
     R"sql(
select p.approval_id
from store.approvals p
where p.tenant_id = $1::uuid and p.approval_id = $2::uuid
for update
)sql",
     kApp},
    {Statement::LockNewestApproval,
     "lock_newest_approval",
     R"sql(
select p.approval_id
from store.approvals p
where p.tenant_id = $1::uuid and p.agent_id = $2::uuid and p.request_digest = $3::bytea
order by p.approval_id desc
limit 1
for update
)sql",
     kApp},
    {Statement::FindApprovalState, "find_approval_state", kFindApprovalState.data(), kApp},
    {Statement::FindNewestApprovalState,
     "find_newest_approval_state",
     kFindNewestApprovalState.data(),
     kApp},
    {Statement::ExpireApproval,
     "expire_approval",
     R"sql(
update store.approvals p
set status = 'expired', decided_at = now()
where p.tenant_id = $1::uuid and p.approval_id = $2::uuid and p.status = 'pending'
  and p.expires_at <= now()
returning p.approval_id
)sql",
     kApp},
    {Statement::DenyApproval,
     "deny_approval",
     R"sql(
update store.approvals p
set status = 'denied', decided_at = now()
where p.tenant_id = $1::uuid and p.approval_id = $2::uuid and p.status = 'pending'
  and p.expires_at > now()
returning p.approval_id
)sql",
     kApp},
    {Statement::NarrowApproval,
     "narrow_approval",
     R"sql(
update store.approvals p
set granted_scopes = $3::text[], granted_ttl_seconds = $4::bigint,
    granted_max_uses = $5::bigint::integer
where p.tenant_id = $1::uuid and p.approval_id = $2::uuid and p.status = 'pending'
  and p.expires_at > now()
returning p.approval_id
)sql",
     kApp},
    {Statement::ApproveApproval, "approve_approval", kApproveApproval, kApp},
    {Statement::MarkApprovalCollected,
     "mark_approval_collected",
     R"sql(
update store.approvals p
set collected_at = now()
where p.tenant_id = $1::uuid and p.approval_id = $2::uuid and p.collected_at is null
)sql",
     kApp},
    {Statement::InsertApprovalDecision,
     "insert_approval_decision",
     R"sql(
insert into store.approval_decisions (tenant_id, approval_id, event_id, decision, decided_by_type,
                                      decided_by, role, signed_in_freshly, reason)
values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::uuid, $7::text, $8::boolean, $9::text)
)sql",
     kApp},
    // With what the person is now: an approval is worth no more than that.
    {Statement::ListApprovalDecisions,
     "list_approval_decisions",
     R"sql(
select d.approval_id, d.event_id, d.decision, d.decided_by_type, d.decided_by, u.email, d.role,
       m.role, d.signed_in_freshly, d.reason, d.created_at
from store.approval_decisions d
left join store.members m on m.tenant_id = d.tenant_id and m.user_id = d.decided_by
left join store.users u on u.user_id = m.user_id
where d.tenant_id = $1::uuid and d.approval_id = any ($2::uuid[])
order by d.created_at, d.event_id
)sql",
     kApp},
    {Statement::CountApprovers,
     "count_approvers",
     R"sql(
select count(*), count(*) filter (where m.role = 'owner')
from store.members m
where m.tenant_id = $1::uuid and m.role in ('approver', 'admin', 'owner')
)sql",
     kApp},
    {Statement::FindApproval, "find_approval", kFindApproval.data(), kApp},
    {Statement::ListApprovals, "list_approvals", kListApprovals.data(), kApp},
    {Statement::CountApprovals,
     "count_approvals",
     R"sql(
select count(*)
from store.approvals p
where p.tenant_id = $1::uuid
  and ($2::text is null
       or $2::text = case when p.status = 'pending' and p.expires_at <= now() then 'expired'
                          else p.status end)
)sql",
     kApp},
    // Of all tenants, the oldest first; those that somebody decides at this moment are left to him.
    {Statement::ExpireApprovals,
     "expire_approvals",
     R"sql(
with doomed as (
    select p.tenant_id, p.approval_id
    from store.approvals p
    where p.status = 'pending' and p.expires_at <= now()
    order by p.expires_at
    limit $1::bigint
    for update skip locked
),
expired as (
    update store.approvals p
    set status = 'expired', decided_at = now()
    from doomed d
    where p.tenant_id = d.tenant_id and p.approval_id = d.approval_id
    returning p.tenant_id, p.approval_id, p.agent_id, p.requested_scopes, p.access_tier, p.reason,
              p.created_at, p.expires_at
)
select e.tenant_id, e.approval_id, e.agent_id, a.name, e.requested_scopes, e.access_tier::bigint,
       e.reason, e.created_at, e.expires_at
from expired e
join store.agents a on a.tenant_id = e.tenant_id and a.agent_id = e.agent_id
)sql",
     kMaint},

    {Statement::ListApprovalPolicies,
     "list_approval_policies",
     R"sql(
select o.namespace, o.access_tier::bigint, o.approvals::bigint, o.delay_seconds, o.owner_only,
       o.allow_self_approval
from store.approval_policies o
where o.tenant_id = $1::uuid
order by o.namespace, o.access_tier
)sql",
     kApp},
    {Statement::FindPoliciesVersion,
     "find_policies_version",
     "select t.approval_policies_version from store.tenants t where t.tenant_id = $1::uuid",
     kApp},
    {Statement::LockPoliciesVersion,
     "lock_policies_version",
     R"sql(
select t.approval_policies_version
from store.tenants t
where t.tenant_id = $1::uuid
for no key update
)sql",
     kApp},
    {Statement::SetPoliciesVersion,
     "set_policies_version",
     R"sql(
update store.tenants t set approval_policies_version = $2::bigint where t.tenant_id = $1::uuid
)sql",
     kApp},
    {Statement::DeleteApprovalPolicies,
     "delete_approval_policies",
     "delete from store.approval_policies o where o.tenant_id = $1::uuid",
     kApp},
    {Statement::InsertApprovalPolicy,
     "insert_approval_policy",
     R"sql(
insert into store.approval_policies (tenant_id, namespace, access_tier, approvals, delay_seconds,
                                     owner_only, allow_self_approval)
values ($1::uuid, $2::text, $3::bigint::smallint, $4::bigint::smallint, $5::bigint, $6::boolean,
        $7::boolean)
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
    // The newest version, where this actor stored it within the last $6 seconds: what a client
    // whose answer was lost may be sending again.
    {Statement::FindRecentVersion,
     "find_recent_version",
     R"sql(
select v.version, v.kek_id, k.generation, k.box, v.access_tier::bigint, v.expires_at, v.dek_box,
       v.value_box, s.updated_at
from store.secrets s
join store.secret_versions v
    on v.tenant_id = s.tenant_id and v.secret_id = s.secret_id and v.version = s.current_version
join store.tenant_keys k
    on k.tenant_id = v.tenant_id and k.kek_id = v.kek_id and k.state <> 'destroyed'
where s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = $3::text
  and s.deleted_at is null and v.created_by_type = $4::text and v.created_by = $5::uuid
  and v.created_at > now() - make_interval(secs => $6::bigint)
)sql",
     kApp},
    // Look-ups one behind the other, as in kReadSecrets: a plan that was made while the tables were
    // known to be empty would else read all of a tenant's secrets, and all versions, for each.
    {Statement::FindVersion,
     "find_version",
     R"sql(
select v.version, v.kek_id, k.generation, k.box, v.access_tier::bigint, v.expires_at, v.dek_box,
       v.value_box, s.updated_at
from (
    select s.tenant_id, s.secret_id, s.current_version, s.updated_at
    from store.secrets s
    where s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = $3::text
      and s.deleted_at is null
    limit 1
) s
cross join lateral (
    select v.version, v.kek_id, v.access_tier, v.expires_at, v.dek_box, v.value_box
    from store.secret_versions v
    where v.tenant_id = s.tenant_id and v.secret_id = s.secret_id
      and v.version = coalesce($4::bigint, s.current_version)
    limit 1
) v
cross join lateral (
    select k.generation, k.box
    from store.tenant_keys k
    where k.tenant_id = s.tenant_id and k.kek_id = v.kek_id and k.state <> 'destroyed'
    limit 1
) k
)sql",
     kApp},
    {Statement::DeleteSecret,
     "delete_secret",
     R"sql(
update store.secrets s set deleted_at = now() where s.tenant_id = $1::uuid and s.secret_id = $2::uuid
)sql",
     kApp},
    {Statement::ListVersions,
     "list_versions",
     R"sql(
select v.version, v.access_tier::bigint, v.expires_at, v.created_at, v.created_by_type,
       v.created_by, v.version = s.current_version
from store.secrets s
join store.secret_versions v on v.tenant_id = s.tenant_id and v.secret_id = s.secret_id
where s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = $3::text
  and s.deleted_at is null
order by v.version desc
limit $4::bigint offset $5::bigint
)sql",
     kApp},
    {Statement::CountVersions,
     "count_versions",
     R"sql(
select count(*)
from store.secrets s
join store.secret_versions v on v.tenant_id = s.tenant_id and v.secret_id = s.secret_id
where s.tenant_id = $1::uuid and s.namespace = $2::text and s.key = $3::text
  and s.deleted_at is null
)sql",
     kApp},
    // From one namespace to the next by the index, however many secrets each of them holds; one
    // counts where at least one of its secrets may be seen. $2 to $4 as in list_secrets.
    {Statement::ListNamespaces,
     "list_namespaces",
     R"sql(
with recursive names as (
    (select s.namespace
     from store.secrets s
     where s.tenant_id = $1::uuid and s.deleted_at is null
     order by s.namespace
     limit 1)
    union all
    select next.namespace
    from names n
    cross join lateral (
        select s.namespace
        from store.secrets s
        where s.tenant_id = $1::uuid and s.namespace > n.namespace and s.deleted_at is null
        order by s.namespace
        limit 1
    ) next
),
visible as (
    select n.namespace
    from names n
    where exists (
        select
        from store.secrets s
        where s.tenant_id = $1::uuid and s.namespace = n.namespace and s.deleted_at is null
          and s.path like any ($2::text[]) and s.path like any ($3::text[])
          and s.path like any ($4::text[]))
)
select t.total, p.namespace
from (select count(*) as total from visible) t
left join lateral (
    select v.namespace from visible v order by v.namespace limit $5::bigint offset $6::bigint
) p on true
order by p.namespace
)sql",
     kApp},
    // $3 to $5: path patterns of the token, of its agent's scopes and of its agent's namespaces;
    // '%' where they don't limit. $8: the last namespace of the range; $2 itself, or for all that
    // is below it the namespace, '/' and a byte above all others.
    {Statement::ListSecrets,
     "list_secrets",
     R"sql(
select s.secret_id, s.namespace, s.key, s.current_version, s.secret_type, s.access_tier::bigint,
       s.metadata, s.created_at, s.updated_at, s.expires_at, coalesce(s.expires_at <= now(), false)
from store.secrets s
where s.tenant_id = $1::uuid and s.namespace >= $2::text and s.namespace <= $8::text
  and (s.namespace = $2::text or s.namespace >= $2::text || '/') and s.deleted_at is null
  and s.path like any ($3::text[]) and s.path like any ($4::text[]) and s.path like any ($5::text[])
order by s.namespace, s.key
limit $6::bigint offset $7::bigint
)sql",
     kApp},
    {Statement::CountSecrets,
     "count_secrets",
     R"sql(
select count(*)
from store.secrets s
where s.tenant_id = $1::uuid and s.namespace >= $2::text and s.namespace <= $6::text
  and (s.namespace = $2::text or s.namespace >= $2::text || '/') and s.deleted_at is null
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
    // At most $2 versions of the $2 secrets that were deleted first, more than $1 seconds ago. One
    // that is locked, as its KEK is being replaced, is left for later. By the places of the rows
    // and one secret after the other: a plan that does not know $2 would else read all versions.
    {Statement::PurgeDeletedVersions,
     "purge_deleted_versions",
     R"sql(
with doomed as (
    select s.tenant_id, s.secret_id
    from store.secrets s
    where s.deleted_at < now() - make_interval(secs => $1::bigint)
    order by s.deleted_at, s.tenant_id, s.secret_id
    limit $2::bigint
),
chosen as (
    select v.place
    from doomed d
    cross join lateral (
        select v.ctid as place
        from store.secret_versions v
        where v.tenant_id = d.tenant_id and v.secret_id = d.secret_id
        limit $2::bigint
        for update skip locked
    ) v
    limit $2::bigint
),
gone as (
    delete from store.secret_versions v
    where v.ctid = any (array(select c.place from chosen c))
    returning v.version
)
select count(*) from gone
)sql",
     kMaint},
    // Of the same secrets those without a version.
    {Statement::PurgeDeletedSecrets,
     "purge_deleted_secrets",
     R"sql(
with doomed as (
    select s.ctid as place, s.tenant_id, s.secret_id
    from store.secrets s
    where s.deleted_at < now() - make_interval(secs => $1::bigint)
    order by s.deleted_at, s.tenant_id, s.secret_id
    limit $2::bigint
),
gone as (
    delete from store.secrets s
    where s.ctid = any (array(
        select d.place
        from doomed d
        where (select true
               from store.secret_versions v
               where v.tenant_id = d.tenant_id and v.secret_id = d.secret_id
               limit 1) is null))
    returning s.secret_id
)
select count(*) from gone
)sql",
     kMaint},

    {Statement::InsertAuditEvent,
     "insert_audit_event",
     R"sql(
insert into store.audit_events (tenant_id, event_id, event_type, actor_type, actor_id,
                                resource_type, resource_id, namespace, key, version, token_id,
                                reason, details, ip_address, user_agent, request_id)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::uuid, $6::text, $7::uuid, $8::text, $9::text,
        $10::bigint, $11::uuid, $12::text, $13::text::json, $14::text::inet, $15::text, $16::text)
)sql",
     kApp | kBilling | kMaint},
    {Statement::ListAuditEvents, "list_audit_events", kListAuditEvents.data(), kApp},
    {Statement::ListAuditEventsOfPath,
     "list_audit_events_of_path",
     kListAuditEventsOfPath.data(),
     kApp},
    {Statement::ListAuditEventsOfType,
     "list_audit_events_of_type",
     kListAuditEventsOfType.data(),
     kApp},
    {Statement::ListAuditEventsOfNamespace,
     "list_audit_events_of_namespace",
     kListAuditEventsOfNamespace.data(),
     kApp},
    {Statement::CountAuditEvents, "count_audit_events", kCountAuditEvents.data(), kApp},
    {Statement::CountAuditEventsOfPath,
     "count_audit_events_of_path",
     kCountAuditEventsOfPath.data(),
     kApp},
    {Statement::CountAuditEventsOfType,
     "count_audit_events_of_type",
     kCountAuditEventsOfType.data(),
     kApp},
    // All of them, or all of one type: what is sealed has been counted already.
    {Statement::CountAuditEventsOfNamespace,
     "count_audit_events_of_namespace",
     kCountAuditEventsOfNamespace.data(),
     kApp},
    {Statement::CountAllAuditEvents,
     "count_all_audit_events",
     R"sql(
select coalesce((
           select sum(c.events)
           from store.audit_counts c
           where c.tenant_id = $1::uuid and ($2::text is null or c.event_type = $2::text)
       ), 0)::bigint
       + (
           select count(*)
           from store.audit_events e
           where e.tenant_id = $1::uuid and ($2::text is null or e.event_type = $2::text)
             and e.created_at >= (
                 select coalesce(max(s.sealed_until), '-infinity')
                 from store.audit_seals s
                 where s.tenant_id = $1::uuid)
       )
)sql",
     kApp},
    // The place of an event in the order of pages. Nothing where it is not there.
    {Statement::FindAuditPosition,
     "find_audit_position",
     R"sql(
select e.created_at, e.seq
from store.audit_events e
where e.tenant_id = $1::uuid and e.created_at = $2::timestamptz and e.event_id = $3::uuid
)sql",
     kApp},
    // Counts what has happened since the last time, up to $2 seconds ago.
    {Statement::SealAuditCounts,
     "seal_audit_counts",
     R"sql(
with bounds as (
    select coalesce((select s.sealed_until from store.audit_seals s where s.tenant_id = $1::uuid),
                    '-infinity'::timestamptz) as low,
           now() - make_interval(secs => $2::bigint) as high
),
counted as (
    select date_trunc('month', e.created_at at time zone 'UTC')::date as month, e.event_type,
           count(*) as events
    from store.audit_events e
    where e.tenant_id = $1::uuid and e.created_at >= (select low from bounds)
      and e.created_at < (select high from bounds)
    group by 1, 2
),
added as (
    insert into store.audit_counts (tenant_id, month, event_type, events)
    select $1::uuid, c.month, c.event_type, c.events from counted c
    on conflict (tenant_id, month, event_type)
        do update set events = audit_counts.events + excluded.events
    returning 1
),
sealed as (
    insert into store.audit_seals (tenant_id, sealed_until)
    select $1::uuid, b.high from bounds b where exists (select from counted)
    on conflict (tenant_id) do update set sealed_until = excluded.sealed_until
)
select coalesce(sum(c.events), 0)::bigint from counted c
)sql",
     kMaint},
    // What was counted, and what is there of it.
    {Statement::CompareAuditCounts,
     "compare_audit_counts",
     R"sql(
with found as (
    select date_trunc('month', e.created_at at time zone 'UTC')::date as month, e.event_type,
           count(*) as events
    from store.audit_events e
    where e.tenant_id = $1::uuid
      and e.created_at < (select s.sealed_until from store.audit_seals s where s.tenant_id = $1::uuid)
    group by 1, 2
),
counted as (
    select c.month, c.event_type, c.events from store.audit_counts c where c.tenant_id = $1::uuid
)
select to_char(coalesce(c.month, f.month), 'YYYY-MM'), coalesce(c.event_type, f.event_type),
       coalesce(c.events, 0)::bigint, coalesce(f.events, 0)::bigint
from counted c
full join found f on f.month = c.month and f.event_type = c.event_type
order by 1, 2
)sql",
     kMaint},
    // Only one maintenance at a time, on however many hosts: false where another one runs.
    {Statement::LockMaintenance,
     "lock_maintenance",
     "select pg_catalog.pg_try_advisory_lock(4702111234474983745)",
     kMaint},
    {Statement::CreateAuditPartitions,
     "create_audit_partitions",
     R"sql(
select store.create_audit_partitions((current_date - interval '1 month')::date,
                                     (current_date + make_interval(months => $1::bigint::integer))::date)
)sql",
     kMaint},
    {Statement::RemoveAuditEvents,
     "remove_audit_events",
     R"sql(
select store.remove_audit_events($1::uuid, now() - make_interval(secs => $2::bigint), $3::bigint)
)sql",
     kMaint},
    {Statement::DropAuditPartitions,
     "drop_audit_partitions",
     "select store.drop_audit_partitions(now() - make_interval(secs => $1::bigint))",
     kMaint},
    // Of the months after this one.
    {Statement::CountAuditPartitionsAhead,
     "count_audit_partitions_ahead",
     R"sql(
select count(*)::bigint
from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
where i.inhparent = 'store.audit_events'::pg_catalog.regclass
  and c.relname > 'audit_events_' || to_char(current_date, 'YYYY_MM')
)sql",
     kMaint},
    {Statement::ReadServerClock,
     "read_server_clock",
     "select (extract(epoch from clock_timestamp()) * 1000)::bigint",
     kMaint},

    // Nothing else of the tenant waits: its rows refer to it by a key that does not change.
    {Statement::LockTenant,
     "lock_tenant",
     R"sql(
select 1::bigint from store.tenants t where t.tenant_id = $1::uuid for no key update
)sql",
     kApp},
    {Statement::CountWebhooks,
     "count_webhooks",
     "select count(*) from store.webhooks w where w.tenant_id = $1::uuid",
     kApp},
    {Statement::InsertWebhook,
     "insert_webhook",
     R"sql(
insert into store.webhooks (tenant_id, webhook_id, url, description, events, active, secret_box,
                            verified_at)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::text[], $6::boolean, $7::bytea,
        case when $8::boolean then now() end)
)sql",
     kApp},
    {Statement::ListWebhooks,
     "list_webhooks",
     R"sql(
select w.webhook_id, w.url, w.description, w.events, w.active, w.secret_generation, w.verified_at,
       case when w.previous_secret_until > now() then w.previous_secret_until end, w.created_at,
       w.updated_at
from store.webhooks w
where w.tenant_id = $1::uuid
order by w.webhook_id
)sql",
     kApp},
    {Statement::FindWebhook,
     "find_webhook",
     R"sql(
select w.webhook_id, w.url, w.description, w.events, w.active, w.secret_generation, w.verified_at,
       case when w.previous_secret_until > now() then w.previous_secret_until end, w.created_at,
       w.updated_at
from store.webhooks w
where w.tenant_id = $1::uuid and w.webhook_id = $2::uuid
)sql",
     kApp},
    {Statement::LockWebhook,
     "lock_webhook",
     R"sql(
select w.webhook_id, w.url, w.description, w.events, w.active, w.secret_generation, w.verified_at,
       case when w.previous_secret_until > now() then w.previous_secret_until end, w.created_at,
       w.updated_at
from store.webhooks w
where w.tenant_id = $1::uuid and w.webhook_id = $2::uuid
for update
)sql",
     kApp},
    {Statement::UpdateWebhook,
     "update_webhook",
     R"sql(
update store.webhooks w
set url = $3::text, description = $4::text, events = $5::text[], active = $6::boolean,
    verified_at = $7::timestamptz, updated_at = now()
where w.tenant_id = $1::uuid and w.webhook_id = $2::uuid
)sql",
     kApp},
    // The secret before it signs beside the new one until $4; the one before that ends now.
    {Statement::ReplaceWebhookSecret,
     "replace_webhook_secret",
     R"sql(
update store.webhooks w
set previous_secret_box = w.secret_box, previous_secret_until = $4::timestamptz,
    secret_box = $3::bytea, secret_generation = w.secret_generation + 1, updated_at = now()
where w.tenant_id = $1::uuid and w.webhook_id = $2::uuid
)sql",
     kApp},
    // What somebody asks for by hand does not wait until it has rested.
    {Statement::WakeWebhook,
     "wake_webhook",
     R"sql(
update store.webhooks w
set rests_until = now()
where w.tenant_id = $1::uuid and w.webhook_id = $2::uuid and w.failures > 0
)sql",
     kApp},
    {Statement::DeleteWebhook,
     "delete_webhook",
     R"sql(
delete from store.webhooks w where w.tenant_id = $1::uuid and w.webhook_id = $2::uuid
)sql",
     kApp},
    // False where egress is not connected, or the question was not taken: at most $4 of a tenant
    // wait at a time, for with each of them a request thread does.
    {Statement::AskAboutHost,
     "ask_about_host",
     R"sql(
with asked as (
    insert into store.host_checks (tenant_id, check_id, host)
    select $1::uuid, $2::uuid, $3::text
    where exists (select from pg_catalog.pg_stat_activity a where a.usename = 'secretstore_egress')
      and (select count(*)
           from store.host_checks c
           where c.tenant_id = $1::uuid and c.asked_at > now() - interval '5 seconds') < $4::bigint
    returning check_id
)
select exists (select from asked)
)sql",
     kApp},
    {Statement::TakeHostVerdict,
     "take_host_verdict",
     R"sql(
delete from store.host_checks c
where c.tenant_id = $1::uuid and c.check_id = $2::uuid and c.verdict is not null
returning c.verdict
)sql",
     kApp},
    {Statement::ForgetHostCheck,
     "forget_host_check",
     "delete from store.host_checks c where c.tenant_id = $1::uuid and c.check_id = $2::uuid",
     kApp},
    {Statement::SweepHostChecks,
     "sweep_host_checks",
     R"sql(
with gone as (
    delete from store.host_checks c
    where c.asked_at < now() - interval '1 minute'
    returning c.check_id
)
select count(*) from gone
)sql",
     kMaint},
    {Statement::InsertOutboxMessage,
     "insert_outbox_message",
     R"sql(
insert into store.outbox (tenant_id, message_id, event_type, payload, mail_box)
values ($1::uuid, $2::uuid, $3::text, $4::text::json, $5::bytea)
)sql",
     kApp | kEgress | kMaint},
    // A message whose deliveries are made with it: nobody else is told.
    {Statement::InsertExpandedMessage,
     "insert_expanded_message",
     R"sql(
insert into store.outbox (tenant_id, message_id, event_type, payload, expanded_at)
values ($1::uuid, $2::uuid, $3::text, $4::text::json, now())
)sql",
     kApp},
    {Statement::InsertDelivery,
     "insert_delivery",
     R"sql(
insert into store.deliveries (tenant_id, delivery_id, message_id, event_type, webhook_id, recipient,
                              next_attempt_at)
values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::uuid, $6::text, now())
)sql",
     kApp},
    {Statement::EndDeliveriesOfWebhook,
     "end_deliveries_of_webhook",
     R"sql(
update store.deliveries d
set status = 'dead', next_attempt_at = null, finished_at = now(), last_error = 'webhook_inactive'
where d.tenant_id = $1::uuid and d.webhook_id = $2::uuid and d.next_attempt_at is not null
)sql",
     kApp},
    {Statement::ListDeliveries, "list_deliveries", kListDeliveries.data(), kApp},
    {Statement::ListDeliveriesOfWebhook,
     "list_deliveries_of_webhook",
     kListDeliveriesOfWebhook.data(),
     kApp},
    {Statement::CountDeliveries, "count_deliveries", kCountDeliveries.data(), kApp},
    {Statement::CountDeliveriesOfWebhook,
     "count_deliveries_of_webhook",
     kCountDeliveriesOfWebhook.data(),
     kApp},
    {Statement::FindDelivery, "find_delivery", kFindDelivery.data(), kApp},
    {Statement::LockDelivery, "lock_delivery", kLockDelivery.data(), kApp},
    {Statement::ResendDelivery,
     "resend_delivery",
     R"sql(
update store.deliveries d
set status = 'pending', attempts = 0, next_attempt_at = now(), finished_at = null
where d.tenant_id = $1::uuid and d.delivery_id = $2::uuid
)sql",
     kApp},
    {Statement::ExpandOutbox, "expand_outbox", kExpandOutbox, kEgress},
    {Statement::ClaimWebhookDelivery, "claim_webhook_delivery", kClaimWebhookDelivery, kEgress},
    // The same for mails, of which one server takes all.
    {Statement::ClaimMailDeliveries,
     "claim_mail_deliveries",
     R"sql(
with due as (
    select d.tenant_id, d.delivery_id
    from store.deliveries d
    where d.next_attempt_at <= now() and d.recipient is not null
    order by d.next_attempt_at
    limit $1::bigint
    for update skip locked
),
claimed as (
    update store.deliveries d
    set attempts = d.attempts + 1, last_attempt_at = now(),
        next_attempt_at = now() + make_interval(secs => $2::bigint)
    from due
    where d.tenant_id = due.tenant_id and d.delivery_id = due.delivery_id
    returning d.tenant_id, d.delivery_id, d.message_id, d.attempts, d.recipient
)
select c.tenant_id, c.delivery_id, c.message_id, c.attempts::bigint, o.event_type,
       o.payload::text, o.created_at, c.recipient, n.name, o.mail_box
from claimed c
join store.outbox o on o.tenant_id = c.tenant_id and o.message_id = c.message_id
join store.tenants n on n.tenant_id = c.tenant_id
)sql",
     kEgress},
    // $3 is the attempt that is reported: one that came too late does not overwrite a later one.
    // Ended where $5, the seconds to the next attempt, is null.
    {Statement::ReportDelivery,
     "report_delivery",
     R"sql(
update store.deliveries d
set status = $4::text, next_attempt_at = now() + make_interval(secs => $5::bigint),
    finished_at = case when $5::bigint is null then now() end,
    last_status = $6::bigint::integer, last_error = $7::text
where d.tenant_id = $1::uuid and d.delivery_id = $2::uuid and d.attempts = $3::bigint
  and d.next_attempt_at is not null
)sql",
     kEgress},
    // What a transfer told of its webhook: $4 is for how long it rests now.
    {Statement::ReportWebhook,
     "report_webhook",
     R"sql(
update store.webhooks w
set failures = case when $3::boolean then 0 else w.failures + 1 end,
    verified_at = case when $3::boolean then coalesce(w.verified_at, now()) else w.verified_at end,
    rests_until = now() + make_interval(secs => $4::bigint)
where w.tenant_id = $1::uuid and w.webhook_id = $2::uuid
)sql",
     kEgress},
    {Statement::ListHostChecks,
     "list_host_checks",
     R"sql(
select c.tenant_id, c.check_id, c.host
from store.host_checks c
where c.verdict is null and c.asked_at > now() - interval '5 seconds'
order by c.asked_at
limit $1::bigint
)sql",
     kEgress},
    {Statement::AnswerHostCheck,
     "answer_host_check",
     R"sql(
update store.host_checks c
set verdict = $3::text
where c.tenant_id = $1::uuid and c.check_id = $2::uuid
)sql",
     kEgress},
    {Statement::TellRepeatedRefusals, "tell_repeated_refusals", kTellRepeatedRefusals, kEgress},
    {Statement::TellKeySetTrouble, "tell_key_set_trouble", kTellKeySetTrouble, kEgress},
    {Statement::TellExpiringSecrets, "tell_expiring_secrets", kTellExpiringSecrets, kMaint},
    // What was delivered is kept for a week, what was not for a month.
    {Statement::SweepDeliveries,
     "sweep_deliveries",
     R"sql(
with doomed as (
    select d.tenant_id, d.delivery_id
    from store.deliveries d
    where d.finished_at < now() - interval '7 days'
      and (d.status = 'delivered' or d.finished_at < now() - interval '30 days')
    order by d.finished_at
    limit $1::bigint
),
gone as (
    delete from store.deliveries d
    using doomed x
    where d.tenant_id = x.tenant_id and d.delivery_id = x.delivery_id
    returning d.delivery_id
)
select count(*) from gone
)sql",
     kMaint},
    // Messages that nobody is told of any more; and those that nobody was there to tell.
    {Statement::SweepOutbox,
     "sweep_outbox",
     R"sql(
with doomed as (
    select o.tenant_id, o.message_id
    from store.outbox o
    where o.created_at < now() - interval '7 days'
      and (o.expanded_at is not null or o.created_at < now() - interval '30 days')
      and not exists (
        select
        from store.deliveries d
        where d.tenant_id = o.tenant_id and d.message_id = o.message_id)
    order by o.created_at
    limit $1::bigint
),
gone as (
    delete from store.outbox o
    using doomed x
    where o.tenant_id = x.tenant_id and o.message_id = x.message_id
    returning o.message_id
)
select count(*) from gone
)sql",
     kMaint},
    {Statement::SweepExpiryNotices,
     "sweep_expiry_notices",
     R"sql(
with doomed as (
    select n.tenant_id, n.secret_id, n.version, n.days
    from store.expiry_notices n
    where n.told_at < now() - interval '30 days'
    order by n.told_at
    limit $1::bigint
),
gone as (
    delete from store.expiry_notices n
    using doomed x
    where n.tenant_id = x.tenant_id and n.secret_id = x.secret_id and n.version = x.version
      and n.days = x.days
    returning n.days
)
select count(*) from gone
)sql",
     kMaint},
    {Statement::FindEgressKeyId,
     "find_egress_key_id",
     R"sql(
select k.key_id from store.service_keys k where k.purpose = 'egress' and k.state = 'active'
)sql",
     kEgress},

    {Statement::FindTenantOfCustomer,
     "find_tenant_of_customer",
     "select c.tenant_id from store.find_tenant_of_customer($1::text) c",
     kBilling},
    {Statement::FindCustomer,
     "find_customer",
     R"sql(
select c.customer_id
from store.stripe_customers c
where c.tenant_id = $1::uuid
order by exists (
             select from store.stripe_subscriptions s
             where s.tenant_id = c.tenant_id and s.customer_id = c.customer_id
               and s.status in ('active', 'trialing', 'past_due')) desc,
         c.created_at desc, c.customer_id
limit 1
)sql",
     kBilling},
    // Another tenant's stays another tenant's: what is then said of a subscription of it fails by
    // its foreign key.
    {Statement::InsertCustomer,
     "insert_customer",
     R"sql(
insert into store.stripe_customers (tenant_id, customer_id) values ($1::uuid, $2::text)
on conflict do nothing
)sql",
     kBilling},
    {Statement::ListSubscriptions,
     "list_subscriptions",
     R"sql(
select s.subscription_id, s.plan, s.status, s.told_at, s.told_rank, s.failed_at
from store.stripe_subscriptions s
where s.tenant_id = $1::uuid
order by s.subscription_id
)sql",
     kBilling},
    {Statement::UpsertSubscription,
     "upsert_subscription",
     R"sql(
insert into store.stripe_subscriptions (tenant_id, subscription_id, customer_id, plan, status, told_at,
                                        told_rank, failed_at)
values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::timestamptz, $7::bigint,
        $8::timestamptz)
on conflict (tenant_id, subscription_id) do update
set plan = excluded.plan, status = excluded.status, told_at = excluded.told_at,
    told_rank = excluded.told_rank, failed_at = excluded.failed_at
)sql",
     kBilling},
    // A row where it is new. Nothing, too, where there is no such tenant.
    {Statement::InsertStripeEvent,
     "insert_stripe_event",
     R"sql(
insert into store.stripe_events (tenant_id, event_id)
select t.tenant_id, $2::text from store.tenants t where t.tenant_id = $1::uuid
on conflict (tenant_id, event_id) do nothing
returning event_id
)sql",
     kBilling},
    // A row where the request is new, or was so long ago that it counts as new.
    {Statement::InsertBillingRequest,
     "insert_billing_request",
     R"sql(
insert into store.processed_requests (tenant_id, request_key, expires_at)
values ($1::uuid, $2::bytea, now() + make_interval(secs => $3::bigint))
on conflict (tenant_id, request_key) do update
set expires_at = excluded.expires_at
where processed_requests.expires_at <= now()
returning request_key
)sql",
     kBilling},
    // Only enterprise has a number of requests of its own.
    {Statement::ChangeStanding,
     "change_standing",
     R"sql(
update store.tenants t
set plan = coalesce($2::text, t.plan),
    requests_per_minute = case coalesce($2::text, t.plan)
                              when 'enterprise' then t.requests_per_minute
                          end,
    subscription_status = $3::text
where t.tenant_id = $1::uuid
)sql",
     kBilling},
    {Statement::SweepStripeEvents,
     "sweep_stripe_events",
     R"sql(
with doomed as (
    select e.tenant_id, e.event_id
    from store.stripe_events e
    where e.received_at <= now() - interval '90 days'
    order by e.received_at
    limit $1::bigint
),
gone as (
    delete from store.stripe_events e
    using doomed d
    where e.tenant_id = d.tenant_id and e.event_id = d.event_id
    returning 1
)
select count(*) from gone
)sql",
     kMaint},

    {Statement::TakeStock,
     "take_stock",
     R"sql(
select s.approvals_pending, s.outbox_waiting, s.outbox_lag_seconds, s.mails_open, s.mails_dead,
       s.webhook_deliveries_open, s.webhook_deliveries_dead, s.audit_partitions_left,
       (select coalesce(max(m.number), 0)::bigint from store.schema_migrations m)
from store.take_stock() s
)sql",
     kApp},
    {Statement::FindKeySetAges,
     "find_key_set_ages",
     R"sql(
select i.issuer, extract(epoch from now() - k.fetched_at)::bigint, coalesce(f.failures, 0)
from unnest($1::text[]) as i (issuer)
left join store.key_sets k on k.issuer = i.issuer
left join store.key_set_fetches f on f.issuer = i.issuer
where k.source is distinct from 'local'
order by i.issuer
)sql",
     kApp},

    {Statement::FindSchemaVersion,
     "find_schema_version",
     R"sql(
select coalesce(max(m.number), 0)::bigint,
       coalesce(max(m.number) filter (where m.breaking), 0)::bigint
from store.schema_migrations m
)sql",
     kApp | kEgress | kBilling | kMaint | kBackup},
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
