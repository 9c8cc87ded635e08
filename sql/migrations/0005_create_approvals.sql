-- Requests of agents that people must decide.
-- Breaking: no.
set local lock_timeout = '5s';

create table store.approvals (
    tenant_id uuid not null,
    approval_id uuid not null,
    agent_id uuid not null,
    request_digest bytea not null,
    status text not null default 'pending',
    requested_scopes text[] not null,
    ttl_seconds bigint not null,
    max_uses integer,
    ip_allowlist inet[],
    reason text,
    access_tier smallint not null,
    ip_address inet not null,
    user_agent text,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    decided_at timestamptz,
    constraint approvals_pkey primary key (tenant_id, approval_id),
    constraint approvals_belong_to_an_agent foreign key (tenant_id, agent_id)
        references store.agents (tenant_id, agent_id),
    constraint approvals_request_digest_has_32_bytes check (octet_length(request_digest) = 32),
    constraint approvals_status_is_known check (status in ('pending', 'approved', 'denied', 'expired')),
    constraint approvals_reason_has_at_most_500_characters check (char_length(reason) <= 500),
    constraint approvals_access_tier_needs_one check (access_tier between 1 and 2)
);
-- The same agent asking the same again gets the same pending approval.
create unique index approvals_one_pending_per_request
    on store.approvals (tenant_id, agent_id, request_digest) where status = 'pending';
comment on column store.approvals.request_digest is
    'SHA-256 of the request (scopes as a set, ttl, max_uses, ip_allowlist): what exactly is approved.';

alter table store.approvals enable row level security;
alter table store.approvals force row level security;
create policy tenant_wall on store.approvals to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy operator on store.approvals to secretstore_maint using (true);
create policy looker on store.approvals for select to secretstore_readonly using (true);

grant select, insert, update on store.approvals to secretstore_app;
grant select, update on store.approvals to secretstore_maint;
grant select on store.approvals to secretstore_readonly;
