-- Audit events that are older than a tenant's plan keeps them. No role that logs in may delete one:
-- maintenance asks these two functions, which touch nothing of the last day and keep the counts right.
-- Breaking: no.
set local lock_timeout = '5s';

-- For the functions below alone; nobody logs in as the owner.
create policy definer on store.audit_events to secretstore_owner using (true);
create policy definer on store.audit_counts to secretstore_owner using (true);
create policy definer on store.audit_seals for select to secretstore_owner using (true);

-- Removes events of one tenant from before `older_than`, oldest first and at most `at_most` of them.
-- Returns how many. What has not been counted yet (audit_seals) is not removed.
create function store.remove_audit_events(wanted_tenant uuid, older_than timestamptz, at_most bigint)
    returns bigint
    language plpgsql security definer set search_path = ''
as $$
declare
    bound timestamptz;
    removed bigint;
begin
    if older_than > pg_catalog.now() - interval '1 day' then
        raise exception 'audit events are kept for a day at least';
    end if;
    select least(older_than, s.sealed_until) into bound
    from store.audit_seals s
    where s.tenant_id = wanted_tenant;
    if bound is null then
        return 0;
    end if;
    with doomed as (
        select e.created_at, e.seq
        from store.audit_events e
        where e.tenant_id = wanted_tenant and e.created_at < bound
        order by e.created_at, e.seq
        limit at_most
    ),
    gone as (
        delete from store.audit_events e
        using doomed d
        where e.tenant_id = wanted_tenant and e.created_at = d.created_at and e.seq = d.seq
        returning e.created_at, e.event_type
    ),
    fewer as (
        select pg_catalog.date_trunc('month', g.created_at at time zone 'UTC')::date as month,
               g.event_type, count(*) as events
        from gone g
        group by 1, 2
    ),
    uncounted as (
        delete from store.audit_counts c
        using fewer f
        where c.tenant_id = wanted_tenant and c.month = f.month and c.event_type = f.event_type
          and c.events <= f.events
    ),
    recounted as (
        update store.audit_counts c
        set events = c.events - f.events
        from fewer f
        where c.tenant_id = wanted_tenant and c.month = f.month and c.event_type = f.event_type
          and c.events > f.events
    )
    select coalesce(sum(f.events), 0)::bigint into removed from fewer f;
    return removed;
end
$$;
revoke all on function store.remove_audit_events(uuid, timestamptz, bigint) from public;
grant execute on function store.remove_audit_events(uuid, timestamptz, bigint) to secretstore_maint;

-- Removes whole months that ended before `older_than`, of all tenants, with their counts. Returns how
-- many. Only for what no tenant's plan keeps. The last month stays: it would only be made again.
create function store.drop_audit_partitions(older_than timestamptz)
    returns integer
    language plpgsql security definer set search_path = ''
as $$
declare
    first_day date;
    last_month constant date := (pg_catalog.date_trunc('month', pg_catalog.now()) - interval '1 month')::date;
    name text;
    dropped integer := 0;
begin
    if older_than > pg_catalog.now() - interval '1 day' then
        raise exception 'audit events are kept for a day at least';
    end if;
    for name in
        select c.relname
        from pg_catalog.pg_inherits i
        join pg_catalog.pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'store.audit_events'::pg_catalog.regclass
          and c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
        order by 1
    loop
        first_day := pg_catalog.to_date(pg_catalog.right(name, 7), 'YYYY_MM');
        continue when first_day >= last_month
                      or (first_day + interval '1 month') at time zone 'UTC' > older_than;
        execute pg_catalog.format('drop table store.%I', name);
        delete from store.audit_counts c where c.month = first_day;
        dropped := dropped + 1;
    end loop;
    return dropped;
end
$$;
revoke all on function store.drop_audit_partitions(timestamptz) from public;
grant execute on function store.drop_audit_partitions(timestamptz) to secretstore_maint;
