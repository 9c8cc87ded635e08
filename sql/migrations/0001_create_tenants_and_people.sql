-- Tenants, the people who belong to them, and how a signed-in person is found.
-- Breaking: yes. The first of all.
-- breaking: yes
set local lock_timeout = '5s';

grant usage on schema store to secretstore_app, secretstore_reader, secretstore_maint, secretstore_readonly;

create table store.tenants (
    tenant_id uuid not null,
    name text not null,
    plan text not null,
    subscription_status text not null default 'none',
    rate_limit_key text not null,
    created_at timestamptz not null default now(),
    constraint tenants_pkey primary key (tenant_id),
    constraint tenants_name_has_1_to_200_characters check (char_length(name) between 1 and 200),
    constraint tenants_plan_is_known check (plan in ('free', 'pro', 'enterprise')),
    constraint tenants_rate_limit_key_is_unique unique (rate_limit_key),
    constraint tenants_rate_limit_key_has_24_characters check (rate_limit_key ~ '^[0-9A-Za-z]{24}$')
);
comment on column store.tenants.rate_limit_key is
    'Stands in the readable part of every token, so that nginx can shed load per tenant. Not secret.';

-- A person is the same in every tenant: the one table without a tenant.
create table store.users (
    user_id uuid not null,
    issuer text not null,
    subject text not null,
    email text not null,
    created_at timestamptz not null default now(),
    constraint users_pkey primary key (user_id),
    constraint users_subject_is_unique_per_issuer unique (issuer, subject),
    constraint users_subject_has_1_to_128_bytes check (octet_length(subject) between 1 and 128)
);

create table store.members (
    tenant_id uuid not null,
    user_id uuid not null,
    role text not null,
    created_at timestamptz not null default now(),
    constraint members_pkey primary key (tenant_id, user_id),
    constraint members_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint members_are_users foreign key (user_id) references store.users (user_id),
    constraint members_role_is_known check (role in ('owner', 'admin', 'approver', 'viewer'))
);
create index members_by_user on store.members (user_id);

alter table store.tenants enable row level security;
alter table store.tenants force row level security;
alter table store.users enable row level security;
alter table store.users force row level security;
alter table store.members enable row level security;
alter table store.members force row level security;

create policy tenant_wall on store.tenants to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.members to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy fellow_members on store.users for select to secretstore_app
    using (exists (select from store.members m where m.user_id = users.user_id));
create policy operator on store.tenants to secretstore_maint using (true);
create policy operator on store.users to secretstore_maint using (true);
create policy operator on store.members to secretstore_maint using (true);
create policy looker on store.tenants for select to secretstore_readonly using (true);
create policy looker on store.users for select to secretstore_readonly using (true);
create policy looker on store.members for select to secretstore_readonly using (true);
-- For the function below alone; nobody logs in as the owner.
create policy definer on store.members for select to secretstore_owner using (true);
create policy definer on store.users for select to secretstore_owner using (true);

grant select on store.tenants, store.users, store.members to secretstore_app, secretstore_readonly;
grant select, insert, update on store.tenants, store.users, store.members to secretstore_maint;

-- Before a person's tenant is known no row can be seen by tenant. This function is the one way
-- around the wall: it tells where exactly this identity belongs, and nothing else.
create function store.find_memberships(wanted_issuer text, wanted_subject text)
    returns table (tenant_id uuid, user_id uuid, role text)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select m.tenant_id, m.user_id, m.role
        from store.users u
        join store.members m on m.user_id = u.user_id
        where u.issuer = wanted_issuer and u.subject = wanted_subject
        order by m.created_at, m.tenant_id;
end
$$;
revoke all on function store.find_memberships(text, text) from public;
grant execute on function store.find_memberships(text, text) to secretstore_app;
