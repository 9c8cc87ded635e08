-- Keys below the root key, all sealed (core/README.md, "Key hierarchy"), and key sets of issuers.
-- Breaking: no.
set local lock_timeout = '5s';

create table store.root_keys (
    root_key_id uuid not null,
    check_value bytea not null,
    registered_at timestamptz not null default now(),
    constraint root_keys_pkey primary key (root_key_id),
    constraint root_keys_check_value_has_32_bytes check (octet_length(check_value) = 32)
);
comment on column store.root_keys.check_value is
    'HMAC under the root key; recognises a wrong one at start. The root key itself is never in the database.';

create table store.service_keys (
    key_id uuid not null,
    purpose text not null,
    generation bigint not null,
    state text not null,
    box bytea not null,
    created_at timestamptz not null default now(),
    constraint service_keys_pkey primary key (key_id),
    constraint service_keys_purpose_is_known check (purpose in ('token-signing', 'agent-key-pepper', 'local-issuer')),
    constraint service_keys_state_is_known check (state in ('pending', 'active', 'verify_only', 'retired')),
    constraint service_keys_generation_is_positive check (generation > 0),
    constraint service_keys_generation_is_unique_per_purpose unique (purpose, generation)
);
create unique index service_keys_one_active_per_purpose on store.service_keys (purpose) where state = 'active';
comment on column store.service_keys.box is 'Sealed box v1 under the root key, purpose svc.';

create table store.tenant_keys (
    tenant_id uuid not null,
    kek_id uuid not null,
    generation bigint not null,
    state text not null,
    box bytea not null,
    created_at timestamptz not null default now(),
    constraint tenant_keys_pkey primary key (tenant_id, kek_id),
    constraint tenant_keys_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint tenant_keys_state_is_known check (state in ('active', 'decrypt_only', 'destroyed')),
    constraint tenant_keys_generation_is_unique unique (tenant_id, generation)
);
create unique index tenant_keys_one_active on store.tenant_keys (tenant_id) where state = 'active';
comment on column store.tenant_keys.box is 'The KEK as a sealed box v1 under the root key, purpose kek.';

create table store.key_sets (
    issuer text not null,
    key_set text not null,
    fetched_at timestamptz not null default now(),
    constraint key_sets_pkey primary key (issuer),
    constraint key_sets_have_at_most_64_kib check (octet_length(key_set) <= 65536)
);
comment on column store.key_sets.key_set is 'JWKS (RFC 7517): public keys that sign ID tokens of this issuer.';

alter table store.root_keys enable row level security;
alter table store.root_keys force row level security;
alter table store.service_keys enable row level security;
alter table store.service_keys force row level security;
alter table store.tenant_keys enable row level security;
alter table store.tenant_keys force row level security;
alter table store.key_sets enable row level security;
alter table store.key_sets force row level security;

-- Keys of the service belong to no tenant; what is in them is sealed.
create policy service_wide on store.root_keys for select to secretstore_app using (true);
create policy service_wide on store.service_keys for select to secretstore_app using (true);
create policy service_wide on store.key_sets for select to secretstore_app using (true);
create policy tenant_wall on store.tenant_keys to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy operator on store.root_keys to secretstore_maint using (true);
create policy operator on store.service_keys to secretstore_maint using (true);
create policy operator on store.tenant_keys to secretstore_maint using (true);
create policy operator on store.key_sets to secretstore_maint using (true);

grant select on store.root_keys, store.service_keys, store.key_sets, store.tenant_keys to secretstore_app;
grant select, insert, update on store.root_keys, store.service_keys, store.tenant_keys, store.key_sets
    to secretstore_maint;
