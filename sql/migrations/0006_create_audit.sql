-- The audit log: one row for everything that happened or was refused, written in the transaction
-- that it records. By month, so that retention drops a partition instead of deleting rows.
-- Breaking: no.
set local lock_timeout = '5s';

create table store.audit_events (
    tenant_id uuid not null,
    seq bigint generated always as identity,
    event_id uuid not null,
    event_type text not null,
    actor_type text not null,
    actor_id uuid,
    resource_type text not null,
    resource_id uuid,
    namespace text collate "C",
    key text collate "C",
    version bigint,
    token_id uuid,
    reason text,
    details json,
    ip_address inet,
    user_agent text,
    request_id text,
    created_at timestamptz not null default now(),
    xid xid8 not null default pg_current_xact_id(),
    constraint audit_events_pkey primary key (tenant_id, created_at, seq),
    constraint audit_events_actor_type_is_known check (actor_type in ('agent', 'user', 'operator'))
) partition by range (created_at);
comment on column store.audit_events.xid is
    'Which transaction wrote it. The order of seq is not the order of commits.';
comment on column store.audit_events.details is
    'Members of metadata that have no column. Never a value, a token, a key or a request body.';

-- Makes the partitions of the months from `first` through `last`; those that exist are left alone.
-- Returns how many were made. Called by secretstorectl maintain.
create function store.create_audit_partitions(first date, last date)
    returns integer
    language plpgsql security definer set search_path = ''
as $$
declare
    month date := pg_catalog.date_trunc('month', first)::date;
    name text;
    made integer := 0;
begin
    if last > first + 3660 then
        raise exception 'at most ten years of partitions at once';
    end if;
    while month <= last loop
        name := 'audit_events_' || pg_catalog.to_char(month, 'YYYY_MM');
        if pg_catalog.to_regclass('store.' || name) is null then
            execute pg_catalog.format(
                'create table store.%I partition of store.audit_events for values from (%L) to (%L)',
                name, month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
            made := made + 1;
        end if;
        month := (month + interval '1 month')::date;
    end loop;
    return made;
end
$$;
revoke all on function store.create_audit_partitions(date, date) from public;
grant execute on function store.create_audit_partitions(date, date) to secretstore_maint;

-- A year ahead, and the month before for clocks that lag.
select store.create_audit_partitions((current_date - interval '1 month')::date,
                                     (current_date + interval '12 months')::date);

alter table store.audit_events enable row level security;
alter table store.audit_events force row level security;
create policy tenant_wall on store.audit_events to secretstore_app
    using (tenant_id = (select current_setting('secretstore.tenant')::uuid));
create policy batch on store.audit_events for insert to secretstore_reader with check (true);
create policy operator on store.audit_events to secretstore_maint using (true);
create policy looker on store.audit_events for select to secretstore_readonly using (true);

-- Append only: nobody who serves requests may change or remove a row.
grant select, insert on store.audit_events to secretstore_app;
grant insert on store.audit_events to secretstore_reader;
grant select, insert on store.audit_events to secretstore_maint;
grant select on store.audit_events to secretstore_readonly;
