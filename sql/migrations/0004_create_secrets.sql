-- Secrets and their versions. Values are sealed before they come here.
-- Breaking: no.
set local lock_timeout = '5s';

create table store.secrets (
    tenant_id uuid not null,
    secret_id uuid not null,
    namespace text collate "C" not null,
    key text collate "C" not null,
    path text collate "C" generated always as (namespace || '/' || key) stored,
    secret_type text not null,
    access_tier smallint not null,
    metadata json,
    current_version bigint not null,
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint secrets_pkey primary key (tenant_id, secret_id),
    constraint secrets_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint secrets_path_follows_the_grammar check (
        octet_length(namespace) + octet_length(key) + 1 <= 512
        and namespace ~ '^[A-Za-z0-9._~@-]{1,128}(/[A-Za-z0-9._~@-]{1,128}){0,15}$'
        and key ~ '^[A-Za-z0-9._~@-]{1,128}$'),
    constraint secrets_type_is_known check (
        secret_type in ('api_key', 'oauth_token', 'db_credential', 'ssh_key', 'certificate', 'custom')),
    constraint secrets_access_tier_is_known check (access_tier between 0 and 2),
    constraint secrets_metadata_has_at_most_8_kib check (octet_length(metadata::text) <= 8192),
    constraint secrets_current_version_is_positive check (current_version > 0)
);
-- A deleted secret leaves its name free for a new one. The one index that begins with tenant_id
-- and can answer a look-up by name: a second would let the planner, as long as it has no
-- statistics, take the one that walks through all secrets of a tenant.
create unique index secrets_live_by_name on store.secrets (tenant_id, namespace, key) where deleted_at is null;
-- Asked with every token request; small, since most secrets are standard.
create index secrets_live_needing_approval on store.secrets (tenant_id, access_tier, path)
    where deleted_at is null and access_tier > 0;

create table store.secret_versions (
    tenant_id uuid not null,
    secret_id uuid not null,
    version bigint not null,
    kek_id uuid not null,
    access_tier smallint not null,
    expires_at timestamptz,
    dek_box bytea not null,
    value_box bytea not null,
    created_by_type text not null,
    created_by uuid,
    created_at timestamptz not null default now(),
    constraint secret_versions_pkey primary key (tenant_id, secret_id, version),
    constraint secret_versions_belong_to_a_secret foreign key (tenant_id, secret_id)
        references store.secrets (tenant_id, secret_id),
    constraint secret_versions_kek_is_the_tenants foreign key (tenant_id, kek_id)
        references store.tenant_keys (tenant_id, kek_id),
    constraint secret_versions_version_is_positive check (version > 0),
    constraint secret_versions_access_tier_is_known check (access_tier between 0 and 2)
);
comment on column store.secret_versions.dek_box is 'The DEK as a sealed box v1 under the KEK, purpose dek.';
comment on column store.secret_versions.value_box is 'The value as a sealed box v1 under the DEK, purpose value.';
comment on column store.secret_versions.access_tier is
    'As it was when this version was stored; bound into dek_box together with expires_at.';

alter table store.secrets enable row level security;
alter table store.secrets force row level security;
alter table store.secret_versions enable row level security;
alter table store.secret_versions force row level security;

create policy tenant_wall on store.secrets to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.secret_versions to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy batch on store.secrets for select to secretstore_reader using (true);
create policy batch on store.secret_versions for select to secretstore_reader using (true);
create policy operator on store.secrets to secretstore_maint using (true);
create policy operator on store.secret_versions to secretstore_maint using (true);
create policy looker on store.secrets for select to secretstore_readonly using (true);
create policy looker on store.secret_versions for select to secretstore_readonly using (true);

grant select, insert, update on store.secrets to secretstore_app;
grant select, insert on store.secret_versions to secretstore_app;
grant select (tenant_id, secret_id, namespace, key, path, secret_type, access_tier, metadata, current_version,
              expires_at, created_at, updated_at, deleted_at) on store.secrets to secretstore_reader;
grant select (tenant_id, secret_id, version, kek_id, access_tier, expires_at, dek_box, value_box, created_at)
    on store.secret_versions to secretstore_reader;
grant select, update, delete on store.secrets, store.secret_versions to secretstore_maint;
grant select on store.secrets to secretstore_readonly;
grant select (tenant_id, secret_id, version, kek_id, access_tier, expires_at, created_by_type, created_by, created_at)
    on store.secret_versions to secretstore_readonly;
