-- People join a tenant by invitation, or get one of their own when they sign in first, and hold
-- personal tokens.
-- Breaking: no. Workers of the release before go on as they did: they find memberships by the old
-- function, and know neither invitations nor personal tokens.
set local lock_timeout = '5s';

create table store.invitations (
    tenant_id uuid not null,
    invitation_id uuid not null,
    email text collate "C" not null,
    role text not null,
    token_digest bytea not null,
    invited_by uuid,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    constraint invitations_pkey primary key (tenant_id, invitation_id),
    constraint invitations_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint invitations_email_has_3_to_254_bytes check (octet_length(email) between 3 and 254),
    constraint invitations_role_is_known check (role in ('owner', 'admin', 'approver', 'viewer')),
    constraint invitations_token_digest_has_32_bytes check (octet_length(token_digest) = 32),
    constraint invitations_token_digest_is_unique unique (token_digest),
    constraint invitations_expire_later check (expires_at > created_at)
);
-- Who is invited again gets a new token in place of the old one.
create unique index invitations_one_pending_per_address on store.invitations (tenant_id, email)
    where accepted_at is null;
create index invitations_by_expiry on store.invitations (expires_at);
comment on column store.invitations.token_digest is
    'SHA-256 of the invitation token, which has 256 random bits and is stored nowhere.';
comment on column store.invitations.accepted_at is
    'Kept until it expires, so that a repeated request to accept finds the answer that it got.';

create table store.personal_tokens (
    tenant_id uuid not null,
    personal_token_id uuid not null,
    user_id uuid not null,
    name text not null,
    role text not null,
    key_public_id text collate "C" not null,
    key_pepper_id uuid not null,
    key_mac bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint personal_tokens_pkey primary key (tenant_id, personal_token_id),
    -- Who is removed loses them in the same moment, one that is being made included.
    constraint personal_tokens_belong_to_a_member foreign key (tenant_id, user_id)
        references store.members (tenant_id, user_id) on delete cascade,
    constraint personal_tokens_name_has_1_to_64_characters check (name ~ '^[A-Za-z0-9_ .-]{1,64}$'),
    constraint personal_tokens_role_is_known check (role in ('owner', 'admin', 'approver', 'viewer')),
    constraint personal_tokens_key_public_id_is_unique unique (key_public_id),
    constraint personal_tokens_key_pepper_is_known foreign key (key_pepper_id)
        references store.service_keys (key_id),
    constraint personal_tokens_key_mac_has_32_bytes check (octet_length(key_mac) = 32),
    constraint personal_tokens_live_90_days_at_most check (
        expires_at > created_at and expires_at <= created_at + interval '2160 hours')
);
create index personal_tokens_of_a_member on store.personal_tokens (tenant_id, user_id, personal_token_id);
create index personal_tokens_by_expiry on store.personal_tokens (expires_at);
comment on column store.personal_tokens.key_mac is
    'HMAC-SHA-256 of the token under the pepper; the token itself is stored nowhere.';
comment on column store.personal_tokens.role is
    'The most that it may do; never more than what its holder may do at that moment.';
comment on column store.personal_tokens.last_used_at is 'To the minute: not every use is a write.';

-- How many came lately bounds how many more may come: see count_recent_tenants().
create index tenants_by_creation on store.tenants (created_at);

alter table store.invitations enable row level security;
alter table store.invitations force row level security;
alter table store.personal_tokens enable row level security;
alter table store.personal_tokens force row level security;

create policy tenant_wall on store.invitations to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.personal_tokens to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy operator on store.invitations to secretstore_maint using (true);
create policy operator on store.personal_tokens to secretstore_maint using (true);
create policy looker on store.invitations for select to secretstore_readonly using (true);
create policy looker on store.personal_tokens for select to secretstore_readonly using (true);
-- For the functions below alone.
create policy definer on store.invitations for select to secretstore_owner using (true);
create policy definer on store.personal_tokens for select to secretstore_owner using (true);
create policy definer_adds on store.users for insert to secretstore_owner with check (true);
-- Whoever signs up begins on the free plan, whatever a worker says.
create policy newcomers_begin_free on store.tenants as restrictive for insert to secretstore_app
    with check (plan = 'free');

