-- The audit log is searched by path and by event type, and counted exactly in a time that does not
-- grow with it: what is older than a few minutes is counted once, by month and type.
-- Breaking: no.
set local lock_timeout = '5s';

create index audit_events_by_path on store.audit_events (tenant_id, namespace, key, created_at, seq);
-- Nearly all events are reads: whoever wants those walks the primary key, and reads, the busiest
-- writers, have one index less to keep.
create index audit_events_by_type on store.audit_events (tenant_id, event_type, created_at, seq)
    where event_type <> 'secret.read';

create table store.audit_seals (
    tenant_id uuid not null,
    sealed_until timestamptz not null,
    constraint audit_seals_pkey primary key (tenant_id),
    constraint audit_seals_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id)
);
comment on table store.audit_seals is
    'All events of the tenant before sealed_until are counted in audit_counts. It lies so far behind '
    'the clock that no transaction from before it can still be running.';

create table store.audit_counts (
    tenant_id uuid not null,
    month date not null,
    event_type text not null,
    events bigint not null,
    constraint audit_counts_pkey primary key (tenant_id, month, event_type),
    constraint audit_counts_belong_to_a_tenant foreign key (tenant_id) references store.tenants (tenant_id),
    constraint audit_counts_events_is_positive check (events > 0)
);

alter table store.audit_seals enable row level security;
alter table store.audit_seals force row level security;
alter table store.audit_counts enable row level security;
alter table store.audit_counts force row level security;
create policy tenant_wall on store.audit_seals to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy tenant_wall on store.audit_counts to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy operator on store.audit_seals to secretstore_maint using (true);
create policy operator on store.audit_counts to secretstore_maint using (true);
create policy looker on store.audit_seals for select to secretstore_readonly using (true);
create policy looker on store.audit_counts for select to secretstore_readonly using (true);

grant select on store.audit_seals, store.audit_counts to secretstore_app, secretstore_readonly;
grant select, insert, update on store.audit_seals, store.audit_counts to secretstore_maint;
