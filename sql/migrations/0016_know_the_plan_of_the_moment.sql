-- A tenant's plan counts from the next request on: it has a version, by which whoever remembers one
-- finds out that there is another; and whoever authenticates is told of it at once.
-- Breaking: no.
set local lock_timeout = '5s';

alter table store.tenants
    add column plan_version bigint not null default 1,
    add column plan_changed_at timestamptz,
    add column requests_per_minute integer,
    add constraint tenants_requests_per_minute_has_a_range
        check (requests_per_minute between 0 and 5000000),
    add constraint tenants_only_enterprise_has_its_own_number
        check (requests_per_minute is null or plan = 'enterprise');
comment on column store.tenants.plan_version is
    'Grows with every change of the plan. Requests are judged again where it is not the one they were judged by.';
comment on column store.tenants.requests_per_minute is
    'Instead of the number of the plan; 0 is no limit.';

-- Whoever changes the plan, and however.
create function store.note_plan_change()
    returns trigger
    language plpgsql set search_path = ''
as $$
begin
    if new.plan is distinct from old.plan
       or new.requests_per_minute is distinct from old.requests_per_minute then
        new.plan_version := old.plan_version + 1;
        new.plan_changed_at := pg_catalog.now();
    end if;
    return new;
end
$$;
revoke all on function store.note_plan_change() from public;
create trigger tenants_note_plan_change before update on store.tenants
    for each row execute function store.note_plan_change();

-- The batch of reads compares versions.
create policy batch on store.tenants for select to secretstore_reader using (true);
grant select (tenant_id, plan_version) on store.tenants to secretstore_reader;

drop function store.find_person(text, text);
create function store.find_person(wanted_issuer text, wanted_subject text)
    returns table (user_id uuid, tenant_id uuid, role text, plan text, plan_version bigint,
                   requests_per_minute integer)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select u.user_id, m.tenant_id, m.role, t.plan, t.plan_version, t.requests_per_minute
        from store.users u
        left join store.members m on m.user_id = u.user_id
        left join store.tenants t on t.tenant_id = m.tenant_id
        where u.issuer = wanted_issuer and u.subject = wanted_subject
        order by m.created_at, m.tenant_id;
end
$$;
revoke all on function store.find_person(text, text) from public;
grant execute on function store.find_person(text, text) to secretstore_app;

drop function store.find_personal_token(text);
create function store.find_personal_token(wanted_public_id text)
    returns table (tenant_id uuid, personal_token_id uuid, user_id uuid, key_pepper_id uuid, key_mac bytea,
                   token_role text, member_role text, is_revoked boolean, has_expired boolean,
                   was_used_lately boolean, plan text, plan_version bigint, requests_per_minute integer)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select p.tenant_id, p.personal_token_id, p.user_id, p.key_pepper_id, p.key_mac, p.role, m.role,
               p.revoked_at is not null, p.expires_at <= now(),
               coalesce(p.last_used_at > now() - interval '1 minute', false),
               t.plan, t.plan_version, t.requests_per_minute
        from store.personal_tokens p
        join store.members m on m.tenant_id = p.tenant_id and m.user_id = p.user_id
        join store.tenants t on t.tenant_id = p.tenant_id
        where p.key_public_id = wanted_public_id;
end
$$;
revoke all on function store.find_personal_token(text) from public;
grant execute on function store.find_personal_token(text) to secretstore_app;

drop function store.find_agent_key(text);
create function store.find_agent_key(wanted_public_id text)
    returns table (tenant_id uuid, agent_id uuid, name text, key_pepper_id uuid, key_mac bytea,
                   allowed_namespaces text[], allowed_scopes text[], ip_allowlist text[],
                   limits_version bigint, key_version bigint, active boolean, plan text,
                   plan_version bigint, requests_per_minute integer, rate_limit_key text)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select a.tenant_id, a.agent_id, a.name, a.key_pepper_id, a.key_mac,
               a.allowed_namespaces, a.allowed_scopes, a.ip_allowlist::text[],
               a.limits_version, a.key_version, a.active, t.plan, t.plan_version,
               t.requests_per_minute, t.rate_limit_key
        from store.agents a
        join store.tenants t on t.tenant_id = a.tenant_id
        where a.key_public_id = wanted_public_id;
end
$$;
revoke all on function store.find_agent_key(text) from public;
grant execute on function store.find_agent_key(text) to secretstore_app;
