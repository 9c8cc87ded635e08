-- Tokens are found by the paths that they may read (a rotation revokes them), by the request that
-- they answer (the same one again gets the same token) and by when they expire (to be swept away).
-- A key of an agent has a version, so that a new key ends what was issued under the old one.
-- Breaking: yes. Workers before this issue tokens that a rotation would not find.
-- breaking: yes
set local lock_timeout = '5s';

alter table store.agents
    add column key_version bigint not null default 1;
comment on column store.agents.key_version is
    'Grows with every new key. A token that was issued under an older one is dead.';

alter table store.tokens
    add column agent_key_version bigint not null default 1,
    add column request_digest bytea,
    add column request_id text,
    add constraint tokens_request_digest_has_32_bytes check (octet_length(request_digest) = 32);
comment on column store.tokens.request_digest is
    'SHA-256 of what was asked for (scopes as a set, ttl, max_uses, ip_allowlist).';
-- Not tenant first: without statistics the planner would take it for the primary key's look-ups.
create index tokens_by_request on store.tokens (request_digest, tenant_id, agent_id, issued_at);
create index tokens_by_expiry on store.tokens (expires_at);

-- One row for each pattern that lets a token read. A path is matched by those patterns alone whose
-- literal prefix is one of its own prefixes, so that the tokens of other secrets cost nothing.
create table store.token_patterns (
    tenant_id uuid not null,
    literal_prefix text collate "C" not null,
    token_id uuid not null,
    ordinal smallint not null,
    like_pattern text collate "C" not null,
    constraint token_patterns_pkey primary key (tenant_id, literal_prefix, token_id, ordinal),
    constraint token_patterns_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id)
);
comment on table store.token_patterns is
    'No foreign key to tokens: it would want an index of its own. Whoever deletes a token deletes these.';
comment on column store.token_patterns.literal_prefix is 'What stands before the first star.';
comment on column store.token_patterns.like_pattern is 'The pattern for LIKE: * as %, all else literal.';

insert into store.token_patterns (tenant_id, literal_prefix, token_id, ordinal, like_pattern)
select t.tenant_id, split_part(p.pattern, '*', 1), t.token_id, p.n::smallint,
       replace(replace(replace(p.pattern, '\', '\\'), '_', '\_'), '*', '%')
from store.tokens t
cross join lateral (
    select substring(s.scope from '^secrets:(?:read|\*):(.*)$') as pattern, s.n
    from unnest(t.scopes) with ordinality as s (scope, n)
) p
where p.pattern is not null and t.expires_at > now() and t.revoked_at is null;

alter table store.token_patterns enable row level security;
alter table store.token_patterns force row level security;
create policy tenant_wall on store.token_patterns to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy operator on store.token_patterns to secretstore_maint using (true);
create policy looker on store.token_patterns for select to secretstore_readonly using (true);

grant select, insert on store.token_patterns to secretstore_app;
grant select, delete on store.token_patterns to secretstore_maint;
grant select on store.token_patterns to secretstore_readonly;
grant select (key_version) on store.agents to secretstore_reader, secretstore_readonly;
grant select (agent_key_version) on store.tokens to secretstore_reader;

drop function store.find_agent_key(text);
create function store.find_agent_key(wanted_public_id text)
    returns table (tenant_id uuid, agent_id uuid, name text, key_pepper_id uuid, key_mac bytea,
                   allowed_namespaces text[], allowed_scopes text[], ip_allowlist text[],
                   limits_version bigint, key_version bigint, active boolean, plan text,
                   rate_limit_key text)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select a.tenant_id, a.agent_id, a.name, a.key_pepper_id, a.key_mac,
               a.allowed_namespaces, a.allowed_scopes, a.ip_allowlist::text[],
               a.limits_version, a.key_version, a.active, t.plan, t.rate_limit_key
        from store.agents a
        join store.tenants t on t.tenant_id = a.tenant_id
        where a.key_public_id = wanted_public_id;
end
$$;
revoke all on function store.find_agent_key(text) from public;
grant execute on function store.find_agent_key(text) to secretstore_app;
