-- A tenant that the operator suspends is refused everything from its next request on, and loses nothing.
-- Breaking: no.
set local lock_timeout = '5s';

alter table store.tenants add column suspended_at timestamptz;
comment on column store.tenants.suspended_at is
    'Since then nobody of this tenant is served. Part of what plan_version counts.';

-- Whoever remembers the tenant's plan finds out at the next request.
create or replace function store.note_plan_change()
    returns trigger
    language plpgsql set search_path = ''
as $$
begin
    if new.plan is distinct from old.plan
       or new.requests_per_minute is distinct from old.requests_per_minute then
        new.plan_changed_at := pg_catalog.now();
    end if;
    if new.plan is distinct from old.plan
       or new.requests_per_minute is distinct from old.requests_per_minute
       or new.suspended_at is distinct from old.suspended_at then
        new.plan_version := old.plan_version + 1;
    end if;
    return new;
end
$$;

grant update (suspended_at) on store.tenants to secretstore_maint;
grant select (suspended_at) on store.tenants to secretstore_billing;

drop function store.find_person(text, text);
create function store.find_person(wanted_issuer text, wanted_subject text)
    returns table (user_id uuid, tenant_id uuid, role text, plan text, plan_version bigint,
                   requests_per_minute integer, is_suspended boolean)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select u.user_id, m.tenant_id, m.role, t.plan, t.plan_version, t.requests_per_minute,
               t.suspended_at is not null
        from store.users u
        left join store.members m on m.user_id = u.user_id
        left join store.tenants t on t.tenant_id = m.tenant_id
        where u.issuer = wanted_issuer and u.subject = wanted_subject
        order by m.created_at, m.tenant_id;
end
$$;
revoke all on function store.find_person(text, text) from public;
grant execute on function store.find_person(text, text) to secretstore_app, secretstore_billing;

drop function store.find_personal_token(text);
create function store.find_personal_token(wanted_public_id text)
    returns table (tenant_id uuid, personal_token_id uuid, user_id uuid, key_pepper_id uuid, key_mac bytea,
                   token_role text, member_role text, is_revoked boolean, has_expired boolean,
                   was_used_lately boolean, plan text, plan_version bigint, requests_per_minute integer, is_suspended boolean)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select p.tenant_id, p.personal_token_id, p.user_id, p.key_pepper_id, p.key_mac, p.role, m.role,
               p.revoked_at is not null, p.expires_at <= now(),
               coalesce(p.last_used_at > now() - interval '1 minute', false),
               t.plan, t.plan_version, t.requests_per_minute, t.suspended_at is not null
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
                   plan_version bigint, requests_per_minute integer, is_suspended boolean, rate_limit_key text)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select a.tenant_id, a.agent_id, a.name, a.key_pepper_id, a.key_mac,
               a.allowed_namespaces, a.allowed_scopes, a.ip_allowlist::text[],
               a.limits_version, a.key_version, a.active, t.plan, t.plan_version,
               t.requests_per_minute, t.suspended_at is not null, t.rate_limit_key
        from store.agents a
        join store.tenants t on t.tenant_id = a.tenant_id
        where a.key_public_id = wanted_public_id;
end
$$;
revoke all on function store.find_agent_key(text) from public;
grant execute on function store.find_agent_key(text) to secretstore_app;
