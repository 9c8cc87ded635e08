-- Agents with their keys, and the scoped tokens that they hold.
-- Breaking: no.
set local lock_timeout = '5s';

create table store.agents (
    tenant_id uuid not null,
    agent_id uuid not null,
    name text not null,
    description text,
    key_public_id text collate "C" not null,
    key_pepper_id uuid not null,
    key_mac bytea not null,
    allowed_namespaces text[] not null,
    allowed_scopes text[] not null,
    ip_allowlist inet[],
    limits_version bigint not null default 1,
    active boolean not null default true,
    created_by uuid,
    created_at timestamptz not null default now(),
    last_active_at timestamptz,
    constraint agents_pkey primary key (tenant_id, agent_id),
    constraint agents_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint agents_key_public_id_is_unique unique (key_public_id),
    constraint agents_key_pepper_is_known foreign key (key_pepper_id) references store.service_keys (key_id),
    constraint agents_key_mac_has_32_bytes check (octet_length(key_mac) = 32),
    constraint agents_name_has_1_to_64_characters check (name ~ '^[A-Za-z0-9_ .-]{1,64}$'),
    constraint agents_description_has_at_most_500_characters check (char_length(description) <= 500),
    constraint agents_have_1_to_32_namespaces check (cardinality(allowed_namespaces) between 1 and 32),
    constraint agents_have_1_to_32_scopes check (cardinality(allowed_scopes) between 1 and 32),
    constraint agents_have_1_to_64_addresses check (cardinality(ip_allowlist) between 1 and 64)
);
comment on column store.agents.key_mac is
    'HMAC-SHA-256 of the agent key under the pepper; the key itself is stored nowhere.';
comment on column store.agents.limits_version is
    'Grows with every change of what the agent may do. Tokens carry the version they were checked against.';

create table store.tokens (
    tenant_id uuid not null,
    token_id uuid not null,
    agent_id uuid not null,
    signing_key_id uuid not null,
    plan_hint text not null,
    token_epoch bigint not null,
    agent_limits_version bigint not null,
    scopes text[] not null,
    access_tier smallint not null default 0,
    max_uses integer,
    uses integer not null default 0,
    ip_allowlist inet[],
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint tokens_pkey primary key (tenant_id, token_id),
    constraint tokens_belong_to_an_agent foreign key (tenant_id, agent_id)
        references store.agents (tenant_id, agent_id),
    constraint tokens_signing_key_is_known foreign key (signing_key_id) references store.service_keys (key_id),
    constraint tokens_have_1_to_32_scopes check (cardinality(scopes) between 1 and 32),
    constraint tokens_access_tier_is_known check (access_tier between 0 and 2),
    constraint tokens_max_uses_is_1_to_a_million check (max_uses between 1 and 1000000),
    constraint tokens_uses_stay_within_max_uses check (uses >= 0 and (max_uses is null or uses <= max_uses)),
    constraint tokens_expire_after_issue check (expires_at > issued_at)
);
comment on table store.tokens is
    'Everything that is signed into a token, so that it can be signed again and need not be stored.';

alter table store.agents enable row level security;
alter table store.agents force row level security;
alter table store.tokens enable row level security;
alter table store.tokens force row level security;

create policy tenant_wall on store.agents to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.tokens to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
-- Batches of reads mix tenants: there every join carries the tenant of the verified token.
create policy batch on store.agents for select to secretstore_reader using (true);
create policy batch on store.tokens for select to secretstore_reader using (true);
create policy operator on store.agents to secretstore_maint using (true);
create policy operator on store.tokens to secretstore_maint using (true);
create policy looker on store.agents for select to secretstore_readonly using (true);
create policy looker on store.tokens for select to secretstore_readonly using (true);
-- For the function below alone.
create policy definer on store.agents for select to secretstore_owner using (true);
create policy definer on store.tenants for select to secretstore_owner using (true);

grant select, insert, update on store.agents, store.tokens to secretstore_app;
grant select (tenant_id, agent_id, active, limits_version, ip_allowlist) on store.agents to secretstore_reader;
grant select (tenant_id, token_id, agent_id, expires_at, revoked_at) on store.tokens to secretstore_reader;
grant select, update on store.agents, store.tokens to secretstore_maint;
grant delete on store.tokens to secretstore_maint;
grant select (tenant_id, agent_id, name, description, key_public_id, allowed_namespaces, allowed_scopes,
              ip_allowlist, limits_version, active, created_by, created_at, last_active_at)
    on store.agents to secretstore_readonly;
grant select on store.tokens to secretstore_readonly;

-- Before an agent's tenant is known: the one row that this public id names, for verification of
-- the key. The public id alone is worth nothing.
create function store.find_agent_key(wanted_public_id text)
    returns table (tenant_id uuid, agent_id uuid, name text, key_pepper_id uuid, key_mac bytea,
                   allowed_namespaces text[], allowed_scopes text[], ip_allowlist text[],
                   limits_version bigint, active boolean, plan text, rate_limit_key text)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select a.tenant_id, a.agent_id, a.name, a.key_pepper_id, a.key_mac,
               a.allowed_namespaces, a.allowed_scopes, a.ip_allowlist::text[],
               a.limits_version, a.active, t.plan, t.rate_limit_key
        from store.agents a
        join store.tenants t on t.tenant_id = a.tenant_id
        where a.key_public_id = wanted_public_id;
end
$$;
revoke all on function store.find_agent_key(text) from public;
grant execute on function store.find_agent_key(text) to secretstore_app;
