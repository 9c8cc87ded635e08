-- What the operator's monitoring is shown of all tenants together: numbers, and nothing else.
-- Breaking: no.
set local lock_timeout = '5s';

-- For the function below alone; nobody logs in as the owner.
create policy definer on store.approvals for select to secretstore_owner using (true);
create policy definer on store.outbox for select to secretstore_owner using (true);
create policy definer on store.deliveries for select to secretstore_owner using (true);

-- What could not be delivered is kept for a month: a short index, however much was.
create index deliveries_dead on store.deliveries (finished_at) where status = 'dead';

-- Each count ends at 100,000, so that a look costs little whatever there is.
create function store.take_stock()
    returns table (approvals_pending bigint, outbox_waiting bigint, outbox_lag_seconds bigint,
                   mails_open bigint, mails_dead bigint, webhook_deliveries_open bigint,
                   webhook_deliveries_dead bigint, audit_partitions_left bigint)
    language plpgsql stable security definer set search_path = ''
as $$
declare
    most constant bigint := 100000;
begin
    return query select
        (select count(*) from (select from store.approvals a
                               where a.status = 'pending' and a.expires_at > pg_catalog.now()
                               limit most) x),
        (select count(*) from (select from store.outbox o where o.expanded_at is null limit most) x),
        (select coalesce(extract(epoch from pg_catalog.now() - min(o.created_at)), 0)::bigint
         from store.outbox o where o.expanded_at is null),
        (select count(*) from (select from store.deliveries d
                               where d.next_attempt_at is not null and d.recipient is not null
                               limit most) x),
        (select count(*) from (select from store.deliveries d
                               where d.status = 'dead' and d.recipient is not null limit most) x),
        (select count(*) from (select from store.deliveries d
                               where d.next_attempt_at is not null and d.webhook_id is not null
                               limit most) x),
        (select count(*) from (select from store.deliveries d
                               where d.status = 'dead' and d.webhook_id is not null limit most) x),
        (select count(*)
         from pg_catalog.pg_inherits i
         join pg_catalog.pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'store.audit_events'::pg_catalog.regclass
           and c.relname ~ '^audit_events_[0-9]{4}_[0-9]{2}$'
           and pg_catalog.to_date(pg_catalog.right(c.relname, 7), 'YYYY_MM') > pg_catalog.now());
end
$$;
revoke all on function store.take_stock() from public;
grant execute on function store.take_stock() to secretstore_app, secretstore_maint;