grant select, insert, update, delete on store.invitations to secretstore_app;
grant select, insert, update (last_used_at, revoked_at) on store.personal_tokens to secretstore_app;
grant insert (tenant_id, name, plan, rate_limit_key) on store.tenants to secretstore_app;
grant insert (tenant_id, kek_id, generation, state, box) on store.tenant_keys to secretstore_app;
grant insert (tenant_id, user_id, role), update (role), delete on store.members to secretstore_app;
grant select, delete on store.invitations, store.personal_tokens to secretstore_maint;
grant select (tenant_id, invitation_id, email, role, invited_by, created_at, expires_at, accepted_at)
    on store.invitations to secretstore_readonly;
grant select (tenant_id, personal_token_id, user_id, name, role, key_public_id, created_at, expires_at,
              last_used_at, revoked_at) on store.personal_tokens to secretstore_readonly;

-- As find_memberships, and also tells who is known and belongs nowhere: one row with nulls.
create function store.find_person(wanted_issuer text, wanted_subject text)
    returns table (user_id uuid, tenant_id uuid, role text)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select u.user_id, m.tenant_id, m.role
        from store.users u
        left join store.members m on m.user_id = u.user_id
        where u.issuer = wanted_issuer and u.subject = wanted_subject
        order by m.created_at, m.tenant_id;
end
$$;
revoke all on function store.find_person(text, text) from public;
grant execute on function store.find_person(text, text) to secretstore_app;

-- The one way in which a worker makes a user known: people belong to no tenant, so no wall could
-- say which of them a worker may write. Of many at once for one identity, one finds it new; the
-- others wait for that one.
create function store.add_person(new_id uuid, new_issuer text, new_subject text, new_email text)
    returns table (user_id uuid, is_new boolean)
    language plpgsql security definer set search_path = ''
as $$
begin
    insert into store.users (user_id, issuer, subject, email)
    values (new_id, new_issuer, new_subject, new_email)
    on conflict do nothing;
    return query
        select u.user_id, u.user_id = new_id
        from store.users u
        where u.issuer = new_issuer and u.subject = new_subject;
end
$$;
revoke all on function store.add_person(uuid, text, text, text) from public;
grant execute on function store.add_person(uuid, text, text, text) to secretstore_app;

-- Where one person belongs, for that person.
create function store.find_tenants_of(wanted_user uuid)
    returns table (tenant_id uuid, name text, role text)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select t.tenant_id, t.name, m.role
        from store.members m
        join store.tenants t on t.tenant_id = m.tenant_id
        where m.user_id = wanted_user
        order by m.created_at, m.tenant_id;
end
$$;
revoke all on function store.find_tenants_of(uuid) from public;
grant execute on function store.find_tenants_of(uuid) to secretstore_app;

-- Before a personal token's tenant is known: the one row that this public id names, for
-- verification of the token, with what its holder may do now.
create function store.find_personal_token(wanted_public_id text)
    returns table (tenant_id uuid, personal_token_id uuid, user_id uuid, key_pepper_id uuid, key_mac bytea,
                   token_role text, member_role text, is_revoked boolean, has_expired boolean,
                   was_used_lately boolean)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select p.tenant_id, p.personal_token_id, p.user_id, p.key_pepper_id, p.key_mac, p.role, m.role,
               p.revoked_at is not null, p.expires_at <= now(),
               coalesce(p.last_used_at > now() - interval '1 minute', false)
        from store.personal_tokens p
        join store.members m on m.tenant_id = p.tenant_id and m.user_id = p.user_id
        where p.key_public_id = wanted_public_id;
end
$$;
revoke all on function store.find_personal_token(text) from public;
grant execute on function store.find_personal_token(text) to secretstore_app;

-- Before the tenant of an invitation is known: the one row that this token names.
create function store.find_invitation(wanted_digest bytea)
    returns table (tenant_id uuid, invitation_id uuid, email text, is_pending boolean)
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
        select i.tenant_id, i.invitation_id, i.email, i.accepted_at is null and i.expires_at > now()
        from store.invitations i
        where i.token_digest = wanted_digest;
end
$$;
revoke all on function store.find_invitation(bytea) from public;
grant execute on function store.find_invitation(bytea) to secretstore_app;

-- How many tenants were made within the last hour: a flood of sign-ups must end somewhere.
create function store.count_recent_tenants()
    returns bigint
    language plpgsql stable security definer set search_path = ''
as $$
begin
    return (select count(*) from store.tenants t where t.created_at > now() - interval '1 hour');
end
$$;
revoke all on function store.count_recent_tenants() from public;
grant execute on function store.count_recent_tenants() to secretstore_app;
